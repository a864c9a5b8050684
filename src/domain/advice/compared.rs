//! What was measured of a service since its release, before it, and in the same hour a week ago.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::rollout::{Rollout, Sides, WorkloadRef};
use crate::domain::time::Instant;

/// How long after its beginning a release is compared.
pub const WITHIN: TimeDelta = TimeDelta::hours(24);
/// The longest window: of an older release only the newest hour counts, so that a slow leak is not thinned by the hours before it.
pub const LONGEST: TimeDelta = TimeDelta::hours(1);
/// Fewer requests than this in a window say nothing (A5).
pub const REQUESTS_AT_LEAST: f64 = 100.0;
/// The share of failed requests from which on others are said to fail too; also the threshold of A5.
pub const FAILING: f64 = 0.05;
/// How much worse than its baseline a value has to be.
pub const WORSE: f64 = 1.5;
/// How many releases of an environment are compared at once, the newest of them.
const AT_ONCE: usize = 10;
/// How far back the same hour of the week is.
const WEEK: TimeDelta = TimeDelta::days(7);

/// So many requests, in words.
pub(super) fn requests(count: f64) -> String {
    let count = count.round();
    let noun = if (count - 1.0).abs() < f64::EPSILON { "request" } else { "requests" };
    format!("{count:.0} {noun}")
}

/// A release that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// The workload.
    pub workload: WorkloadRef,
    /// Its service.
    pub service: Arc<str>,
    /// When the release began, by the cluster's clock.
    pub began: Instant,
    /// The pods of it and those before it, while both are there.
    pub sides: Option<Arc<Sides>>,
}

/// The releases of an environment that are worth a comparison now, the newest first: those of a day that map to a service.
pub fn releases<'a>(
    rows: impl IntoIterator<Item = &'a Arc<Rollout>>,
    environment: &str,
    now: Instant,
) -> Vec<Released> {
    let mut found: Vec<Released> = rows
        .into_iter()
        .filter(|row| &*row.workload.environment == environment)
        .filter_map(|row| {
            let (service, began) = (row.service.clone()?, row.changed_at?);
            (now - began <= WITHIN).then(|| Released {
                workload: row.workload.clone(),
                service,
                began,
                sides: row.sides.clone(),
            })
        })
        .collect();
    found.sort_by(|one, other| other.began.cmp(&one.began).then_with(|| one.workload.cmp(&other.workload)));
    found.truncate(AT_ONCE);
    found
}

/// Why a value is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// No query asks for it.
    NoQuery,
    /// It was asked for, and nothing was counted.
    NoSeries,
    /// Not every request says how it ended.
    Unsaid,
    /// The server refused the query: its sentence.
    Refused(String),
}

impl Absence {
    /// Why, as the end of a sentence.
    pub fn words(&self) -> String {
        match self {
            Self::NoQuery => "no query of it is configured".to_owned(),
            Self::NoSeries => "nothing was counted".to_owned(),
            Self::Unsaid => "not every request says how it ended, by a label with its status".to_owned(),
            Self::Refused(sentence) => sentence.trim_end_matches('.').to_owned(),
        }
    }
}

/// A value, always finite, or why there is none.
pub type Value = Result<f64, Absence>;

/// What was measured of one service within one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// How many requests were answered.
    pub requests: Value,
    /// The share of them that failed.
    pub errors: Value,
    /// What 95 of 100 were answered within, in seconds.
    pub p95: Value,
    /// What the configuration's own queries per second found, in their order: less is worse.
    pub business: Vec<(Arc<str>, Value)>,
}

/// Another service whose requests failed in the window since the release, and had not before.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// Its name.
    pub service: Arc<str>,
    /// The share that failed since.
    pub errors: f64,
}

impl Other {
    /// The service, when it fails since and did not before; shares from 0 to 1, requests as counted since.
    pub fn failing(service: &Arc<str>, requests: f64, since: f64, before: f64) -> Option<Self> {
        let is_failing = requests >= REQUESTS_AT_LEAST && since > FAILING && since > before * WORSE;
        is_failing.then(|| Self { service: service.clone(), errors: since })
    }
}

/// Everything that was measured of one release.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Which release.
    pub released: Released,
    /// How long each window is.
    pub length: TimeDelta,
    /// When it was asked, by our clock: the end of the newest window.
    pub observed_at: Instant,
    /// The three windows, since, before and a week ago; or the sentence why they could not be read.
    pub windows: Result<[Window; 3], String>,
    /// Other services that fail since then.
    pub others: Vec<Other>,
    /// What the new pods and the old ones answered since then; `None` where not both are there or they are not told apart.
    pub beside: Option<Beside>,
}

/// What the new pods of a release and the old ones answered in the same time: other hours and other services touch both alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// The new pods.
    pub new: Window,
    /// The old pods.
    pub old: Window,
}

/// The ends of the windows since a release, before it and a week ago, and how long each is; `None` for one that has not begun.
pub fn windows(began: Instant, now: Instant) -> Option<([Instant; 3], TimeDelta)> {
    let length = (now - began).min(LONGEST);
    (length > TimeDelta::zero()).then_some(([now, began, now - WEEK], length))
}
