//! What the two databases have in common: statements with typed values, and one writing transaction at a time.
//!
//! Statements are written once, in PostgreSQL's words; the embedded database's adapter turns the few that differ.

use futures_util::future::BoxFuture;

use super::port::Standing;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;

/// A value of a statement or of a row. The kind is always known: through a pooler nobody asks the server for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text; `None` is NULL.
    Text(Option<String>),
    /// A time, to the microsecond.
    Time(Option<Instant>),
    /// A number.
    Number(Option<i64>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Instant> for Value {
    fn from(time: Instant) -> Self {
        Self::Time(Some(time))
    }
}

impl From<Option<Instant>> for Value {
    fn from(time: Option<Instant>) -> Self {
        Self::Time(time)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        // No counter of ours comes near the end of an i64; one that did would find nothing.
        Self::Number(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

/// One row of an answer, its columns by place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    /// A text as it is stored, never to be drawn; empty for NULL.
    pub(super) fn raw(&self, column: usize) -> String {
        match self.0.get(column) {
            Some(Value::Text(Some(text))) => text.clone(),
            _ => String::new(),
        }
    }

    /// A text safe for one line.
    pub(super) fn text(&self, column: usize) -> String {
        text::clean(&self.raw(column)).into_owned()
    }

    /// A text safe for several lines.
    pub(super) fn lines(&self, column: usize) -> String {
        text::clean_lines(&self.raw(column))
    }

    /// A text that may be NULL, safe for one line.
    pub(super) fn maybe_text(&self, column: usize) -> Option<String> {
        matches!(self.0.get(column), Some(Value::Text(Some(_)))).then(|| self.text(column))
    }

    /// A time; `None` for NULL. The embedded database keeps microseconds.
    pub(super) fn time(&self, column: usize) -> Option<Instant> {
        match self.0.get(column)? {
            Value::Time(at) => at.map(time::within),
            Value::Number(Some(microseconds)) => Some(time::from_microseconds(*microseconds)),
            _ => None,
        }
    }

    /// A count; `None` for NULL and for what is none.
    pub(super) fn number(&self, column: usize) -> Option<u64> {
        match self.0.get(column)? {
            Value::Number(Some(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }
}

/// A transaction that writes. Dropped without a commit it leaves nothing behind.
pub(super) trait Transaction: Send + Sync {
    /// Runs one statement. Statements asked at once run in the order in which they were first polled.
    fn query<'a>(&'a self, statement: &'a str, values: Vec<Value>) -> Answer<'a, Vec<Row>>;

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

    /// Begins the one transaction that may write; waits for the one before, of whatever process.
    fn begin(&self) -> Answer<'_, Box<dyn Transaction>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_cleaned_on_its_way_out() {
        let row = Row(vec![
            Value::from("a\u{1b}[2J\nb"),
            Value::Number(Some(-1)),
            Value::Text(None),
            Value::Number(Some(1_500_000)),
        ]);
        assert_eq!((row.text(0).as_str(), row.lines(0).as_str()), ("a[2J b", "a[2J\nb"));
        assert_eq!((row.number(1), row.maybe_text(2), row.number(9)), (None, None, None));
        assert_eq!(row.time(3).map(|time| time.timestamp_millis()), Some(1_500));
    }
}
