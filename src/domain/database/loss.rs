//! What a change of the primary would lose, and for how long nobody could write: ranges, or UNKNOWN, never an invented number.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::lag::Lag;
use super::member::Position;
use super::preflight::Turn;
use super::reading::{Primary, Reading};
use super::trail::Trail;
use crate::domain::time::{self, Instant};

/// How many bytes of WAL would be lost, with what was committed in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// At least so many: what the last primary had written when it was last seen and the candidate has not.
    pub bytes_at_least: Option<u64>,
    /// At most so many: that, and what it may have written since at the quickest rate of its last minute.
    pub bytes_at_most: Option<u64>,
    /// At most what was committed within so many seconds before now.
    pub seconds: Option<i64>,
    /// Whether the range is known. Where it is not, somebody has to take it upon themselves.
    pub known: bool,
}

impl Loss {
    /// Nothing: the old primary hands over all it wrote before it stops.
    pub const NOTHING: Self = Self { bytes_at_least: Some(0), bytes_at_most: Some(0), seconds: Some(0), known: true };
    /// Nobody can say.
    pub const UNKNOWN: Self = Self { bytes_at_least: None, bytes_at_most: None, seconds: None, known: false };

    /// What a primary that was quiet may have begun to write, in bytes a second: a page of WAL. Nobody saw that it did not.
    pub const QUIET: u64 = 8_192;

    /// What promoting a member would lose.
    ///
    /// With a switchover nothing: the primary stops first and the candidate is promoted when it has everything. With a failover, what the
    /// last primary wrote and the candidate never got.
    pub fn expected(reading: &Reading, trail: &Trail, candidate: &str, turn: Turn, now: Instant) -> Self {
        if turn == Turn::Switchover {
            return if matches!(reading.primary(), Primary::One(..)) { Self::NOTHING } else { Self::UNKNOWN };
        }
        let Some(member) = reading.member(candidate) else { return Self::UNKNOWN };
        let Some(said) = member.answer() else { return Self::UNKNOWN };
        let Position::Follows { .. } = said.position else { return Self::UNKNOWN };
        let Some(has) = said.position.has() else { return Self::UNKNOWN };
        let seconds = trail.level_at(candidate).map(|at| time::age(at, now).num_seconds());
        let is_same = |identifier: &Option<std::sync::Arc<str>>| {
            identifier.is_none() || said.system_identifier.is_none() || *identifier == said.system_identifier
        };
        // The WAL of another timeline is not what this candidate was to receive.
        let last = trail.last().filter(|last| is_same(&last.identifier) && last.timeline == said.timeline);
        let Some(last) = last else {
            // The listing keeps where the leader was at its last look; how much it wrote since, nobody saw.
            let listed = Lag::of(reading, member).and_then(|lag| lag.receive_bytes);
            return Self { bytes_at_least: listed, seconds, ..Self::UNKNOWN };
        };
        let seen = last.location.saturating_sub(has);
        // Of one that still lives the candidate may get the rest before it is promoted.
        let at_least = if matches!(reading.primary(), Primary::One(..)) { 0 } else { seen };
        let Some(rate) = trail.bytes_per_second() else {
            return Self { bytes_at_least: Some(at_least), seconds, ..Self::UNKNOWN };
        };
        let rate = rate.max(Self::QUIET);
        let since = u64::try_from(time::age(last.at, now).num_milliseconds()).unwrap_or(0).div_ceil(1_000);
        let may_have_reached = last.location.saturating_add(rate.saturating_mul(since));
        Self {
            bytes_at_least: Some(at_least),
            bytes_at_most: Some(may_have_reached.saturating_sub(has).max(seen)),
            seconds,
            known: true,
        }
    }

    /// Whether more would be lost than somebody was told: a range that they were not told of, or more at least than was told at most. That
    /// it may be more with the time that passes is in the nature of it.
    pub fn exceeds(&self, told: &Self) -> bool {
        let is_lossless = |loss: &Self| loss.known && loss.bytes_at_most == Some(0);
        (told.known && !self.known)
            || (is_lossless(told) && !is_lossless(self))
            || told.bytes_at_most.is_some_and(|most| self.bytes_at_least.is_some_and(|least| least > most))
    }

    /// In words: `between 0 and 12345 bytes`.
    pub fn words(&self) -> String {
        match (self.known, self.bytes_at_least, self.bytes_at_most) {
            (true, Some(0), Some(0)) => "nothing".to_owned(),
            (true, Some(least), Some(most)) if least == most => format!("{least} bytes"),
            (true, Some(least), Some(most)) => format!("between {least} and {most} bytes"),
            (_, Some(least), _) => format!("UNKNOWN, at least {least} bytes"),
            _ => "UNKNOWN".to_owned(),
        }
    }
}

/// For how long nobody could write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// So many seconds, by what is seen of the candidate; `None` where that is unknown.
    pub seconds: Option<i64>,
}

impl Gap {
    /// How long a clean shutdown and a promotion take together, as measured on Patroni 4.1 with nothing to replay: 2.5 to 4.1 s.
    pub const CHANGE: TimeDelta = TimeDelta::seconds(5);

    /// The change itself, one look of the governor, and what the candidate has to replay first.
    pub fn expected(reading: &Reading, candidate: &str) -> Self {
        let replays = reading.member(candidate).and_then(|member| {
            let said = member.answer()?;
            let Position::Follows { received, replayed, replayed_at, .. } = said.position else { return None };
            // Nothing is left to replay, whatever the primary does.
            if replayed? >= received.unwrap_or(0) {
                return Some(TimeDelta::zero());
            }
            Some(time::age(replayed_at?, said.at))
        });
        Self { seconds: replays.map(|replays| (Self::CHANGE + reading.settings().loop_wait + replays).num_seconds()) }
    }
}
