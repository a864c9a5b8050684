//! Every service with its signals judged, worst first.

use std::sync::Arc;

use super::sample::{Reading, SignalSnapshot};
use super::threshold::{State, judge};
use super::trace::Trace;
use crate::domain::service::Services;
use crate::domain::time::Instant;

/// A reading with what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The reading.
    pub reading: Reading,
    /// What it is now.
    pub state: State,
    /// The threshold that was passed, else the first that would be; in the unit of the reading.
    pub threshold: Option<f64>,
    /// Its last hour, where it is known.
    pub trace: Option<Trace>,
}

/// A service with its signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Board {
    /// The environment.
    pub environment: Arc<str>,
    /// The service, as its label has it, cleaned.
    pub service: Arc<str>,
    /// The worst of its signals.
    pub state: State,
    /// Its signals, in the order of the queries.
    pub signals: Vec<Judged>,
    /// When it was released within the hour, oldest first, as far as it was seen.
    pub released: Vec<Instant>,
}

impl Board {
    /// One of its signals.
    pub fn signal(&self, name: &str) -> Option<&Judged> {
        self.signals.iter().find(|signal| &*signal.reading.name == name)
    }

    /// The value of one of its signals, where it is known.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.signal(name)?.reading.value
    }
}

/// The services of a snapshot, in its order.
pub fn boards(snapshot: &SignalSnapshot, services: &Services, now: Instant) -> Vec<Board> {
    let mut boards: Vec<Board> = Vec::new();
    for reading in snapshot.readings.iter() {
        let limit = services.limit(&snapshot.environment, &reading.service, &reading.name);
        let state = judge(reading, limit, now);
        let trace = snapshot.trace(&reading.service, &reading.name).cloned();
        let judged =
            Judged { reading: reading.clone(), state, threshold: limit.and_then(|one| one.threshold(state)), trace };
        match boards.last_mut().filter(|board| board.service == reading.service) {
            Some(board) => {
                board.state = board.state.max(state);
                board.signals.push(judged);
            }
            None => boards.push(Board {
                environment: snapshot.environment.clone(),
                service: reading.service.clone(),
                state,
                signals: vec![judged],
                released: Vec::new(),
            }),
        }
    }
    boards
}

/// Puts the worst first; of equals the one with more requests, then by name.
pub fn worst_first(boards: &mut [Board]) {
    let requests = |board: &Board| board.value(super::query::REQUESTS).unwrap_or(0.0);
    boards.sort_by(|one, other| {
        let by_name = || (&one.service, &one.environment).cmp(&(&other.service, &other.environment));
        other.state.cmp(&one.state).then_with(|| requests(other).total_cmp(&requests(one))).then_with(by_name)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::query::{ERRORS, P95, REQUESTS};
    use crate::domain::signal::{Origin, Unit};

    fn reading(service: &str, name: &str, value: Option<f64>) -> Reading {
        Reading {
            name: name.into(),
            service: service.into(),
            value,
            unit: Unit::Count,
            observed_at: Instant::default(),
            origin: Origin::Prometheus,
            why_absent: None,
        }
    }

    #[test]
    fn the_worst_stands_first_and_what_is_not_known_before_what_is_well() {
        let readings = vec![
            reading("calm", REQUESTS, Some(900.0)),
            reading("calm", ERRORS, Some(0.0)),
            reading("dark", REQUESTS, Some(5.0)),
            reading("dark", ERRORS, None),
            reading("failing", REQUESTS, Some(2.0)),
            reading("failing", ERRORS, Some(0.4)),
            reading("quiet", REQUESTS, Some(1.0)),
            reading("slow", P95, Some(0.7)),
        ];
        let snapshot = SignalSnapshot { readings: readings.into(), ..SignalSnapshot::default() };
        let mut boards = boards(&snapshot, &Services::default(), Instant::default());
        worst_first(&mut boards);
        let lines: Vec<String> = boards.iter().map(|one| format!("{} {}", one.service, one.state.word())).collect();
        assert_eq!(lines, ["failing critical", "slow warning", "dark unknown", "calm ok", "quiet no_threshold"]);
    }
}
