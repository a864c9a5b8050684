//! What is too much of a signal, and what a value is by that.

use chrono::TimeDelta;
use serde::Serialize;

use super::query;
use super::sample::Reading;
use crate::domain::time::Instant;
use crate::domain::worded;

/// A reading older than this says nothing of now: twelve rounds of the poller.
pub const OLD_AFTER: TimeDelta = TimeDelta::minutes(3);

worded! {
    /// What a reading is, from what needs nobody to what needs somebody at once.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum State {
        /// Known, and nothing says what is too much of it.
        NoThreshold = "no_threshold",
        /// Known, and not above any threshold.
        Ok = "ok",
        /// Not known, or too old to be of now.
        Unknown = "unknown",
        /// Above the threshold for a warning.
        Warning = "warning",
        /// Above the threshold for an alert.
        Critical = "critical",
    }
}

/// Above what a value is worth a warning, and above what an alert. In the unit of the signal; finite, and at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    warning: Option<f64>,
    critical: Option<f64>,
}

// Neither is ever NaN.
impl Eq for Limit {}

impl Limit {
    /// A limit; `None` without any, with one that is no number, or with a warning above the alert.
    pub fn new(warning: Option<f64>, critical: Option<f64>) -> Option<Self> {
        let is_number = |one: Option<f64>| one.is_none_or(f64::is_finite);
        let is_in_order = warning.zip(critical).is_none_or(|(warning, critical)| warning <= critical);
        let is_one = warning.is_some() || critical.is_some();
        (is_one && is_number(warning) && is_number(critical) && is_in_order).then_some(Self { warning, critical })
    }

    /// The limit of a signal where the configuration says nothing else.
    pub fn shipped(signal: &str) -> Option<Self> {
        let (warning, critical) = match signal {
            // Requirements B1: under 1 %; B5 and A5: an alert, and a rollback, above 5 %.
            query::ERRORS => (Some(0.01), Some(0.05)),
            // B9: p50 200 ms, p99 1 s. B1: p95 500 ms for a warning, 2 s for an alert; the objective of 200 ms (B8) is no threshold.
            query::P50 => (Some(0.2), None),
            query::P95 => (Some(0.5), Some(2.0)),
            query::P99 => (Some(1.0), None),
            // B2.
            query::CPU => (Some(0.7), None),
            query::MEMORY => (Some(0.8), None),
            _ => return None,
        };
        Self::new(warning, critical)
    }

    /// What a value is by this limit. A value at a threshold is not above it.
    pub fn state(&self, value: f64) -> State {
        let is_above = |threshold: Option<f64>| threshold.is_some_and(|threshold| value > threshold);
        if value.is_nan() {
            State::Unknown
        } else if is_above(self.critical) {
            State::Critical
        } else if is_above(self.warning) {
            State::Warning
        } else {
            State::Ok
        }
    }

    /// The threshold to show beside a state: the one that was passed, else the first one that would be.
    pub fn threshold(&self, state: State) -> Option<f64> {
        match state {
            State::Critical => self.critical,
            _ => self.warning.or(self.critical),
        }
    }
}

/// What a reading is now by its limit: unknown without a value, and where the value is too old.
pub fn judge(reading: &Reading, limit: Option<Limit>, now: Instant) -> State {
    match (reading.value, limit) {
        (None, _) => State::Unknown,
        (Some(_), _) if now - reading.observed_at > OLD_AFTER => State::Unknown,
        (Some(_), None) => State::NoThreshold,
        (Some(value), Some(limit)) => limit.state(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Unit};

    fn reading(name: &str, value: Option<f64>) -> Reading {
        Reading {
            name: name.into(),
            service: "cart".into(),
            value,
            unit: Unit::Ratio,
            observed_at: Instant::default(),
            origin: Origin::Prometheus,
            why_absent: None,
        }
    }

    fn judged(name: &str, value: Option<f64>, age: TimeDelta) -> &'static str {
        judge(&reading(name, value), Limit::shipped(name), Instant::default() + age).word()
    }

    #[test]
    fn what_is_not_known_is_never_ok() {
        let now = TimeDelta::zero();
        assert_eq!(judged(query::ERRORS, Some(0.0), now), "ok");
        assert_eq!(judged(query::ERRORS, None, now), "unknown");
        assert_eq!(judged(query::ERRORS, Some(f64::NAN), now), "unknown");
        assert_eq!(judged(query::ERRORS, Some(0.0), OLD_AFTER), "ok", "the age is shown beside it");
        assert_eq!(judged(query::ERRORS, Some(0.0), OLD_AFTER + TimeDelta::seconds(1)), "unknown", "that was then");
        assert_eq!(judged(query::ERRORS, Some(0.9), TimeDelta::hours(1)), "unknown", "nor critical");
        assert_eq!(judged(query::REQUESTS, Some(5.0), now), "no_threshold");
        assert_eq!(judged(query::REQUESTS, None, now), "unknown");
    }

    #[test]
    fn the_defaults_are_those_of_the_requirements() {
        let now = TimeDelta::zero();
        for (name, warning, critical) in [
            (query::ERRORS, Some(0.01), Some(0.05)),
            (query::P50, Some(0.2), None),
            (query::P90, None, None),
            (query::P95, Some(0.5), Some(2.0)),
            (query::P99, Some(1.0), None),
            (query::CPU, Some(0.7), None),
            (query::MEMORY, Some(0.8), None),
        ] {
            for (threshold, word) in [(warning, "warning"), (critical, "critical")] {
                let Some(threshold) = threshold else { continue };
                assert_eq!(judged(name, Some(threshold * 1.001), now), word, "{name}");
                assert_ne!(judged(name, Some(threshold), now), word, "{name}: at it is not above it");
            }
        }
    }

    #[test]
    fn the_threshold_shown_is_the_one_that_counts() {
        let limit = Limit::shipped(query::ERRORS).expect("it has one");
        assert_eq!(limit.threshold(limit.state(0.0)), Some(0.01));
        assert_eq!(limit.threshold(limit.state(0.02)), Some(0.01));
        assert_eq!(limit.threshold(limit.state(0.2)), Some(0.05));
    }

    #[test]
    fn what_is_no_limit_is_none() {
        assert_eq!(Limit::new(None, None), None);
        assert_eq!(Limit::new(Some(f64::NAN), Some(1.0)), None);
        assert_eq!(Limit::new(Some(2.0), Some(1.0)), None);
        assert!(Limit::new(None, Some(1.0)).is_some());
    }
}
