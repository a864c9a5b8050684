//! The contract of a fact: what the store keeps of it, how two who write at once are told apart, what a console holds of it.
//!
//! A fact is one file: its type, its [`Fact`], its [`Change`]s; its tables lie in `assets/migrations/SUBJECT/`, and one line in
//! [`super::facts::ALL`] gives it statements, transactions, audit, news to other consoles and the conformance suite.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::TimeDelta;

use super::{AuditEvent, Author, Id, Subject, SubjectKind, Withdrawn};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// A value of a statement or of a row. The kind is always known: through a pooler nobody asks the server for it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text; `None` is NULL.
    Text(Option<String>),
    /// A time, to the microsecond.
    Time(Option<Instant>),
    /// A number.
    Number(Option<i64>),
}

macro_rules! from {
    ($($of:ty => |$given:ident| $value:expr;)+) => {$(
        impl From<$of> for Value {
            fn from($given: $of) -> Self {
                $value
            }
        }
    )+};
}
from! {
    &str => |text| Self::Text(Some(text.to_owned()));
    String => |text| Self::Text(Some(text));
    &String => |text| Self::Text(Some(text.clone()));
    Instant => |time| Self::Time(Some(time));
    Option<Instant> => |time| Self::Time(time);
    // No counter of ours comes near the end of an i64; one that did would find nothing.
    u64 => |number| Self::Number(Some(i64::try_from(number).unwrap_or(i64::MAX)));
}

/// Who did something and when, as two columns.
pub(super) fn stamp(stamp: Option<&Withdrawn>) -> [Value; 2] {
    [Value::Text(stamp.map(|stamp| stamp.by.clone())), Value::Time(stamp.map(|stamp| stamp.at))]
}

/// One row of an answer, its columns by place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// A text as it is stored, never to be drawn; empty for NULL.
    pub fn raw(&self, column: usize) -> String {
        match self.0.get(column) {
            Some(Value::Text(Some(text))) => text.clone(),
            _ => String::new(),
        }
    }

    /// A text safe for one line.
    pub fn text(&self, column: usize) -> String {
        text::clean(&self.raw(column)).into_owned()
    }

    /// A text safe for several lines.
    pub fn lines(&self, column: usize) -> String {
        text::clean_lines(&self.raw(column))
    }

    /// A text that may be NULL, safe for one line.
    pub fn maybe_text(&self, column: usize) -> Option<String> {
        matches!(self.0.get(column), Some(Value::Text(Some(_)))).then(|| self.text(column))
    }

    /// A time; `None` for NULL. The embedded database keeps microseconds.
    pub fn time(&self, column: usize) -> Option<Instant> {
        match self.0.get(column)? {
            Value::Time(at) => at.map(time::within),
            Value::Number(Some(microseconds)) => Some(time::from_microseconds(*microseconds)),
            _ => None,
        }
    }

    /// A count; `None` for NULL and for what is none.
    pub fn number(&self, column: usize) -> Option<u64> {
        match self.0.get(column)? {
            Value::Number(Some(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// What something is about, from three columns; `None` for a kind this version does not know.
    pub fn subject(&self, column: usize) -> Option<Subject> {
        let kind = SubjectKind::of_word(&self.raw(column + 1))?;
        Some(Subject { environment: self.text(column), kind, name: self.text(column + 2) })
    }

    /// Who did something and when, from two columns; `None` when nobody did.
    pub fn stamp(&self, column: usize) -> Option<Withdrawn> {
        Some(Withdrawn { by: self.maybe_text(column)?, at: self.time(column + 1)? })
    }
}

/// How a fact is written. What is stamped stands behind its own columns, in this order, and is written by the store alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One row a key, changed by whoever saw its version: stamped with `version` (from 1), `attempt` and `position`. In the audit.
    Versioned,
    /// Written once and never changed: stamped with `position`. In the audit. The last column of its key may be a number of its own:
    /// see [`Key::last`].
    Appended,
    /// What each console sees of one thing, merged by the change so that the order does not matter. No line, no news.
    Merged,
    /// Comes and goes (a lease, a heartbeat): stamped with `attempt`. No line, no news, and nobody waits for the writers of others:
    /// only those of the same key go one after the other.
    Volatile,
}

impl Kind {
    /// The columns behind the fact's own.
    pub const fn stamps(self) -> &'static [&'static str] {
        match self {
            Self::Versioned => &["version", "attempt", "position"],
            Self::Appended => &["position"],
            Self::Merged => &[],
            Self::Volatile => &["attempt"],
        }
    }

    /// Whether a change of it has its line in the audit, by whose tail other consoles are told.
    pub const fn is_audited(self) -> bool {
        matches!(self, Self::Versioned | Self::Appended)
    }
}

/// One step of a subject's tables. Never changed once released: a changed one is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its statements, in PostgreSQL's words.
    pub postgres: &'static str,
    /// Those of SQLite where they do not follow from the same text: triggers.
    pub sqlite: Option<&'static str>,
}

impl Migration {
    /// Tables and indexes, from one text.
    pub const fn both(text: &'static str) -> Self {
        Self { postgres: text, sqlite: None }
    }
}

/// The tables of one subject, by whose name their versions are counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Migrations {
    /// The folder of `assets/migrations`.
    pub subject: &'static str,
    /// Its steps; the first leads to version 1.
    pub steps: &'static [Migration],
}

/// A list of facts, newest first, at most so many. An index answers it.
#[derive(Debug, PartialEq, Eq)]
pub struct List {
    /// Its conditions, each a column and how it compares with the value given: `environment =`.
    pub by: &'static [&'static str],
    /// The column it is ordered by.
    pub newest: &'static str,
}

/// What a console holds from its beginning; later it is told of every change.
#[derive(Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which ones; `$1` is the store's now less [`Self::back`].
    pub only: &'static str,
    /// How far back.
    pub back: TimeDelta,
    /// At most so many, the last written first.
    pub most: u64,
}

/// Where a fact is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Its own columns, the key first.
    pub columns: &'static [&'static str],
    /// How many of them are the key.
    pub key: usize,
    /// The lists that are asked for.
    pub lists: &'static [&'static List],
    /// What a console holds of it; `None` for what is only read when it is asked for.
    pub held: Option<Holding>,
    /// The subject that makes it.
    pub migrations: &'static Migrations,
}

impl Table {
    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [&'static str] {
        self.columns.get(..self.key).unwrap_or_default()
    }
}

/// A fact of the store.
pub trait Fact: Debug + Clone + PartialEq + Send + Sync + Sized + 'static {
    /// Where it is kept.
    const TABLE: &'static Table;
    /// What a console holds of it, to look it up.
    type Held: Default + Clone + Send + Sync + 'static;

    /// Reads a row, its stamps behind its columns; `None` for one that makes no sense.
    fn decode(row: &Row) -> Option<Self>;

    /// Its own columns, without stamps.
    fn encode(&self) -> Vec<Value>;

    /// Takes in what is new, and lets go what is not held any longer.
    fn hold(_held: &mut Self::Held, _new: Vec<Self>, _now: Instant) {}

    /// The change that writes the `nth` example for one who has seen none of it, with this text wherever somebody may type one. The
    /// conformance suite writes these.
    fn example(nth: u64, text: &str) -> Box<dyn Change>;
}

/// What a console holds of one kind of fact.
pub type Held = Arc<dyn Any + Send + Sync>;

/// A kind of fact that the store knows: one line of the registry.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Where it is kept.
    pub table: &'static Table,
    /// Takes rows into what was held.
    pub hold: fn(Option<&Held>, &[Row], Instant) -> Held,
    /// A row as the fact reads it, in words for whoever builds it; `None` for one that makes no sense.
    pub show: fn(&Row) -> Option<String>,
    /// See [`Fact::example`].
    pub example: fn(u64, &str) -> Box<dyn Change>,
}

impl Registered {
    /// The line of a fact.
    pub const fn of<F: Fact>() -> Self {
        Self { table: F::TABLE, hold: hold::<F>, show: show::<F>, example: F::example }
    }
}

fn show<F: Fact>(row: &Row) -> Option<String> {
    F::decode(row).map(|fact| format!("{fact:?}"))
}

fn hold<F: Fact>(held: Option<&Held>, rows: &[Row], now: Instant) -> Held {
    let mut held = held.and_then(|held| held.downcast_ref::<F::Held>()).cloned().unwrap_or_default();
    F::hold(&mut held, rows.iter().filter_map(F::decode).collect(), now);
    Arc::new(held)
}

/// Which row a change rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Where it is kept.
    pub table: &'static Table,
    /// The values of the key, or of all of it but the number.
    pub values: Vec<Value>,
    /// Whether the row with the highest number is meant.
    pub is_last: bool,
}

impl Key {
    /// The fact of this key.
    pub fn of<F: Fact>(values: impl Into<Vec<Value>>) -> Self {
        Self { table: F::TABLE, values: values.into(), is_last: false }
    }

    /// The fact with the highest number among those that share the rest of the key: the next number is one more. Nobody else numbers
    /// meanwhile: audited writers go one after the other.
    pub fn last<F: Fact>(shared: impl Into<Vec<Value>>) -> Self {
        Self { table: F::TABLE, values: shared.into(), is_last: true }
    }

    /// Whether a row with these values is the one that is meant.
    fn is_of(&self, table: &Table, values: &[Value]) -> bool {
        *self.table == *table && values.starts_with(&self.values)
    }
}

/// What a change rests on, as it stands inside the transaction; and what it left there, once it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read(pub Vec<(Key, Option<Row>)>);

impl Read {
    /// The fact of a key that was read; `None` when there is none.
    pub fn get<F: Fact>(&self, key: &Key) -> Option<F> {
        let (_, row) = self.0.iter().find(|(of, _)| of == key)?;
        F::decode(row.as_ref()?)
    }

    /// The only fact of its kind that was read or written; `None` when there is none.
    pub fn one<F: Fact>(&self) -> Option<F> {
        self.0.iter().filter(|(key, _)| *key.table == *F::TABLE).find_map(|(_, row)| F::decode(row.as_ref()?))
    }

    /// Takes in a fact that was written without being read.
    pub fn add(&mut self, put: &Put, row: Row) {
        let values = put.values.get(..put.table.key).unwrap_or_default().to_vec();
        self.0.push((Key { table: put.table, values, is_last: false }, Some(row)));
    }

    /// The place of a fact that is to be put, with the row that was read there; `None` where its key was not read.
    pub fn place(&mut self, put: &Put) -> Option<&mut Option<Row>> {
        self.0.iter_mut().find(|(key, _)| key.is_of(put.table, &put.values)).map(|(_, row)| row)
    }
}

/// A fact to be put where its key says.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// Where it is kept.
    pub table: &'static Table,
    /// Its own columns.
    pub values: Vec<Value>,
}

impl Put {
    /// This fact.
    pub fn of<F: Fact>(fact: &F) -> Self {
        Self { table: F::TABLE, values: fact.encode() }
    }
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writes {
    /// Facts. One whose key was not read is a new one: where it is there nevertheless, nothing is written.
    pub facts: Vec<Put>,
    /// Lines of the audit; where a fact is audited, at least one.
    pub events: Vec<AuditEvent>,
}

/// What a change comes to, given what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// This is to be written.
    Writes(Writes),
    /// It stands already as it is to be.
    AlreadyDone,
    /// Somebody else was first: the sentence that tells who, and that nothing was written.
    Conflict(String),
}

impl Applied {
    /// One fact with its line of the audit.
    pub fn one<F: Fact>(fact: &F, event: AuditEvent) -> Self {
        Self::Writes(Writes { facts: vec![Put::of(fact)], events: vec![event] })
    }
}

/// Something to be changed in the store. Pure: it is run inside one transaction, and again where the answer to the first was lost;
/// that the same attempt changes nothing twice is not its concern.
pub trait Change: Send + Sync {
    /// The rows it rests on and may write.
    fn reads(&self) -> Vec<Key>;

    /// What it comes to. `now` is the store's.
    ///
    /// # Errors
    /// The sentence to show when it may not be written as it is.
    fn apply(&self, read: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String>;
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
