//! The signals in `quarterdeck status`.

use serde::Serialize;

use crate::domain::signal::{Origin, SignalSnapshot, Unit};
use crate::domain::time::Instant;

/// A signal of the document: a contract.
#[derive(Debug, Serialize)]
pub(super) struct SignalLine<'a> {
    environment: &'a str,
    service: &'a str,
    name: &'a str,
    /// null: not known, see `reason`.
    value: Option<f64>,
    unit: Unit,
    /// null: none is set.
    threshold: Option<f64>,
    /// `unknown` without a value, `no_threshold` where nothing says what is too much.
    state: &'static str,
    observed_at: Instant,
    origin: Origin,
    /// Why there is no value.
    reason: Option<&'a str>,
}

/// Every reading, by environment and service, in the order of the queries.
pub(super) fn lines<'a>(snapshots: impl Iterator<Item = &'a SignalSnapshot>) -> Vec<SignalLine<'a>> {
    let of = |snapshot: &'a SignalSnapshot| {
        snapshot.readings.iter().map(|reading| SignalLine {
            environment: &snapshot.environment,
            service: &reading.service,
            name: &reading.name,
            value: reading.value,
            unit: reading.unit,
            threshold: None,
            state: if reading.value.is_some() { "no_threshold" } else { "unknown" },
            observed_at: reading.observed_at,
            origin: reading.origin,
            reason: reading.why_absent.as_deref(),
        })
    };
    snapshots.flat_map(of).collect()
}

/// What an operator should know of the sources, a line each.
pub(super) fn notices(snapshot: &SignalSnapshot) -> impl Iterator<Item = String> {
    snapshot.notes.iter().map(|note| format!("{}: {note}", snapshot.environment))
}
