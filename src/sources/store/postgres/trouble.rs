//! What PostgreSQL refuses of the store, turned into what happened and what to do; the rest is as of any PostgreSQL.

use std::time::Duration;

use tokio_postgres::error::{DbError, SqlState};

use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::postgres::trouble;

/// The server did not answer in time.
pub(super) fn silent(place: &str, within: Duration) -> SourceError {
    trouble::silent(&whom(place), within)
}

/// A failed conversation.
pub(super) fn explain(error: &tokio_postgres::Error, place: &str) -> SourceError {
    error
        .as_db_error()
        .and_then(|answer| refused(answer, place))
        .unwrap_or_else(|| trouble::explain(error, &whom(place)))
}

fn whom(place: &str) -> String {
    format!("the store at {place}")
}

fn refused(answer: &DbError, place: &str) -> Option<SourceError> {
    let code = answer.code();
    let message = text::clean(answer.message()).into_owned();
    let (trouble, sentence) = match code.code() {
        "QD002" => {
            (Trouble::Rejected, "the audit is append-only: what is in it is neither changed nor removed.".to_owned())
        }
        own if own.starts_with("QD") => {
            (Trouble::Rejected, format!("the store at {place} refused a line of the audit: {message}."))
        }
        _ if *code == SqlState::DISK_FULL => (
            Trouble::Server,
            format!("the disk of the store at {place} is full: nothing was written. Make room there."),
        ),
        _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => (
            Trouble::Forbidden,
            format!(
                "the store at {place} does not allow this: {message}. Have the rights granted, or let an owner of the database start Quarterdeck once to make its tables."
            ),
        ),
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => (
            Trouble::Rejected,
            format!(
                "the store at {place} is a read-only replica: nothing was written. Point the address at the primary."
            ),
        ),
        _ if *code == SqlState::LOCK_NOT_AVAILABLE => (
            Trouble::Throttled,
            format!(
                "another console was writing to the store at {place} for too long: nothing was written. Try again."
            ),
        ),
        _ => return None,
    };
    Some(SourceError::new(trouble, sentence))
}
