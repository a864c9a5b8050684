//! Emergency maintenance (requirements E2): what may not wait for a window, who has to agree by when, and who is told.

use chrono::{Datelike, Days, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use crate::domain::time::{Instant, Zone};
use crate::domain::worded;

worded! {
    /// Why something does not wait for a window.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Trigger {
        /// A critical vulnerability.
        Vulnerability = "vulnerability",
        /// Data is being corrupted.
        Corruption = "corruption",
        /// Users are served far worse than promised.
        Degradation = "degradation",
        /// A law or a contract asks for it.
        Compliance = "compliance",
    }
}

/// By when somebody has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// At once: what concerns security.
    AtOnce,
    /// Within four hours: what concerns performance.
    WithinHours,
    /// By the end of the next business day: a feature.
    NextBusinessDay,
}

/// When a business day ends.
const EVENING: (u32, u32) = (17, 0);
/// How long the approval of what concerns performance may take.
const PERFORMANCE: TimeDelta = TimeDelta::hours(4);
/// How long the report may take.
const REPORT: TimeDelta = TimeDelta::hours(24);

impl Trigger {
    /// By when somebody has to agree.
    pub const fn approval(self) -> Approval {
        match self {
            Self::Vulnerability | Self::Corruption => Approval::AtOnce,
            Self::Degradation => Approval::WithinHours,
            Self::Compliance => Approval::NextBusinessDay,
        }
    }
}

/// Something that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// What.
    pub what: &'static str,
    /// By when.
    pub due: Instant,
}

/// What is due after an emergency was declared, the first due first.
pub fn clocks(trigger: Trigger, declared: Instant, zone: &Zone) -> Vec<Clock> {
    let approval = match trigger.approval() {
        Approval::AtOnce => declared,
        Approval::WithinHours => declared + PERFORMANCE,
        Approval::NextBusinessDay => next_business_day(declared, zone).unwrap_or(declared + TimeDelta::days(3)),
    };
    let clock = |what, due| Clock { what, due };
    let mut clocks = vec![
        clock("approval", approval),
        clock("status page", declared),
        clock("users by mail and notice", declared),
        clock("report", declared + REPORT),
    ];
    clocks.sort_by_key(|clock| clock.due);
    clocks
}

/// The evening of the next day from Monday to Friday.
fn next_business_day(after: Instant, zone: &Zone) -> Option<Instant> {
    let mut day = zone.day(after)?.checked_add_days(Days::new(1))?;
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day = day.succ_opt()?;
    }
    zone.instant(day.and_time(NaiveTime::from_hms_opt(EVENING.0, EVENING.1, 0)?))
}
