//! People and teams in the store.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Put, Read, Row, Table, Value, Writes,
};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, SetPolicy, SetSchedule, Subject, SubjectKind, check_text,
    document, policy_of, schedule_of,
};
use crate::domain::oncall::Schedule;
use crate::domain::oncall::escalation::Policy;
use crate::domain::people::{Hours, Person, Team};
use crate::domain::time::Instant;

/// How many people, and how many teams, a console holds.
const MOST: u64 = 10_000;

/// People, the last handle first.
pub const PEOPLE: &List = &List { by: &[], newest: "handle" };
/// Teams, the last name first.
pub const TEAMS: &List = &List { by: &[], newest: "name" };

/// The key of a team.
pub fn team_of(name: &str) -> Key {
    Key::of::<Team>([name.into()])
}

impl Fact for Person {
    const TABLE: &'static Table = &Table {
        name: "person",
        kind: Kind::Versioned,
        columns: &["handle", "name", "document"],
        key: 1,
        lists: &[PEOPLE],
        held: Some(Holding { only: "$1 is not null", back: TimeDelta::zero(), most: MOST }),
        migrations: &Migrations {
            subject: "person",
            steps: &[Migration::both(include_str!("../../../assets/migrations/person/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<String, Self>;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(2))?;
        Some(Self { handle: row.text(0), name: row.text(1), version: row.number(3)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![(&self.handle).into(), (&self.name).into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| (one.handle.clone(), one)));
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let person = Self {
            handle: format!("p{nth}"),
            name: text.to_owned(),
            zone: "Etc/UTC".to_owned(),
            reach: Vec::new(),
            role: text.to_owned(),
            is_on_call: false,
            level: None,
            has_left: false,
            version: 0,
        };
        Box::new(ImportPeople { people: vec![person], file: "people.toml".to_owned(), ..ImportPeople::default() })
    }
}

impl Fact for Team {
    const TABLE: &'static Table = &Table {
        name: "team",
        kind: Kind::Versioned,
        columns: &["name", "zone", "document"],
        key: 1,
        lists: &[TEAMS],
        held: Some(Holding { only: "$1 is not null", back: TimeDelta::zero(), most: MOST }),
        migrations: &Migrations {
            subject: "team",
            steps: &[Migration::both(include_str!("../../../assets/migrations/team/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<String, Self>;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(2))?;
        Some(Self { name: row.text(0), zone: row.text(1), version: row.number(3)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        // It has only keys that are texts, so it always serialises.
        let document = serde_json::to_string(self).unwrap_or_default();
        vec![(&self.name).into(), (&self.zone).into(), document.into()]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, _: Instant) {
        held.extend(new.into_iter().map(|one| (one.name.clone(), one)));
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        let team = Self {
            name: format!("t{nth}"),
            zone: text.to_owned(),
            hours: Hours::default(),
            holidays: Vec::new(),
            members: vec![text.to_owned()],
            owners: Vec::new(),
            version: 0,
        };
        Box::new(ImportPeople { teams: vec![team], file: "people.toml".to_owned(), ..ImportPeople::default() })
    }
}

/// People and teams of a file are put into the store, all of them or none: those that differ from what was seen there, each with the version
/// that was seen, 0 for none. The schedules and policies that stand in the same file go with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportPeople {
    /// The people.
    pub people: Vec<Person>,
    /// The teams.
    pub teams: Vec<Team>,
    /// The schedules.
    pub schedules: Vec<SetSchedule>,
    /// The policies.
    pub policies: Vec<SetPolicy>,
    /// The name of the file, for the audit.
    pub file: String,
    /// Who does it, where somebody else carries it out.
    pub on_behalf_of: Option<String>,
}

impl Change for ImportPeople {
    fn reads(&self) -> Vec<Key> {
        let people = self.people.iter().map(|person| Key::of::<Person>([(&person.handle).into()]));
        let teams = self.teams.iter().map(|team| team_of(&team.name));
        let schedules = self.schedules.iter().map(|set| schedule_of(&set.wanted.name));
        let policies = self.policies.iter().map(|set| policy_of(&set.wanted.team, set.wanted.severity));
        people.chain(teams).chain(schedules).chain(policies).collect()
    }

    fn apply(&self, read: &Read, _: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        let moved = |what: &str, name: &str| {
            let words =
                format!("{what} {name} was changed by somebody else meanwhile: nothing was written. Import again.");
            Ok(Applied::Conflict(words))
        };
        let mut facts = Vec::new();
        for person in &self.people {
            let texts = [&person.handle, &person.name, &person.zone, &person.role];
            texts.into_iter().chain(person.reach.iter().map(|one| &one.channel)).try_for_each(|text| check(text))?;
            let current = read.get::<Person>(&Key::of::<Person>([(&person.handle).into()]));
            if current.map_or(0, |current| current.version) != person.version {
                return moved("person", &person.handle);
            }
            facts.push(Put::of(&Person { version: person.version + 1, ..person.clone() }));
        }
        for team in &self.teams {
            let texts = team.holidays.iter().chain(&team.members).chain(&team.owners).chain([&team.name, &team.zone]);
            texts.into_iter().try_for_each(|text| check(text))?;
            let current = read.get::<Team>(&team_of(&team.name));
            if current.map_or(0, |current| current.version) != team.version {
                return moved("team", &team.name);
            }
            facts.push(Put::of(&Team { version: team.version + 1, ..team.clone() }));
        }
        let mut on_call = Vec::new();
        for set in &self.schedules {
            let current = read.get::<Schedule>(&schedule_of(&set.wanted.name));
            if current.as_ref().map_or(0, |current| current.version) != set.seen_version {
                return moved("schedule", &set.wanted.name);
            }
            on_call.extend(set.written(current.as_ref(), now)?);
        }
        for set in &self.policies {
            let current = read.get::<Policy>(&policy_of(&set.wanted.team, set.wanted.severity));
            if current.as_ref().map_or(0, |current| current.version) != set.seen_version {
                return moved("the policy of", &set.wanted.team);
            }
            on_call.extend(set.written(current.as_ref())?);
        }
        if facts.is_empty() && on_call.is_empty() {
            return Ok(Applied::AlreadyDone);
        }
        let handles = self.people.iter().map(|person| person.handle.as_str());
        let names = handles.chain(self.teams.iter().map(|team| team.name.as_str()));
        let names: Vec<&str> = names.chain(self.schedules.iter().map(|set| set.wanted.name.as_str())).collect();
        let words = format!("from {}: {}", self.file, names.join(", "));
        let mut events = vec![people_event(AuditKind::Configuration, "people imported", words)];
        for (put, event) in on_call {
            facts.push(put);
            events.push(event);
        }
        events.extend(
            self.on_behalf_of
                .iter()
                .map(|who| {
                    check(who)?;
                    Ok(people_event(AuditKind::Security, "people imported for another", format!("on behalf of {who}")))
                })
                .collect::<Result<Vec<_>, String>>()?,
        );
        Ok(Applied::Writes(Writes { facts, events }))
    }
}

/// A line of the audit about people.
pub fn people_event(kind: AuditKind, what: &str, words: String) -> AuditEvent {
    let subject = Subject { environment: String::new(), kind: SubjectKind::Environment, name: String::new() };
    AuditEvent { kind, what: what.to_owned(), subject, words }
}

fn check(text: &str) -> Result<(), String> {
    check_text("text", text, true, LONGEST_NAME)
}
