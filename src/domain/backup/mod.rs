//! Backups: which there are, which of them could be restored, and what that means for what was promised.
//!
//! Rules are those of the calendar and of WAL, the same whichever tool made the backup: [`Ladder`] says which days, weeks, months and years
//! can be brought back, [`Hole`] what missing WAL costs, [`judge()`] what to make of both.

mod coverage;
mod job;
mod judge;
mod ladder;
mod matrix;
mod objective;
mod restore_test;
mod retention;
mod set;
mod size;
mod snapshot;
mod wal;

pub use coverage::{Coverage, Good, State};
pub use job::MadeBy;
pub use judge::judge;
pub use ladder::{Ladder, Rung, Slot, Step};
pub use matrix::{Exposure, Loss, matrix};
pub use objective::{MTBF, MTTR, Objectives, Tier};
pub use restore_test::{Level, RestoreTest, VERIFIED_WITHIN, Verification, lsn};
pub use retention::Retention;
pub use set::{ActsIn, BackupSet, Said};
pub use size::{Weight, size, weigh};
pub use snapshot::{BackupSnapshot, Recorded, SetReading, ToldBy};
pub use wal::{Class, Hole, Segment, SegmentSize, Span, WalRange, holes};

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::job::Schedule;
use super::time::Instant;
use crate::domain::worded;

/// How far ahead of ours the clock of a backup may be. Beyond, its times say nothing.
pub const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

worded! {
    /// What is backed up, and how.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum BackupKind {
        /// The whole database.
        Full = "full",
        /// What changed since the last full one.
        Differential = "differential",
        /// What changed since the backup before.
        Incremental = "incremental",
        /// Files.
        Files = "files",
        /// Logs.
        Logs = "logs",
        /// Configuration.
        Configuration = "configuration",
    }
}

impl BackupKind {
    /// Whether it stands alone: nothing else is needed to restore it, and one of almost no bytes is none.
    pub const fn is_whole(self) -> bool {
        !matches!(self, Self::Differential | Self::Incremental)
    }
}

/// How a backup came out, by the tool's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ended well.
    Good,
    /// It is under way, or waits for WAL.
    Running,
    /// It did not end well, or cannot be trusted: why, without a full stop. Cleaned.
    Bad(String),
}

/// A backup as its tool tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The tool's own name for it. Cleaned.
    pub id: Arc<str>,
    /// Its kind.
    pub kind: BackupKind,
    /// How it came out.
    pub outcome: Outcome,
    /// When it began, where that is told.
    pub began: Option<Instant>,
    /// When it ended; `None` while it runs.
    pub finished: Option<Instant>,
    /// Bytes as they are stored: compressed, and of an incremental one only what is its own.
    pub bytes: Option<u64>,
    /// Whether WAL brings it to where it ended: what pgBackRest, Barman and WAL-G make, unlike a dump or a copy of files.
    pub is_physical: bool,
    /// The WAL it needs to be consistent.
    pub wal: Option<WalRange>,
    /// The backups it cannot be restored without.
    pub parents: Vec<Arc<str>>,
}

impl Backup {
    /// The moment its slot of the calendar goes by: when it began, else when it ended.
    pub fn slot_at(&self) -> Option<Instant> {
        self.began.or(self.finished)
    }

    /// How old its data is: files and dumps are as they were when it began, a physical backup is brought to where it ended.
    pub fn data_at(&self) -> Option<Instant> {
        if self.is_physical { self.finished } else { self.began.or(self.finished) }
    }

    /// How long it took.
    pub fn took(&self) -> Option<TimeDelta> {
        Some((self.finished? - self.began?).max(TimeDelta::zero()))
    }
}

/// What a tool told of a set, as far as it could be understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Its backups, in any order.
    pub backups: Vec<Backup>,
    /// How they are encrypted, in the tool's word; `None` where it tells nothing. Cleaned.
    pub encryption: Option<Arc<str>>,
    /// The WAL that is archived; `None` where no listing of it was read.
    pub archived: Option<Vec<Span>>,
    /// How large a segment of WAL is, where what was told proves it.
    pub segment_size: Option<SegmentSize>,
    /// Why what was told is not the whole truth, a sentence each. With one of these nothing is green.
    pub troubles: Vec<String>,
    /// Whether backups may be there that were not understood: then none is called missing.
    pub is_partial: bool,
    /// What is worth a line and changes no verdict, a sentence each.
    pub notes: Vec<String>,
    /// Whether somebody told its schedule to rest.
    pub is_suspended: bool,
    /// When one is due by the word of what makes them: it counts where the operator says nothing.
    pub schedule: Option<Schedule>,
    /// Since when backups are due, where that is known: the creation of what makes them.
    pub since: Option<Instant>,
    /// When the tool said this; of a file, when it was written.
    pub told_at: Option<Instant>,
    /// When the listing of the WAL was written, where that is known.
    pub listed_at: Option<Instant>,
    /// As of when the newest WAL was archived, where that is told.
    pub archived_at: Option<Instant>,
    /// How they are compressed, by what the tool tells; `None` where it tells nothing. Cleaned.
    pub compression: Option<Arc<str>>,
    /// What is not as promised by the word of what makes them, and no rule of time or WAL finds: a sentence each.
    pub breaches: Vec<(State, String)>,
    /// Why a newer reading failed: this is the last one that did not.
    pub failed: Option<String>,
}
