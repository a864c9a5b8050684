//! How fresh what a source told us is.

use chrono::TimeDelta;
use serde::Serialize;

use super::time::{self, Instant};
use crate::domain::worded;

/// After how long without a good word a source that is polled is down, not only stale.
pub const DOWN_AFTER: TimeDelta = TimeDelta::seconds(60);

worded! {
    /// What can be said of a source right now.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum SourceState {
        /// No answer yet; what is shown so far is incomplete.
        Loading = "loading",
        /// It may not be read: there are no rights to it, and nothing is known of it. That is said once, and is no trouble of the source.
        Forbidden = "forbidden",
        /// Everything shown is current: a watch is open, or the last answer is within its limit.
        Fresh = "fresh",
        /// The connection is lost for the moment or part of the answer is missing; the last good rows are shown with their age.
        Stale = "stale",
        /// The source does not answer and has not for long; the last good rows are shown with their age.
        Down = "down",
    }
}

impl SourceState {
    /// How grave it is, from 0.
    pub const fn gravity(self) -> u8 {
        match self {
            Self::Fresh | Self::Forbidden => 0,
            Self::Loading => 1,
            Self::Stale => 2,
            Self::Down => 3,
        }
    }

    /// Whether there is nothing to wait for: what may be read is current.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Fresh | Self::Forbidden)
    }
}

/// A source by name with what is known of its freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its environment and what it is, for example `production/deployments`.
    pub name: String,
    /// The verdict.
    pub state: SourceState,
    /// When the last good word came from it.
    pub last_good: Option<Instant>,
    /// What is wrong, as a sentence for the operator. Never contains a secret.
    pub error: Option<String>,
    /// When Quarterdeck tries again by itself.
    pub next_try: Option<Instant>,
}

/// Sources that share one trouble, said once: `production/deployments, pods`, with the oldest word and the nearest try.
///
/// The order of first appearance stays.
pub fn together(sources: &[SourceHealth]) -> Vec<SourceHealth> {
    let mut merged: Vec<SourceHealth> = Vec::new();
    for source in sources {
        let same = merged.iter_mut().find(|one| {
            one.state == source.state && one.error == source.error && one.environment() == source.environment()
        });
        match same {
            Some(one) => {
                one.name = with(&one.name, source.what());
                one.last_good = one.last_good.min(source.last_good);
                one.next_try = [one.next_try, source.next_try].into_iter().flatten().min();
            }
            None => merged.push(source.clone()),
        }
    }
    merged
}

/// A name of sources with one more: what is in one namespace names it once, `production/deployments, pods in shop`.
fn with(name: &str, what: &str) -> String {
    match (name.rsplit_once(" in "), what.rsplit_once(" in ")) {
        (Some((names, place)), Some((what, same))) if place == same => format!("{names}, {what} in {place}"),
        _ => format!("{name}, {what}"),
    }
}

impl SourceHealth {
    /// A source that has not answered yet.
    pub fn loading(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: SourceState::Loading, last_good: None, error: None, next_try: None }
    }

    /// The environment it is of; empty where its name tells of none.
    pub fn environment(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(environment, _)| environment)
    }

    /// What it is, without its environment.
    pub fn what(&self) -> &str {
        self.name.rsplit_once('/').map_or(&*self.name, |(_, what)| what)
    }

    /// It gave a good word then, and all is well.
    pub fn heard(&mut self, at: Instant) {
        (self.state, self.last_good) = (SourceState::Fresh, Some(at));
        (self.error, self.next_try) = (None, None);
    }

    /// It failed: stale while its last good word is younger than `down_after`, else down. What was heard keeps its age.
    pub fn failed(&mut self, sentence: String, next_try: Option<Instant>, down_after: TimeDelta, now: Instant) {
        let is_recent = self.last_good.is_some_and(|at| now - at < down_after);
        self.state = if is_recent { SourceState::Stale } else { SourceState::Down };
        (self.error, self.next_try) = (Some(sentence), next_try);
    }

    /// Whole seconds since the last good word; `None` before the first one. A fresh source is 0 s old: its watch is open.
    pub fn age_seconds(&self, now: Instant) -> Option<i64> {
        match self.state {
            SourceState::Fresh => Some(0),
            _ => self.last_good.map(|then| time::age(then, now).num_seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_last_good_word_and_its_age() {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default();
        let mut health = SourceHealth::loading("production/p");
        let fails = |health: &mut SourceHealth, seconds| {
            health.failed("p did not answer.".to_owned(), Some(at(seconds + 2)), DOWN_AFTER, at(seconds));
            (health.state, health.last_good, health.next_try)
        };
        assert_eq!(fails(&mut health, 0), (SourceState::Down, None, Some(at(2))), "never heard");
        health.heard(at(10));
        assert_eq!((health.state, health.error.as_deref(), health.next_try), (SourceState::Fresh, None, None));
        assert_eq!(fails(&mut health, 30), (SourceState::Stale, Some(at(10)), Some(at(32))));
        assert_eq!(fails(&mut health, 100), (SourceState::Down, Some(at(10)), Some(at(102))));
    }

    #[test]
    fn one_trouble_is_said_once() {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0);
        let source = |name: &str, last_good, error: Option<&str>| SourceHealth {
            state: SourceState::Stale,
            last_good,
            error: error.map(str::to_owned),
            ..SourceHealth::loading(name)
        };
        let said = together(&[
            source("prod/deployments", at(9), Some("refused")),
            source("prod/secrets", at(9), Some("forbidden")),
            source("prod/pods", at(5), Some("refused")),
            source("stage/pods", at(5), Some("refused")),
        ]);
        let of_a_cluster = SourceHealth::loading("arn:aws:eks:eu-1:7:cluster/prod/deployments");
        assert_eq!(
            of_a_cluster.environment(),
            "arn:aws:eks:eu-1:7:cluster/prod",
            "a name of an environment may have any letter"
        );
        assert_eq!((of_a_cluster.what(), SourceHealth::loading("store").what()), ("deployments", "store"));
        let in_shop =
            [source("prod/deployments in shop", None, Some("no")), source("prod/pods in shop", None, Some("no"))];
        assert_eq!(together(&in_shop)[0].name, "prod/deployments, pods in shop");
        let names: Vec<&str> = said.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["prod/deployments, pods", "prod/secrets", "stage/pods"]);
        assert_eq!(said[0].last_good, at(5), "the oldest of their last good words");
    }
}
