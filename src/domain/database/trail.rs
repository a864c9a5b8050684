//! Where the primary's WAL was within the last minutes, and so how fast it is written.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::reading::Reading;
use crate::domain::time::{self, Instant};

/// Where a primary wrote, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// When.
    pub at: Instant,
    /// The end of its WAL.
    pub location: u64,
    /// Its timeline.
    pub timeline: Option<u64>,
    /// Its system identifier.
    pub identifier: Option<Arc<str>>,
}

/// Where the primary of one database wrote, the newest last. It outlives the primary: what is lost with one is counted from its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    marks: VecDeque<Mark>,
    // When each member was last seen to have everything the primary had written by then.
    level: Vec<(Arc<str>, Instant)>,
}

/// For how long marks are kept before the last one; and how many at most.
const KEPT: TimeDelta = TimeDelta::minutes(2);
const LONGEST: usize = 200;

impl Trail {
    /// Over how long the rate is counted.
    pub const RATE_OVER: TimeDelta = TimeDelta::seconds(60);

    /// Adds what a reading tells. One of another database, or from before what is known, begins anew.
    pub fn add(&mut self, reading: &Reading) {
        let Some(mark) = reading.mark() else { return };
        let follows = |last: &Mark| last.identifier == mark.identifier && last.at <= mark.at;
        if !self.marks.back().is_none_or(follows) {
            *self = Self::default();
        }
        if self.marks.back().is_none_or(|last| last.at < mark.at) {
            self.marks.push_back(mark.clone());
        }
        self.marks.retain(|one| mark.at - one.at <= KEPT);
        while self.marks.len() > LONGEST {
            self.marks.pop_front();
        }
        for (member, said) in reading.answers() {
            if said.position.has().is_some_and(|has| has >= mark.location) && said.timeline == mark.timeline {
                self.level.retain(|(name, _)| *name != member.name);
                self.level.push((member.name.clone(), mark.at));
            }
        }
    }

    /// Where a primary was last seen to write.
    pub fn last(&self) -> Option<&Mark> {
        self.marks.back()
    }

    /// When a member was last seen to have everything the primary had.
    pub fn level_at(&self, member: &str) -> Option<Instant> {
        self.level.iter().find(|(name, _)| &**name == member).map(|(_, at)| *at)
    }

    /// How many bytes a second were written at most between two looks of the last minute before the last one.
    ///
    /// The quickest, not the mean: what is written in a burst is lost in a burst. `None` where there were no two looks a second apart.
    pub fn bytes_per_second(&self) -> Option<u64> {
        let last = self.last()?;
        let recent: Vec<&Mark> = self
            .marks
            .iter()
            .filter(|mark| last.at - mark.at <= Self::RATE_OVER && mark.timeline == last.timeline)
            .collect();
        let mut from: Option<&Mark> = None;
        let mut quickest = None;
        for mark in recent {
            let Some(before) = from else {
                from = Some(mark);
                continue;
            };
            let took = time::age(before.at, mark.at).num_milliseconds();
            if took >= 1_000 {
                let bytes = u128::from(mark.location.saturating_sub(before.location)) * 1_000;
                let rate = bytes.div_ceil(u128::from(took.unsigned_abs()));
                quickest = quickest.max(Some(u64::try_from(rate).unwrap_or(u64::MAX)));
                from = Some(mark);
            }
        }
        quickest
    }
}
