//! What is done to schedules of who is on call: what is read of one before, and what a plan of something said over one is.

use serde_json::{Value, json};

use super::alerts::StoreEyes;
use super::contract::{Draft, Refusal};
use super::incidents::{self, AS, needed, stored};
use super::observation::ScheduleFacts;
use super::silences;
use super::stored::Write;
use crate::domain::action::{Field, FieldKind, Given, Inverse, Pin};
use crate::domain::incident::Incident;
use crate::domain::oncall::{Handoff, Override, Schedule, Slot};
use crate::domain::people::Person;
use crate::domain::store::fact::Fact;
use crate::domain::store::{
    HANDOFFS_OF, INCIDENTS_STANDING, NewOverride, OVERRIDES_SINCE, PEOPLE, last_override, schedule_of, standing,
};
use crate::domain::subject::ScheduleRef;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};

/// How many overrides that are not over are looked through.
const MOST_OVERRIDES: u32 = 20_000;
/// How many shifts are told that an override stands over.
const MOST_TOLD: usize = 3;
/// How many people are looked through.
const MOST_PEOPLE: u32 = 10_000;

/// How many hand-offs are looked through, and how many incidents that are open.
const MOST_READ: u32 = 200;

/// Which role.
pub(super) const ROLE: Field = Field { words: "Which role of the schedule.", ..needed(incidents::ROLE) };
/// Until when.
pub(super) const UNTIL: Field = Field { words: "Until when.", ..needed(silences::UNTIL) };
/// Which override.
pub(super) const NUMBER: Field = Field {
    id: "number",
    kind: FieldKind::Number,
    value: "NUMBER",
    noun: "a number",
    words: "Which one, by its number: quarterdeck oncall overrides.",
    is_needed: false,
};
/// From when.
pub(super) const FROM: Field = Field {
    id: "from",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time, as 2026-11-24T03:07:00Z",
    words: "From when, as 2026-11-24T03:07:00Z; from now, where it is not given.",
    is_needed: false,
};

impl StoreEyes {
    /// Reads a schedule, what is said over it, and who is known.
    pub(super) async fn read_schedule(
        &self,
        subject: &ScheduleRef,
        now: Instant,
    ) -> Result<ScheduleFacts, SourceError> {
        let mut facts = ScheduleFacts::unread(subject.clone(), now);
        facts.store_now = self.store.standing().await?.now;
        let row = self.store.row(&schedule_of(&subject.name)).await?;
        let schedule = row.as_ref().and_then(Schedule::decode).ok_or_else(|| {
            let words = format!("There is no schedule {:?}. See: quarterdeck oncall now", subject.name);
            SourceError::new(Trouble::NotFound, words)
        })?;
        facts.schedule = Some(schedule);
        let row = self.store.row(&last_override(&subject.name)).await?;
        facts.last = row.as_ref().and_then(Override::decode);
        let rows = self.store.rows(Override::TABLE, OVERRIDES_SINCE, vec![facts.store_now.into()], MOST_OVERRIDES);
        let said = rows.await?;
        facts.overrides = said.iter().filter_map(Override::decode).filter(|one| one.schedule == subject.name).collect();
        let rows = self.store.rows(Person::TABLE, PEOPLE, Vec::new(), MOST_PEOPLE).await?;
        facts.people = rows.iter().filter_map(Person::decode).collect();
        let of_it = vec![subject.name.as_str().into()];
        let rows = self.store.rows(Handoff::TABLE, HANDOFFS_OF, of_it, MOST_READ).await?;
        facts.handoffs = rows.iter().filter_map(Handoff::decode).collect();
        let open = vec![standing(true).into()];
        let rows = self.store.rows(Incident::TABLE, INCIDENTS_STANDING, open, MOST_READ).await?;
        facts.open = rows.iter().filter_map(Incident::decode).collect();
        facts.silences = self.listed.listed().await.ok().and_then(|listed| listed.silences);
        let (last, handoffs) = (facts.last.as_ref().map_or(0, |last| last.number), &facts.handoffs);
        facts.document = json!({ "last": last, "handoffs": handoffs });
        Ok(facts)
    }
}

impl ScheduleFacts {
    /// One of which nothing is known yet.
    pub(super) fn unread(subject: ScheduleRef, now: Instant) -> Self {
        Self {
            subject,
            schedule: None,
            overrides: Vec::new(),
            people: Vec::new(),
            last: None,
            handoffs: Vec::new(),
            open: Vec::new(),
            silences: None,
            is_written: false,
            store_now: now,
            document: Value::Null,
            observed_at: now,
        }
    }

    /// What a plan of an override rests on: nobody else has said anything over the schedule since.
    pub(super) fn pins(&self) -> Vec<Pin> {
        let path = "/last".to_owned();
        vec![Pin { value: self.document.pointer(&path).cloned().unwrap_or_default(), path }]
    }

    /// Who has the role within a span, in words, and why: `ada until 2026-10-21T00:00:00Z (rotation), then nobody`.
    pub(super) fn holders(&self, role: &str, within: (Instant, Instant)) -> String {
        let Some(schedule) = &self.schedule else { return String::new() };
        let shifts = schedule.shifts(role, &self.overrides, within.0, within.1);
        let last = shifts.len().saturating_sub(1);
        let said = shifts.iter().enumerate().take(MOST_TOLD).map(|(place, shift)| {
            let who = shift.person.as_deref().unwrap_or("nobody");
            let until = if place < last { format!(" until {}", time::written(shift.until)) } else { String::new() };
            format!("{who}{until} ({})", shift.source.word())
        });
        let more = (shifts.len() > MOST_TOLD).then(|| "and so on".to_owned());
        said.chain(more).collect::<Vec<_>>().join(", then ")
    }

    /// Why somebody cannot be named: nobody has the handle, or they have left. Where nobody wrote people down, everybody may be.
    pub(super) fn refuses(&self, handle: &str) -> Option<String> {
        if self.people.is_empty() {
            return None;
        }
        match self.people.iter().find(|person| person.handle == handle) {
            None => {
                Some(format!("nobody of the people in the store has the handle {handle}: quarterdeck people import."))
            }
            Some(person) if person.has_left => Some(format!("{handle} has left: name somebody who is there.")),
            Some(_) => None,
        }
    }

    /// The other roles that somebody has within a span, in words.
    pub(super) fn other_roles(&self, person: &str, role: &str, within: (Instant, Instant)) -> Vec<String> {
        let Some(schedule) = &self.schedule else { return Vec::new() };
        let others = schedule.roles().into_iter().filter(|other| *other != role);
        let has = |other: &&str| {
            let shifts = schedule.shifts(other, &self.overrides, within.0, within.1);
            shifts.iter().any(|shift| shift.person.as_deref() == Some(person))
        };
        others.filter(has).map(|other| format!("{person} is {other} of it then as well.")).collect()
    }

    /// Who has said something over it since.
    pub(super) fn who_moved(&self) -> Option<String> {
        let last = self.last.as_ref()?;
        let who = last.slots.first().and_then(|slot| slot.person.as_deref()).unwrap_or("nobody");
        Some(format!(
            "{} wrote an override of {}/{} at {} ({who})",
            last.by,
            last.schedule,
            last.role,
            last.at.format("%H:%M:%S")
        ))
    }
}

impl ScheduleFacts {
    /// What is said over the schedule by a number, as far as it is not over.
    pub(super) fn numbered(&self, number: u64) -> Result<&Override, Refusal> {
        let none = || {
            let name = &self.subject.name;
            Refusal(format!(
                "nothing that is not over is number {number} of {name}: quarterdeck oncall overrides {name}."
            ))
        };
        self.overrides.iter().find(|one| one.number == number).ok_or_else(none)
    }
}

/// The plan of somebody who has a role for a while.
pub(super) fn overriding(facts: &ScheduleFacts, given: &Given, person: &str, author: &str) -> Result<Draft, Refusal> {
    let role = given.text(ROLE.id).unwrap_or_default();
    let until = given.moment(UNTIL.id).ok_or_else(|| Refusal("it does not say until when.".to_owned()))?;
    let new = NewOverride::slot(&facts.subject.name, role, Some(person), (given.moment(FROM.id), until));
    let from = new.from.map_or_else(|| "now".to_owned(), time::written);
    let to = format!("{person} is {role} from {from} until {}", time::written(until));
    let span = new.begins(facts.store_now).map(|from| (from, until));
    let mut draft = said_over(facts, new, given, (to, author))?;
    draft.refusals.extend(facts.refuses(person));
    if let Ok(span) = span {
        draft.warnings.extend(facts.other_roles(person, role, span));
    }
    let words = "Override it again, of two the later counts; or withdraw it.".to_owned();
    draft.inverse = Inverse { words, command: None };
    Ok(draft)
}

/// The plan of something that is said over a schedule, however it is called.
pub(super) fn said_over(
    facts: &ScheduleFacts,
    new: NewOverride,
    given: &Given,
    (to, author): (String, &str),
) -> Result<Draft, Refusal> {
    let schedule = facts.schedule.as_ref().ok_or_else(|| Refusal("it is not read yet.".to_owned()))?;
    let roles = schedule.roles_from(facts.store_now);
    if !roles.contains(&new.role.as_str()) {
        let roles = roles.join(", ");
        return Err(Refusal(format!("the schedule {} has no role {:?}; it has {roles}.", schedule.name, new.role)));
    }
    let new = NewOverride {
        environment: facts.subject.environment.to_string(),
        words: "{reason}".to_owned(),
        seen: Some(facts.last.as_ref().map_or(0, |last| last.number)),
        on_behalf_of: given.text(AS.id).map(str::to_owned),
        ..new
    };
    let mut draft = Draft { pins: facts.pins(), ..Draft::default() };
    draft.refusals.extend(new.check().err());
    match new.begins(facts.store_now) {
        Ok(from) => draft.from = facts.holders(&new.role, (from, new.until)),
        Err(why) => draft.refusals.push(why),
    }
    let actor = given.text(AS.id).unwrap_or(author);
    draft.warnings.extend(facts.refuses(actor).filter(|_| given.has(AS.id)));
    draft.expected.clone_from(&to);
    draft.to = to;
    draft.inverse = Inverse { words: "Withdraw it.".to_owned(), command: None };
    let words = format!("Write it into the store: {}.", draft.to);
    draft.steps = vec![Write::Override(Box::new(new)).step(words, Override::TABLE.name, &["/override/words"])];
    Ok(stored(draft, given))
}

/// Shifts as they are typed: `ada=2026-12-24T09:00:00Z/2026-12-24T21:00:00Z`, with spaces between them; `-` is nobody.
pub(super) fn shifts_typed(text: &str) -> Result<Vec<Slot>, String> {
    let read = |word: &str| {
        let wrong = || format!("{word:?} is no shift: write it as ada=2026-12-24T09:00:00Z/2026-12-24T21:00:00Z.");
        let (person, span) = word.split_once('=').ok_or_else(wrong)?;
        let (from, until) = span.split_once('/').ok_or_else(wrong)?;
        let (from, until) = time::read(from).zip(time::read(until)).ok_or_else(wrong)?;
        if until <= from {
            return Err(format!("the shift {word:?} ends before it begins."));
        }
        Ok(Slot { person: Some(person.to_owned()).filter(|person| person != "-"), from, until })
    };
    text.split_whitespace().map(read).collect()
}
