//! Somebody has it: an alert acknowledged. A fact of its own, never a silence in disguise.

use serde::{Deserialize, Serialize};

use super::Id;
use crate::domain::time::{self, Instant};

/// An alert somebody has taken. There is at most one for an alert of an environment; taking it over moves its version on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The environment.
    pub environment: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
    /// The alert's name, to be readable when the alert is gone.
    pub alert: String,
    /// Since when the alert was firing that was acknowledged: a later firing is another one.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub firing_since: Option<Instant>,
    /// Who.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Until when; `None` for as long as this firing lasts.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub until: Option<Instant>,
    /// What they said.
    pub note: String,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

/// Something taken back. What was said stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Who.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
}

impl Acknowledgement {
    /// Whether somebody has it now: not taken back, not run out.
    pub fn is_live(&self, now: Instant) -> bool {
        self.withdrawn.is_none() && self.until.is_none_or(|until| now < until)
    }

    /// Whether it is about a firing that began then: one from before an alert was resolved says nothing of the next.
    ///
    /// Alertmanagers differ by a little in when a firing began, hence the minute.
    pub fn covers(&self, firing_since: Instant, now: Instant) -> bool {
        let is_same = |since: Instant| firing_since <= since + chrono::TimeDelta::minutes(1);
        self.is_live(now) && self.firing_since.is_none_or(is_same)
    }

    /// Who and since when, as an operator reads it: `mori, 12m ago`.
    pub fn words(&self, now: Instant) -> String {
        format!("{}, {} ago", self.by, time::coarse(time::age(self.at, now)))
    }
}

/// An acknowledgement to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAcknowledgement {
    /// This attempt: the same id writes nothing twice.
    pub id: Id,
    /// The environment.
    pub environment: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
    /// The alert's name.
    pub alert: String,
    /// Since when it is firing.
    pub firing_since: Option<Instant>,
    /// How long it holds from the store's now; `None` for as long as this firing lasts.
    pub holds_for: Option<chrono::TimeDelta>,
    /// What they say; may be empty.
    pub note: String,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn taken() -> Acknowledgement {
        Acknowledgement {
            environment: "production".into(),
            fingerprint: "f".into(),
            alert: "HighErrorRate".into(),
            firing_since: Some(Instant::default()),
            by: "mori".into(),
            at: Instant::default(),
            until: None,
            note: String::new(),
            withdrawn: None,
            version: 1,
        }
    }

    #[test]
    fn it_ends_when_it_runs_out_or_is_taken_back() {
        let now = Instant::default() + TimeDelta::minutes(12);
        assert!(taken().is_live(now));
        assert!(!Acknowledgement { until: Some(now), ..taken() }.is_live(now));
        let withdrawn = Some(Withdrawn { by: "lee".into(), at: now });
        assert!(!Acknowledgement { withdrawn, ..taken() }.is_live(now));
        assert_eq!(taken().words(now), "mori, 12m ago");
    }

    #[test]
    fn a_later_firing_is_not_covered() {
        let now = Instant::default() + TimeDelta::hours(2);
        assert!(taken().covers(Instant::default() + TimeDelta::seconds(20), now));
        assert!(!taken().covers(Instant::default() + TimeDelta::hours(1), now));
    }
}
