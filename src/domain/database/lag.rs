//! How far a member is behind: three numbers, never one, and how fresh they are.
//!
//! Bytes are the primary's own end of the WAL less what the member has, both read from the servers themselves. What a member received
//! against what it replayed says nothing: a receiver that hangs has replayed all it received, and is megabytes behind.

use chrono::TimeDelta;
use serde::Serialize;

use super::member::{Member, Position};
use super::reading::{Primary, Reading};
use super::tables::Tables;
use crate::domain::time::{self, Instant};

/// Who says how far a member is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LagSource {
    /// The primary and the member, each by its own word.
    Members,
    /// The listing of the cluster: as of the leader's last look, which may be as old as one `loop_wait`.
    Listing,
}

/// How far a member is behind. `None` is UNKNOWN, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// Bytes that it would not have if it were promoted now.
    pub receive_bytes: Option<u64>,
    /// Bytes that its readers do not see, and that it has to replay before it takes writes.
    pub replay_bytes: Option<u64>,
    /// By how much time what its readers see is older than now.
    pub seconds: Option<TimeDelta>,
    /// When the older of the two readings was made that this rests on.
    pub at: Option<Instant>,
    /// Who says so.
    pub by: LagSource,
}

impl Lag {
    /// Nobody says anything.
    pub const UNKNOWN: Self =
        Self { receive_bytes: None, replay_bytes: None, seconds: None, at: None, by: LagSource::Members };
    /// How old a reading may be to say anything of now: as old as the status a receiver sends at least that often.
    pub const FRESH_WITHIN: TimeDelta = TimeDelta::seconds(10);

    /// How old it is.
    pub fn age(&self, now: Instant) -> Option<TimeDelta> {
        self.at.map(|at| time::age(at, now))
    }

    /// Whether it says anything of now.
    pub fn is_fresh(&self, now: Instant) -> bool {
        self.age(now).is_some_and(|age| age <= Self::FRESH_WITHIN)
    }

    /// What a primary tells of a follower whose place nobody else tells: an instance of CloudNativePG goes by its own name.
    fn by_tables(tables: &Tables, member: &Member) -> Option<Self> {
        let is_unsaid = member.answer().is_none_or(|said| said.position == Position::Unsaid);
        let one = tables.followers.iter().find(|one| one.name == member.name).filter(|_| is_unsaid)?;
        let is_heard = one.is_heard(tables.at);
        Some(Self {
            receive_bytes: one.flush_bytes.filter(|_| is_heard),
            replay_bytes: one.replay_bytes.filter(|_| is_heard),
            seconds: one.seconds().filter(|_| is_heard),
            at: Some(tables.at),
            by: LagSource::Members,
        })
    }

    /// How far a replica is behind; `None` for the primary itself.
    pub fn of(reading: &Reading, member: &Member) -> Option<Self> {
        if member.takes_writes() {
            return None;
        }
        let listed = || {
            let (topology, listed) = (reading.topology.as_ref().ok()?, member.listed.as_ref()?);
            Some(Self {
                receive_bytes: listed.receive_lag,
                replay_bytes: listed.replay_lag,
                seconds: None,
                at: Some(topology.at),
                by: LagSource::Listing,
            })
        };
        if let Some(seen) = reading.tables().and_then(|tables| Self::by_tables(tables, member)) {
            return Some(seen);
        }
        let (Primary::One(_, primary), Some(said)) = (reading.primary(), member.answer()) else {
            return Some(listed().unwrap_or(Self::UNKNOWN));
        };
        let (Position::Writes { location }, Position::Follows { replayed, replayed_at, .. }) =
            (primary.position, said.position)
        else {
            return Some(listed().unwrap_or(Self::UNKNOWN));
        };
        // On another timeline the same number is another place.
        if said.timeline.is_some() && primary.timeline.is_some() && said.timeline != primary.timeline {
            return Some(Self { at: Some(said.at.min(primary.at)), ..Self::UNKNOWN });
        }
        let behind = |reached: Option<u64>| reached.map(|reached| location.saturating_sub(reached));
        let replay_bytes = behind(replayed);
        let seconds = match replay_bytes {
            Some(0) => Some(TimeDelta::zero()),
            Some(_) => replayed_at.map(|at| time::age(at, said.at)),
            None => None,
        };
        Some(Self {
            receive_bytes: behind(said.position.has()),
            replay_bytes,
            seconds,
            at: Some(said.at.min(primary.at)),
            by: LagSource::Members,
        })
    }
}
