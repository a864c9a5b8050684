//! Time that does not count against an objective: only what was agreed beforehand or had a cause outside, each with its evidence.
//!
//! Requirements B8: maintenance is announced a week before and counts for two hours a month at most; force majeure and outages of others
//! are not limited. What has no evidence is not excluded.

use std::collections::BTreeMap;

use chrono::{Datelike, TimeDelta};
use serde::Serialize;

use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How long before its beginning maintenance is announced at least.
pub const NOTICE: TimeDelta = TimeDelta::days(7);
/// How much maintenance of a calendar month is excluded at most.
pub const MONTHLY: TimeDelta = TimeDelta::hours(2);

worded! {
    /// Why time does not count.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Reason {
        /// Planned maintenance that takes the service down.
        Maintenance = "maintenance",
        /// What nobody could prevent.
        ForceMajeure = "force_majeure",
        /// An outage of somebody else.
        External = "external",
    }
}

/// Time that somebody says does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// Why.
    pub reason: Reason,
    /// Its beginning.
    pub from: Instant,
    /// Its end, after the beginning.
    pub to: Instant,
    /// Where it is proven: a ticket, an address, a post-mortem. Empty when nobody said.
    pub evidence: String,
    /// When users were told; counts for maintenance.
    pub announced: Option<Instant>,
}

/// An exclusion with what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// What was asked for.
    pub exclusion: Exclusion,
    /// How much of the window it takes out.
    pub counted: TimeDelta,
    /// Why it takes out less than it asks for.
    pub why_not: Option<String>,
}

/// What of the window from `began` to `now` does not count: each exclusion judged, in the order of its beginning, and the time taken out as
/// spans that do not overlap, oldest first. An exclusion that does not reach into the window is left out.
pub fn excluded(exclusions: &[Exclusion], began: Instant, now: Instant) -> (Vec<Excluded>, Vec<(Instant, Instant)>) {
    let mut sorted: Vec<&Exclusion> = exclusions.iter().collect();
    sorted.sort_by_key(|one| (one.from, one.to));
    let mut spent: BTreeMap<(i32, u32), TimeDelta> = BTreeMap::new();
    let mut judged = Vec::new();
    let mut spans: Vec<(Instant, Instant)> = Vec::new();
    for one in sorted {
        let (accepted, mut why_not) = accepted(one, &mut spent);
        if one.to <= began || one.from >= now {
            continue;
        }
        let (from, to) = (one.from.max(began), accepted.min(now));
        let mut counted = TimeDelta::zero();
        if from < to {
            // What an earlier one took out already is not taken out twice.
            let begins = spans.last().map_or(from, |(_, end)| from.max(*end));
            if begins > from {
                let twice = time::coarse(begins.min(to) - from);
                why_not.get_or_insert_with(|| format!("An earlier entry takes {twice} of it out already."));
            }
            if begins < to {
                counted = to - begins;
                match spans.last_mut().filter(|(_, end)| *end == begins) {
                    Some(last) => last.1 = to,
                    None => spans.push((begins, to)),
                }
            }
        }
        judged.push(Excluded { exclusion: one.clone(), counted, why_not });
    }
    (judged, spans)
}

/// Until when an exclusion is accepted, and why not to its end.
fn accepted(one: &Exclusion, spent: &mut BTreeMap<(i32, u32), TimeDelta>) -> (Instant, Option<String>) {
    if one.evidence.trim().is_empty() {
        return (one.from, Some("It has no evidence, so it counts.".to_owned()));
    }
    if one.reason != Reason::Maintenance {
        return (one.to, None);
    }
    match one.announced {
        None => return (one.from, Some("When it was announced is not said, so it counts.".to_owned())),
        Some(announced) if one.from - announced < NOTICE => {
            let sentence = format!("It was announced less than {} before, so it counts.", time::coarse(NOTICE));
            return (one.from, Some(sentence));
        }
        Some(_) => {}
    }
    let month = spent.entry((one.from.year(), one.from.month())).or_default();
    let room = (MONTHLY - *month).max(TimeDelta::zero());
    let asked = one.to - one.from;
    *month += asked.min(room);
    let why_not = (asked > room).then(|| {
        format!("At most {} of maintenance of a month do not count; the rest of it does.", time::coarse(MONTHLY))
    });
    (one.from + asked.min(room), why_not)
}
