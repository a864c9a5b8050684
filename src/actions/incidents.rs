//! What is done to incidents: what is read of one before, and what a plan of it is. Each action is a file of the catalogue that says which
//! [`Transition`] it makes of what is given; the rest is the same for all of them.

use serde_json::{Value, json};

use super::alerts::{StoreEyes, TEXT};
use super::contract::{About, Action, Context, Draft, Refusal};
use super::escalations::CallBook;
use super::observation::{IncidentFacts, Observation};
use super::stored::{DEADLINE, Write};
use crate::domain::action::{BlastRadius, Evidence, Field, FieldKind, Given, Goal, Inverse, Pin, Step, Tier};
use crate::domain::incident::{Hint, Incident, Transition};
use crate::domain::oncall::escalation::Run;
use crate::domain::people::Person;
use crate::domain::service::Services;
use crate::domain::store::fact::Fact;
use crate::domain::store::{
    ChangeIncident, INCIDENTS_ENDED, INCIDENTS_STANDING, PEOPLE, escalated, escalation_of, incident_of, standing,
};
use crate::domain::subject::{IncidentRef, SubjectKind};
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};

/// How many open incidents are looked through for what may belong together, and how many resolved ones.
const MOST_READ: u32 = 500;
/// How many people are looked through.
const MOST_PEOPLE: u32 = 10_000;
/// How far back a resolved incident is looked for that was alike.
const REMEMBERED: chrono::TimeDelta = chrono::TimeDelta::days(90);

const fn field(id: &'static str, value: &'static str, noun: &'static str, words: &'static str) -> Field {
    Field { id, kind: FieldKind::Line, value, noun, words, is_needed: false }
}

/// A field that an action cannot be worked out without.
pub(super) const fn needed(field: Field) -> Field {
    Field { is_needed: true, ..field }
}

/// On whose behalf it is done.
pub(super) const AS: Field =
    field("as", "HANDLE", "a handle", "Who does it, where you only write it down; both of you are recorded.");
/// What is wrong.
pub(super) const TITLE: Field = field("title", "TITLE", "a title", "What is wrong, in a line.");
/// How grave it is.
pub(super) const SEVERITY: Field = field(
    "severity",
    "SEVERITY",
    "a severity",
    "sev1: a service is down, 15 min; sev2: a major function, 1 h; sev3: a part of a function, 4 h; sev4: minor, 24 h.",
);
/// What it is about.
pub(super) const LINK: Field = field(
    "link",
    "KIND/NAME",
    "what it is about",
    "What it is about: service/NAME, alert/NAME, deployment/NAME, database/NAME or incident/NUMBER.",
);
/// Somebody.
pub(super) const PERSON: Field = field("person", "HANDLE", "a handle", "Whom; nobody where it is empty.");
/// A role.
pub(super) const ROLE: Field =
    field("role", "ROLE", "a role", "Which role: commander, deputy, scribe or communications.");
/// Whether a role is taken from whom it is.
pub(super) const TAKE_OVER: Field =
    Field { kind: FieldKind::Flag, ..field("take-over", "", "", "Take it from whoever has it.") };
/// A phase.
pub(super) const PHASE: Field =
    field("phase", "PHASE", "a phase", "Which phase: detection, triage, communication, resolution or post-incident.");
/// An item of the checklist.
pub(super) const ITEM: Field = field("item", "ITEM", "an item", "Which item of the checklist.");
/// Whether it is open after all.
pub(super) const UNDONE: Field =
    Field { kind: FieldKind::Flag, ..field("undone", "", "", "It is not done after all.") };
/// Another incident.
pub(super) const INTO: Field =
    Field { kind: FieldKind::Number, ..field("into", "NUMBER", "a number", "The other incident.") };
/// Who is told.
pub(super) const AUDIENCE: Field =
    field("audience", "AUDIENCE", "an audience", "Who is told: customers, internal or stakeholders.");
/// When it happened.
pub(super) const AT: Field = Field {
    kind: FieldKind::Moment,
    ..field("at", "TIME", "a time", "When it happened, as 2026-11-24T03:07:00Z; now, where it is not given.")
};
/// Who does something later.
pub(super) const OWNER: Field = field("owner", "HANDLE", "a handle", "Who does it.");
/// By when.
pub(super) const DUE: Field = field("due", "DAY", "a day", "By when, as 2026-12-24.");

impl About {
    /// What is the same of actions on incidents: what they do stands in the store, nobody feels it, and it is taken back.
    pub(super) const ON_INCIDENT: Self = Self { on: SubjectKind::Incident, ..Self::ON_ALERT };
}

/// What an action makes of an incident.
pub(super) struct Planned {
    /// What happens to it.
    pub(super) transition: Transition,
    /// How it is then, in a few words.
    pub(super) to: String,
    /// How it is taken back, and the action that does it with its options.
    pub(super) back: (&'static str, String),
    /// What it rests on, as places of the incident's document.
    pub(super) pins: &'static [&'static str],
    /// What an operator should know first.
    pub(super) warnings: Vec<String>,
}

impl Planned {
    /// One that warns of nothing.
    pub(super) fn of(transition: Transition, to: impl Into<String>, pins: &'static [&'static str]) -> Self {
        Self {
            transition,
            to: to.into(),
            back: ("It stays in the timeline.", String::new()),
            pins,
            warnings: Vec::new(),
        }
    }

    /// The same, taken back so.
    pub(super) fn back(self, words: &'static str, command: impl Into<String>) -> Self {
        Self { back: (words, command.into()), ..self }
    }
}

/// An action on an incident that is there.
pub(super) struct OnIncident {
    /// What is known of it beforehand.
    pub(super) about: &'static About,
    /// What it makes of an incident, of what is given, and of who does it.
    pub(super) plan: fn(&Incident, &Given, &str) -> Result<Planned, String>,
}

impl Action for OnIncident {
    fn about(&self) -> &'static About {
        self.about
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.incident()?;
        let incident = facts.incident.as_ref().ok_or_else(|| Refusal("it is not declared yet.".to_owned()))?;
        let actor = given.text(AS.id).unwrap_or(context.author);
        let mut planned = (self.plan)(incident, given, actor).map_err(Refusal)?;
        planned.transition = facts.answering(planned.transition, actor);
        let next = incident.after(&planned.transition, actor, facts.store_now).map_err(Refusal)?;
        let called = facts.called(&planned.transition, &next);
        let asked = (&planned.transition, actor);
        let escalated = escalated(facts.run.clone(), Some(&next), asked, called.as_ref(), facts.store_now);
        if let Ok(Some(told)) = escalated.as_ref().map(|after| after.as_ref().and_then(|after| after.told.as_ref())) {
            planned.to = format!("{}: {told}", planned.to);
        }
        let mut draft = Draft { pins: facts.pins(planned.pins), from: in_words(incident), ..Draft::default() };
        draft.refusals.extend(facts.beside_refuses(&planned.transition));
        draft.refusals.extend(escalated.err());
        draft.refusals.extend(facts.cannot_call(&planned.transition));
        draft.warnings = planned.warnings;
        draft.warnings.extend(facts.doubts_of(&next, actor));
        let said = if given.has(TEXT.id) { given.text(TEXT.id).unwrap_or_default() } else { "…" };
        let change = ChangeIncident {
            words: said.to_owned(),
            at: given.moment(AT.id),
            on_behalf_of: given.text(AS.id).map(str::to_owned),
            called,
            ..ChangeIncident::of(&facts.subject.environment, incident.number, planned.transition)
        };
        draft.refusals.extend(change.check(facts.store_now).err());
        let is_text = self.about.fields.iter().any(|field| field.id == TEXT.id);
        let place = if is_text { TEXT.id } else { "reason" };
        let write = Write::Incident(Box::new(ChangeIncident { words: format!("{{{place}}}"), ..change }));
        draft.steps = vec![write.step(
            format!("Write it into the store: {}.", planned.to),
            Incident::TABLE.name,
            &["/incident/words"],
        )];
        let command = |action: &str| format!("quarterdeck plan {action} {}", incident.number);
        draft.inverse = Inverse {
            words: planned.back.0.to_owned(),
            command: Some(planned.back.1).filter(|action| !action.is_empty()).map(|action| command(&action)),
        };
        draft.expected.clone_from(&planned.to);
        draft.to = planned.to;
        Ok(stored(draft, given))
    }
}

/// What is the same of everything that is written about incidents.
pub(super) fn stored(draft: Draft, given: &Given) -> Draft {
    Draft {
        given: given.clone(),
        goal: Goal::Stored,
        tier: Tier::T1,
        deadline_seconds: Some(DEADLINE),
        blast: BlastRadius {
            words: "what every console of the store shows of it".to_owned(),
            ..BlastRadius::default()
        },
        ..draft
    }
}

/// How it is now, in a line that is the same a minute later.
fn in_words(incident: &Incident) -> String {
    let commander = incident.commander().unwrap_or("nobody");
    format!(
        "{}, {}, {}, commanded by {commander}",
        incident.severity.name(),
        incident.state.word(),
        incident.phase.word()
    )
}

/// The one step that declares an incident.
pub(super) fn declaring(write: &Write, words: String) -> Vec<Step> {
    vec![write.step(words, Incident::TABLE.name, &[])]
}

impl StoreEyes {
    /// Reads an incident, what else is open, and who is known. Number 0 is one that is to be declared.
    pub(super) async fn read_incident(
        &self,
        subject: &IncidentRef,
        given: &Given,
        services: &Services,
        now: Instant,
    ) -> Result<IncidentFacts, SourceError> {
        let mut facts = IncidentFacts::unread(subject.clone(), now);
        facts.store_now = self.store.standing().await?.now;
        if subject.number > 0 {
            facts.incident = Some(self.incident(subject.number).await?);
            facts.uid = subject.number.to_string();
            facts.run = self.store.row(&escalation_of(subject.number)).await?.as_ref().and_then(Run::decode);
        }
        // What a document calls it stands in the journal: it is what the store calls it, or the document was changed.
        let title = facts.incident.as_ref().map_or("", |one| one.title.as_str());
        if subject.title != title {
            let words =
                format!("incident {} is {title:?} in the store, not {:?}: plan again.", subject.number, subject.title);
            return Err(SourceError::new(Trouble::NotFound, words));
        }
        let into = facts.incident.as_ref().and_then(|one| one.merged.as_ref()).map(|merged| merged.into);
        if let Some(other) = given.number(INTO.id).or(into) {
            facts.beside = Some(self.incident(other).await?);
        }
        if subject.number == 0 {
            let open = vec![standing(true).into()];
            let rows = self.store.rows(Incident::TABLE, INCIDENTS_STANDING, open, MOST_READ).await?;
            facts.open = rows.iter().filter_map(Incident::decode).collect();
            let ended = vec![standing(false).into(), (facts.store_now - REMEMBERED).into()];
            let rows = self.store.rows(Incident::TABLE, INCIDENTS_ENDED, ended, MOST_READ).await?;
            facts.resolved = rows.iter().filter_map(Incident::decode).collect();
        }
        let rows = self.store.rows(Person::TABLE, PEOPLE, Vec::new(), MOST_PEOPLE).await?;
        facts.people = rows.iter().filter_map(Person::decode).collect();
        facts.book = self.call_book(services, facts.store_now).await?;
        facts.document = json!({ "incident": facts.incident, "run": facts.run, "beside": facts.beside });
        Ok(facts)
    }

    async fn incident(&self, number: u64) -> Result<Incident, SourceError> {
        let row = self.store.row(&incident_of(number)).await?;
        row.as_ref().and_then(Incident::decode).ok_or_else(|| {
            let words = format!("There is no incident {number}. See: quarterdeck incident list --all");
            SourceError::new(Trouble::NotFound, words)
        })
    }
}

impl IncidentFacts {
    /// One of which nothing is known yet.
    pub(super) fn unread(subject: IncidentRef, now: Instant) -> Self {
        Self {
            subject,
            incident: None,
            run: None,
            book: CallBook::default(),
            beside: None,
            open: Vec::new(),
            resolved: Vec::new(),
            people: Vec::new(),
            is_written: false,
            store_now: now,
            uid: String::new(),
            document: Value::Null,
            observed_at: now,
        }
    }

    fn pins(&self, shown: &[&str]) -> Vec<Pin> {
        let pin = |path: &&str| {
            // Of the incident, or of its escalation.
            let path = if path.starts_with("/run/") { (*path).to_owned() } else { format!("/incident{path}") };
            Pin { value: self.document.pointer(&path).cloned().unwrap_or_default(), path }
        };
        shown.iter().map(pin).collect()
    }

    /// Why the other incident of a merge does not take it.
    fn beside_refuses(&self, transition: &Transition) -> Option<String> {
        let (Transition::Merge { .. }, Some(other), Some(own)) = (transition, &self.beside, &self.incident) else {
            return None;
        };
        other.taking_in(own).err()
    }

    /// What is odd about the people an incident names: nobody knows them, they have left, or nothing wakes them.
    pub(super) fn doubts_of(&self, incident: &Incident, actor: &str) -> Vec<String> {
        let mut named = incident.people();
        if !named.contains(&actor) {
            named.push(actor);
        }
        named.into_iter().filter_map(|who| self.doubt_of(who)).collect()
    }

    /// The same of one of them. Where nobody wrote people down, everybody is unknown, and nothing is odd about it.
    pub(super) fn doubt_of(&self, who: &str) -> Option<String> {
        let person = self.people.iter().find(|person| person.handle == who);
        match person {
            None if self.people.is_empty() => None,
            None => Some(format!("nobody of the people in the store has the handle {who}.")),
            Some(person) if person.has_left => {
                Some(format!("{who} has left. Let somebody who is there take it over: quarterdeck incident assign."))
            }
            Some(_) => None,
        }
    }

    /// What may belong to an incident that is about to be declared, as evidence with the time it began.
    pub(super) fn evidence(&self, hints: &[Hint]) -> Vec<Evidence> {
        let of = |hint: &Hint| {
            let began = self.open.iter().find(|one| one.number == hint.number)?.created_at;
            Some(Evidence { words: hint.words.clone(), observed_at: began })
        };
        hints.iter().filter_map(of).collect()
    }

    /// Who has changed what a pin shows; `None` where that is not known.
    pub(super) fn who_moved(&self, path: &str) -> Option<String> {
        let incident = self.incident.as_ref()?;
        let at = |at: Instant| at.format("%F %H:%M:%S UTC").to_string();
        let merged = incident.merged.as_ref().map(|one| format!("{} merged it at {}", one.by, at(one.at)));
        let resolved = incident.resolved.as_ref().map(|one| format!("{} resolved it at {}", one.by, at(one.at)));
        let acknowledged = incident.acknowledged.as_ref().map(|one| {
            let ago = time::coarse(time::age(one.at, self.store_now));
            format!("{} acknowledged it at {}, {ago} ago", one.by, at(one.at))
        });
        match path {
            "/incident/state" | "/incident/acknowledged" => merged.or(resolved).or(acknowledged),
            "/incident/severity" => Some(format!("it is {} now", incident.severity.name())),
            path => {
                let role = path.strip_prefix("/incident/roles/")?;
                let (_, stamp) = incident.roles.iter().find(|(known, _)| known.word() == role)?;
                Some(format!("{} took it at {}", stamp.by, at(stamp.at)))
            }
        }
    }
}
