//! One write: a transaction with its lines in the audit, tried again once where the conversation broke off.
//!
//! Whatever the change, it is written by the same steps: the rows it rests on are read inside the transaction, an attempt that was
//! written before is found again, the change says what it comes to, and facts and lines are written together or not at all.

use futures_util::future::{BoxFuture, try_join_all};

use super::audit;
use super::backend::{Backend, Lane, Row, Transaction, Value, is_broken};
use super::migrate::Schema;
use super::port::WriteError;
use super::statements;
use crate::domain::store::fact::{Applied, Change, Kind, Put, Read, Table, Writes};
use crate::domain::store::{Author, Id, LONGEST_NAME, check_text};
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};

/// How many statements are asked at once: they need one round trip and still arrive in their order.
const AT_ONCE: usize = 64;

/// What is to be written. Run again it finds what it wrote before, and writes nothing twice.
pub(super) trait Work: Sync {
    /// What comes of it.
    type Made: Send;

    /// Whose turn it waits for.
    fn lane(&self) -> Lane;

    /// Writes it within a transaction.
    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Self::Made, WriteError>>;
}

/// A transaction under way.
pub(super) struct Writing<'t> {
    transaction: &'t dyn Transaction,
    /// The chain of this process in the audit.
    chain: &'t str,
    /// The store's time at its beginning.
    now: Instant,
}

impl Writing<'_> {
    /// Runs one statement.
    pub(super) async fn query(&self, statement: &str, values: Vec<Value>) -> Result<Vec<Row>, WriteError> {
        self.transaction.query(statement, values).await.map_err(WriteError::NotWritten)
    }

    /// Runs many, in their order.
    pub(super) async fn queries(&self, all: &[(String, Vec<Value>)]) -> Result<Vec<Vec<Row>>, WriteError> {
        let mut answers = Vec::new();
        for some in all.chunks(AT_ONCE) {
            let asked = some.iter().map(|(statement, values)| self.query(statement, values.clone()));
            answers.extend(try_join_all(asked).await?);
        }
        Ok(answers)
    }
}

/// A change of facts.
pub(super) struct Changing<'a> {
    pub(super) author: &'a Author,
    pub(super) attempt: &'a Id,
    pub(super) change: &'a dyn Change,
    pub(super) schema: &'a Schema,
}

impl Work for Changing<'_> {
    type Made = Read;

    fn lane(&self) -> Lane {
        let keys = self.change.reads();
        let is_volatile = !keys.is_empty() && keys.iter().all(|key| key.table.kind == Kind::Volatile);
        if is_volatile { Lane::Volatile } else { Lane::Audited }
    }

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Read, WriteError>> {
        Box::pin(async move {
            let (mut read, is_written) = self.read(writing).await?;
            if is_written {
                return Ok(read);
            }
            let applied = self.change.apply(&read, self.author, self.attempt, writing.now);
            let writes = match applied.map_err(WriteError::Refused)? {
                Applied::AlreadyDone => return Ok(read),
                Applied::Conflict(words) => return Err(WriteError::Conflict(words)),
                Applied::Writes(writes) => writes,
            };
            self.may_write(writes.facts.iter().map(|put| put.table))?;
            self.write(writing, &mut read, writes).await?;
            Ok(read)
        })
    }
}

impl Changing<'_> {
    fn may_write(&self, mut tables: impl Iterator<Item = &'static Table>) -> Result<(), WriteError> {
        tables.try_for_each(|table| self.schema.may_write(table.migrations.subject)).map_err(WriteError::NotWritten)
    }

    /// The rows it rests on, and whether this attempt was written before.
    async fn read(&self, writing: &Writing<'_>) -> Result<(Read, bool), WriteError> {
        let keys = self.change.reads();
        self.may_write(keys.iter().map(|key| key.table))?;
        let is_volatile = |kind| kind == Kind::Volatile;
        // Everybody takes them in the same order.
        let mut locks: Vec<String> = keys
            .iter()
            .filter(|key| is_volatile(key.table.kind))
            .map(|key| format!("{} {:?}", key.table.name, key.values))
            .collect();
        locks.sort();
        for lock in locks {
            writing.transaction.hold(&lock).await.map_err(WriteError::NotWritten)?;
        }
        let mut asked: Vec<_> = keys.iter().map(statements::one).collect();
        if self.lane() == Lane::Audited {
            asked.push((statements::WRITTEN.to_owned(), vec![self.attempt.as_str().into()]));
        }
        let mut answers = writing.queries(&asked).await?;
        let mut is_written = answers.len() > keys.len() && answers.pop().is_some_and(|lines| !lines.is_empty());
        let rows = answers.into_iter().map(|rows| rows.into_iter().next());
        let read = Read(keys.into_iter().zip(rows).collect());
        for (key, row) in &read.0 {
            let by = row.as_ref().map(|row| row.raw(key.table.columns.len()));
            is_written |= is_volatile(key.table.kind) && by.as_deref() == Some(self.attempt.as_str());
        }
        Ok((read, is_written))
    }

    async fn write(&self, writing: &Writing<'_>, read: &mut Read, writes: Writes) -> Result<(), WriteError> {
        let Writes { facts, events } = writes;
        let mut told: Vec<&str> =
            facts.iter().filter(|put| put.table.kind.is_audited()).map(|put| put.table.name).collect();
        told.sort_unstable();
        told.dedup();
        if events.is_empty() && !told.is_empty() {
            let words = format!(
                "a change of {} names no line of the audit: nothing was written. This is a fault of Quarterdeck; report it.",
                told.join(", ")
            );
            return Err(WriteError::Refused(words));
        }
        if !events.is_empty() {
            check_text("name", &self.author.name, false, LONGEST_NAME).map_err(WriteError::Refused)?;
        }
        let lines =
            audit::Lines { chain: writing.chain, author: self.author, attempt: self.attempt, facts: &told.join(" ") };
        let position = lines.append(writing, &events, writing.now).await?;
        let asked: Vec<_> = facts.into_iter().map(|put| self.put(read, put, position)).collect();
        writing.queries(&asked).await.map(drop)
    }

    /// The statement that puts a fact, with its stamps; what was read becomes what is written.
    fn put(&self, read: &mut Read, mut put: Put, position: u64) -> (String, Vec<Value>) {
        let before = read.place(&put);
        let own = put.table.columns.len();
        // Where the last one was read to give the next its number, that row is another's.
        let key = put.table.key;
        let is_own = |row: &&Row| row.0.iter().zip(&put.values).take(key).all(|(held, value)| is_same(held, value));
        let known = before.as_ref().and_then(|row| row.as_ref()).filter(is_own);
        let version = known.and_then(|row| row.number(own)).unwrap_or(0) + 1;
        let statement = statements::put(&put, before.is_some());
        put.values.extend(put.table.kind.stamps().iter().map(|stamp| match *stamp {
            "version" => Value::from(version),
            "position" => position.into(),
            _ => self.attempt.as_str().into(),
        }));
        let row = Row(put.values.clone());
        match before {
            Some(before) => *before = Some(row),
            None => read.add(&put, row),
        }
        (statement, put.values)
    }
}

/// Whether a value that was read is the one that is put: the embedded database tells times as microseconds.
fn is_same(held: &Value, put: &Value) -> bool {
    match (held, put) {
        (Value::Number(Some(microseconds)), Value::Time(Some(at))) => *microseconds == at.timestamp_micros(),
        (Value::Time(Some(held)), Value::Time(Some(at))) => held.timestamp_micros() == at.timestamp_micros(),
        (held, put) => held == put,
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
    let lane = work.lane();
    let transaction = backend.begin(lane).await.map_err(WriteError::NotWritten)?;
    let rows = transaction.query("select quarterdeck.store_now()", Vec::new()).await.map_err(WriteError::NotWritten)?;
    let now = rows.first().and_then(|row| row.time(0));
    let now = now.ok_or_else(|| {
        WriteError::NotWritten(SourceError::new(Trouble::Malformed, "the store gave no time: nothing was written."))
    })?;
    let made = work.run(&Writing { transaction: &*transaction, chain, now }).await?;
    if lane == Lane::Audited {
        transaction.tell().await.map_err(WriteError::NotWritten)?;
    }
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
