//! How fresh what a source told us is.

use serde::Serialize;

use super::time::{self, Instant};

/// What can be said of a source right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// No answer yet; what is shown so far is incomplete.
    Loading,
    /// It may not be read: there are no rights to it, and nothing is known of it. That is said once, and is no trouble of the source.
    Forbidden,
    /// Everything shown is current: a watch is open, or the last answer is within its limit.
    Fresh,
    /// The connection is lost for the moment or part of the answer is missing; the last good rows are shown with their age.
    Stale,
    /// The source does not answer and has not for long; the last good rows are shown with their age.
    Down,
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

    /// The word shown on the screen and in `status`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Fresh => "fresh",
            Self::Forbidden => "forbidden",
            Self::Stale => "stale",
            Self::Down => "down",
        }
    }
}

/// A source by name with what is known of its freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// For example `production: deployments`.
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
    let place = |name: &str| name.split_once('/').map_or("", |(place, _)| place).to_owned();
    let mut merged: Vec<SourceHealth> = Vec::new();
    for source in sources {
        let same = merged.iter_mut().find(|one| {
            one.state == source.state && one.error == source.error && place(&one.name) == place(&source.name)
        });
        match same {
            Some(one) => {
                one.name = with(&one.name, source.name.split_once('/').map_or(&*source.name, |(_, what)| what));
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
        let in_shop =
            [source("prod/deployments in shop", None, Some("no")), source("prod/pods in shop", None, Some("no"))];
        assert_eq!(together(&in_shop)[0].name, "prod/deployments, pods in shop");
        let names: Vec<&str> = said.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["prod/deployments, pods", "prod/secrets", "stage/pods"]);
        assert_eq!(said[0].last_good, at(5), "the oldest of their last good words");
    }
}
