//! Incidents in the store: the header of each, and the lines of its timeline.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::escalation::{check_called, escalated, escalation_of};
use super::fact::{
    Applied, Change, Fact, Holding, Key, Kind, List, Migration, Migrations, Put, Read, Row, Table, Value, Writes,
};
use super::{
    AuditEvent, AuditKind, Author, Id, LONGEST_NAME, LONGEST_TEXT, Subject, SubjectKind, check_text, digest, document,
};
use crate::domain::incident::{Entry, EntryKind, Incident, Link, Phase, Severity, Source, State, Transition};
use crate::domain::oncall::escalation::{Called, Run};
use crate::domain::time::{self, Instant};

/// How many open incidents a console holds.
const MOST_OPEN: u64 = 2_000;
/// How long a console goes on holding one that it saw come to its end.
const HELD_AFTER: TimeDelta = TimeDelta::days(1);
/// How far back lines of timelines are held; older ones are read when they are looked at.
const HELD_ENTRIES: TimeDelta = TimeDelta::days(7);
/// How many of them.
const MOST_ENTRIES: u64 = 5_000;
/// How many things one incident may be about.
const MOST_LINKS: usize = 200;
/// How far ahead of the store's clock a time may be that somebody gives for what has happened.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Incidents that are `open` or `closed`, newest first.
pub const INCIDENTS_STANDING: &List = &List { by: &["standing ="], newest: "number" };
/// All incidents below a number, newest first.
pub const INCIDENTS_BELOW: &List = &List { by: &["number <"], newest: "number" };
/// Incidents of a standing that ended from one time on, the last first.
pub const INCIDENTS_ENDED: &List = &List { by: &["standing =", "resolved_at >="], newest: "resolved_at" };
/// What happened in an incident, the last first.
pub const ENTRIES_OF: &List = &List { by: &["incident ="], newest: "number" };

/// The key of an incident.
pub fn incident_of(number: u64) -> Key {
    Key::of::<Incident>([number.into()])
}

/// The last line of an incident's timeline: the next number is one more.
fn last_entry(number: u64) -> Key {
    Key::last::<Entry>([number.into()])
}

/// Where an incident stands, as lists are asked for it.
pub const fn standing(is_open: bool) -> &'static str {
    if is_open { "open" } else { "closed" }
}

impl Fact for Incident {
    const TABLE: &'static Table = &Table {
        name: "incident",
        kind: Kind::Versioned,
        columns: &["number", "standing", "title", "created_at", "resolved_at", "document"],
        key: 1,
        lists: &[INCIDENTS_STANDING, INCIDENTS_BELOW, INCIDENTS_ENDED],
        held: Some(Holding { only: "standing = 'open'", back: TimeDelta::zero(), most: MOST_OPEN }),
        migrations: &Migrations {
            subject: "incident",
            steps: &[Migration::both(include_str!("../../../assets/migrations/incident/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<u64, Self>;

    fn decode(row: &Row) -> Option<Self> {
        let read: Self = document(&row.raw(5))?;
        Some(Self { number: row.number(0)?, title: row.text(2), version: row.number(6)?, ..read })
    }

    fn encode(&self) -> Vec<Value> {
        vec![
            self.number.into(),
            standing(self.state.is_open()).into(),
            (&self.title).into(),
            self.created_at.into(),
            self.resolved.as_ref().map(|resolved| resolved.at).into(),
            // It has only keys that are texts, so it always serialises.
            serde_json::to_string(self).unwrap_or_default().into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        held.extend(new.into_iter().map(|one| (one.number, one)));
        let ended = |one: &Self| one.resolved.as_ref().map(|end| end.at).or(one.merged.as_ref().map(|end| end.at));
        held.retain(|_, one| one.state.is_open() || ended(one).is_some_and(|end| end > now - HELD_AFTER));
    }

    fn example(_: u64, text: &str) -> Box<dyn Change> {
        Box::new(DeclareIncident {
            environment: "production".to_owned(),
            title: text.to_owned(),
            severity: Severity::Sev2,
            source: Source::Monitoring,
            team: String::new(),
            impact: text.to_owned(),
            impact_since: None,
            links: vec![Link::service("checkout")],
            similar_to: None,
            on_behalf_of: None,
            called: None,
        })
    }
}

impl Fact for Entry {
    const TABLE: &'static Table = &Table {
        name: "incident_entry",
        kind: Kind::Appended,
        columns: &["incident", "number", "kind", "at", "recorded_at", "actor", "by_name", "was", "became", "words"],
        key: 2,
        lists: &[ENTRIES_OF],
        held: Some(Holding { only: "recorded_at >= $1", back: HELD_ENTRIES, most: MOST_ENTRIES }),
        migrations: &Migrations {
            subject: "incident-entry",
            steps: &[Migration::both(include_str!("../../../assets/migrations/incident-entry/0001-table.sql"))],
        },
    };
    type Held = BTreeMap<u64, Vec<Self>>;

    fn decode(row: &Row) -> Option<Self> {
        Some(Self {
            incident: row.number(0)?,
            number: row.number(1)?,
            // One of a version to come is shown with what it says.
            kind: EntryKind::of_word(&row.raw(2)).unwrap_or(EntryKind::Note),
            at: row.time(3)?,
            recorded_at: row.time(4)?,
            actor: row.text(5),
            by: row.text(6),
            before: row.text(7),
            after: row.text(8),
            words: row.lines(9),
        })
    }

    fn encode(&self) -> Vec<Value> {
        vec![
            self.incident.into(),
            self.number.into(),
            self.kind.word().into(),
            self.at.into(),
            self.recorded_at.into(),
            (&self.actor).into(),
            (&self.by).into(),
            (&self.before).into(),
            (&self.after).into(),
            (&self.words).into(),
        ]
    }

    fn hold(held: &mut Self::Held, new: Vec<Self>, now: Instant) {
        for entry in new {
            let lines = held.entry(entry.incident).or_default();
            lines.retain(|known| known.number != entry.number);
            lines.push(entry);
            lines.sort_by_key(|line| line.number);
        }
        for lines in held.values_mut() {
            lines.retain(|line| line.recorded_at > now - HELD_ENTRIES);
        }
        held.retain(|_, lines| !lines.is_empty());
    }

    fn example(nth: u64, text: &str) -> Box<dyn Change> {
        Box::new(ChangeIncident {
            words: text.to_owned(),
            ..ChangeIncident::of("production", 1_000 + nth, Transition::Note)
        })
    }
}

/// What a line of the timeline says: what kind of thing happened, what was before, and what is since.
type Told = (EntryKind, String, String);

/// Somebody declares an incident. Its number is the next in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclareIncident {
    /// The environment it is declared in.
    pub environment: String,
    /// What is wrong, in a line.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// How it was found.
    pub source: Source,
    /// The team whose it is; may be empty.
    pub team: String,
    /// Who is hit, and how; may be empty.
    pub impact: String,
    /// Since when it hurts.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub impact_since: Option<Instant>,
    /// What it is about.
    pub links: Vec<Link>,
    /// One of before that looked like it.
    pub similar_to: Option<u64>,
    /// Who declares it, where somebody else writes it down.
    pub on_behalf_of: Option<String>,
    /// The policy that calls people for it, and who is on call by it; `None` where none does.
    #[serde(default)]
    pub called: Option<Called>,
}

impl DeclareIncident {
    /// The incident it makes.
    fn made(&self, number: u64, by: &str, now: Instant) -> Incident {
        Incident {
            number,
            title: self.title.clone(),
            severity: self.severity,
            state: State::Triggered,
            phase: Phase::Detection,
            source: self.source,
            environment: self.environment.clone(),
            team: self.team.clone(),
            impact: self.impact.clone(),
            impact_since: self.impact_since,
            declared_by: self.on_behalf_of.as_deref().unwrap_or(by).to_owned(),
            entered_by: by.to_owned(),
            created_at: now,
            respond_by: now + self.severity.respond_within(),
            acknowledged: None,
            resolved: None,
            merged: None,
            assignee: None,
            roles: BTreeMap::new(),
            links: self.links.clone(),
            ticked: Vec::new(),
            similar_to: self.similar_to,
            told_at: None,
            told: BTreeMap::new(),
            resolved_seconds: 0,
            version: 1,
        }
    }

    /// Whether it may be written.
    ///
    /// # Errors
    /// The sentence to show when it may not.
    pub fn check(&self, now: Instant) -> Result<(), String> {
        check_text("title", &self.title, false, LONGEST_NAME)?;
        check_text("team", &self.team, true, LONGEST_NAME)?;
        check_text("impact", &self.impact, true, LONGEST_TEXT)?;
        check_links(&self.links)?;
        check_person(self.on_behalf_of.as_deref())?;
        self.called.as_ref().map_or(Ok(()), check_called)?;
        self.impact_since.map_or(Ok(()), |since| check_happened(since, now))
    }
}

impl Change for DeclareIncident {
    fn reads(&self) -> Vec<Key> {
        vec![Key::last::<Incident>([])]
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        self.check(now)?;
        let last = read.one::<Incident>().map_or(0, |last| last.number);
        let made = self.made(last + 1, &author.name, now);
        let behalf = behalf(self.on_behalf_of.as_deref(), author);
        let words = format!("{}, {}{behalf}.", made.severity.name(), made.title);
        let event = event(&self.environment, made.number, EntryKind::Declared, words);
        let run =
            self.called.as_ref().map(|called| Run::begin(made.number, called.policy.clone(), &called.around(), now));
        let facts = std::iter::once(Put::of(&made)).chain(run.map(|(run, _)| Put::of(&run))).collect();
        Ok(Applied::Writes(Writes { facts, events: vec![event] }))
    }
}

/// Somebody changes an incident, or writes something down about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeIncident {
    /// The environment of the console it is done from.
    pub environment: String,
    /// The incident's number.
    pub number: u64,
    /// What happens to it.
    pub transition: Transition,
    /// What is said; may be empty where something else tells what happened.
    pub words: String,
    /// When it happened, where that is not now.
    #[serde(deserialize_with = "time::clamped_or_none")]
    pub at: Option<Instant>,
    /// Who does it, where somebody else writes it down.
    pub on_behalf_of: Option<String>,
    /// What its escalation goes by from here, and who is on call by it; `None` where nobody is looked up.
    #[serde(default)]
    pub called: Option<Called>,
}

impl ChangeIncident {
    /// One that says nothing beside what happens, now.
    pub fn of(environment: &str, number: u64, transition: Transition) -> Self {
        Self {
            environment: environment.to_owned(),
            number,
            transition,
            words: String::new(),
            at: None,
            on_behalf_of: None,
            called: None,
        }
    }

    /// Whether it is only written down: nothing of the header rests on it, so that nobody is ever first.
    const fn is_only_told(&self) -> bool {
        matches!(self.transition, Transition::Note | Transition::FollowUp { .. })
    }

    /// Whether what is said may be written.
    ///
    /// # Errors
    /// The sentence to show when it may not.
    pub fn check(&self, now: Instant) -> Result<(), String> {
        let (needs_words, people): (_, [Option<&str>; 2]) = match &self.transition {
            Transition::Note | Transition::Update(_) => (true, [None, None]),
            Transition::FollowUp { owner, due } => (true, [Some(owner), Some(due)]),
            Transition::Assign { to, .. } | Transition::Role { to, .. } => (false, [to.as_deref(), None]),
            Transition::AddResponder { person: who } | Transition::Reassign { to: who, .. } => {
                check_text("handle", who, false, LONGEST_NAME)?;
                (false, [None, None])
            }
            Transition::Link(link) => {
                check_links(std::slice::from_ref(link))?;
                (false, [None, None])
            }
            _ => (false, [None, None]),
        };
        check_text("text", &self.words, !needs_words, LONGEST_TEXT)?;
        people.into_iter().flatten().try_for_each(|name| check_text("name", name, true, LONGEST_NAME))?;
        check_person(self.on_behalf_of.as_deref())?;
        self.called.as_ref().map_or(Ok(()), check_called)?;
        self.at.map_or(Ok(()), |at| check_happened(at, now))
    }

    fn entry(&self, read: &Read, of: u64, told: Told, author: &Author, now: Instant) -> Entry {
        let last = read.get::<Entry>(&last_entry(of)).map_or(0, |last| last.number);
        let (kind, before, after) = told;
        Entry {
            incident: of,
            number: last + 1,
            kind,
            at: self.at.unwrap_or(now),
            recorded_at: now,
            actor: self.on_behalf_of.clone().unwrap_or_else(|| author.name.clone()),
            by: author.name.clone(),
            before,
            after,
            words: self.words.clone(),
        }
    }

    /// The other incident that a merge, or its being taken back, changes too.
    const fn beside(&self) -> Option<u64> {
        match &self.transition {
            Transition::Merge { into } | Transition::Unmerge { into } => Some(*into),
            _ => None,
        }
    }

    /// What is written, and what is told of it: of the incident, of its escalation, and of another that it goes on in.
    fn writes(
        &self,
        read: &Read,
        current: Option<&Incident>,
        author: &Author,
        now: Instant,
    ) -> Result<(Vec<Put>, Told), String> {
        let actor = self.on_behalf_of.as_deref().unwrap_or(&author.name);
        let next = current.map(|current| current.after(&self.transition, actor, now)).transpose()?;
        let run = read.get::<Run>(&escalation_of(self.number));
        let escalated = escalated(run, next.as_ref(), (&self.transition, actor), self.called.as_ref(), now)?;
        let (kind, before, mut after) = self.transition.told();
        after = escalated.as_ref().and_then(|escalated| escalated.told.clone()).unwrap_or(after);
        let told = (kind, before, after);
        let mut puts = vec![Put::of(&self.entry(read, self.number, told.clone(), author, now))];
        puts.extend(escalated.map(|escalated| Put::of(&escalated.run)));
        let (Some(current), Some(mut next)) = (current, next) else { return Ok((puts, told)) };
        if next.links.len() > MOST_LINKS {
            return Err(format!("{current} is about {MOST_LINKS} things already: unlink some first."));
        }
        if let Some(other) = self.beside() {
            let beside = read.get::<Incident>(&incident_of(other));
            let beside = beside.ok_or_else(|| format!("there is no incident {other}."))?;
            let (changed, kind) = match (&mut next.merged, &current.merged) {
                (Some(merged), None) => {
                    let (changed, moved) = beside.taking_in(current)?;
                    merged.moved = moved;
                    (changed, EntryKind::Merged)
                }
                (_, merged) => {
                    let moved = merged.as_ref().map(|merged| merged.moved.as_slice()).unwrap_or_default();
                    (beside.giving_back(moved), EntryKind::Unmerged)
                }
            };
            let told = (kind, String::new(), format!("incident {}", self.number));
            puts.push(Put::of(&self.entry(read, other, told, author, now)));
            puts.push(Put::of(&changed));
        }
        puts.push(Put::of(&next));
        Ok((puts, told))
    }
}

impl Change for ChangeIncident {
    fn reads(&self) -> Vec<Key> {
        let mut keys = vec![last_entry(self.number), escalation_of(self.number)];
        if !self.is_only_told() {
            keys.push(incident_of(self.number));
        }
        if let Some(other) = self.beside() {
            keys.extend([incident_of(other), last_entry(other)]);
        }
        keys
    }

    fn apply(&self, read: &Read, author: &Author, _: &Id, now: Instant) -> Result<Applied, String> {
        self.check(now)?;
        let current = read.get::<Incident>(&incident_of(self.number));
        // Incidents are never deleted, and whoever plans what is only told has read the one it is about.
        if current.is_none() && !self.is_only_told() {
            return Err(format!("There is no incident {}: nothing was written.", self.number));
        }
        let (facts, (kind, before, after)) = match self.writes(read, current.as_ref(), author, now) {
            Ok(written) => written,
            // It could happen when it was planned: somebody was first.
            Err(why) => return Ok(Applied::Conflict(format!("{why} Nothing was written: look at it again."))),
        };
        let change = [before, after].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" to ");
        // Texts may be long, and may be about people: the audit keeps that there was one.
        let said = if self.words.is_empty() { String::new() } else { format!(" ({})", digest(&self.words)) };
        let words = format!("{change}{said}{}", behalf(self.on_behalf_of.as_deref(), author));
        let event = event(&self.environment, self.number, kind, words.trim_start().to_owned());
        Ok(Applied::Writes(Writes { facts, events: vec![event] }))
    }
}

/// The line of the audit.
fn event(environment: &str, number: u64, kind: EntryKind, words: String) -> AuditEvent {
    let subject =
        Subject { environment: environment.to_owned(), kind: SubjectKind::Incident, name: number.to_string() };
    AuditEvent { kind: AuditKind::Data, what: format!("incident {}", kind.word().replace('_', " ")), subject, words }
}

fn behalf(of: Option<&str>, author: &Author) -> String {
    of.filter(|of| *of != author.name).map(|of| format!(" on behalf of {of}")).unwrap_or_default()
}

fn check_person(name: Option<&str>) -> Result<(), String> {
    name.map_or(Ok(()), |name| check_text("name of who does it", name, false, LONGEST_NAME))
}

fn check_links(links: &[Link]) -> Result<(), String> {
    if links.len() > MOST_LINKS {
        return Err(format!(
            "One incident is about {MOST_LINKS} things at most, not {}: nothing was written.",
            links.len()
        ));
    }
    links.iter().try_for_each(|link| {
        check_text("name of what is linked", &link.name, false, LONGEST_NAME)?;
        check_text("environment of what is linked", &link.environment, true, LONGEST_NAME)?;
        check_text("title of what is linked", &link.title, true, LONGEST_NAME)
    })
}

/// Whether something can have happened then.
fn check_happened(at: Instant, now: Instant) -> Result<(), String> {
    if at <= time::FIRST {
        return Err("The time lies before 1970: nothing was written. Give when it happened.".to_owned());
    }
    if at > now + AHEAD {
        return Err(format!(
            "The time {} has not come yet, it is {}: nothing was written. Give when it happened.",
            time::written(at),
            time::written(now)
        ));
    }
    Ok(())
}
