//! Runs of a CronJob that were due while none could begin, and what its controller does about them once it may: it begins one, for the
//! newest of them, unless that is longer ago than `startingDeadlineSeconds` lets it be. Read from the CronJob controller of Kubernetes 1.21
//! and newer; those before counted to 100 and then began none.

use super::{CronReport, Schedule};
use crate::domain::time::Instant;

/// The controller counts no further.
pub const MOST_MISSED: usize = 100;

/// What the controller does about runs that were missed, as soon as it may begin one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// None was due.
    None,
    /// One run begins.
    One {
        /// When the newest of them was due: that one.
        due: Instant,
        /// How many were due that may still begin; more than [`MOST_MISSED`] are not counted further.
        count: usize,
    },
    /// None begins: the newest was due longer ago than it may begin late.
    TooLate {
        /// When the newest was due.
        due: Instant,
    },
}

impl Missed {
    /// What becomes of the runs that were due since the last one that was begun.
    pub fn of(report: &CronReport, schedule: &Schedule, now: Instant) -> Self {
        let Some(since) = report.last_scheduled.or(report.created_at) else { return Self::None };
        let Some(due) = schedule.newest(since, now) else { return Self::None };
        let since = report.starting_deadline.map_or(since, |deadline| since.max(now - deadline));
        if due <= since {
            return Self::TooLate { due };
        }
        Self::One { due, count: schedule.between(since, now, MOST_MISSED + 1).len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;
    use chrono::TimeDelta;

    fn at(minutes: i64) -> Instant {
        time::from_seconds(1_800_000_000) + TimeDelta::minutes(minutes)
    }

    fn missed(schedule: &str, last: i64, deadline: Option<i64>) -> Missed {
        let report = CronReport {
            last_scheduled: Some(at(last)),
            starting_deadline: deadline.map(TimeDelta::seconds),
            ..CronReport::default()
        };
        Missed::of(&report, &Schedule::read(schedule, None).expect("a schedule"), at(0))
    }

    #[test]
    fn one_run_begins_for_the_newest_of_those_that_were_due() {
        assert_eq!(missed("0 * * * *", -180, None), Missed::One { due: at(0), count: 3 });
        assert_eq!(missed("30 * * * *", -20, None), Missed::None);
        assert_eq!(missed("30 7 * * *", -10 * 24 * 60, None), Missed::One { due: at(-30), count: 10 });
        assert_eq!(missed("@every 7m", -20, None), Missed::One { due: at(-6), count: 2 });
        assert_eq!(
            Missed::of(&CronReport::default(), &Schedule::read("@daily", None).expect("it"), at(0)),
            Missed::None
        );
    }

    #[test]
    fn one_that_is_too_late_does_not_begin_and_a_hundred_are_not_counted_further() {
        assert_eq!(missed("30 7 * * *", -24 * 60, Some(600)), Missed::TooLate { due: at(-30) });
        assert_eq!(missed("30 7 * * *", -24 * 60, Some(3_600)), Missed::One { due: at(-30), count: 1 });
        assert_eq!(missed("* * * * *", -600, None), Missed::One { due: at(0), count: MOST_MISSED + 1 });
        assert_eq!(missed("* * * * *", -600, Some(300)), Missed::One { due: at(0), count: 5 });
    }
}
