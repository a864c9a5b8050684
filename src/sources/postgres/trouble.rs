//! PostgreSQL's errors, turned into what happened and what to do.

use std::error::Error;
use std::time::Duration;

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};

/// The server did not answer in time.
pub(in crate::sources) fn silent(whom: &str, within: Duration) -> SourceError {
    SourceError::new(
        Trouble::Timeout,
        format!("{whom} did not answer within {} s. Quarterdeck tries again by itself.", within.as_secs()),
    )
}

/// A failed conversation. tokio-postgres keeps the address and its password out of its words.
pub(in crate::sources) fn explain(error: &tokio_postgres::Error, whom: &str) -> SourceError {
    if let Some(answer) = error.as_db_error() {
        return answered(answer, whom);
    }
    let mut deepest = error.to_string();
    let mut is_tls = deepest.contains("TLS");
    // What cannot be read comes as an error of the stream it came over.
    let mut is_nonsense = deepest.contains("parsing") || deepest.contains("unexpected message");
    let mut is_io = error.is_closed();
    let mut cause = error.source();
    while let Some(error) = cause {
        is_io |= error.is::<std::io::Error>();
        is_nonsense |= error.downcast_ref::<std::io::Error>().is_some_and(|error| {
            use std::io::ErrorKind::{InvalidData, InvalidInput, Other};
            matches!(error.kind(), InvalidInput | InvalidData | Other)
        });
        is_tls |= error.is::<rustls::Error>();
        if let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            is_tls |= inner.is::<rustls::Error>();
        }
        deepest = error.to_string();
        cause = error.source();
    }
    let detail = text::clean(&deepest).into_owned();
    if is_tls {
        let fix = if detail.contains("does not support TLS") {
            "Set up TLS there, or write sslmode=disable into the address where the way to it is safe."
        } else {
            "Name the file of its authority with sslrootcert=FILE in the address, or have the certificate corrected."
        };
        return SourceError::new(Trouble::Tls, format!("{whom} is not trusted: {detail}. {fix}"));
    }
    if (is_io && !is_nonsense) || detail.contains("timed out") {
        return SourceError::new(
            Trouble::Unreachable,
            format!("{whom} cannot be reached: {detail}. Quarterdeck tries again by itself."),
        );
    }
    if detail.contains("password") || detail.contains("authentication") {
        return SourceError::new(
            Trouble::Unauthorized,
            format!("{whom} did not let us in: {detail}. Correct user and password in the address."),
        );
    }
    SourceError::new(Trouble::Malformed, format!("{whom} answered, but not as PostgreSQL does: {detail}."))
}

fn answered(answer: &DbError, whom: &str) -> SourceError {
    let code = answer.code();
    let message = text::clean(answer.message()).into_owned();
    let is_gone = matches!(answer.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || matches!(answer.severity(), "FATAL" | "PANIC");
    let class = code.code().get(..2).unwrap_or_default();
    let (trouble, sentence) = match class {
        "28" => (
            Trouble::Unauthorized,
            format!("{whom} did not let us in: {message}. Correct user and password in the address."),
        ),
        "3D" => (Trouble::Setup, format!("{whom} has no such database: {message}. Create it, or correct the address.")),
        "53" => (Trouble::Throttled, format!("{whom} is full: {message}. Quarterdeck tries again by itself.")),
        "42" if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            (Trouble::Forbidden, format!("{whom} does not allow this: {message}. Have the rights granted."))
        }
        // A second later it is another one's turn: 40 is a transaction that has to be begun again.
        "40" => (Trouble::Throttled, format!("{whom} asks to try again: {message}.")),
        _ if is_gone => (
            Trouble::Unreachable,
            format!("{whom} closed the connection: {message}. Quarterdeck tries again by itself."),
        ),
        _ => (Trouble::Server, format!("{whom} refused: {message} ({}).", code.code())),
    };
    SourceError::new(trouble, sentence)
}
