//! Policies of escalation, in the store: one a team and severity.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Put, Read, Row, Table, Value, Writes,
};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, Subject, SubjectKind, check_text, document};
use crate::domain::incident::Severity;
use crate::domain::oncall::escalation::{Level, Policy, Runs, Target};
use crate::domain::time::Instant;

/// How many policies a console holds.
const MOST: u64 = 4_000;

/// Policies, the last team first.
pub const POLICIES: &List = &List { by: &[], newest: "team" };

/// The policies a console holds, by team and severity.
pub type Policies = BTreeMap<(String, Severity), Policy>;

/// The key of a policy.
pub fn policy_of(team: &str, severity: Severity) -> Key {
    Key::of::<Policy>([team.into(), severity.word().into()])
}

impl Fact for Policy {
    const TABLE: &'static Table = &Table {
        name: "policy",
        kind: Kind::Versioned,
        columns: &["team", "severity", "document"],
        key: 2,
        lists: &[POLICIES],
        held: Some(Holding { only: "version > 0", back: TimeDelta::zero(), most: MOST }),
        migrations: &Migrations {
            subject: "policy",
            steps: &[Migration::both(include_str!("../../../assets/migrations/policy/0001-table.sql"))],
        },
    };
    type Held = Policies;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(2))?;
        let severity = Severity::of_word(&row.raw(1))?;
        Some(Self { team: row.text(0), severity, version: row.number(3)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![(&self.team).into(), self.severity.word().into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| ((one.team.clone(), one.severity), one)));
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let levels = vec![Level { after: 0, page: vec![Target::Person(text.replace(['/', ':'], ""))] }];
        let wanted = Policy {
            team: format!("t{nth}"),
            severity: Severity::Sev1,
            runs: Runs::Always,
            per_step: false,
            levels,
            exhausted: 0,
            repeat: 0,
            version: 0,
        };
        Box::new(SetPolicy { environment: "production".to_owned(), wanted, seen_version: 0 })
    }
}

/// A policy is written down, or written down anew. Runs that have begun keep the one they began with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPolicy {
    /// The environment of the console it is done from.
    pub environment: String,
    /// What is written down.
    pub wanted: Policy,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

impl SetPolicy {
    /// Which policy: its team and severity.
    pub fn name(&self) -> String {
        format!("{}/{}", self.wanted.team, self.wanted.severity.word())
    }

    /// What there is to write, with its line of the audit; `None` where it stands already as it is to be.
    ///
    /// # Errors
    /// The sentence to show when it may not be written.
    pub fn written(&self, current: Option<&Policy>) -> Result<Option<(Put, AuditEvent)>, String> {
        let wanted = &self.wanted;
        check_text("team", &wanted.team, false, LONGEST_NAME)?;
        let targets = wanted.levels.iter().flat_map(|level| &level.page);
        targets.clone().try_for_each(|target| check_text("target", &target.to_string(), false, LONGEST_NAME))?;
        if wanted.levels.is_empty() || wanted.levels.iter().any(|level| level.page.is_empty()) {
            return Err(format!(
                "A level of the policy of {} pages nobody: nothing was written. Name somebody.",
                wanted.team
            ));
        }
        let next = Policy { version: current.map_or(0, |current| current.version), ..wanted.clone() };
        if current.is_some_and(|current| *current == next) {
            return Ok(None);
        }
        let subject = Subject { environment: self.environment.clone(), kind: SubjectKind::Policy, name: self.name() };
        let words = targets.map(ToString::to_string).collect::<Vec<_>>().join(", then ");
        let what = if current.is_some() { "policy changed" } else { "policy added" };
        let event = AuditEvent { kind: AuditKind::Configuration, what: what.to_owned(), subject, words };
        Ok(Some((Put::of(&next), event)))
    }
}

impl Change for SetPolicy {
    fn reads(&self) -> Vec<Key> {
        vec![policy_of(&self.wanted.team, self.wanted.severity)]
    }

    fn apply(&self, read: &Read, _: &Author, _: &Id, _: Instant) -> Result<Applied, String> {
        let current = read.one::<Policy>();
        if current.as_ref().map_or(0, |current| current.version) != self.seen_version {
            return Ok(Applied::Conflict(format!(
                "Somebody changed the policy of {} for {} after this console last looked: nothing was written. Look at it and try again.",
                self.wanted.team,
                self.wanted.severity.name()
            )));
        }
        Ok(match self.written(current.as_ref())? {
            Some((put, event)) => Applied::Writes(Writes { facts: vec![put], events: vec![event] }),
            None => Applied::AlreadyDone,
        })
    }
}
