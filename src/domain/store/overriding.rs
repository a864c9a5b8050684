//! Overrides of schedules, in the store: written once each, numbered within their schedule.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, check_text, document,
};
use crate::domain::oncall::{Override, OverrideKind, Slot};
use crate::domain::time::{self, Instant};

/// How far back a console holds overrides that are over.
const HELD: TimeDelta = TimeDelta::days(400);
/// How many of them.
const MOST: u64 = 20_000;
/// How far behind the store's clock an override may begin and still be meant to begin now: as far as two clocks differ, and a hand is slow.
const BEHIND: TimeDelta = TimeDelta::minutes(1);
/// How many slots one override has at most.
const MOST_SLOTS: usize = 500;

/// The overrides a console holds, by schedule, in the order of their numbers.
pub type Overrides = BTreeMap<String, Vec<Override>>;

/// Overrides that are not over before a time, the last to end first.
pub const OVERRIDES_SINCE: &List = &List { by: &["ends_at >="], newest: "ends_at" };

/// The last override of a schedule: the next number is one more.
pub fn last_override(schedule: &str) -> Key {
    Key::last::<Override>([schedule.into()])
}

/// What an override says beside its columns.
#[derive(Serialize, Deserialize)]
struct Document {
    slots: Vec<Slot>,
    of_person: Option<String>,
    of_number: Option<u64>,
}

impl Fact for Override {
    const TABLE: &'static Table = &Table {
        name: "override",
        kind: Kind::Appended,
        columns: &["schedule", "number", "role", "kind", "starts_at", "ends_at", "document", "words", "by_name", "at"],
        key: 2,
        lists: &[OVERRIDES_SINCE],
        held: Some(Holding { only: "ends_at > $1", back: HELD, most: MOST }),
        migrations: &Migrations {
            subject: "override",
            steps: &[Migration::both(include_str!("../../../assets/migrations/override/0001-table.sql"))],
        },
    };
    type Held = Overrides;

    fn decode(row: &Row) -> Option<Self> {
        let document: Document = document(&row.raw(6))?;
        Some(Self {
            schedule: row.text(0),
            number: row.number(1)?,
            role: row.text(2),
            kind: OverrideKind::of_word(&row.raw(3))?,
            from: row.time(4)?,
            until: row.time(5)?,
            slots: document.slots,
            of_person: document.of_person,
            of_number: document.of_number,
            words: row.lines(7),
            by: row.text(8),
            at: row.time(9)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let document =
            Document { slots: self.slots.clone(), of_person: self.of_person.clone(), of_number: self.of_number };
        vec![
            (&self.schedule).into(),
            self.number.into(),
            (&self.role).into(),
            self.kind.word().into(),
            self.from.into(),
            self.until.into(),
            // It has only keys that are texts, so it always serialises.
            serde_json::to_string(&document).unwrap_or_default().into(),
            (&self.words).into(),
            (&self.by).into(),
            self.at.into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        for one in new {
            let of_schedule = held.entry(one.schedule.clone()).or_default();
            of_schedule.retain(|known| known.number != one.number);
            of_schedule.push(one);
        }
        for of_schedule in held.values_mut() {
            of_schedule.retain(|one| one.until > now - HELD);
            of_schedule.sort_by_key(|one| one.number);
        }
        held.retain(|_, of_schedule| !of_schedule.is_empty());
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let until = time::from_seconds(4_102_444_800);
        let words = text.to_owned();
        Box::new(NewOverride { words, ..NewOverride::slot(&format!("s{nth}"), "primary", Some(text), (None, until)) })
    }
}

/// Something is said over the rotations of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOverride {
    /// The environment of the console it is done from.
    pub environment: String,
    /// The schedule, which is there.
    pub schedule: String,
    /// The role, which it has.
    pub role: String,
    /// What is said.
    pub kind: OverrideKind,
    /// From when; `None` for the store's now.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub from: Option<Instant>,
    /// Until when.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// Who has the role when, of a temporary schedule and of a swap.
    pub slots: Vec<Slot>,
    /// Who has the role, of a slot and of a replacement; `None` for nobody.
    pub person: Option<String>,
    /// Whom a replacement or a removal is about.
    pub of_person: Option<String>,
    /// Which one is accepted or taken back.
    pub of_number: Option<u64>,
    /// Why; may be empty.
    pub words: String,
    /// The number of the last override that was seen, 0 for none; `None` where that does not matter.
    pub seen: Option<u64>,
    /// Who says it, where somebody else writes it down.
    pub on_behalf_of: Option<String>,
}

impl NewOverride {
    /// Somebody, or nobody, has a role from when, `None` for now, until when.
    pub fn slot(schedule: &str, role: &str, person: Option<&str>, (from, until): (Option<Instant>, Instant)) -> Self {
        Self {
            environment: String::new(),
            schedule: schedule.to_owned(),
            role: role.to_owned(),
            kind: OverrideKind::Slot,
            from,
            until,
            slots: Vec::new(),
            person: person.map(str::to_owned),
            of_person: None,
            of_number: None,
            words: String::new(),
            seen: None,
            on_behalf_of: None,
        }
    }

    /// When it begins.
    ///
    /// # Errors
    /// The sentence to show when it may not be written: it ends before it begins, or lies in the past.
    pub fn begins(&self, now: Instant) -> Result<Instant, String> {
        let from = self.from.unwrap_or(now);
        let is_now = from <= now && from > now - BEHIND;
        let (asked, until, at) = (time::written(from), time::written(self.until), time::written(now));
        if from < now && !is_now {
            return Err(format!(
                "The override would begin at {asked}, and it is {at}: what was is not rewritten, nothing was written. Begin it now or later."
            ));
        }
        let from = from.max(now);
        if self.until <= from {
            return Err(format!(
                "The override would end at {until}, before it begins at {}: nothing was written. Give a later end.",
                time::written(from)
            ));
        }
        Ok(from)
    }

    /// Whether what it says may be written.
    ///
    /// # Errors
    /// The sentence to show when it may not.
    pub fn check(&self) -> Result<(), String> {
        check_text("name of the schedule", &self.schedule, false, LONGEST_NAME)?;
        check_text("role", &self.role, false, LONGEST_NAME)?;
        check_text("reason", &self.words, true, LONGEST_TEXT)?;
        let named = self.slots.iter().filter_map(|slot| slot.person.as_ref());
        let named = named.chain(&self.person).chain(&self.of_person).chain(&self.on_behalf_of);
        named.into_iter().try_for_each(|who| check_text("handle", who, false, LONGEST_NAME))?;
        let is_without = |missing: bool, what: &str| {
            if missing {
                Err(format!("The {} names no {what}: nothing was written.", self.kind.word()))
            } else {
                Ok(())
            }
        };
        match self.kind {
            OverrideKind::Replace => is_without(self.of_person.is_none() || self.person.is_none(), "person"),
            OverrideKind::Remove => is_without(self.of_person.is_none(), "person"),
            OverrideKind::Accept | OverrideKind::Cancel => is_without(self.of_number.is_none(), "override"),
            OverrideKind::Swap => is_without(self.slots.len() != 2, "two shifts"),
            OverrideKind::Slot | OverrideKind::Temporary => Ok(()),
        }?;
        if self.slots.len() > MOST_SLOTS {
            return Err(format!(
                "One override has {MOST_SLOTS} shifts at most: nothing was written. Make several of it."
            ));
        }
        Ok(())
    }

    /// Who came first, where what they said is of the same time and role, or cannot be seen any more.
    fn meanwhile(&self, last: Option<&Override>, from: Instant) -> Option<String> {
        let (seen, last) = (self.seen?, last?);
        let is_beside =
            last.number == seen + 1 && (last.role != self.role || last.until <= from || last.from >= self.until);
        (last.number > seen && !is_beside).then(|| {
            let who = last.slots.first().and_then(|slot| slot.person.as_deref()).unwrap_or("nobody");
            format!(
                "{} wrote an override of {}/{} at {}, after this console last looked ({who}, {} to {}): nothing was written. Look at it and try again if you still mean to.",
                last.by,
                last.schedule,
                last.role,
                last.at.format("%H:%M:%S"),
                time::written(last.from),
                time::written(last.until)
            )
        })
    }

    fn made(&self, number: u64, from: Instant, author: &Author, now: Instant) -> Override {
        let own = || vec![Slot { person: self.person.clone(), from, until: self.until }];
        let slots = match self.kind {
            OverrideKind::Slot | OverrideKind::Replace => own(),
            OverrideKind::Swap | OverrideKind::Temporary => self.slots.clone(),
            OverrideKind::Remove | OverrideKind::Accept | OverrideKind::Cancel => Vec::new(),
        };
        Override {
            schedule: self.schedule.clone(),
            number,
            role: self.role.clone(),
            kind: self.kind,
            from,
            until: self.until,
            slots,
            of_person: self.of_person.clone(),
            of_number: self.of_number,
            words: self.words.clone(),
            by: self.on_behalf_of.clone().unwrap_or_else(|| author.name.clone()),
            at: now,
        }
    }
}

impl Change for NewOverride {
    fn reads(&self) -> Vec<Key> {
        vec![last_override(&self.schedule)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        self.check()?;
        let from = self.begins(now)?;
        let last = read.one::<Override>();
        if let Some(words) = self.meanwhile(last.as_ref(), from) {
            return Ok(Applied::Conflict(words));
        }
        let made = self.made(last.map_or(0, |last| last.number) + 1, from, author, now);
        let subject =
            Subject { environment: self.environment.clone(), kind: SubjectKind::Schedule, name: self.schedule.clone() };
        let who = self.person.as_deref().map(|who| format!(" {who}")).unwrap_or_default();
        let behalf = self.on_behalf_of.as_deref().filter(|of| *of != author.name);
        let words = format!(
            "override {}: {}{who}, {}, {} to {}{}.",
            made.number,
            made.kind.word(),
            made.role,
            time::written(made.from),
            time::written(made.until),
            behalf.map(|of| format!(", on behalf of {of}")).unwrap_or_default()
        );
        let event = AuditEvent { kind: AuditKind::Data, what: "override".to_owned(), subject, words };
        Ok(Applied::one(&made, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn author() -> Author {
        Author { name: "mori".into(), origin: "mori@bastion".into() }
    }

    fn last(role: &str, from: &str, until: &str) -> Override {
        let until = at(until);
        let new = NewOverride::slot("shop", role, Some("ben"), (Some(at(from)), until));
        new.made(4, at(from), &author(), at("2026-10-20T12:00:00Z"))
    }

    const NOW: &str = "2026-10-20T12:00:00Z";

    #[test]
    fn an_override_into_the_past_is_refused_and_one_of_this_minute_begins_now() {
        let begins = |from: &str, until: &str| {
            NewOverride::slot("shop", "primary", Some("ada"), (Some(at(from)), at(until))).begins(at(NOW))
        };
        assert_eq!(begins("2026-10-20T11:59:30Z", "2026-10-20T13:00:00Z"), Ok(at(NOW)));
        assert_eq!(begins("2026-10-21T00:00:00Z", "2026-10-22T00:00:00Z"), Ok(at("2026-10-21T00:00:00Z")));
        assert!(begins("2026-10-20T10:00:00Z", "2026-10-20T13:00:00Z").is_err_and(|why| why.contains("not rewritten")));
        assert!(
            begins("2026-10-21T00:00:00Z", "2026-10-21T00:00:00Z").is_err_and(|why| why.contains("before it begins"))
        );
        assert!(begins("2026-10-20T11:59:30Z", "2026-10-20T11:59:50Z").is_err());
    }

    #[test]
    fn whoever_was_first_with_the_same_shift_is_named() {
        let span = (Some(at("2026-10-21T00:00:00Z")), at("2026-10-22T00:00:00Z"));
        let mine = |seen| NewOverride { seen: Some(seen), ..NewOverride::slot("shop", "primary", Some("ada"), span) };
        let told = |mine: &NewOverride, last: &Override| mine.meanwhile(Some(last), at("2026-10-21T00:00:00Z"));
        let same = last("primary", "2026-10-21T12:00:00Z", "2026-10-23T00:00:00Z");
        assert!(told(&mine(3), &same).is_some_and(|words| words.contains("mori wrote an override of shop/primary")));
        assert_eq!(told(&mine(4), &same), None, "it was seen");
        assert_eq!(told(&mine(3), &last("secondary", "2026-10-21T12:00:00Z", "2026-10-23T00:00:00Z")), None);
        assert_eq!(told(&mine(3), &last("primary", "2026-10-22T00:00:00Z", "2026-10-23T00:00:00Z")), None);
        assert!(
            told(&mine(1), &last("secondary", "2026-10-21T12:00:00Z", "2026-10-23T00:00:00Z")).is_some(),
            "what came between was not seen"
        );
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let span = (None, at("2026-10-22T00:00:00Z"));
        let slot = NewOverride::slot("shop", "primary", None, span);
        assert!(slot.check().is_ok(), "nobody may be meant");
        for kind in [OverrideKind::Replace, OverrideKind::Remove, OverrideKind::Cancel, OverrideKind::Swap] {
            assert!(NewOverride { kind, ..slot.clone() }.check().is_err(), "{kind:?}");
        }
    }
}
