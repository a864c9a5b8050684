//! What is known of every set at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Backup, BackupSet, Coverage, Reading, RestoreTest, judge};
use crate::domain::time::Instant;

/// What was read of one set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetReading {
    /// The set as it was declared.
    pub set: Arc<BackupSet>,
    /// What its tool told, or the sentence why that is not known; `None` while nobody has answered yet, and for a set whose script
    /// records its backups itself.
    pub told: Option<Result<Arc<Reading>, String>>,
    /// Whether anything is asked at all: a tool, or the jobs of a cluster.
    pub has_tool: bool,
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
    /// Whether every tool has answered or failed.
    pub fn is_settled(&self) -> bool {
        self.sets.iter().all(|one| one.told.is_some() || !one.has_tool)
    }

    /// How each set stands, in the order of the configuration.
    pub fn coverage(&self, recorded: &Recorded, now: Instant) -> Vec<Coverage> {
        self.sets.iter().flat_map(|one| one.coverage(recorded, now)).collect()
    }
}

impl SetReading {
    fn coverage(&self, recorded: &Recorded, now: Instant) -> Vec<Coverage> {
        let name = &self.set.name;
        let tests = recorded.tests.get(name).map(Vec::as_slice).unwrap_or_default();
        let more = recorded.backups.get(name).map(Vec::as_slice).unwrap_or_default();
        let reading = match &self.told {
            Some(Err(sentence)) => Err(sentence.clone()),
            None if self.has_tool => Err("Its tool has not answered yet.".to_owned()),
            told => {
                let mut reading =
                    told.as_ref().and_then(|told| told.as_ref().ok()).map(|told| (**told).clone()).unwrap_or_default();
                reading.backups.extend(more.iter().map(|backup| Backup { kind: self.set.kind, ..backup.clone() }));
                match (&recorded.missing, self.has_tool) {
                    (Some(why), false) => Err(why.clone()),
                    _ => Ok(reading),
                }
            }
        };
        judge(&self.set, reading.as_ref().map_err(String::as_str), tests, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BackupKind, Objectives, Outcome, State};
    use super::*;
    use crate::domain::job::Schedule;

    #[test]
    fn a_set_without_a_tool_is_what_scripts_record_of_it() {
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
        };
        let snapshot = BackupSnapshot { sets: vec![SetReading { set: Arc::new(set), told: None, has_tool: false }] };
        let state = |recorded: &Recorded| snapshot.coverage(recorded, now).first().map(|one| (one.state, one.kind));
        assert_eq!(state(&Recorded::default()), Some((State::Broken, BackupKind::Files)), "none ever succeeded");
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
        assert_eq!(state(&recorded), Some((State::Ok, BackupKind::Files)));
        let unknown = Recorded { missing: Some("The store does not answer.".to_owned()), ..Recorded::default() };
        assert_eq!(state(&unknown), Some((State::Unknown, BackupKind::Files)));
        assert!(snapshot.is_settled());
        let asked = BackupSnapshot { sets: vec![SetReading { has_tool: true, ..snapshot.sets[0].clone() }] };
        assert_eq!(asked.coverage(&recorded, now)[0].state, State::Unknown);
        assert!(!asked.is_settled());
    }
}
