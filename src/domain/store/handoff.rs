//! Hand-offs of roles, in the store: one a boundary of a role.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, check_text, document,
};
use crate::domain::oncall::{Handoff, HandoffStep};
use crate::domain::time::Instant;

/// How far back a console holds hand-offs.
const HELD: TimeDelta = TimeDelta::days(14);
/// How many of them.
const MOST: u64 = 2_000;
/// How many lines of what is pending one has.
const MOST_PENDING: usize = 200;

/// Hand-offs of a schedule, the last boundary first.
pub const HANDOFFS_OF: &List = &List { by: &["schedule ="], newest: "boundary" };

/// The hand-offs a console holds, by schedule, role and boundary.
pub type Handoffs = BTreeMap<(String, String, Instant), Handoff>;

/// The key of a hand-off.
pub fn handoff_of(schedule: &str, role: &str, boundary: Instant) -> Key {
    Key::of::<Handoff>([schedule.into(), role.into(), boundary.into()])
}

impl Fact for Handoff {
    const TABLE: &'static Table = &Table {
        name: "handoff",
        kind: Kind::Versioned,
        columns: &["schedule", "role", "boundary", "document"],
        key: 3,
        lists: &[HANDOFFS_OF],
        held: Some(Holding { only: "boundary > $1", back: HELD, most: MOST }),
        migrations: &Migrations {
            subject: "handoff",
            steps: &[Migration::both(include_str!("../../../assets/migrations/handoff/0001-table.sql"))],
        },
    };
    type Held = Handoffs;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(3))?;
        let (schedule, role) = (row.text(0), row.text(1));
        Some(Self { schedule, role, boundary: row.time(2)?, version: row.number(4)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![(&self.schedule).into(), (&self.role).into(), self.boundary.into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new.into_iter().map(|one| ((one.schedule.clone(), one.role.clone(), one.boundary), one)));
        held.retain(|(.., boundary), _| *boundary > now - HELD);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let boundary = crate::domain::time::from_seconds(4_102_444_800);
        let seen = Self::new((&format!("s{nth}"), "primary"), boundary, Some(text.to_owned()), None);
        let step = HandoffStep::Tick { item: "briefing".to_owned(), is_done: true };
        Box::new(ChangeHandoff { environment: "production".to_owned(), seen, step, on_behalf_of: None })
    }
}

/// Something is done to a hand-off. The first thing that is done to one writes it down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeHandoff {
    /// The environment of the console it is done from.
    pub environment: String,
    /// As it was seen; with version 0 where nothing was done to it yet.
    pub seen: Handoff,
    /// What is done.
    pub step: HandoffStep,
    /// Who does it, where somebody else writes it down.
    pub on_behalf_of: Option<String>,
}

impl ChangeHandoff {
    /// Whether what it says may be written.
    ///
    /// # Errors
    /// The sentence to show when it may not.
    pub fn check(&self) -> Result<(), String> {
        check_text("name of the schedule", &self.seen.schedule, false, LONGEST_NAME)?;
        check_text("role", &self.seen.role, false, LONGEST_NAME)?;
        let named = self.seen.outgoing.iter().chain(&self.seen.incoming).chain(&self.on_behalf_of);
        named.into_iter().try_for_each(|who| check_text("handle", who, false, LONGEST_NAME))?;
        if let HandoffStep::Submit { pending, words } = &self.step {
            check_text("text", words, true, LONGEST_TEXT)?;
            if pending.len() > MOST_PENDING {
                return Err(format!("More than {MOST_PENDING} things are pending: nothing was written."));
            }
            pending.iter().try_for_each(|line| check_text("line of what is pending", line, false, LONGEST_TEXT))?;
        }
        Ok(())
    }
}

impl Change for ChangeHandoff {
    fn reads(&self) -> Vec<Key> {
        vec![handoff_of(&self.seen.schedule, &self.seen.role, self.seen.boundary)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        self.check()?;
        let current = read.one::<Handoff>();
        if current.as_ref().map_or(0, |current| current.version) != self.seen.version {
            let seen = &self.seen;
            return Ok(Applied::Conflict(format!(
                "Somebody changed {seen} after this console last looked: nothing was written. Look at it again."
            )));
        }
        let by = self.on_behalf_of.as_deref().unwrap_or(&author.name);
        let mut next = current.unwrap_or_else(|| self.seen.clone()).after(&self.step, by, now)?;
        // The schedule may have changed since the first thing was done.
        (next.outgoing, next.incoming) = (self.seen.outgoing.clone(), self.seen.incoming.clone());
        let what = match self.step {
            HandoffStep::Tick { is_done: true, .. } => "hand-off ticked",
            HandoffStep::Tick { .. } => "hand-off opened again",
            HandoffStep::Submit { .. } => "handed over",
            HandoffStep::Accept => "hand-off accepted",
        };
        let (environment, name) = (self.environment.clone(), self.seen.schedule.clone());
        let subject = Subject { environment, kind: SubjectKind::Schedule, name };
        let event = AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject, words: format!("{next}.") };
        Ok(Applied::one(&next, event))
    }
}
