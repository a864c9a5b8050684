//! Somebody has it: an alert acknowledged. A fact of its own, never a silence in disguise.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Read, Row, Table, Value, stamp,
};
use super::{AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, check_text};
use crate::domain::time::{self, Instant};

/// An alert somebody has taken. There is at most one for an alert of an environment; taking it over moves its version on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The environment.
    pub environment: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
    /// The alert's name, to be readable when the alert is gone.
    pub alert: String,
    /// Since when the alert was firing that was acknowledged: a later firing is another one.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub firing_since: Option<Instant>,
    /// Who.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// Until when; `None` for as long as this firing lasts.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub until: Option<Instant>,
    /// What they said.
    pub note: String,
    /// Who took it back, and when.
    pub withdrawn: Option<Withdrawn>,
    /// From 1; every change adds one.
    pub version: u64,
}

/// Something taken back. What was said stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Who.
    pub by: String,
    /// When, by the store's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
}

impl Acknowledgement {
    /// Whether somebody has it now: not taken back, not run out.
    pub fn is_live(&self, now: Instant) -> bool {
        self.withdrawn.is_none() && self.until.is_none_or(|until| now < until)
    }

    /// Whether it is about a firing that began then: one from before an alert was resolved says nothing of the next.
    ///
    /// Alertmanagers differ by a little in when a firing began, hence the minute.
    pub fn covers(&self, firing_since: Instant, now: Instant) -> bool {
        let is_same = |since: Instant| firing_since <= since + TimeDelta::minutes(1);
        self.is_live(now) && self.firing_since.is_none_or(is_same)
    }
}

/// Acknowledgements of an environment, newest first, live or not.
pub const ACKNOWLEDGED_IN: &List = &List { by: &["environment ="], newest: "at" };

impl Fact for Acknowledgement {
    const TABLE: &'static Table = &Table {
        name: "acknowledgement",
        kind: Kind::Versioned,
        columns: &[
            "environment",
            "fingerprint",
            "alert",
            "firing_since",
            "by_name",
            "at",
            "until",
            "note",
            "withdrawn_by",
            "withdrawn_at",
        ],
        key: 2,
        lists: &[ACKNOWLEDGED_IN],
        held: Some(Holding {
            only: "withdrawn_at is null and (until is null or until > $1)",
            back: TimeDelta::zero(),
            most: 20_000,
        }),
        migrations: &Migrations {
            subject: "acknowledgement",
            steps: &[Migration::both(include_str!("../../../assets/migrations/acknowledgement/0001-table.sql"))],
        },
    };
    type Held = HashMap<(String, String), Self>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            environment: row.text(0),
            fingerprint: row.text(1),
            alert: row.text(2),
            firing_since: row.time(3),
            by: row.text(4),
            at: row.time(5)?,
            until: row.time(6),
            note: row.lines(7),
            withdrawn: row.stamp(8),
            version: row.number(10)?,
        })
    }

    fn encode(&self) -> Vec<Value> {
        let [withdrawn_by, withdrawn_at] = stamp(self.withdrawn.as_ref());
        vec![
            (&self.environment).into(),
            (&self.fingerprint).into(),
            (&self.alert).into(),
            self.firing_since.into(),
            (&self.by).into(),
            self.at.into(),
            self.until.into(),
            (&self.note).into(),
            withdrawn_by,
            withdrawn_at,
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new.into_iter().map(|one| ((one.environment.clone(), one.fingerprint.clone()), one)));
        held.retain(|_, one| one.is_live(now));
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(NewAcknowledgement {
            environment: "production".to_owned(),
            fingerprint: format!("f{nth}"),
            alert: text.to_owned(),
            firing_since: None,
            holds_for: None,
            note: text.to_owned(),
            seen_version: 0,
        })
    }
}

/// Somebody takes an alert, or takes it over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewAcknowledgement {
    /// The environment.
    pub environment: String,
    /// The alert's fingerprint.
    pub fingerprint: String,
    /// The alert's name.
    pub alert: String,
    /// Since when it is firing.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub firing_since: Option<Instant>,
    /// How long it holds from the store's now, up to a year; `None` for as long as this firing lasts.
    #[serde(skip)]
    pub holds_for: Option<TimeDelta>,
    /// What they say; may be empty.
    pub note: String,
    /// The version that was seen, 0 for none: when it is another by then, nothing is written.
    pub seen_version: u64,
}

/// Somebody takes an acknowledgement back, in the version that was seen. What was said stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawAcknowledgement(pub Acknowledgement);

/// The key of an alert's acknowledgement.
pub fn acknowledgement_of(environment: &str, fingerprint: &str) -> Key {
    Key::of::<Acknowledgement>([environment.into(), fingerprint.into()])
}

impl Change for NewAcknowledgement {
    fn reads(&self) -> Vec<Key> {
        vec![acknowledgement_of(&self.environment, &self.fingerprint)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        check_text("environment", &self.environment, false, LONGEST_NAME)?;
        check_text("alert's fingerprint", &self.fingerprint, false, LONGEST_NAME)?;
        check_text("alert's name", &self.alert, true, LONGEST_NAME)?;
        check_text("note", &self.note, true, LONGEST_TEXT)?;
        if self.holds_for.is_some_and(|held| held <= TimeDelta::zero() || held > TimeDelta::days(365)) {
            return Err("An acknowledgement holds for up to a year: nothing was written. Give another time.".to_owned());
        }
        let current = read.one::<Acknowledgement>();
        let version = current.as_ref().map_or(0, |current| current.version);
        // Who has seen none has overlooked nobody where nobody has it: what ran out or was given back is not told anew.
        let is_free = current.as_ref().is_none_or(|current| !current.is_live(now));
        if version != self.seen_version && !(is_free && self.seen_version == 0) {
            return Ok(Applied::Conflict(meanwhile(current.as_ref(), now)));
        }
        let taken = Acknowledgement {
            environment: self.environment.clone(),
            fingerprint: self.fingerprint.clone(),
            alert: self.alert.clone(),
            firing_since: self.firing_since,
            by: author.name.clone(),
            at: now,
            until: self.holds_for.and_then(|held| now.checked_add_signed(held)),
            note: self.note.clone(),
            withdrawn: None,
            version: version + 1,
        };
        let from = current.filter(|before| before.is_live(now) && before.by != taken.by);
        let from = from.map(|before| format!(" from {}", before.by)).unwrap_or_default();
        let until = taken.until.map(|until| format!(" until {}", until.format("%Y-%m-%dT%H:%M:%SZ")));
        let words = format!("{} taken{from}{}. {}", taken.alert, until.unwrap_or_default(), taken.note);
        Ok(Applied::one(&taken, taken.event("acknowledged", words.trim_end().to_owned())))
    }
}

impl Change for WithdrawAcknowledgement {
    fn reads(&self) -> Vec<Key> {
        vec![acknowledgement_of(&self.0.environment, &self.0.fingerprint)]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        let current = read.one::<Acknowledgement>();
        let is_seen = |one: &Acknowledgement| one.version == self.0.version && one.withdrawn.is_none();
        let Some(current) = current.clone().filter(is_seen) else {
            return Ok(Applied::Conflict(meanwhile(current.as_ref(), now)));
        };
        let withdrawn = Some(Withdrawn { by: author.name.clone(), at: now });
        let given = Acknowledgement { withdrawn, version: current.version + 1, ..current };
        let words = format!("{} given back, held by {}.", given.alert, given.by);
        Ok(Applied::one(&given, given.event("acknowledgement withdrawn", words)))
    }
}

impl Acknowledgement {
    fn event(&self, what: &str, words: String) -> AuditEvent {
        let subject =
            Subject { environment: self.environment.clone(), kind: SubjectKind::Alert, name: self.fingerprint.clone() };
        AuditEvent { kind: AuditKind::Data, what: what.to_owned(), subject, words }
    }
}

/// What somebody else did first.
fn meanwhile(current: Option<&Acknowledgement>, now: Instant) -> String {
    let what = match current {
        None => "The acknowledgement is not there any more".to_owned(),
        Some(current) => match &current.withdrawn {
            Some(back) => format!("{} gave {} back at {}", back.by, current.alert, back.at.format("%H:%M:%S")),
            None if current.is_live(now) => {
                format!("{} took {} at {}", current.by, current.alert, current.at.format("%H:%M:%S"))
            }
            None => format!("{} had {} until it ran out", current.by, current.alert),
        },
    };
    format!(
        "{what}, after this console last looked: nothing was written. Look at it and try again if you still mean to."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken() -> Acknowledgement {
        Acknowledgement {
            environment: "production".into(),
            fingerprint: "f".into(),
            alert: "HighErrorRate".into(),
            firing_since: Some(Instant::default()),
            by: "mori".into(),
            at: Instant::default(),
            until: None,
            note: String::new(),
            withdrawn: None,
            version: 1,
        }
    }

    #[test]
    fn it_ends_when_it_runs_out_or_is_taken_back() {
        let now = Instant::default() + TimeDelta::minutes(12);
        assert!(taken().is_live(now));
        assert!(!Acknowledgement { until: Some(now), ..taken() }.is_live(now));
        let withdrawn = Some(Withdrawn { by: "lee".into(), at: now });
        assert!(!Acknowledgement { withdrawn, ..taken() }.is_live(now));
    }

    #[test]
    fn a_later_firing_is_not_covered() {
        let now = Instant::default() + TimeDelta::hours(2);
        assert!(taken().covers(Instant::default() + TimeDelta::seconds(20), now));
        assert!(!taken().covers(Instant::default() + TimeDelta::hours(1), now));
    }
}
