//! What the two databases have in common: statements with typed values, and one writing transaction at a time.
//!
//! Statements are written once, in PostgreSQL's words; the embedded database's adapter turns the few that differ.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::migrate::Schema;
use super::port::Standing;
pub(super) use crate::domain::store::fact::{Row, Value};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// Whose turn a transaction waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// That of everybody who writes into the audit: the order of its lines is the order of the commits.
    Audited,
    /// Nobody's but that of the keys it [`Transaction::hold`]s.
    Volatile,
}

/// A transaction that writes. Dropped without a commit it leaves nothing behind.
pub(super) trait Transaction: Send + Sync {
    /// Runs one statement. Statements asked at once run in the order in which they were first polled.
    fn query<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>>;

    /// Waits for whoever else holds this key, of whatever process, and holds it to the end of the transaction.
    fn hold<'a>(&'a self, key: &'a str) -> Answer<'a, ()>;

    /// Lets others be told of what was written, once it lasts.
    fn tell(&self) -> Answer<'_, ()>;

    /// Makes it all last. An error for which [`is_broken`] leaves open whether it did.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<(), SourceError>>;
}

/// A database.
pub(super) trait Backend: Send + Sync {
    /// What it is and how it stands.
    fn standing(&self) -> Answer<'_, Standing>;

    /// Runs one statement that reads.
    fn read<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>>;

    /// How its tables stand; the first time, and again before a write where they were not as they should be, they are brought to this
    /// console's version. An error is one of the way there, or of an audit that is not used.
    fn schema(&self, is_writing: bool) -> Answer<'_, Arc<Schema>>;

    /// Begins a transaction that may write; waits for the one before in its lane, of whatever process.
    fn begin(&self, lane: Lane) -> Answer<'_, Box<dyn Transaction>>;

    /// The condition that holds a search of the audit to a time and what is newer; the value stands for `$`.
    fn since(&self) -> &'static str {
        "at >= $"
    }

    /// Ends once something may have been written, by whomever; at the latest when it is time to look anyway.
    fn changed(&self) -> BoxFuture<'_, ()>;
}

/// Whether the conversation broke off, so that what was asked may or may not have happened.
pub(super) const fn is_broken(error: &SourceError) -> bool {
    matches!(error.trouble, Trouble::Unreachable | Trouble::Timeout)
}
