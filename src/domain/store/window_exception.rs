//! What was said of one occurrence of a window: moved, called off, begun, ended.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, Migration, Migrations, Read, Row, Table, Value};
use super::window::event;
use super::{Author, Id, LONGEST_NAME, LONGEST_TEXT, check_text};
use crate::domain::maintenance::Exception;
use crate::domain::time::{self, Instant};

/// How long what was said of an occurrence is held: the schedule is looked at for a year back.
const HELD: TimeDelta = TimeDelta::days(400);

/// The key of what was said of an occurrence.
pub fn exception_of(window: &str, occurrence: Instant) -> Key {
    Key::of::<Exception>([window.into(), occurrence.into()])
}

impl Fact for Exception {
    const TABLE: &'static Table = &Table {
        name: "window_exception",
        kind: Kind::Versioned,
        columns: &[
            "name",
            "occurrence",
            "moved_to",
            "cancelled",
            "started_at",
            "finished_at",
            "reason",
            "by_name",
            "at",
        ],
        key: 2,
        lists: &[],
        held: Some(Holding { only: "at > $1", back: HELD, most: 20_000 }),
        migrations: &Migrations {
            subject: "window_exception",
            steps: &[Migration::both(include_str!("../../../assets/migrations/window_exception/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<(String, Instant), Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            window: row.text(0),
            occurrence: row.time(1)?,
            moved_to: row.time(2),
            is_cancelled: row.number(3)? != 0,
            started: row.time(4),
            finished: row.time(5),
            reason: row.text(6),
            by: row.text(7),
            at: row.time(8)?,
            version: row.number(9)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        vec![
            (&self.window).into(),
            self.occurrence.into(),
            self.moved_to.into(),
            u64::from(self.is_cancelled).into(),
            self.started.into(),
            self.finished.into(),
            (&self.reason).into(),
            (&self.by).into(),
            self.at.into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new.into_iter().map(|one| ((one.window.clone(), one.occurrence), one)));
        held.retain(|_, one| one.at > now - HELD);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let hours = i64::try_from(nth).unwrap_or(0);
        Box::new(ChangeOccurrence {
            window: "daily".to_owned(),
            occurrence: time::from_seconds(1_800_000_000) + time::hours(hours),
            said: Said::Cancel,
            reason: text.to_owned(),
            seen_version: 0,
        })
    }
}

/// What is said of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It begins at another time.
    Move(#[serde(deserialize_with = "time::clamped")] Instant),
    /// It is called off.
    Cancel,
    /// It begins now, by the store's clock.
    Start,
    /// It is over now, by the store's clock.
    Finish,
}

/// Somebody says something of an occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOccurrence {
    /// The window's name.
    pub window: String,
    /// When its rule lets the occurrence begin.
    #[serde(deserialize_with = "time::clamped")]
    pub occurrence: Instant,
    /// What is said.
    pub said: Said,
    /// Why; may be empty.
    pub reason: String,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

impl Change for ChangeOccurrence {
    fn reads(&self) -> Vec<Key> {
        vec![exception_of(&self.window, self.occurrence)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("window", &self.window, false, LONGEST_NAME)?;
        check_text("reason", &self.reason, true, LONGEST_TEXT)?;
        let current = read.one::<Exception>();
        let version = current.as_ref().map_or(0, |current| current.version);
        if version != self.seen_version {
            return Ok(Applied::Conflict(meanwhile(self, current.as_ref())));
        }
        let mut said = current.unwrap_or_else(|| Exception {
            window: self.window.clone(),
            occurrence: self.occurrence,
            moved_to: None,
            is_cancelled: false,
            started: None,
            finished: None,
            reason: String::new(),
            by: String::new(),
            at: now,
            version: 0,
        });
        // Nobody plans or tells a part of a second.
        let second = time::to_the_second(now);
        let what = match self.said {
            Said::Move(to) => {
                said.moved_to = Some(to).filter(|to| *to != self.occurrence);
                said.is_cancelled = false;
                format!("moved to {}", time::written(to))
            }
            Said::Cancel => {
                said.is_cancelled = true;
                "called off".to_owned()
            }
            Said::Start => {
                (said.started, said.finished, said.is_cancelled) = (Some(second), None, false);
                "begun".to_owned()
            }
            Said::Finish => {
                said.finished = Some(second);
                "ended".to_owned()
            }
        };
        (said.by, said.at, said.version) = (author.name.clone(), now, version + 1);
        if !self.reason.is_empty() {
            said.reason.clone_from(&self.reason);
        }
        let words = format!("{} of {} {what}. {}", self.window, time::written(self.occurrence), self.reason);
        Ok(Applied::one(&said, event(&self.window, "window changed", words.trim_end().to_owned())))
    }
}

/// What somebody else did first.
fn meanwhile(of: &ChangeOccurrence, current: Option<&Exception>) -> String {
    let name = format!("{} of {}", of.window, time::written(of.occurrence));
    let what = match current {
        None => format!("What was said of {name} is not there any more"),
        Some(current) => {
            format!("{} {} {name} at {}", current.by, current.last_word(), current.at.format("%H:%M:%S"))
        }
    };
    format!(
        "{what}, after this console last looked: nothing was written. Look at the schedule and try again if you still mean to."
    )
}

impl Exception {
    /// What was done last, for a sentence with who did it.
    fn last_word(&self) -> String {
        match (self.is_cancelled, self.finished, self.started, self.moved_to) {
            (true, ..) => "called off".to_owned(),
            (_, Some(_), ..) => "ended".to_owned(),
            (_, _, Some(_), _) => "began".to_owned(),
            (.., Some(to)) => format!("moved (to {})", time::written(to)),
            _ => "put back".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        time::from_seconds(1_800_000_000 + seconds)
    }

    fn change(said: Said, seen_version: u64) -> ChangeOccurrence {
        ChangeOccurrence { window: "daily".into(), occurrence: at(0), said, reason: "load".into(), seen_version }
    }

    fn written(change: &ChangeOccurrence, before: Option<&Exception>) -> Applied {
        let row = before.map(|before| {
            let mut values = before.encode();
            values.push(before.version.into());
            Row(values)
        });
        let read = Read(vec![(exception_of("daily", at(0)), row)]);
        let author = Author { name: "mori".into(), ..Author::default() };
        change.apply(&read, &author, &Id::stored("1"), at(60)).expect("may be written")
    }

    fn stored(applied: Applied, version: u64) -> Exception {
        let Applied::Writes(writes) = applied else { panic!("{applied:?}") };
        let mut values = writes.facts[0].values.clone();
        values.push(version.into());
        Exception::decode(&Row(values)).expect("what was said")
    }

    #[test]
    fn what_is_said_later_adds_to_what_was_said_before() {
        let moved = stored(written(&change(Said::Move(at(3_600)), 0), None), 1);
        assert_eq!((moved.moved_to, moved.reason.as_str(), moved.by.as_str()), (Some(at(3_600)), "load", "mori"));
        let begun = stored(written(&change(Said::Start, 1), Some(&moved)), 2);
        assert_eq!((begun.moved_to, begun.started), (Some(at(3_600)), Some(at(60))));
        let ended = stored(written(&change(Said::Finish, 2), Some(&begun)), 3);
        assert_eq!((ended.started, ended.finished), (Some(at(60)), Some(at(60))));
        let back = stored(written(&change(Said::Move(at(0)), 1), Some(&moved)), 2);
        assert_eq!(back.moved_to, None, "moved to its own time it is where it was");
    }

    #[test]
    fn the_second_of_two_is_told_who_was_first_and_where_it_went() {
        let moved = stored(written(&change(Said::Move(at(3_600)), 0), None), 1);
        let second = written(&change(Said::Cancel, 0), Some(&moved));
        let Applied::Conflict(words) = second else { panic!("{second:?}") };
        assert!(
            words.starts_with("mori moved (to 2027-01-15T09:00:00Z) daily of 2027-01-15T08:00:00Z at 08:01:00"),
            "{words}"
        );
        assert!(words.contains("nothing was written"));
    }
}
