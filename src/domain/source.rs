//! How fresh what a source told us is.

use std::fmt;
use std::sync::Arc;

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

/// Which source: what it is, and of which environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceId {
    /// The environment; empty for what serves them all.
    pub environment: Arc<str>,
    /// What it is.
    pub kind: SourceKind,
}

impl SourceId {
    /// A source of an environment.
    pub fn of(environment: &Arc<str>, kind: SourceKind) -> Self {
        Self { environment: environment.clone(), kind }
    }

    /// The store, which serves every environment.
    pub fn store() -> Self {
        Self { environment: Arc::default(), kind: SourceKind::Store }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { environment, kind } = self;
        if environment.is_empty() { kind.fmt(to) } else { write!(to, "{environment}/{kind}") }
    }
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// The way to a cluster of which nothing is watched yet.
    Cluster,
    /// A resource of a cluster by its plural; in one namespace where several are watched apart.
    Resource(&'static str, Option<Arc<str>>),
    /// An Alertmanager, by its host.
    Alertmanager(Arc<str>),
    /// A Prometheus, by its host.
    Prometheus(Arc<str>),
    /// The rules of a Prometheus, by its host.
    Rules(Arc<str>),
    /// A page of metrics, by its host.
    Metrics(Arc<str>),
    /// What was promised, as a Prometheus counts it.
    Objectives,
    /// The store.
    Store,
    /// Several of one environment in one trouble.
    Several(Vec<Self>),
}

impl SourceKind {
    /// Whether it is this resource, wherever it is watched.
    pub fn is_resource(&self, plural: &str) -> bool {
        matches!(self, Self::Resource(known, _) if *known == plural)
    }

    /// What kind of thing it is, in the word a script reads: a host alone tells nobody what is dead there.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cluster | Self::Resource(..) => "kubernetes",
            Self::Alertmanager(_) => "alertmanager",
            Self::Prometheus(_) | Self::Objectives => "prometheus",
            Self::Rules(_) => "rules",
            Self::Metrics(_) => "metrics",
            Self::Store => "store",
            Self::Several(_) => "several",
        }
    }

    fn and(&self, other: &Self) -> Self {
        let mut kinds = match self {
            Self::Several(kinds) => kinds.clone(),
            one => vec![one.clone()],
        };
        kinds.push(other.clone());
        Self::Several(kinds)
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => to.write_str("cluster"),
            Self::Resource(plural, None) => to.write_str(plural),
            Self::Resource(plural, Some(namespace)) => write!(to, "{plural} in {namespace}"),
            Self::Alertmanager(host) | Self::Prometheus(host) | Self::Metrics(host) => to.write_str(host),
            Self::Rules(host) => write!(to, "{host} rules"),
            Self::Objectives => to.write_str("objectives"),
            Self::Store => to.write_str("store"),
            Self::Several(kinds) => {
                for (place, kind) in kinds.iter().enumerate() {
                    let separator = if place == 0 { "" } else { ", " };
                    match (kind, kinds.get(place + 1)) {
                        // What is in one namespace names it once: `deployments, pods in shop`.
                        (Self::Resource(plural, Some(here)), Some(Self::Resource(_, Some(there)))) if here == there => {
                            write!(to, "{separator}{plural}")?;
                        }
                        _ => write!(to, "{separator}{kind}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

/// A source with what is known of its freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// Which.
    pub id: SourceId,
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
            (one.state, &one.error, &one.id.environment) == (source.state, &source.error, &source.id.environment)
        });
        match same {
            Some(one) => {
                one.id.kind = one.id.kind.and(&source.id.kind);
                one.last_good = one.last_good.min(source.last_good);
                one.next_try = [one.next_try, source.next_try].into_iter().flatten().min();
            }
            None => merged.push(source.clone()),
        }
    }
    merged
}

impl SourceHealth {
    /// A source that has not answered yet.
    pub const fn loading(id: SourceId) -> Self {
        Self { id, state: SourceState::Loading, last_good: None, error: None, next_try: None }
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
        let mut health = SourceHealth::loading(SourceId::of(&"production".into(), SourceKind::Prometheus("p".into())));
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
        let source =
            |environment: &str, plural, namespace: Option<&str>, last_good, error: Option<&str>| SourceHealth {
                state: SourceState::Stale,
                last_good,
                error: error.map(str::to_owned),
                ..SourceHealth::loading(SourceId::of(
                    &environment.into(),
                    SourceKind::Resource(plural, namespace.map(Into::into)),
                ))
            };
        let said = together(&[
            source("prod", "deployments", None, at(9), Some("refused")),
            source("prod", "secrets", None, at(9), Some("forbidden")),
            source("prod", "pods", None, at(5), Some("refused")),
            source("stage", "pods", None, at(5), Some("refused")),
        ]);
        let in_shop = ["deployments", "pods"].map(|plural| source("prod", plural, Some("shop"), None, Some("no")));
        assert_eq!(together(&in_shop)[0].id.to_string(), "prod/deployments, pods in shop");
        assert_eq!(SourceId::store().to_string(), "store");
        let names: Vec<String> = said.iter().map(|one| one.id.to_string()).collect();
        assert_eq!(names, ["prod/deployments, pods", "prod/secrets", "stage/pods"]);
        assert_eq!(said[0].last_good, at(5), "the oldest of their last good words");
    }
}
