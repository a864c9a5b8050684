//! What was promised: a share of good requests over a window, and the questions that count them.

use std::fmt;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::exclusion::Exclusion;
use crate::domain::service::{Services, Share};
use crate::domain::signal::query::{DURATION_METRIC, REQUESTS_METRIC};
use crate::domain::time::{self, Instant};

/// The goal of how many requests are answered without a server's error.
pub const AVAILABILITY: &str = "availability";
/// The goal of how many requests are answered in time.
pub const LATENCY: &str = "latency";
/// How many requests `latency_p95` is about: 95 of 100.
pub const IN_TIME: Share = Share(950_000);

/// How a goal is measured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Indicator {
    /// A request is bad when it is answered with a server's error, by the shipped counter of requests.
    Availability,
    /// A request is bad when it takes longer, by the shipped histogram of durations.
    Latency(TimeDelta),
    /// By queries of one's own: how many are bad, and how many there are, per second.
    Queries {
        /// The bad ones.
        bad: Arc<str>,
        /// All of them.
        total: Arc<str>,
    },
}

/// The two questions a goal is measured by, in the form of the named queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// All requests, per second.
    pub total: String,
    /// Some of them, per second.
    pub part: String,
    /// Whether those are the good ones, not the bad ones.
    pub is_part_good: bool,
    /// Whether a part without a series is none of them; otherwise nothing is known of it.
    pub is_silence_none: bool,
    /// Those that do not say how they ended, per second: while there are any, nothing is known. `None` where it does not matter.
    pub unsaid: Option<String>,
}

impl Indicator {
    /// The questions.
    pub fn question(&self) -> Question {
        let sum = |what: &str| format!("sum by ({{service_label}}) (rate({what}[{{range}}]))");
        match self {
            // Only where every request says how it ended: a wrong label then gives nothing, not requests none of which fails.
            Self::Availability => {
                let total = sum(&format!("{REQUESTS_METRIC}{{{{service}}}}"));
                let unsaid = "sum by ({service_label}) ({unsaid})".to_owned();
                Question {
                    total: format!("{total} unless ({unsaid} > 0)"),
                    part: "sum by ({service_label}) ({failed})".to_owned(),
                    is_part_good: false,
                    is_silence_none: true,
                    unsaid: Some(unsaid),
                }
            }
            Self::Latency(limit) => {
                let bounds = bounds(*limit);
                let within =
                    bounds.iter().map(|bound| sum(&format!("{DURATION_METRIC}_bucket{{{{service}}, le=\"{bound}\"}}")));
                Question {
                    total: sum(&format!("{DURATION_METRIC}_count{{{{service}}}}")),
                    part: within.collect::<Vec<_>>().join(" or "),
                    is_part_good: true,
                    is_silence_none: false,
                    unsaid: None,
                }
            }
            Self::Queries { bad, total } => Question {
                total: total.to_string(),
                part: bad.to_string(),
                is_part_good: false,
                is_silence_none: false,
                unsaid: None,
            },
        }
    }

    /// What it means that the part has no series.
    pub fn silence(&self) -> String {
        match self {
            Self::Latency(limit) => {
                let bound = bounds(*limit).into_iter().next().unwrap_or_default();
                format!(
                    "The histogram has no bucket of {bound} s: set latency_p95 to a bound it has, or write queries of your own."
                )
            }
            Self::Availability | Self::Queries { .. } => {
                "The query of the bad ones has no series: where that means none, write it as bad or total * 0."
                    .to_owned()
            }
        }
    }
}

/// A bound of a histogram as it is written: Prometheus 2 keeps what the target wrote, Prometheus 3 writes `2.0` for 2.
fn bounds(limit: TimeDelta) -> Vec<String> {
    let milliseconds = limit.num_milliseconds();
    let (whole, rest) = (milliseconds / 1_000, milliseconds % 1_000);
    match rest {
        0 => vec![whole.to_string(), format!("{whole}.0")],
        _ => vec![format!("{whole}.{}", format!("{rest:03}").trim_end_matches('0'))],
    }
}

/// One thing that was promised of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// Its name, one of a service's.
    pub name: Arc<str>,
    /// The share of requests that is to be good.
    pub target: Share,
    /// How it is measured.
    pub indicator: Indicator,
}

/// Over which time a budget is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// So many days until now.
    Rolling(u16),
    /// The calendar month, in UTC.
    Month,
}

impl Default for Window {
    fn default() -> Self {
        Self::Rolling(30)
    }
}

impl Window {
    /// How long the whole window is.
    pub fn length(self, now: Instant) -> TimeDelta {
        match self {
            Self::Rolling(days) => time::days(i64::from(days)),
            Self::Month => {
                let first = first_of_month(now);
                let next = first.checked_add_months(chrono::Months::new(1)).unwrap_or(first);
                next - first
            }
        }
    }

    /// When what counts began.
    pub fn began(self, now: Instant) -> Instant {
        match self {
            Self::Rolling(_) => now - self.length(now),
            Self::Month => first_of_month(now).and_time(chrono::NaiveTime::MIN).and_utc(),
        }
    }
}

fn first_of_month(now: Instant) -> NaiveDate {
    let day = now.date_naive();
    day.with_day(1).unwrap_or(day)
}

impl fmt::Display for Window {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rolling(days) => write!(to, "{days} d rolling"),
            Self::Month => to.write_str("calendar month, UTC"),
        }
    }
}

/// A goal of a service, with what it takes to count its budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The service.
    pub service: Arc<str>,
    /// What was promised.
    pub goal: Goal,
    /// Over which time.
    pub window: Window,
    /// What does not count.
    pub exclusions: Vec<Exclusion>,
}

/// Everything that was promised in an environment, in the order of the configuration. A series names no namespace: of services with one
/// name in an environment the first counts.
pub fn promises(services: &Services, environment: &str) -> Vec<Promise> {
    let mut found: Vec<Promise> = Vec::new();
    for service in services.declared() {
        if !service.is_of(environment) || found.iter().any(|known| known.service == service.name) {
            continue;
        }
        let promised = &service.objective;
        found.extend(promised.goals().into_iter().map(|goal| Promise {
            service: service.name.clone(),
            goal,
            window: promised.window,
            exclusions: promised.exclusions.clone(),
        }));
    }
    found
}
