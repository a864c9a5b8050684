//! What is done to hand-offs: which one is meant, what is pending then, and what a plan of it is.

use super::contract::{Draft, Refusal};
use super::incidents::{self, AS, needed, stored};
use super::observation::{Observation, ScheduleFacts};
use super::stored::Write;
use crate::domain::action::{Field, FieldKind, Given, Inverse, Pin};
use crate::domain::alert::{Silence, SilenceState};
use crate::domain::incident::Incident;
use crate::domain::oncall::{Handoff, HandoffStep, Shift};
use crate::domain::store::ChangeHandoff;
use crate::domain::store::fact::Fact;
use crate::domain::time::{self, Instant};

/// How long a shift is looked through for silences where its end is not in sight.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// Which role.
pub(super) const ROLE: Field = Field { words: "Which role of the schedule.", ..needed(incidents::ROLE) };
/// Which hand-over.
pub(super) const BOUNDARY: Field = Field {
    id: "boundary",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time, as 2026-11-24T03:07:00Z",
    words: "The hand-over that is meant, by its time; else the next.",
    is_needed: false,
};

/// What is done to one, and how it is told.
pub(super) struct Doing {
    /// The hand-off that is meant.
    pub(super) seen: Handoff,
    /// What is done.
    pub(super) step: HandoffStep,
    /// The same in words.
    pub(super) to: String,
    /// The places of what is said in the operator's own words.
    pub(super) fills: &'static [&'static str],
}

impl ScheduleFacts {
    /// The hand-off of a role at a boundary, else at the next: as it stands in the store, with whoever has the role before and after it now.
    pub(super) fn handoff(&self, role: &str, boundary: Option<Instant>) -> Result<Handoff, Refusal> {
        let schedule = self.schedule.as_ref().ok_or_else(|| Refusal("it is not read yet.".to_owned()))?;
        let roles = schedule.roles_from(self.store_now);
        if !roles.contains(&role) {
            let roles = roles.join(", ");
            return Err(Refusal(format!("the schedule {} has no role {role:?}; it has {roles}.", schedule.name)));
        }
        let around = boundary.unwrap_or(self.store_now);
        let reach = schedule.reach(role);
        let shifts =
            schedule.shifts(role, &self.overrides, time::within(around - reach), time::within(around + reach + reach));
        let is_meant = |pair: &&[Shift]| match (*pair, boundary) {
            ([_, after], Some(boundary)) => after.from == boundary,
            ([_, after], None) => after.from > self.store_now,
            _ => false,
        };
        let meant = shifts.windows(2).find(is_meant);
        let Some([before, after]) = meant else {
            let words = match boundary {
                Some(boundary) => {
                    format!("{role} of {} does not pass on at {}.", schedule.name, time::written(boundary))
                }
                None => format!("{role} of {} passes on to nobody in sight.", schedule.name),
            };
            return Err(Refusal(words));
        };
        let new = Handoff::new((&schedule.name, role), after.from, before.person.clone(), after.person.clone());
        let known = self.handoffs.iter().find(|one| one.role == role && one.boundary == after.from);
        Ok(known.map_or(new.clone(), |known| Handoff {
            outgoing: new.outgoing,
            incoming: new.incoming,
            ..known.clone()
        }))
    }

    /// The last hand-off of a role that was handed over and not taken.
    pub(super) fn handed_over(&self, role: &str) -> Option<&Handoff> {
        let waits = |one: &&Handoff| one.role == role && one.submitted.is_some() && one.accepted.is_none();
        self.handoffs.iter().filter(waits).max_by_key(|one| one.boundary)
    }

    /// What is pending at a hand-over, a line each: incidents that are open, and silences that end or begin in the shift that follows.
    pub(super) fn pending(&self, handoff: &Handoff) -> Vec<String> {
        let mut lines: Vec<String> = self.open.iter().map(open).collect();
        let shift = (handoff.boundary, time::within(handoff.boundary + AHEAD));
        let silences = self.silences.iter().flat_map(|silences| silences.iter());
        lines.extend(silences.filter_map(|silence| changing(silence, shift)));
        lines
    }
}

/// An open incident in a line.
fn open(incident: &Incident) -> String {
    let whose = incident.assignee.as_deref().map_or_else(|| "nobody's".to_owned(), |who| format!("{who}'s"));
    format!(
        "{incident}: {}, {}, {whose}, open since {}",
        incident.severity.name(),
        incident.state.word(),
        time::written(incident.created_at)
    )
}

/// A silence that ends or begins within a span, in a line.
fn changing(silence: &Silence, (from, until): (Instant, Instant)) -> Option<String> {
    let is_within = |at: Instant| from <= at && at < until;
    let said = |word: &str, at: Instant| {
        let comment = crate::domain::text::clean(&silence.comment).into_owned();
        Some(format!("silence of {} {word} at {}: {comment}", silence.covers(), time::written(at)))
    };
    match silence.state {
        SilenceState::Active if is_within(silence.ends_at) => said("ends", silence.ends_at),
        SilenceState::Pending if is_within(silence.starts_at) => said("begins", silence.starts_at),
        _ => None,
    }
}

/// The plan of something that is done to a hand-off.
pub(super) fn draft(
    seen: &Observation,
    given: &Given,
    actor: &str,
    meant: impl FnOnce(&ScheduleFacts) -> Result<Doing, Refusal>,
) -> Result<Draft, Refusal> {
    let facts = seen.schedule()?;
    let Doing { seen, step, to, fills } = meant(facts)?;
    let mut draft = Draft { from: in_words(&seen), ..Draft::default() };
    draft.pins = vec![Pin {
        path: "/handoffs".to_owned(),
        value: facts.document.pointer("/handoffs").cloned().unwrap_or_default(),
    }];
    let change = ChangeHandoff {
        environment: facts.subject.environment.to_string(),
        on_behalf_of: given.text(AS.id).map(str::to_owned),
        seen,
        step,
    };
    draft.refusals.extend(change.check().err());
    draft.refusals.extend(change.seen.after(&change.step, actor, facts.store_now).err());
    draft.warnings.extend(facts.refuses(actor));
    draft.expected.clone_from(&to);
    draft.to = to;
    draft.inverse = Inverse { words: "It stays in the store.".to_owned(), command: None };
    let words = format!("Write it into the store: {}.", draft.to);
    draft.steps = vec![Write::Handoff(Box::new(change)).step(words, Handoff::TABLE.name, fills)];
    Ok(stored(draft, given))
}

/// How it stands, in a line that is the same a minute later.
fn in_words(handoff: &Handoff) -> String {
    let who = |person: &Option<String>| person.clone().unwrap_or_else(|| "nobody".to_owned());
    let open: Vec<&str> = handoff.open().map(|item| item.id).collect();
    let stands = match (&handoff.submitted, open.as_slice()) {
        (Some(stamp), _) => format!("handed over by {}", stamp.by),
        (None, []) => "everything gone through".to_owned(),
        (None, open) => format!("open: {}", open.join(", ")),
    };
    format!(
        "{} from {} to {} at {}, {stands}",
        handoff.role,
        who(&handoff.outgoing),
        who(&handoff.incoming),
        time::written(handoff.boundary)
    )
}
