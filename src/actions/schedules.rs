//! What is done to schedules of who is on call: what is read of one before, and what a plan of an override is.

use serde_json::{Value, json};

use super::alerts::StoreEyes;
use super::observation::ScheduleFacts;
use crate::domain::action::{Field, FieldKind, Pin};
use crate::domain::oncall::{Override, Schedule};
use crate::domain::people::Person;
use crate::domain::store::fact::Fact;
use crate::domain::store::{OVERRIDES_SINCE, PEOPLE, last_override, schedule_of};
use crate::domain::subject::ScheduleRef;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};

/// How many overrides that are not over are looked through.
const MOST_OVERRIDES: u32 = 20_000;
/// How many shifts are told that an override stands over.
const MOST_TOLD: usize = 3;
/// How many people are looked through.
const MOST_PEOPLE: u32 = 10_000;

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
        facts.document = json!({ "last": facts.last.as_ref().map_or(0, |last| last.number) });
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
