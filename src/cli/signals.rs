//! The signals in `quarterdeck status`.

use serde::Serialize;

use crate::domain::service::Services;
use crate::domain::signal::{Origin, Reading, SignalSnapshot, State, Unit, judge};
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
    /// The one that was passed, else the first that would be; null: none is set.
    threshold: Option<f64>,
    /// `ok`, `warning`, `critical`; `unknown` without a value of now, `no_threshold` where nothing says what is too much.
    state: State,
    observed_at: Instant,
    origin: Origin,
    /// Why there is no value.
    reason: Option<&'a str>,
}

/// Every reading, by environment and service, in the order of the queries.
pub(super) fn lines<'a>(
    snapshots: impl Iterator<Item = (&'a SignalSnapshot, &'a Services)>,
    now: Instant,
) -> Vec<SignalLine<'a>> {
    let line = |snapshot: &'a SignalSnapshot, services: &Services, reading: &'a Reading| {
        let limit = services.limit(&snapshot.environment, &reading.service, &reading.name);
        let state = judge(reading, limit, now);
        SignalLine {
            environment: &snapshot.environment,
            service: &reading.service,
            name: &reading.name,
            value: reading.value,
            unit: reading.unit,
            threshold: limit.and_then(|limit| limit.threshold(state)),
            state,
            observed_at: reading.observed_at,
            origin: reading.origin,
            reason: reading.why_absent.as_deref(),
        }
    };
    snapshots
        .flat_map(|(snapshot, services)| snapshot.readings.iter().map(move |reading| line(snapshot, services, reading)))
        .collect()
}

/// What an operator should know of the sources, a line each.
pub(super) fn notices(snapshot: &SignalSnapshot) -> impl Iterator<Item = String> {
    snapshot.notes.iter().map(|note| format!("{}: {note}", snapshot.environment))
}
