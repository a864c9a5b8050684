//! One write: a transaction with its line in the audit, tried again once where the conversation broke off.

use futures_util::future::BoxFuture;

use super::audit;
use super::backend::{Backend, Row, Transaction, Value, is_broken};
use super::port::WriteError;
use crate::domain::store::{AuditEvent, Author, Id};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};

/// What is to be written. Run again it finds what it wrote before, and writes nothing twice.
pub(super) trait Work: Sync {
    /// What comes of it.
    type Made: Send;

    /// Writes it within a transaction.
    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Self::Made, WriteError>>;
}

/// A transaction under way.
pub(super) struct Writing<'t> {
    transaction: &'t dyn Transaction,
    /// The chain of this process in the audit.
    chain: &'t str,
    /// The store's time at its beginning.
    pub(super) now: Instant,
}

impl Writing<'_> {
    /// Runs one statement.
    pub(super) async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Row>, WriteError> {
        self.transaction.query(statement, values).await.map_err(WriteError::NotWritten)
    }

    /// Notes what is being done in the audit; gives the line's position.
    pub(super) async fn note(&self, author: &Author, attempt: &Id, event: &AuditEvent) -> Result<u64, WriteError> {
        audit::append(self, self.chain, author, attempt, event).await
    }

    /// The chain of this process in the audit.
    pub(super) const fn chain(&self) -> &str {
        self.chain
    }
}

/// Does a write: at most twice, the second time where the first broke off.
pub(super) async fn write<W: Work>(backend: &dyn Backend, chain: &str, work: &W) -> Result<W::Made, WriteError> {
    let mut was_committed = Committed::No;
    let mut is_last = false;
    loop {
        match once(backend, chain, work, &mut was_committed).await {
            Err(WriteError::NotWritten(error)) if is_broken(&error) && !is_last => is_last = true,
            Err(WriteError::NotWritten(error)) if was_committed == Committed::Perhaps => {
                return Err(WriteError::Unknown(lost(&error)));
            }
            made => return made,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Committed {
    No,
    Perhaps,
}

async fn once<W: Work>(
    backend: &dyn Backend,
    chain: &str,
    work: &W,
    was_committed: &mut Committed,
) -> Result<W::Made, WriteError> {
    let transaction = backend.begin().await.map_err(WriteError::NotWritten)?;
    let rows = transaction.query("select quarterdeck.store_now()", Vec::new()).await.map_err(WriteError::NotWritten)?;
    let now = rows.first().and_then(|row| row.time(0));
    let now = now.ok_or_else(|| {
        WriteError::NotWritten(SourceError::new(Trouble::Malformed, "the store gave no time: nothing was written."))
    })?;
    let made = work.run(&Writing { transaction: &*transaction, chain, now }).await?;
    transaction.tell().await.map_err(WriteError::NotWritten)?;
    match transaction.commit().await {
        Ok(()) => Ok(made),
        Err(error) => {
            if is_broken(&error) {
                *was_committed = Committed::Perhaps;
            }
            Err(WriteError::NotWritten(error))
        }
    }
}

fn lost(error: &SourceError) -> SourceError {
    let sentence = format!(
        "the connection to the store broke while it was writing, and it is not known whether it wrote: {} Look again once the store is back.",
        error.sentence
    );
    SourceError { sentence, is_certainly_not_done: false, ..error.clone() }
}
