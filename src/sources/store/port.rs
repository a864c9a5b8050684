//! The ports of the store: reading is one trait, writing another, as with the cluster.

use std::future::Future;
use std::pin::Pin;

use crate::domain::store::Changes;
use crate::domain::store::fact::{Change, Key, List, Read, Registered, Row, Table, Value};
use crate::domain::store::{AuditEntry, AuditEvent, AuditLine, AuditSearch, Author, Head, Id, NotedEvents};
use crate::domain::time::Instant;
use crate::sources::error::SourceError;
use crate::sources::observe::Answer;

/// A write on its way.
pub type Written<'a, T> = Pin<Box<dyn Future<Output = Result<T, WriteError>> + Send + 'a>>;

/// Why nothing is known to be written. The sentence says what happened and what the operator can do; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote first: nothing was written, and what they wrote is still there.
    #[error("{0}")]
    Conflict(String),
    /// It may not be written as it is, or not from here: nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The store cannot be reached or is in trouble: nothing was written, and nothing waits to be.
    #[error("{0}")]
    NotWritten(SourceError),
    /// The answer was lost, and asking again found nobody: it is not known whether it was written.
    #[error("{0}")]
    Unknown(SourceError),
}

/// What the store is and how it stands, for `doctor` and the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is, without a secret: `PostgreSQL 15.8 at db.example:5432/quarterdeck`, `SQLite in …/store.db`.
    pub what: String,
    /// The version of its tables.
    pub schema: u32,
    /// Its time.
    pub now: Instant,
    /// The user it knows us by; empty in the embedded store.
    pub session_user: String,
    /// The position of its newest audit entry, 0 for none.
    pub position: u64,
    /// What is wrong with its tables, as sentences.
    pub troubles: Vec<String>,
}

/// Reading the store.
pub trait ReadStore: Send + Sync {
    /// What it is and how it stands.
    fn standing(&self) -> Answer<'_, Standing>;

    /// Ends once something may have changed, by whomever; at the latest when it is time to look anyway.
    fn changed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// What changed since a position.
    fn changes(&self, since: u64) -> Answer<'_, Changes>;

    /// The row of a key; `None` when there is none.
    fn row<'a>(&'a self, key: &'a Key) -> Answer<'a, Option<Row>>;

    /// The rows of a list, newest first, at most so many.
    fn rows<'a>(&'a self, table: &'static Table, list: &'a List, by: Vec<Value>, limit: u32) -> Answer<'a, Vec<Row>>;

    /// Whether an attempt has written what is told in the audit.
    fn has_written<'a>(&'a self, attempt: &'a Id) -> Answer<'a, bool>;

    /// The facts this store knows.
    fn registry(&self) -> &'static [Registered];

    /// Audit entries, newest first.
    fn audit<'a>(&'a self, search: &'a AuditSearch) -> Answer<'a, Vec<AuditEntry>>;

    /// Audit entries after a position in the order of the store, at most so many: for export and verification.
    fn audit_after(&self, position: u64, limit: u32) -> Answer<'_, Vec<AuditEntry>>;

    /// The noted head of every chain whose name begins so, by name.
    fn audit_heads<'a>(&'a self, beginning: &'a str) -> Answer<'a, Vec<(String, Head)>>;
}

/// Writing the store. Every method is one transaction with its lines in the audit.
pub trait WriteStore: Send + Sync {
    /// Changes facts. The same attempt changes nothing twice. Gives what it rested on, as it stands then.
    fn write<'a>(&'a self, author: &'a Author, attempt: &'a Id, change: &'a dyn Change) -> Written<'a, Read>;

    /// Notes events in the audit.
    fn note_events<'a>(&'a self, author: &'a Author, attempt: &'a Id, events: &'a [AuditEvent]) -> Written<'a, ()> {
        Box::pin(async move { self.write(author, attempt, &NotedEvents(events)).await.map(drop) })
    }

    /// Takes lines of a writer's own chain over into the audit, in their order. Lines that are there already are left alone,
    /// so that the same lines may be given any number of times. Gives the head of the chain as the store has it then.
    ///
    /// # Errors
    /// [`WriteError::Refused`] when the chain does not continue or contradicts what the store has of it.
    fn replay<'a>(&'a self, chain: &'a str, lines: &'a [AuditLine]) -> Written<'a, Option<Head>>;
}
