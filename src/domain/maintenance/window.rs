//! A window: when it comes, on whose clock, and how long it lasts.
//!
//! Its length is elapsed time: a window of four hours lasts four hours also in the night in which a clock goes forward or back.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};

use super::Recurrence;
use super::emergency::{Clock, Trigger, clocks};
use crate::domain::text;
use crate::domain::time::{self, Instant, Zone};

/// The shortest window.
pub const SHORTEST: TimeDelta = TimeDelta::minutes(1);
/// The longest window: one that lasts longer is not maintenance any more.
pub const LONGEST: TimeDelta = TimeDelta::days(30);
/// The longest name, in bytes.
pub const LONGEST_NAME: usize = 64;
/// How many years ahead an occurrence is looked for: a fifth Sunday of February may be forty years away.
const YEARS_AHEAD: i32 = 41;
/// How far a start may lie from the day its rule names: where a clock leaves a whole day out, a day.
const SHIFT: Days = Days::new(2);
/// How far occurrences are compared with each other when a window is checked.
const CHECKED: TimeDelta = TimeDelta::days(400);

/// When a window comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Again and again.
    Again(Recurrence),
    /// Once, at this time.
    Once(Instant),
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// When it comes.
    pub rule: Rule,
    /// On whose clock.
    pub zone: Zone,
    /// How long it lasts: from [`SHORTEST`] to [`LONGEST`], elapsed.
    pub lasts: TimeDelta,
    /// The service it is of; `None` for all of them.
    pub service: Option<String>,
    /// Whether users are without the service meanwhile: only such a window can be left out of an error budget.
    pub is_downtime: bool,
    /// When users were told; `None` for what is shipped, which nobody was told of.
    pub announced: Option<Instant>,
    /// What is done in it, in its order.
    pub activities: Vec<String>,
    /// Why it does not wait; `None` for one that is planned.
    pub emergency: Option<Trigger>,
}

/// Checks the name of a window, a freeze or a task.
///
/// # Errors
/// The sentence to show when it may not be the name.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_fine) {
        return Err(format!(
            "{:?} is no name of a window: write 1 to {LONGEST_NAME} letters, digits, dots, - or _, such as reindex-weekly.",
            text::clean(name)
        ));
    }
    Ok(())
}

/// Checks how long a window lasts.
///
/// # Errors
/// The sentence to show when no window lasts so long.
pub fn check_length(lasts: TimeDelta) -> Result<(), String> {
    if lasts < SHORTEST {
        return Err(
            "A window of 0 minutes is over before it begins: give it 1 minute to 30 days, such as --for 1h.".to_owned()
        );
    }
    if lasts > LONGEST {
        return Err(format!(
            "A window of {} is no window any more: give it 1 minute to 30 days, such as --for 1h.",
            time::length(lasts)
        ));
    }
    Ok(())
}

impl Window {
    /// Whether it can be planned.
    ///
    /// # Errors
    /// The sentence to show when it cannot: its name, its length, or occurrences that run into each other.
    pub fn check(&self, now: Instant) -> Result<(), String> {
        check_name(&self.name)?;
        check_length(self.lasts)?;
        let starts = self.starts(now, now + CHECKED);
        let met = starts.iter().zip(starts.iter().skip(1)).find(|(one, next)| **one + self.lasts > **next);
        if let Some((one, next)) = met {
            return Err(format!(
                "It lasts {} and would still run when it comes again: the one of {} runs into the one of {}. Shorten it, or let it come less often.",
                time::length(self.lasts),
                self.zone.shown(*one),
                self.zone.shown(*next)
            ));
        }
        match self.rule {
            Rule::Again(_) if self.next(now, 1).is_empty() => {
                Err("It never comes again. Give it another recurrence.".to_owned())
            }
            Rule::Once(at) if at + self.lasts <= now => Err(format!(
                "It would be over already: it ends {}. Give it a time that is still to come.",
                self.zone.shown(at + self.lasts)
            )),
            _ => Ok(()),
        }
    }

    /// When it begins, from one time up to another one, oldest first; what single occurrences were moved to is not its concern.
    pub fn starts(&self, from: Instant, until: Instant) -> Vec<Instant> {
        let recurrence = match &self.rule {
            Rule::Once(at) => return Some(*at).filter(|at| (from..until).contains(at)).into_iter().collect(),
            Rule::Again(recurrence) => recurrence,
        };
        let day = |at: Instant| self.zone.day(time::within(at));
        let (Some(first), Some(last)) = (day(from), day(until)) else { return Vec::new() };
        let mut at = first.checked_sub_days(SHIFT).unwrap_or(first);
        let last = last.checked_add_days(SHIFT).unwrap_or(last);
        let times: Vec<_> =
            recurrence.times().filter_map(|(hour, minute)| chrono::NaiveTime::from_hms_opt(hour, minute, 0)).collect();
        let mut starts = Vec::new();
        while at <= last {
            if !recurrence.has_month(at.month()) {
                let Some(next) = next_month(at) else { break };
                at = next;
                continue;
            }
            if recurrence.has_day(at) {
                let day = times.iter().filter_map(|shown| self.zone.instant(at.and_time(*shown)));
                starts.extend(day.filter(|start| (from..until).contains(start)));
            }
            let Some(next) = at.succ_opt() else { break };
            at = next;
        }
        // What a clock skips is moved on, perhaps onto or behind what comes there anyway.
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// The next starts after now, at most so many; fewer where there are no more.
    pub fn next(&self, now: Instant, most: usize) -> Vec<Instant> {
        let after = now + TimeDelta::seconds(1);
        let mut ahead = TimeDelta::days(40);
        let furthest = TimeDelta::days(366) * YEARS_AHEAD;
        loop {
            let mut starts = self.starts(after, after + ahead);
            if starts.len() >= most || ahead >= furthest {
                starts.truncate(most);
                return starts;
            }
            ahead = (ahead * 8).min(furthest);
        }
    }

    /// What is due of an emergency since it was declared; nothing of a window that is planned.
    pub fn clocks(&self) -> Vec<Clock> {
        let declared = self.emergency.zip(self.announced);
        declared.map(|(trigger, at)| clocks(trigger, at, &self.zone)).unwrap_or_default()
    }

    /// Whether its rule gives this time.
    pub fn begins_at(&self, at: Instant) -> bool {
        !self.starts(at, at + TimeDelta::seconds(1)).is_empty()
    }

    /// When it comes, in words: `0 2 * * * UTC`, `Sun 2026-12-13 02:30 UTC`.
    pub fn rule_words(&self) -> String {
        match &self.rule {
            Rule::Again(recurrence) => format!("{recurrence} {}", self.zone.name()),
            Rule::Once(at) => self.zone.shown(*at),
        }
    }

    /// Whether what it does can meet what another does: one of them is of all services, or both are of the same.
    pub fn shares_with(&self, other: &Self) -> bool {
        self.service.is_none() || other.service.is_none() || self.service == other.service
    }
}

/// The first day of the month after a day's.
fn next_month(day: NaiveDate) -> Option<NaiveDate> {
    match day.month() {
        12 => NaiveDate::from_ymd_opt(day.year() + 1, 1, 1),
        month => NaiveDate::from_ymd_opt(day.year(), month + 1, 1),
    }
}
