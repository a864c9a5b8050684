//! The report of an incident: what nobody should have to write from memory.

use std::collections::BTreeMap;

use chrono::{Datelike, TimeDelta, Weekday};
use serde::Serialize;

use super::{Clock, ClockState, Entry, EntryKind, Event, Incident, Item, Role, Severity, checklist, timeline};
use crate::domain::time::Instant;

/// How many business days after the end a report is looked at together, at most.
const REVIEW_WITHIN: u32 = 5;

/// A severity and how long the incident had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The severity.
    pub severity: Severity,
    /// How many whole minutes.
    pub minutes: i64,
}

/// Something to be done later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    /// What.
    pub words: String,
    /// By whom.
    pub owner: Option<String>,
    /// By when, as it was typed.
    pub due: Option<String>,
}

/// A question to Prometheus that gives a figure of the report, and what it answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Query {
    /// What it measures.
    pub id: String,
    /// The service it is about.
    pub service: String,
    /// The question, as PromQL.
    pub query: String,
    /// What it gave; `None`: it was not asked.
    pub value: Option<f64>,
    /// The moment it is asked of.
    pub at: Instant,
}

/// The report as it is known at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The incident.
    pub incident: Incident,
    /// Its services.
    pub services: Vec<String>,
    /// How the response came out.
    pub clock: Clock,
    /// When this was told.
    pub told_at: Instant,
    /// The severities it had, in their order.
    pub severities: Vec<Span>,
    /// What happened.
    pub timeline: Vec<Event>,
    /// What is to be done later.
    pub follow_ups: Vec<FollowUp>,
    /// What of the checklist was not done, by the ids of the items.
    pub open_items: Vec<&'static str>,
    /// By when it is looked at together; `None` while it is open.
    pub review_by: Option<Instant>,
    /// The questions whose answers belong into it.
    pub queries: Vec<Query>,
}

impl Serialize for Clock {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document {
            state: ClockState,
            remaining_seconds: Option<i64>,
            by_seconds: Option<i64>,
        }
        let document =
            Document { state: self.state, remaining_seconds: self.remaining_seconds(), by_seconds: self.by_seconds() };
        document.serialize(to)
    }
}

impl Report {
    /// The report of an incident as it is known now.
    pub fn of(incident: &Incident, entries: &[Entry], further: Vec<Event>, queries: Vec<Query>, now: Instant) -> Self {
        let follow_up = |entry: &Entry| FollowUp {
            words: entry.words.clone(),
            owner: Some(entry.after.clone()).filter(|owner| !owner.is_empty()),
            due: Some(entry.before.clone()).filter(|due| !due.is_empty()),
        };
        let is_open = |item: &&Item| !incident.ticked.iter().any(|one| one == item.id);
        Self {
            services: incident.services().map(str::to_owned).collect(),
            clock: incident.clock(now),
            told_at: now,
            severities: severities(incident, entries, now),
            timeline: timeline(incident, entries, further),
            follow_ups: entries.iter().filter(|one| one.kind == EntryKind::FollowUp).map(follow_up).collect(),
            open_items: checklist(incident.severity).filter(is_open).map(|item| item.id).collect(),
            review_by: incident.resolved.as_ref().map(|resolved| business_days_after(resolved.at, REVIEW_WITHIN)),
            queries,
            incident: incident.clone(),
        }
    }

    /// The same without names: each person is the role they had. What people wrote is theirs, and names in it are replaced too.
    #[must_use]
    pub fn blameless(mut self) -> Self {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for (role, stamp) in &self.incident.roles {
            names.entry(stamp.by.clone()).or_insert_with(|| role.word().to_owned());
        }
        let acted = self.timeline.iter().flat_map(|event| [&event.actor, &event.recorded_by]);
        let owners = self.follow_ups.iter().filter_map(|one| one.owner.as_ref());
        let people = self.incident.people().into_iter().map(str::to_owned);
        let all: Vec<String> = people.chain(acted.cloned()).chain(owners.cloned()).collect();
        let mut number = 0;
        for name in all {
            names.entry(name).or_insert_with(|| {
                number += 1;
                format!("responder {number}")
            });
        }
        let told = |text: &mut String| {
            *text = names.iter().fold(std::mem::take(text), |text, (name, role)| without(&text, name, role));
        };
        for event in &mut self.timeline {
            [&mut event.actor, &mut event.recorded_by, &mut event.words].into_iter().for_each(told);
            [&mut event.on_behalf_of, &mut event.before, &mut event.after].into_iter().flatten().for_each(told);
        }
        self.follow_ups.iter_mut().for_each(|one| {
            told(&mut one.words);
            one.owner.iter_mut().for_each(told);
        });
        let incident = &mut self.incident;
        let stamps = incident.acknowledged.iter_mut().chain(&mut incident.resolved).chain(incident.roles.values_mut());
        stamps.for_each(|stamp| told(&mut stamp.by));
        incident.merged.iter_mut().for_each(|merged| told(&mut merged.by));
        incident.assignee.iter_mut().for_each(told);
        [&mut incident.declared_by, &mut incident.entered_by, &mut incident.impact].into_iter().for_each(told);
        self
    }

    /// What was done to what it is about.
    pub fn actions(&self) -> impl Iterator<Item = &Event> {
        self.timeline.iter().filter(|event| event.kind == EntryKind::Action)
    }

    /// Who had which role.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &str)> {
        self.incident.roles.iter().map(|(role, stamp)| (*role, stamp.by.as_str()))
    }
}

/// A text with a role in place of a name, where the name stands as a word of its own.
fn without(text: &str, name: &str, role: &str) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    let (mut made, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(name) {
        made.push_str(before);
        let is_alone = !made.ends_with(is_word) && !after.starts_with(is_word);
        made.push_str(if is_alone { role } else { name });
        rest = after;
    }
    made.push_str(rest);
    made
}

/// The severities in their order, each with how long it was that, up to the end.
fn severities(incident: &Incident, entries: &[Entry], now: Instant) -> Vec<Span> {
    let end = incident.resolved.as_ref().map_or(now, |resolved| resolved.at);
    let changes = entries.iter().filter(|entry| entry.kind == EntryKind::Severity);
    let changes: Vec<(&str, &str, Instant)> =
        changes.map(|entry| (entry.before.as_str(), entry.after.as_str(), entry.recorded_at)).collect();
    let first = changes.first().map_or(incident.severity.word(), |(before, ..)| before);
    let mut spans = Vec::new();
    let (mut severity, mut since) = (Severity::of_word(first), incident.created_at);
    let mut close = |severity: Option<Severity>, since: Instant, until: Instant| {
        let minutes = (until - since).max(TimeDelta::zero()).num_minutes();
        spans.extend(severity.map(|severity| Span { severity, minutes }));
    };
    for (_, after, at) in changes {
        close(severity, since, at);
        (severity, since) = (Severity::of_word(after), at);
    }
    close(severity, since, end);
    spans
}

/// So many days from Monday to Friday later.
fn business_days_after(at: Instant, days: u32) -> Instant {
    let (mut day, mut left) = (at, days);
    while left > 0 {
        day += TimeDelta::days(1);
        left -= u32::from(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    }
    day
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::super::{Stamp, State};
    use super::*;

    fn entry(kind: EntryKind, (before, after): (&str, &str), seconds: i64) -> Entry {
        Entry {
            incident: 7,
            number: 1,
            kind,
            at: at(seconds),
            recorded_at: at(seconds),
            actor: "mori".into(),
            by: "root".into(),
            before: before.into(),
            after: after.into(),
            words: "mori asked lee-ann and lee".into(),
        }
    }

    #[test]
    fn it_tells_how_long_it_had_which_severity() {
        let over = Incident {
            state: State::Resolved,
            severity: Severity::Sev1,
            resolved: Some(Stamp { by: "mori".into(), at: at(3_600) }),
            ..incident(Severity::Sev3)
        };
        let change = entry(EntryKind::Severity, ("sev3", "sev1"), 600);
        let report = Report::of(&over, &[change], Vec::new(), Vec::new(), at(9_000));
        let told: Vec<_> = report.severities.iter().map(|span| (span.severity, span.minutes)).collect();
        assert_eq!(told, [(Severity::Sev3, 10), (Severity::Sev1, 50)]);
    }

    #[test]
    fn a_review_is_within_five_business_days() {
        // 1_800_000_000 is Friday, 15 January 2027, 08:00 UTC.
        assert_eq!(business_days_after(at(0), 5) - at(0), TimeDelta::days(7));
    }

    #[test]
    fn without_blame_names_are_roles_everywhere() {
        let mut one = incident(Severity::Sev1);
        one.roles.insert(Role::Commander, Stamp { by: "mori".into(), at: at(0) });
        let entries = [entry(EntryKind::Note, ("", ""), 60), entry(EntryKind::FollowUp, ("2027-02-01", "kim"), 90)];
        let report = Report::of(&one, &entries, Vec::new(), Vec::new(), at(100)).blameless();
        let note = &report.timeline[1];
        assert_eq!(note.actor, "commander");
        assert!(note.words.starts_with("commander asked lee-ann and responder"), "{}", note.words);
        let text = serde_json::to_string(&report).expect("a document");
        assert!(!text.contains("mori") && !text.contains("\"kim\"") && !text.contains("\"root\""), "{text}");
    }
}
