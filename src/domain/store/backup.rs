//! Backups and restore tests that a script recorded at its end.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, Subject, SubjectKind, check_text};
use crate::domain::backup::{Backup, BackupKind, Outcome, Recorded, RestoreTest};
use crate::domain::time::{self, Instant};

/// How far back what was recorded is held: the five years of the ladder, and the one that is open.
const HELD: TimeDelta = TimeDelta::days(2_196);
/// How many backups and restore tests are held at most, the last recorded first.
const MOST: u64 = 20_000;

/// The result of a test that verified checksums alone.
const CHECKSUMS: &str = "checksums";

/// The tables of both facts.
const MIGRATIONS: Migrations = Migrations {
    subject: "backup",
    steps: &[Migration::both(include_str!("../../../assets/migrations/backup/0001-tables.sql"))],
};

/// A backup that a script made. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBackup {
    /// Its id: that of the attempt.
    pub id: Id,
    /// The set, by its name in the configuration.
    pub set: String,
    /// When it began, where the script said it.
    pub began: Option<Instant>,
    /// When it ended, by the script's word; else when it was recorded.
    pub finished: Instant,
    /// Bytes that were written, where the script said it.
    pub bytes: Option<u64>,
    /// Who recorded it.
    pub by: String,
    /// When, by the store's clock.
    pub recorded_at: Instant,
}

/// A restore that a script tried. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRestore {
    /// Its id: that of the attempt.
    pub id: Id,
    /// The set, by its name in the configuration.
    pub set: String,
    /// What was tried, and how it ended.
    pub test: RestoreTest,
    /// Who recorded it.
    pub by: String,
    /// When, by the store's clock.
    pub recorded_at: Instant,
}

/// Backups of a set, the last one first.
pub const BACKUPS_OF: &List = &List { by: &["set_name ="], newest: "finished_at" };
/// Restore tests of a set, the last one first.
pub const RESTORES_OF: &List = &List { by: &["set_name ="], newest: "ended_at" };

fn number(number: Option<u64>) -> Value {
    Value::Number(number.and_then(|number| i64::try_from(number).ok()))
}

impl Fact for RecordedBackup {
    const TABLE: &'static Table = &Table {
        name: "recorded_backup",
        kind: Kind::Appended,
        columns: &["id", "set_name", "began_at", "finished_at", "bytes", "by_name", "recorded_at"],
        key: 1,
        lists: &[BACKUPS_OF],
        held: Some(Holding { only: "finished_at >= $1", back: HELD, most: MOST }),
        migrations: &MIGRATIONS,
    };
    type Held = Vec<Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            id: Id::stored(row.text(0)),
            set: row.text(1),
            began: row.time(2),
            finished: row.time(3)?,
            bytes: row.number(4),
            by: row.text(5),
            recorded_at: row.time(6)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        vec![
            self.id.as_str().into(),
            (&self.set).into(),
            self.began.into(),
            self.finished.into(),
            number(self.bytes),
            (&self.by).into(),
            self.recorded_at.into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new);
        held.retain(|one| one.finished > now - HELD);
        held.sort_by(|one, other| (one.finished, &one.id).cmp(&(other.finished, &other.id)));
        held.dedup_by(|one, other| one.id == other.id);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let environment = "production".to_owned();
        Box::new(RecordBackup {
            environment,
            set: format!("{text}{nth}"),
            began: None,
            finished: None,
            bytes: Some(nth),
        })
    }
}

impl Fact for RecordedRestore {
    const TABLE: &'static Table = &Table {
        name: "restore_test",
        kind: Kind::Appended,
        columns: &[
            "id",
            "set_name",
            "ended_at",
            "result",
            "target",
            "reached_lsn",
            "seconds",
            "bytes",
            "is_checked",
            "by_name",
            "recorded_at",
        ],
        key: 1,
        lists: &[RESTORES_OF],
        held: Some(Holding { only: "ended_at >= $1", back: HELD, most: MOST }),
        migrations: &MIGRATIONS,
    };
    type Held = Vec<Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            id: Id::stored(row.text(0)),
            set: row.text(1),
            test: RestoreTest {
                at: row.time(2)?,
                is_ok: matches!(&*row.raw(3), "ok" | CHECKSUMS),
                target: row.maybe_text(4).map(Arc::from),
                reached: row.maybe_text(5).map(Arc::from),
                took: row.number(6).map(|seconds| time::seconds(i64::try_from(seconds).unwrap_or(i64::MAX))),
                bytes: row.number(7),
                is_checked: row.number(8) == Some(1),
                only_checksums: row.raw(3) == CHECKSUMS,
            },
            by: row.text(9),
            recorded_at: row.time(10)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let RestoreTest { at, is_ok, target, reached, took, bytes, is_checked, only_checksums } = &self.test;
        let text = |text: &Option<Arc<str>>| Value::Text(text.as_deref().map(str::to_owned));
        vec![
            self.id.as_str().into(),
            (&self.set).into(),
            (*at).into(),
            match (is_ok, only_checksums) {
                (false, _) => "failed",
                (true, true) => CHECKSUMS,
                (true, false) => "ok",
            }
            .into(),
            text(target),
            text(reached),
            Value::Number(took.map(|took| took.num_seconds())),
            number(*bytes),
            u64::from(*is_checked).into(),
            (&self.by).into(),
            self.recorded_at.into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new);
        held.retain(|one| one.test.at > now - HELD);
        held.sort_by(|one, other| (one.test.at, &one.id).cmp(&(other.test.at, &other.id)));
        held.dedup_by(|one, other| one.id == other.id);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(RecordRestore {
            environment: "production".to_owned(),
            set: "orders".to_owned(),
            is_ok: true,
            target: Some(format!("{text}{nth}")),
            reached: Some("0/4000028".to_owned()),
            seconds: Some(nth),
            bytes: None,
            is_checked: false,
            only_checksums: false,
        })
    }
}

/// A script says that it made a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordBackup {
    /// The environment it was said from, for the audit.
    pub environment: String,
    /// The set.
    pub set: String,
    /// When it began.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub began: Option<Instant>,
    /// When it ended; `None` for the store's now.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub finished: Option<Instant>,
    /// Bytes that were written.
    pub bytes: Option<u64>,
}

/// A script says how a restore went; it ended at the store's now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRestore {
    /// The environment it was said from, for the audit.
    pub environment: String,
    /// The set.
    pub set: String,
    /// Whether it succeeded.
    pub is_ok: bool,
    /// What it was to reach.
    pub target: Option<String>,
    /// The position in the WAL that it reached.
    pub reached: Option<String>,
    /// How long it took.
    pub seconds: Option<u64>,
    /// Bytes that were restored.
    pub bytes: Option<u64>,
    /// Whether the application's own checks passed.
    pub is_checked: bool,
    /// Whether nothing was restored: checksums alone were verified.
    #[serde(default)]
    pub only_checksums: bool,
}

/// The line of the audit about a set.
fn event(environment: &str, set: &str, what: &str, words: String) -> Result<AuditEvent, String> {
    let subject = Subject { environment: environment.to_owned(), kind: SubjectKind::Backup, name: set.to_owned() };
    subject.check()?;
    Ok(AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject, words })
}

impl Change for RecordBackup {
    fn reads(&self) -> Vec<Key> {
        Vec::new()
    }

    fn apply(&self, _: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String> {
        let finished = self.finished.unwrap_or(now);
        if time::is_of_the_future(finished, now) {
            return Err(format!(
                "{} lies ahead of the store's clock ({}): nothing was written. Compare the clocks of both machines.",
                time::written(finished),
                time::written(now)
            ));
        }
        if self.began.is_some_and(|began| began > finished) {
            return Err("The backup ended before it began: nothing was written. Correct its times.".to_owned());
        }
        let bytes = self.bytes.map(|bytes| format!(", {bytes} bytes")).unwrap_or_default();
        let words = format!("ended at {}{bytes}", time::written(finished));
        let event = event(&self.environment, &self.set, "backup recorded", words)?;
        let made = RecordedBackup {
            id: attempt.clone(),
            set: self.set.clone(),
            began: self.began,
            finished,
            bytes: self.bytes,
            by: author.name.clone(),
            recorded_at: now,
        };
        Ok(Applied::one(&made, event))
    }
}

impl RecordRestore {
    /// The test it tells of, had it ended then.
    pub fn test(&self, at: Instant) -> RestoreTest {
        RestoreTest {
            at,
            is_ok: self.is_ok,
            target: self.target.as_deref().map(Arc::from),
            reached: self.reached.as_deref().map(Arc::from),
            took: self.seconds.map(|seconds| time::seconds(i64::try_from(seconds).unwrap_or(i64::MAX))),
            bytes: self.bytes,
            is_checked: self.is_checked,
            only_checksums: self.only_checksums,
        }
    }
}

impl Change for RecordRestore {
    fn reads(&self) -> Vec<Key> {
        Vec::new()
    }

    fn apply(&self, _: &Read, author: &Author, attempt: &Id, now: Instant) -> Result<Applied, String> {
        for (what, text) in [("target", &self.target), ("position reached", &self.reached)] {
            check_text(what, text.as_deref().unwrap_or_default(), true, LONGEST_NAME)?;
        }
        let test = self.test(now);
        let words = format!("proves: {}", test.level().word());
        let event = event(&self.environment, &self.set, "restore test recorded", words)?;
        let made = RecordedRestore {
            id: attempt.clone(),
            set: self.set.clone(),
            test,
            by: author.name.clone(),
            recorded_at: now,
        };
        Ok(Applied::one(&made, event))
    }
}

impl Recorded {
    /// What was recorded, by the sets.
    pub fn of(backups: &[RecordedBackup], restores: &[RecordedRestore]) -> Self {
        let mut recorded = Self::default();
        for one in backups {
            let backup = Backup {
                id: Arc::from(one.id.as_str()),
                kind: BackupKind::Full,
                outcome: Outcome::Good,
                began: one.began,
                finished: Some(one.finished),
                bytes: one.bytes,
                is_physical: false,
                wal: None,
                parents: Vec::new(),
            };
            recorded.backups.entry(Arc::from(one.set.as_str())).or_default().push(backup);
        }
        for one in restores {
            recorded.tests.entry(Arc::from(one.set.as_str())).or_default().push(one.test.clone());
        }
        recorded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::Level;

    fn at(seconds: i64) -> Instant {
        time::from_seconds(1_800_000_000 + seconds)
    }

    fn author() -> Author {
        Author { name: "backup".to_owned(), origin: "root@db-1".to_owned() }
    }

    fn record(finished: Option<Instant>) -> RecordBackup {
        let (environment, set) = ("production".to_owned(), "orders".to_owned());
        RecordBackup { environment, set, began: Some(at(-600)), finished, bytes: Some(4_096) }
    }

    fn apply(change: &dyn Change) -> Result<Applied, String> {
        change.apply(&Read::default(), &author(), &Id::stored("1"), at(0))
    }

    fn row(applied: Result<Applied, String>) -> (Row, String) {
        let Ok(Applied::Writes(writes)) = applied else { panic!("written: {applied:?}") };
        (Row(writes.facts[0].values.clone()), writes.events[0].words.clone())
    }

    #[test]
    fn a_backup_comes_back_as_it_was_recorded() {
        let (row, words) = row(apply(&record(Some(at(-60)))));
        let read = RecordedBackup::decode(&row).expect("a backup");
        assert_eq!((read.finished, read.bytes, read.by.as_str()), (at(-60), Some(4_096), "backup"));
        assert_eq!(words, format!("ended at {}, 4096 bytes", time::written(at(-60))));
        let recorded = Recorded::of(&[read], &[]);
        let backup = &recorded.backups["orders"][0];
        assert_eq!(
            (backup.finished, backup.data_at()),
            (Some(at(-60)), Some(at(-600))),
            "a dump is as old as its beginning"
        );
    }

    #[test]
    fn a_backup_of_the_future_or_that_ended_before_it_began_is_refused() {
        let future = apply(&record(Some(at(3_600)))).expect_err("refused");
        assert!(future.contains("ahead of the store's clock") && future.contains("nothing was written"), "{future}");
        assert!(apply(&record(Some(at(30)))).is_ok(), "two clocks of one room");
        let backwards = apply(&record(Some(at(-601)))).expect_err("refused");
        assert!(backwards.contains("before it began"), "{backwards}");
        let nameless = RecordBackup { set: " ".to_owned(), ..record(None) };
        assert!(apply(&nameless).is_err());
    }

    #[test]
    fn a_restore_test_comes_back_with_what_it_proves() {
        let change = RecordRestore {
            environment: "production".to_owned(),
            set: "orders".to_owned(),
            is_ok: true,
            target: Some("2026-11-30 12:00:00+00".to_owned()),
            reached: Some("0/5000028".to_owned()),
            seconds: Some(120),
            bytes: Some(1_000),
            is_checked: true,
            only_checksums: false,
        };
        let (row, words) = row(apply(&change));
        let read = RecordedRestore::decode(&row).expect("a test");
        assert_eq!((read.test.at, read.test.took, read.test.is_verified()), (at(0), Some(time::seconds(120)), true));
        assert_eq!(words, "proves: checked by the application");
        let started = RecordRestore { target: None, ..change.clone() };
        let (row, words) = self::row(apply(&started));
        assert!(!RecordedRestore::decode(&row).expect("a test").test.is_verified());
        assert_eq!(words, "proves: started");
        let listed = RecordRestore { only_checksums: true, ..change.clone() };
        let listed = RecordedRestore::decode(&self::row(apply(&listed)).0).expect("a test");
        assert_eq!(listed.test.level(), Level::Checksums, "nothing was restored");
        let failed = RecordRestore { is_ok: false, ..change };
        assert!(!RecordedRestore::decode(&self::row(apply(&failed)).0).expect("a test").test.is_ok);
    }
}
