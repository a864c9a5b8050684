//! The signals in `quarterdeck status`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::codes;
use crate::domain::service::Services;
use crate::domain::signal::board::boards;
use crate::domain::signal::{Judged, Origin, Reading, SignalSnapshot, State, Unit, judge};
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

/// What the signals of an environment make of the exit code. What is not known of a declared service counts where there is a threshold for
/// it, or nothing of the service is known at all.
pub(super) fn exit_codes(
    snapshot: &SignalSnapshot,
    services: &Services,
    declared: &BTreeSet<Arc<str>>,
    now: Instant,
) -> Vec<u8> {
    let mut found = Vec::new();
    for board in boards(snapshot, services, now) {
        let is_dark = board.signals.iter().all(|signal| signal.state == State::Unknown);
        let is_declared = declared.contains(&board.service);
        let code =
            |signal: &Judged| codes::signal(signal.state, is_declared && (is_dark || signal.threshold.is_some()));
        found.extend(board.signals.iter().map(code));
    }
    found
}

/// What an operator should know of the sources, a line each.
pub(super) fn notices(snapshot: &SignalSnapshot) -> impl Iterator<Item = String> {
    snapshot.notes.iter().map(|note| format!("{}: {note}", snapshot.environment))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Service;
    use crate::domain::signal::Query;
    use crate::domain::signal::query::{ERRORS, P90, REQUESTS};

    fn code(declared: &[&str], readings: &[(&str, &str, Option<f64>)]) -> u8 {
        let service = |name: &&str| Service { name: (*name).into(), ..Service::default() };
        let services = Services::new(declared.iter().map(service).collect());
        let reading = |(service, name, value): &(&str, &str, Option<f64>)| {
            let unread =
                Query::new(name, Unit::Ratio, "").unread(&(*service).into(), Origin::Direct, Instant::default());
            Reading { value: *value, ..unread }
        };
        let readings = readings.iter().map(reading).collect();
        let snapshot = SignalSnapshot { readings, ..SignalSnapshot::default() };
        codes::worst(exit_codes(&snapshot, &services, &services.measured_in(""), Instant::default()).into_iter())
    }

    #[test]
    fn the_exit_code_says_what_the_pane_says() {
        let errors = |value| code(&[], &[("cart", REQUESTS, Some(5.0)), ("cart", ERRORS, value)]);
        assert_eq!([Some(0.1), Some(0.02), Some(0.0), None].map(errors), [2, 1, 0, 0]);
        let declared = |name, value| code(&["cart"], &[("cart", REQUESTS, Some(5.0)), ("cart", name, value)]);
        assert_eq!((declared(ERRORS, None), declared(ERRORS, Some(0.02)), declared(ERRORS, Some(0.1))), (3, 1, 2));
        assert_eq!(declared(P90, None), 0, "nothing says what would be too much of it");
        assert_eq!(code(&["cart"], &[("cart", REQUESTS, None), ("cart", P90, None)]), 3, "of it nothing is known");
    }
}
