//! What of the schedule does not count against an objective (requirements B8): downtime that was announced a week before, at most two hours
//! of a calendar month. How much that is, [`crate::domain::slo::exclusion`] says, as of every other exclusion.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{Occurrence, Schedule, State, Window};
use crate::domain::slo::exclusion::{Exclusion, Reason, excluded};
use crate::domain::time::{self, Instant};

/// The downtime of a service that is planned or was, as exclusions: of its own windows and of those that are of every service.
pub fn exclusions(
    schedule: &Schedule,
    service: Option<&str>,
    from: Instant,
    until: Instant,
    now: Instant,
) -> Vec<Exclusion> {
    let is_of = |window: &Window| window.service.is_none() || service.is_none() || window.service.as_deref() == service;
    let found = schedule.between(from, until, now);
    let down = found.iter().filter(|one| one.window.is_downtime && one.state != State::Cancelled && is_of(one.window));
    down.map(exclusion).collect()
}

/// An occurrence as an exclusion. Its time was announced when its window was, or when it was moved there.
fn exclusion(of: &Occurrence<'_>) -> Exclusion {
    let moved = of.exception.filter(|said| said.moved_to.is_some()).map(|said| said.at);
    Exclusion {
        reason: Reason::Maintenance,
        from: of.start,
        to: of.end,
        evidence: format!("window {}, occurrence {}", of.window.name, time::written(of.scheduled)),
        announced: of.window.announced.map(|announced| moved.map_or(announced, |moved| moved.max(announced))),
    }
}

/// How much of a window's next occurrence does not count, in seconds, and why it is so much.
pub fn next_excluded(schedule: &Schedule, window: &Window, now: Instant) -> (i64, String) {
    if !window.is_downtime {
        return (
            0,
            "It is not flagged as downtime, so that whatever users miss meanwhile counts. Flag it with --downtime."
                .to_owned(),
        );
    }
    let Some(next) = schedule.ahead(now).into_iter().find(|one| one.window.name == window.name) else {
        return (0, "It does not come again.".to_owned());
    };
    let (from, until) = months_around(&next);
    let all = exclusions(schedule, window.service.as_deref(), from, until, now);
    let (judged, _) = excluded(&all, from, until);
    let own = exclusion(&next);
    let Some(found) = judged.into_iter().find(|one| one.exclusion == own) else {
        return (0, "It does not come again.".to_owned());
    };
    let why = found.why_not.unwrap_or_else(|| {
        "It is downtime, announced a week before, and within the 2h of a calendar month that do not count.".to_owned()
    });
    (found.counted.num_seconds(), why)
}

/// From the beginning of the month in which an occurrence begins to the end of the one in which it ends, in UTC.
fn months_around(of: &Occurrence<'_>) -> (Instant, Instant) {
    let first = |at: Instant| at.date_naive().with_day(1).unwrap_or_else(|| at.date_naive());
    let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
    (
        midnight(first(of.start)),
        midnight(first(first(of.end).and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::days(32))),
    )
}
