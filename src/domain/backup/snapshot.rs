//! What is known of every set at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Backup, BackupSet, Coverage, MadeBy, Reading, RestoreTest, judge};
use crate::domain::job::Job;
use crate::domain::time::Instant;

/// What tells of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldBy {
    /// A tool, which is asked.
    Tool,
    /// The jobs of a cluster.
    Jobs(MadeBy),
    /// Its script, which records each backup.
    Records,
    /// Something that the configuration names and that cannot be understood: nothing is known then, and nothing missing.
    Misread,
}

/// What was read of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetReading {
    /// The set as it was declared.
    pub set: Arc<BackupSet>,
    /// What tells of it.
    pub by: ToldBy,
    /// What its tool told, or the sentence why that is not known; `None` while it has not answered, and where none is asked.
    pub told: Option<Result<Arc<Reading>, String>>,
    /// What it told last, where what it was asked since has failed.
    pub before: Option<Arc<Reading>>,
}

/// What scripts recorded of the sets, by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Backups that were recorded.
    pub backups: BTreeMap<Arc<str>, Vec<Backup>>,
    /// Restores that were tried.
    pub tests: BTreeMap<Arc<str>, Vec<RestoreTest>>,
    /// Why what was recorded is not known, where it is not: a sentence.
    pub missing: Option<String>,
}

/// Every set, in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackupSnapshot {
    /// What was read of each.
    pub sets: Vec<SetReading>,
}

impl BackupSnapshot {
    /// Sets of which nothing was read yet.
    pub fn unread(sets: impl Iterator<Item = (Arc<BackupSet>, ToldBy)>) -> Self {
        Self { sets: sets.map(|(set, by)| SetReading { set, by, told: None, before: None }).collect() }
    }

    /// Whether every tool has answered or failed.
    pub fn is_settled(&self) -> bool {
        self.sets.iter().all(|one| one.told.is_some() || one.by != ToldBy::Tool)
    }

    /// How each set stands, in the order of the configuration. `jobs` gives the CronJobs and Jobs among which what makes a set is looked
    /// for, or the sentence why they are not known.
    pub fn coverage<'j>(
        &self,
        recorded: &Recorded,
        jobs: impl Fn(&MadeBy) -> Result<&'j [Arc<Job>], String>,
        now: Instant,
    ) -> Vec<Coverage> {
        self.sets.iter().flat_map(|one| one.coverage(recorded, &jobs, now)).collect()
    }
}

impl SetReading {
    /// Takes a newer answer: what failed does not take the place of what was told before it.
    pub fn take(&mut self, told: Result<Reading, String>) {
        if let (Err(_), Some(Ok(last))) = (&told, &self.told) {
            self.before = Some(last.clone());
        }
        if told.is_ok() {
            self.before = None;
        }
        self.told = Some(told.map(Arc::new));
    }

    /// What its tool told, or told last before it failed.
    fn told(&self) -> Result<Reading, String> {
        match (&self.told, &self.before) {
            (Some(Ok(told)), _) => Ok((**told).clone()),
            (Some(Err(why)), Some(before)) => Ok(Reading { failed: Some(why.clone()), ..(**before).clone() }),
            (Some(Err(why)), None) => Err(why.clone()),
            (None, _) => Err("Its tool has not answered yet.".to_owned()),
        }
    }

    fn coverage<'j>(
        &self,
        recorded: &Recorded,
        jobs: impl Fn(&MadeBy) -> Result<&'j [Arc<Job>], String>,
        now: Instant,
    ) -> Vec<Coverage> {
        let name = &self.set.name;
        let tests = recorded.tests.get(name).map(Vec::as_slice).unwrap_or_default();
        let told = match &self.by {
            ToldBy::Tool => self.told(),
            ToldBy::Jobs(made) => jobs(made).and_then(|jobs| made.read(jobs, self.set.kind)),
            ToldBy::Misread => {
                Err("What tells of it cannot be understood. Correct the configuration: quarterdeck config check."
                    .to_owned())
            }
            ToldBy::Records => recorded.missing.clone().map_or_else(|| Ok(Reading::default()), Err),
        };
        let reading = told.map(|mut reading| {
            let more = recorded.backups.get(name).map(Vec::as_slice).unwrap_or_default();
            reading.record(more, self.set.kind);
            reading
        });
        judge(&self.set, reading.as_ref().map_err(String::as_str), tests, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BackupKind, Objectives, Outcome, State};
    use super::*;
    use crate::domain::job::{JobKind, Schedule};

    #[test]
    fn a_set_is_what_tells_of_it_and_what_scripts_record_beside() {
        let now: Instant = "2026-12-01T11:00:00Z".parse().expect("a time");
        let set = BackupSet {
            name: "uploads".into(),
            kind: BackupKind::Files,
            schedule: Schedule::read("0 2 * * *", None).expect("a schedule"),
            is_schedule_declared: true,
            incremental: None,
            objectives: Objectives::default(),
            is_rpo_declared: false,
            tier: None,
            segment_size: None,
            said: super::super::Said::default(),
        };
        let told_by = |by: ToldBy| BackupSnapshot::unread(std::iter::once((Arc::new(set.clone()), by)));
        let state = |snapshot: &BackupSnapshot, recorded: &Recorded| {
            let away = |_: &MadeBy| Err("The cluster does not answer.".to_owned());
            snapshot.coverage(recorded, away, now).first().map(|one| (one.state, one.kind))
        };
        let records = told_by(ToldBy::Records);
        assert_eq!(
            state(&records, &Recorded::default()),
            Some((State::Broken, BackupKind::Files)),
            "none ever succeeded"
        );
        let backup = Backup {
            id: "a".into(),
            kind: BackupKind::Full,
            outcome: Outcome::Good,
            began: None,
            finished: Some(now),
            bytes: None,
            is_physical: false,
            wal: None,
            parents: Vec::new(),
        };
        let mut recorded = Recorded::default();
        recorded.backups.insert("uploads".into(), vec![backup]);
        assert_eq!(state(&records, &recorded), Some((State::Ok, BackupKind::Files)));
        let unknown = Recorded { missing: Some("The store does not answer.".to_owned()), ..Recorded::default() };
        assert_eq!(state(&records, &unknown), Some((State::Unknown, BackupKind::Files)));
        assert!(records.is_settled());
        let tool = told_by(ToldBy::Tool);
        assert_eq!(state(&tool, &recorded), Some((State::Unknown, BackupKind::Files)));
        assert!(!tool.is_settled());
        assert_eq!(state(&told_by(ToldBy::Misread), &recorded), Some((State::Unknown, BackupKind::Files)));
        let made = MadeBy { environment: None, namespace: None, kind: JobKind::CronJob, name: "dump".into() };
        assert_eq!(state(&told_by(ToldBy::Jobs(made)), &recorded), Some((State::Unknown, BackupKind::Files)));
    }
}
