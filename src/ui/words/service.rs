//! The words about services.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::backup::{Coverage, State};
use crate::domain::service::Share;

/// A service that is declared.
pub fn named(name: &str) -> String {
    format!("service {name}")
}

/// A service found by its label alone.
pub fn found(name: &str) -> String {
    format!("service {name}, by its label; the configuration says nothing of it")
}

/// How grave its loss is.
pub fn tier(tier: u8) -> String {
    format!("tier {tier}")
}

/// Who is called.
pub fn on_call(rotation: &str) -> String {
    format!("on call: {rotation}")
}

/// What it cannot do without.
pub fn needs(services: &[Arc<str>]) -> String {
    format!("needs {}", services.join(", "))
}

/// Its database, and how that is where it is known.
pub fn database(name: &str, standing: Option<&str>) -> String {
    standing.map_or_else(|| format!("database {name}"), |standing| format!("database {name} ({standing})"))
}

/// The share of the time it is to be well.
pub fn availability(share: Share) -> String {
    format!("promised {share}")
}

/// What most requests are to be answered within.
pub fn latency(time: TimeDelta) -> String {
    format!("p95 within {} ms", time.num_milliseconds())
}

/// Where what to do is written.
pub fn runbooks(runbooks: &[String]) -> String {
    format!("runbooks: {}", runbooks.join(", "))
}

/// How a set of its backups stands.
pub fn backup(row: &Coverage) -> String {
    let word = row.state.word();
    let word = if row.state == State::Broken { word.to_uppercase() } else { word.to_owned() };
    let why = row.reasons.first().map(|why| format!(": {why}")).unwrap_or_default();
    format!("backup {} {} {word}{why}", row.set, row.kind.word())
}
