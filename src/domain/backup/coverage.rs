//! How the backups of one kind in a set stand: what a judgement says.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::{BackupKind, BackupSet, Hole, Ladder, Level, RestoreTest, Retention, Verification};
use crate::domain::time::Instant;
use crate::domain::worded;

worded! {
    /// How the backups of a set stand. Declared from the best to the worst.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// As promised.
        Ok = "ok",
        /// Somebody told it to rest.
        Paused = "paused",
        /// The next one is overdue, or the newest is lighter than it should be.
        Late = "late",
        /// What was told is not enough to say.
        Unknown = "unknown",
        /// More than one in a row did not come.
        Missed = "missed",
        /// Something that was promised is gone and cannot be made up for.
        Broken = "broken",
    }
}

/// The newest backup of a kind that could be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Good {
    /// Which.
    pub id: Arc<str>,
    /// When it ended.
    pub at: Instant,
    /// Its bytes as stored.
    pub bytes: Option<u64>,
    /// How long it took.
    pub took: Option<TimeDelta>,
}

/// How the backups of one kind in a set stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The set.
    pub set: Arc<str>,
    /// The kind.
    pub kind: BackupKind,
    /// The state.
    pub state: State,
    /// Why it is not simply as promised: sentences, the gravest first.
    pub reasons: Vec<String>,
    /// What is worth a line and changes nothing.
    pub notes: Vec<String>,
    /// The newest backup that serves for this kind; a full one serves for the others too.
    pub last_good: Option<Good>,
    /// As of when the newest data is that the set can be brought back to, by whatever backup of it.
    pub data_at: Option<Instant>,
    /// How old that was when this was judged.
    pub data_age: Option<TimeDelta>,
    /// The oldest it may be.
    pub rpo: TimeDelta,
    /// How long bringing it back may take.
    pub rto: TimeDelta,
    /// When the next one is due.
    pub next_due: Option<Instant>,
    /// How it is encrypted, in the tool's word.
    pub encryption: Option<Arc<str>>,
    /// The ladder of the set.
    pub ladder: Ladder,
    /// The holes in its WAL.
    pub holes: Vec<Hole>,
    /// Whether a listing of its WAL was read: without one nobody knows of holes.
    pub is_wal_read: bool,
    /// When a restore was last verified.
    pub verified_at: Option<Instant>,
    /// How long that restore took.
    pub rto_measured: Option<TimeDelta>,
    /// When the tool said all this.
    pub told_at: Option<Instant>,
    /// What has been proven of it by restores that were tried; where none was, what its tool lists.
    pub proven: Level,
    /// The restore that was tried last, however it went.
    pub last_test: Option<RestoreTest>,
    /// How the last one that counts as verified stands.
    pub verification: Verification,
    /// The last one that counts as verified.
    pub last_verified: Option<RestoreTest>,
    /// How what is kept compares with what was promised to be kept; of what does not stand alone, nothing.
    pub retention: Option<Retention>,
    /// Since when every moment can be reached, by its backups and the WAL behind them; `None` where that is not known, or is not so.
    pub reaches_since: Option<Instant>,
    /// As of when the newest WAL was archived, where that is told.
    pub archived_at: Option<Instant>,
    /// How its size moves, in words; `None` where too few are known.
    pub trend: Option<String>,
    /// How it is compressed, by what its tool tells.
    pub compression: Option<Arc<str>>,
    /// The set as it was declared.
    pub declared: Arc<BackupSet>,
}

impl Coverage {
    /// One of which nothing is known but what was declared, and which restores were tried.
    pub(super) fn blank(set: &Arc<BackupSet>, kind: BackupKind, tests: &[RestoreTest], now: Instant) -> Self {
        let verified = RestoreTest::last_verified(tests);
        Self {
            set: set.name.clone(),
            kind,
            state: State::Unknown,
            reasons: Vec::new(),
            notes: Vec::new(),
            last_good: None,
            data_at: None,
            data_age: None,
            rpo: set.objectives.rpo,
            rto: set.objectives.rto,
            next_due: None,
            encryption: None,
            ladder: Ladder::default(),
            holes: Vec::new(),
            is_wal_read: false,
            verified_at: verified.map(|test| test.at),
            rto_measured: verified.and_then(|test| test.took),
            told_at: None,
            proven: tests.iter().map(RestoreTest::level).max().unwrap_or(Level::None),
            last_test: tests.iter().max_by_key(|test| test.at).cloned(),
            verification: Verification::of(verified.map(|test| test.at), now),
            last_verified: verified.cloned(),
            retention: None,
            reaches_since: None,
            archived_at: None,
            trend: None,
            compression: None,
            declared: set.clone(),
        }
    }
}
