//! A freeze that somebody declared: nothing new goes out meanwhile.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value, stamp,
};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, Withdrawn, check_text,
};
use crate::domain::maintenance::freeze::{Freeze, Span};
use crate::domain::maintenance::window::check_name;
use crate::domain::time::{self, Instant, Zone};

/// A freeze as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFreeze {
    /// Its name: the release's, or what somebody called it.
    pub name: String,
    /// The day of the release it is before, as 2026-12-22; `None` for one between two times.
    pub release_day: Option<String>,
    /// When it begins, where it is between two times.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub from: Option<Instant>,
    /// When it ends; of a release, when its day begins.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// On whose clock days begin, by its name in the IANA database.
    pub zone: String,
    /// The environment it is of; `None` for all.
    pub environment: Option<String>,
    /// The service it is of; `None` for all.
    pub service: Option<String>,
    /// Why; may be empty.
    pub reason: String,
    /// Who declared it.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

impl StoredFreeze {
    /// The freeze; `None` for one that this version does not understand.
    pub fn freeze(&self) -> Option<Freeze> {
        let span = match (&self.release_day, self.from) {
            (Some(day), _) => Span::Release(day.parse::<NaiveDate>().ok()?),
            (None, from) => Span::Between(from?, self.until),
        };
        Some(Freeze {
            name: self.name.clone(),
            span,
            zone: Zone::meant(&self.zone).ok()?.0,
            service: self.service.clone(),
            reason: self.reason.clone(),
        })
    }

    /// Whether it is of an environment.
    pub fn is_of(&self, environment: &str) -> bool {
        self.environment.as_deref().is_none_or(|of| of == environment)
    }

    /// That it is of another environment than the one it is to be changed for.
    pub fn elsewhere(&self) -> String {
        let of = self.environment.as_deref().unwrap_or("every environment");
        format!(
            "The freeze {} is of {of}: nothing was written. Give another name, or change that one from there.",
            self.name
        )
    }

    fn event(&self, what: &str, words: String) -> AuditEvent {
        let environment = self.environment.clone().unwrap_or_default();
        let subject = Subject { environment, kind: SubjectKind::Freeze, name: self.name.clone() };
        AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject, words }
    }
}

/// Freezes that end from a time on, the last to end first.
pub const FREEZES_SINCE: &List = &List { by: &["ends_at >="], newest: "ends_at" };

/// The key of a freeze.
pub fn freeze_of(name: &str) -> Key {
    Key::of::<StoredFreeze>([name.into()])
}

impl Fact for StoredFreeze {
    const TABLE: &'static Table = &Table {
        name: "freeze",
        kind: Kind::Versioned,
        columns: &[
            "name",
            "release_day",
            "starts_at",
            "ends_at",
            "zone",
            "environment",
            "service",
            "reason",
            "by_name",
            "at",
            "withdrawn_by",
            "withdrawn_at",
        ],
        key: 1,
        lists: &[FREEZES_SINCE],
        held: Some(Holding { only: "withdrawn_at is null and ends_at > $1", back: TimeDelta::zero(), most: 5_000 }),
        migrations: &Migrations {
            subject: "freeze",
            steps: &[Migration::both(include_str!("../../../assets/migrations/freeze/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<String, Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            name: row.text(0),
            release_day: row.maybe_text(1),
            from: row.time(2),
            until: row.time(3)?,
            zone: row.text(4),
            environment: row.maybe_text(5),
            service: row.maybe_text(6),
            reason: row.text(7),
            by: row.text(8),
            at: row.time(9)?,
            withdrawn: row.stamp(10),
            version: row.number(12)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let [withdrawn_by, withdrawn_at] = stamp(self.withdrawn.as_ref());
        vec![
            (&self.name).into(),
            Value::Text(self.release_day.clone()),
            self.from.into(),
            self.until.into(),
            (&self.zone).into(),
            Value::Text(self.environment.clone()),
            Value::Text(self.service.clone()),
            (&self.reason).into(),
            (&self.by).into(),
            self.at.into(),
            withdrawn_by,
            withdrawn_at,
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new.into_iter().map(|one| (one.name.clone(), one)));
        held.retain(|_, one| one.withdrawn.is_none() && one.until > now);
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(NewFreeze {
            name: format!("freeze-{nth}"),
            release_day: None,
            from: Some(time::from_seconds(1_700_000_000)),
            // The store's clock is the database's own, wherever the tests run.
            until: time::LAST - time::days(1),
            zone: "UTC".to_owned(),
            environment: None,
            service: None,
            reason: text.to_owned(),
            seen_version: 0,
        })
    }
}

/// Somebody declares a freeze, or declares one of this name anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFreeze {
    /// Its name.
    pub name: String,
    /// The day of the release it is before.
    pub release_day: Option<String>,
    /// When it begins, where it is between two times; `None` for now.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub from: Option<Instant>,
    /// When it ends.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// On whose clock.
    pub zone: String,
    /// The environment it is of; `None` for all.
    pub environment: Option<String>,
    /// The service it is of; `None` for all.
    pub service: Option<String>,
    /// Why; may be empty.
    pub reason: String,
    /// The version that was seen, 0 for none.
    pub seen_version: u64,
}

/// Somebody takes a freeze back, in the version that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawFreeze {
    /// Its name.
    pub name: String,
    /// The version that was seen.
    pub seen_version: u64,
    /// Why; may be empty.
    pub reason: String,
}

impl Change for NewFreeze {
    fn reads(&self) -> Vec<Key> {
        vec![freeze_of(&self.name)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_name(&self.name)?;
        check_text("reason", &self.reason, true, LONGEST_TEXT)?;
        for name in [&self.environment, &self.service].into_iter().flatten() {
            check_text("name", name, false, LONGEST_NAME)?;
        }
        if self.until <= self.from.unwrap_or(now) || self.until <= now {
            return Err(
                "A freeze ends after it begins, and later than now: nothing was written. Give another end.".to_owned()
            );
        }
        let current = read.one::<StoredFreeze>();
        let version = current.as_ref().map_or(0, |current| current.version);
        // One that is over is held by no console any more: its name is free.
        let is_free = current.as_ref().is_none_or(|current| current.withdrawn.is_some() || current.until <= now);
        if let Some(current) = current.as_ref().filter(|current| !is_free && current.environment != self.environment) {
            return Err(current.elsewhere());
        }
        if version != self.seen_version && !(is_free && self.seen_version == 0) {
            return Ok(Applied::Conflict(meanwhile(&self.name, current.as_ref())));
        }
        let stored = StoredFreeze {
            name: self.name.clone(),
            release_day: self.release_day.clone(),
            // Without a time of its own it begins when it is written.
            from: self.from.or_else(|| self.release_day.is_none().then_some(now)),
            until: self.until,
            zone: self.zone.clone(),
            environment: self.environment.clone(),
            service: self.service.clone(),
            reason: self.reason.clone(),
            by: author.name.clone(),
            at: now,
            withdrawn: None,
            version: version + 1,
        };
        if stored.freeze().is_none() {
            return Err("The freeze names no day and no time it begins: nothing was written.".to_owned());
        }
        let words = format!("{} until {}. {}", self.name, time::written(self.until), self.reason);
        Ok(Applied::one(&stored, stored.event("freeze declared", words.trim_end().to_owned())))
    }
}

impl Change for WithdrawFreeze {
    fn reads(&self) -> Vec<Key> {
        vec![freeze_of(&self.name)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("reason", &self.reason, true, LONGEST_TEXT)?;
        let current = read.one::<StoredFreeze>();
        let is_seen = |one: &StoredFreeze| one.version == self.seen_version && one.withdrawn.is_none();
        let Some(current) = current.clone().filter(is_seen) else {
            return Ok(Applied::Conflict(meanwhile(&self.name, current.as_ref())));
        };
        let withdrawn = Some(Withdrawn { by: author.name.clone(), at: now });
        let version = current.version + 1;
        let stored = StoredFreeze { withdrawn, version, ..current };
        let words = format!("{} taken back. {}", self.name, self.reason);
        Ok(Applied::one(&stored, stored.event("freeze withdrawn", words.trim_end().to_owned())))
    }
}

/// What somebody else did first.
fn meanwhile(name: &str, current: Option<&StoredFreeze>) -> String {
    let what = match current {
        None => format!("The freeze {name} is not there any more"),
        Some(StoredFreeze { withdrawn: Some(back), .. }) => {
            format!("{} took the freeze {name} back at {}", back.by, back.at.format("%H:%M:%S"))
        }
        Some(current) => format!("{} declared the freeze {name} at {}", current.by, current.at.format("%H:%M:%S")),
    };
    format!(
        "{what}, after this console last looked: nothing was written. Look at it and try again if you still mean to."
    )
}
