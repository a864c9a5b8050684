//! A maintenance window that somebody planned. What is shipped stands in the program; one of the same name takes its place.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{Applied, Change, Fact, Holding, Key, Kind, Migration, Migrations, Read, Row, Table, Value, stamp};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, StoreSnapshot, Subject, SubjectKind, Withdrawn,
    check_text,
};
use crate::domain::maintenance::emergency::Trigger;
use crate::domain::maintenance::{Exception, Recurrence, Rule, Schedule, Window};
use crate::domain::text;
use crate::domain::time::{self, Instant, Zone};

/// The most activities of one window.
const MOST_ACTIVITIES: usize = 100;

/// A window as it is written down: its rule as a text, its zone by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWindow {
    /// Its name.
    pub name: String,
    /// When it comes again; `None` for one that comes once.
    pub recurrence: Option<String>,
    /// When it comes, for one that comes once.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub once: Option<Instant>,
    /// On whose clock, by its name in the IANA database.
    pub zone: String,
    /// How long it lasts, in seconds.
    pub lasts_seconds: u64,
    /// The service it is of; `None` for all.
    pub service: Option<String>,
    /// Whether users are without the service meanwhile.
    pub is_downtime: bool,
    /// What is done in it.
    pub activities: Vec<String>,
    /// Why it does not wait; `None` for one that is planned.
    pub emergency: Option<Trigger>,
}

impl PlannedWindow {
    /// A window, written down.
    pub fn of(window: &Window) -> Self {
        let (recurrence, once) = match &window.rule {
            Rule::Again(recurrence) => (Some(recurrence.to_string()), None),
            Rule::Once(at) => (None, Some(*at)),
        };
        Self {
            name: window.name.clone(),
            recurrence,
            once,
            zone: window.zone.name().to_owned(),
            lasts_seconds: u64::try_from(window.lasts.num_seconds()).unwrap_or(0),
            service: window.service.clone(),
            is_downtime: window.is_downtime,
            activities: window.activities.clone(),
            emergency: window.emergency,
        }
    }

    /// The window that is written down, announced then.
    ///
    /// # Errors
    /// The sentence to show when there can be none like it.
    pub fn window(&self, announced: Option<Instant>) -> Result<Window, String> {
        let rule = match (&self.recurrence, self.once) {
            (Some(recurrence), None) => Rule::Again(Recurrence::read(recurrence)?),
            (None, Some(at)) => Rule::Once(at),
            _ => return Err("A window comes either again and again or once: nothing was written.".to_owned()),
        };
        Ok(Window {
            name: self.name.clone(),
            rule,
            zone: Zone::meant(&self.zone)?.0,
            lasts: time::seconds(i64::try_from(self.lasts_seconds).unwrap_or(i64::MAX)),
            service: self.service.clone(),
            is_downtime: self.is_downtime,
            announced,
            activities: self.activities.clone(),
            emergency: self.emergency,
        })
    }
}

/// A window that somebody planned. Planning one of its name again moves its version on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWindow {
    /// What was planned.
    pub planned: PlannedWindow,
    /// Since when it was known, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub announced: Instant,
    /// Who planned it last.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

impl StoredWindow {
    /// The window; `None` for one this version does not understand.
    pub fn window(&self) -> Option<Window> {
        self.planned.window(Some(self.announced)).ok()
    }

    /// Since when users know of the times of a window that takes this one's place; `None` where these are other times, or no downtime.
    pub fn told_of(&self, other: &PlannedWindow) -> Option<Instant> {
        let times = |of: &PlannedWindow| (of.recurrence.clone(), of.once, of.zone.clone(), of.lasts_seconds);
        let is_told = self.withdrawn.is_none() && self.planned.is_downtime && times(&self.planned) == times(other);
        is_told.then_some(self.announced)
    }

    fn event(&self, what: &str, words: String) -> AuditEvent {
        event(&self.planned.name, what, words)
    }
}

/// A line of the audit about a window. The store is of several environments, and so are its windows.
pub(super) fn event(window: &str, what: &str, words: String) -> AuditEvent {
    let subject = Subject { environment: String::new(), kind: SubjectKind::Window, name: window.to_owned() };
    AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject, words }
}

impl StoreSnapshot {
    /// The schedule as the store tells it: the shipped windows, those that people planned, and what was said of occurrences.
    pub fn schedule(&self) -> Schedule {
        let windows = self.facts::<StoredWindow>().into_iter().flat_map(|held| held.values());
        let exceptions = self.facts::<Exception>().into_iter().flat_map(|held| held.values());
        Schedule::of(windows.filter_map(StoredWindow::window), exceptions.cloned())
    }
}

/// The key of a window.
pub fn window_of(name: &str) -> Key {
    Key::of::<StoredWindow>([name.into()])
}

impl Fact for StoredWindow {
    const TABLE: &'static Table = &Table {
        name: "maintenance_window",
        kind: Kind::Versioned,
        columns: &[
            "name",
            "recurrence",
            "once",
            "zone",
            "lasts_seconds",
            "service",
            "downtime",
            "announced_at",
            "activities",
            "emergency",
            "by_name",
            "at",
            "withdrawn_by",
            "withdrawn_at",
        ],
        key: 1,
        lists: &[],
        held: Some(Holding { only: "withdrawn_at is null", back: TimeDelta::zero(), most: 5_000 }),
        migrations: &Migrations {
            subject: "window",
            steps: &[Migration::both(include_str!("../../../assets/migrations/window/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<String, Self>;

    fn decode(row: &Row) -> Option<Self> {
        let activities: Vec<String> = serde_json::from_str(&row.raw(8)).unwrap_or_default();
        Some(Self {
            planned: PlannedWindow {
                name: row.text(0),
                recurrence: row.maybe_text(1),
                once: row.time(2),
                zone: row.text(3),
                lasts_seconds: row.number(4)?,
                service: row.maybe_text(5),
                is_downtime: row.number(6)? != 0,
                activities: activities.iter().map(|one| text::clean(one).into_owned()).collect(),
                emergency: row.maybe_text(9).and_then(|word| Trigger::of_word(&word)),
            },
            announced: row.time(7)?,
            by: row.text(10),
            at: row.time(11)?,
            withdrawn: row.stamp(12),
            version: row.number(14)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let [withdrawn_by, withdrawn_at] = stamp(self.withdrawn.as_ref());
        let of = &self.planned;
        vec![
            (&of.name).into(),
            Value::Text(of.recurrence.clone()),
            of.once.into(),
            (&of.zone).into(),
            of.lasts_seconds.into(),
            Value::Text(of.service.clone()),
            u64::from(of.is_downtime).into(),
            self.announced.into(),
            serde_json::to_string(&of.activities).unwrap_or_default().into(),
            Value::Text(of.emergency.map(|trigger| trigger.word().to_owned())),
            (&self.by).into(),
            self.at.into(),
            withdrawn_by,
            withdrawn_at,
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| (one.planned.name.clone(), one)));
        held.retain(|_, one| one.withdrawn.is_none());
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(NewWindow {
            planned: PlannedWindow {
                name: format!("window-{nth}"),
                recurrence: Some("30 2 * * SUN#2".to_owned()),
                once: None,
                zone: "Europe/Berlin".to_owned(),
                lasts_seconds: 3_600,
                service: None,
                is_downtime: true,
                activities: vec![text.to_owned()],
                emergency: None,
            },
            seen_version: 0,
        })
    }
}

/// Somebody plans a window, or plans one of this name anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWindow {
    /// What is planned.
    pub planned: PlannedWindow,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

/// Somebody takes a window back, in the version that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawWindow {
    /// Its name.
    pub name: String,
    /// The version that was seen.
    pub seen_version: u64,
    /// Why; may be empty.
    pub reason: String,
}

impl Change for NewWindow {
    fn reads(&self) -> Vec<Key> {
        vec![window_of(&self.planned.name)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        if let Some(service) = &self.planned.service {
            check_text("service", service, false, LONGEST_NAME)?;
        }
        if self.planned.activities.len() > MOST_ACTIVITIES {
            return Err(format!("A window has {MOST_ACTIVITIES} activities at most: nothing was written."));
        }
        for activity in &self.planned.activities {
            check_text("activity", activity, false, LONGEST_TEXT)?;
        }
        self.planned.window(Some(now))?.check(now).map_err(|why| format!("{why} Nothing was written."))?;
        let current = read.one::<StoredWindow>();
        let version = current.as_ref().map_or(0, |current| current.version);
        let is_free = current.as_ref().is_none_or(|current| current.withdrawn.is_some());
        if version != self.seen_version && !(is_free && self.seen_version == 0) {
            return Ok(Applied::Conflict(meanwhile(&self.planned.name, current.as_ref())));
        }
        // Who was told of these times was told of them then, whatever else is changed of the window now.
        let told = current.as_ref().and_then(|before| before.told_of(&self.planned));
        let stored = StoredWindow {
            planned: self.planned.clone(),
            announced: told.unwrap_or(now),
            by: author.name.clone(),
            at: now,
            withdrawn: None,
            version: version + 1,
        };
        let when = stored.window().map(|window| window.rule_words()).unwrap_or_default();
        let words = format!("{} planned: {when}, {}.", self.planned.name, time::length(lasts(&self.planned)));
        Ok(Applied::one(&stored, stored.event("window planned", words)))
    }
}

fn lasts(of: &PlannedWindow) -> TimeDelta {
    time::seconds(i64::try_from(of.lasts_seconds).unwrap_or(i64::MAX))
}

impl Change for WithdrawWindow {
    fn reads(&self) -> Vec<Key> {
        vec![window_of(&self.name)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("reason", &self.reason, true, LONGEST_TEXT)?;
        let current = read.one::<StoredWindow>();
        let is_seen = |one: &StoredWindow| one.version == self.seen_version && one.withdrawn.is_none();
        let Some(current) = current.clone().filter(is_seen) else {
            return Ok(Applied::Conflict(meanwhile(&self.name, current.as_ref())));
        };
        let withdrawn = Some(Withdrawn { by: author.name.clone(), at: now });
        let version = current.version + 1;
        let stored = StoredWindow { withdrawn, version, ..current };
        let words = format!("{} taken out of the schedule. {}", self.name, self.reason);
        Ok(Applied::one(&stored, stored.event("window withdrawn", words.trim_end().to_owned())))
    }
}

/// What somebody else did first.
fn meanwhile(name: &str, current: Option<&StoredWindow>) -> String {
    let what = match current {
        None => format!("The window {name} is not there any more"),
        Some(StoredWindow { withdrawn: Some(back), .. }) => {
            format!("{} took the window {name} back at {}", back.by, back.at.format("%H:%M:%S"))
        }
        Some(current) => format!("{} planned the window {name} at {}", current.by, current.at.format("%H:%M:%S")),
    };
    format!(
        "{what}, after this console last looked: nothing was written. Look at it and try again if you still mean to."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn planned() -> PlannedWindow {
        PlannedWindow {
            name: "reindex".into(),
            recurrence: Some("30 2 * * SUN#2".into()),
            once: None,
            zone: "Europe/Berlin".into(),
            lasts_seconds: 3_600,
            service: None,
            is_downtime: true,
            activities: vec!["reindex orders".into()],
            emergency: None,
        }
    }

    fn written(change: &dyn Change, before: Option<&StoredWindow>, now: &str) -> Result<Applied, String> {
        let row = before.map(|before| {
            let mut values = before.encode();
            values.push(before.version.into());
            Row(values)
        });
        let read = Read(vec![(window_of("reindex"), row)]);
        change.apply(&read, &Author { name: "mori".into(), ..Author::default() }, &Id::stored("1"), at(now))
    }

    fn stored(applied: Result<Applied, String>) -> StoredWindow {
        let Ok(Applied::Writes(writes)) = applied else { panic!("{applied:?}") };
        let mut values = writes.facts[0].values.clone();
        values.push(1_u64.into());
        StoredWindow::decode(&Row(values)).expect("a window")
    }

    #[test]
    fn a_window_reads_back_as_it_was_planned() {
        let new = NewWindow { planned: planned(), seen_version: 0 };
        let found = stored(written(&new, None, "2026-12-01T00:00:00Z"));
        assert_eq!(found.planned, planned());
        let window = found.window().expect("a window");
        assert_eq!(PlannedWindow::of(&window), planned());
        assert_eq!(window.announced, Some(at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn its_times_stay_announced_while_they_stay_as_they_are() {
        let first = stored(written(&NewWindow { planned: planned(), seen_version: 0 }, None, "2026-11-01T00:00:00Z"));
        let again = |planned: PlannedWindow| {
            stored(written(&NewWindow { planned, seen_version: 1 }, Some(&first), "2026-12-01T00:00:00Z")).announced
        };
        let other = PlannedWindow { activities: vec!["vacuum".into()], ..planned() };
        assert_eq!(again(other), at("2026-11-01T00:00:00Z"));
        assert_eq!(again(PlannedWindow { lasts_seconds: 7_200, ..planned() }), at("2026-12-01T00:00:00Z"));
    }

    #[test]
    fn the_second_of_two_is_told_and_what_makes_no_sense_is_refused() {
        let first = stored(written(&NewWindow { planned: planned(), seen_version: 0 }, None, "2026-11-01T00:00:00Z"));
        let second = written(&NewWindow { planned: planned(), seen_version: 0 }, Some(&first), "2026-11-01T00:00:09Z");
        assert!(
            matches!(second, Ok(Applied::Conflict(words)) if words.contains("mori planned the window reindex at 00:00:00"))
        );
        for bad in [
            PlannedWindow { lasts_seconds: 0, ..planned() },
            PlannedWindow { zone: "Mars/Olympus".into(), ..planned() },
            PlannedWindow { recurrence: None, ..planned() },
            PlannedWindow { activities: vec!["a\0b".into()], ..planned() },
        ] {
            assert!(written(&NewWindow { planned: bad, seen_version: 0 }, None, "2026-11-01T00:00:00Z").is_err());
        }
        let back = WithdrawWindow { name: "reindex".into(), seen_version: 1, reason: String::new() };
        let gone = stored(written(&back, Some(&first), "2026-11-02T00:00:00Z"));
        assert_eq!(gone.withdrawn.map(|back| back.by), Some("mori".into()));
    }
}
