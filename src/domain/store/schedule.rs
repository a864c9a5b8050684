//! Schedules of who is on call, in the store: each with every layer it ever had.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Put, Read, Row, Table, Value,
};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, Subject, SubjectKind, check_text, document};
use crate::domain::oncall::{Layer, Rotation, Schedule, Turn};
use crate::domain::time::{Instant, Zone};

/// How many schedules a console holds.
const MOST: u64 = 2_000;

/// Schedules, the last name first.
pub const SCHEDULES: &List = &List { by: &[], newest: "name" };

/// The schedules a console holds, by name.
pub type Schedules = BTreeMap<String, Schedule>;

/// The key of a schedule.
pub fn schedule_of(name: &str) -> Key {
    Key::of::<Schedule>([name.into()])
}

impl Fact for Schedule {
    const TABLE: &'static Table = &Table {
        name: "schedule",
        kind: Kind::Versioned,
        columns: &["name", "team", "document"],
        key: 1,
        lists: &[SCHEDULES],
        held: Some(Holding { only: "version > 0", back: TimeDelta::zero(), most: MOST }),
        migrations: &Migrations {
            subject: "schedule",
            steps: &[Migration::both(include_str!("../../../assets/migrations/schedule/0001-table.sql"))],
        },
    };
    type Held = Schedules;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(2))?;
        Some(Self { name: row.text(0), team: row.text(1), version: row.number(3)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![(&self.name).into(), (&self.team).into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| (one.name.clone(), one)));
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let rotation = Rotation {
            zone: Zone::UTC,
            anchor: chrono::NaiveDateTime::default(),
            every: Turn::Weeks(1),
            roster: vec![Some(text.to_owned())],
            start: 0,
        };
        let layer = Layer {
            role: text.to_owned(),
            order: 0,
            rotation,
            first: None,
            hours: Vec::new(),
            advance: crate::domain::oncall::Advance::Calendar,
            from: None,
            until: None,
        };
        let wanted =
            Schedule { name: format!("s{nth}"), team: String::new(), zone: Zone::UTC, layers: vec![layer], version: 0 };
        Box::new(SetSchedule { environment: "production".to_owned(), wanted, seen_version: 0 })
    }
}

/// A schedule is written down, or written down anew: what was stays, what is new begins at the next hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSchedule {
    /// The environment of the console it is done from.
    pub environment: String,
    /// What is written down; its layers hold always.
    pub wanted: Schedule,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

impl SetSchedule {
    /// What there is to write, with its line of the audit; `None` where it stands already as it is to be.
    ///
    /// # Errors
    /// The sentence to show when it may not be written.
    pub fn written(&self, current: Option<&Schedule>, now: Instant) -> Result<Option<(Put, AuditEvent)>, String> {
        self.check()?;
        let next = match current {
            Some(current) => current.rewritten(&self.wanted, now),
            None => self.wanted.clone(),
        };
        if current.is_some_and(|current| *current == next) {
            return Ok(None);
        }
        let what = if current.is_some() { "schedule changed" } else { "schedule added" };
        let begins = next.layers.iter().filter_map(|layer| layer.from).filter(|from| *from > now).min();
        let from = begins.map(|from| format!(", from {} on", from.format("%Y-%m-%dT%H:%M:%SZ"))).unwrap_or_default();
        let words = format!("{}: {}{from}.", next.roles().join(", "), next.people(now).join(", "));
        Ok(Some((Put::of(&next), self.event(what, words))))
    }

    fn check(&self) -> Result<(), String> {
        check_text("name of the schedule", &self.wanted.name, false, LONGEST_NAME)?;
        check_text("team", &self.wanted.team, true, LONGEST_NAME)?;
        for layer in &self.wanted.layers {
            check_text("role", &layer.role, false, LONGEST_NAME)?;
            layer
                .rotation
                .roster
                .iter()
                .flatten()
                .try_for_each(|who| check_text("handle", who, false, LONGEST_NAME))?;
            if layer.rotation.roster.iter().flatten().next().is_none() {
                return Err(format!(
                    "Nobody takes turns as {} of {}: nothing was written. Name somebody.",
                    layer.role, self.wanted.name
                ));
            }
        }
        Ok(())
    }

    fn event(&self, what: &str, words: String) -> AuditEvent {
        let subject = Subject {
            environment: self.environment.clone(),
            kind: SubjectKind::Schedule,
            name: self.wanted.name.clone(),
        };
        AuditEvent { kind: AuditKind::Configuration, what: what.to_owned(), subject, words }
    }
}

impl Change for SetSchedule {
    fn reads(&self) -> Vec<Key> {
        vec![schedule_of(&self.wanted.name)]
    }

    fn apply(&self, read: &Read, _: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        let current = read.one::<Schedule>();
        if current.as_ref().map_or(0, |current| current.version) != self.seen_version {
            return Ok(Applied::Conflict(format!(
                "Somebody changed the schedule {} after this console last looked: nothing was written. Look at it and try again.",
                self.wanted.name
            )));
        }
        Ok(match self.written(current.as_ref(), now)? {
            Some((put, event)) => Applied::Writes(super::fact::Writes { facts: vec![put], events: vec![event] }),
            None => Applied::AlreadyDone,
        })
    }
}
