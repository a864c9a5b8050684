//! That a periodic task was done.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, Migration, Migrations, Read, Row, Table, Value};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, check_text};
use crate::domain::time::{self, Instant};

/// Somebody did a task, and said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskTick {
    /// The task's name.
    pub task: String,
    /// From 1 within the task.
    pub number: u64,
    /// What they said; may be empty.
    pub note: String,
    /// Who.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
}

impl Fact for TaskTick {
    const TABLE: &'static Table = &Table {
        name: "task_tick",
        kind: Kind::Appended,
        columns: &["task", "number", "note", "by_name", "at"],
        key: 2,
        lists: &[],
        held: Some(Holding { only: "at > $1", back: TimeDelta::days(400), most: 10_000 }),
        migrations: &Migrations {
            subject: "task_tick",
            steps: &[Migration::both(include_str!("../../../assets/migrations/task_tick/0001-table.sql"))],
        },
    };
    /// The last of each task.
    type Held = BTreeMap<String, Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self { task: row.text(0), number: row.number(1)?, note: row.lines(2), by: row.text(3), at: row.time(4)? })
    }

    fn encode(&self) -> Vec<Value> {
        vec![(&self.task).into(), self.number.into(), (&self.note).into(), (&self.by).into(), self.at.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        for tick in new {
            if held.get(&tick.task).is_none_or(|last| last.number < tick.number) {
                held.insert(tick.task.clone(), tick);
            }
        }
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(TickTask { task: format!("task-{nth}"), note: text.to_owned() })
    }
}

/// The last time a task was done.
pub fn last_tick_of(task: &str) -> Key {
    Key::last::<TaskTick>([task.into()])
}

/// Somebody says that a task is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickTask {
    /// The task's name.
    pub task: String,
    /// What they say; may be empty.
    pub note: String,
}

impl Change for TickTask {
    fn reads(&self) -> Vec<Key> {
        vec![last_tick_of(&self.task)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("task", &self.task, false, LONGEST_NAME)?;
        check_text("note", &self.note, true, LONGEST_TEXT)?;
        let last = read.one::<TaskTick>().map_or(0, |last| last.number);
        let (task, note, by) = (self.task.clone(), self.note.clone(), author.name.clone());
        let tick = TaskTick { task, number: last + 1, note, by, at: now };
        let subject = Subject { environment: String::new(), kind: SubjectKind::Task, name: self.task.clone() };
        let words = format!("{} done. {}", self.task, self.note).trim_end().to_owned();
        let event = AuditEvent { kind: AuditKind::Data, what: "task ticked".to_owned(), subject, words };
        Ok(Applied::one(&tick, event))
    }
}
