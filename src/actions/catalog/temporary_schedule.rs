//! A temporary schedule: for a while only its own shifts count, and the rotations of the role do not.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::{AS, needed};
use crate::actions::observation::Observation;
use crate::actions::schedules::{FROM, ROLE, UNTIL, said_over, shifts_typed};
use crate::domain::action::{Field, FieldKind, Given};
use crate::domain::oncall::{OverrideKind, Slot, Spans};
use crate::domain::store::NewOverride;
use crate::domain::subject::SubjectKind;
use crate::domain::time;

/// Who has the role when.
const SHIFTS: Field = Field {
    id: "shifts",
    kind: FieldKind::Line,
    value: "SHIFTS",
    noun: "shifts, as ada=2026-12-24T09:00:00Z/2026-12-24T21:00:00Z",
    words: "Who has it when, with spaces between them: ada=2026-12-24T09:00:00Z/2026-12-24T21:00:00Z.",
    is_needed: true,
};

const ABOUT: &About = &About {
    id: "temporary-schedule",
    command: "action.temporary-schedule",
    title: "Plan a temporary schedule",
    means: "in that time only these shifts count: where none is, nobody is on call. The rotations go on afterwards as if nothing had been.",
    on: SubjectKind::Schedule,
    word: "TEMPORARY",
    fields: &[ROLE, needed(FROM), UNTIL, SHIFTS, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct TemporarySchedule;

impl Action for TemporarySchedule {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.schedule()?;
        let until = given.moment(UNTIL.id).ok_or_else(|| Refusal("it does not say until when.".to_owned()))?;
        let from = given.moment(FROM.id).ok_or_else(|| Refusal("it does not say from when.".to_owned()))?;
        let slots = shifts_typed(given.text(SHIFTS.id).unwrap_or_default()).map_err(Refusal)?;
        let role = given.text(ROLE.id).unwrap_or_default();
        let (schedule, span) = (&facts.subject.name, (Some(from), until));
        let new = NewOverride {
            kind: OverrideKind::Temporary,
            slots: slots.clone(),
            ..NewOverride::slot(schedule, role, None, span)
        };
        let is_outside = |slot: &&Slot| slot.from < from || until < slot.until;
        let outside = slots
            .iter()
            .find(is_outside)
            .map(|slot| format!("the shift from {} reaches beyond the temporary schedule.", time::written(slot.from)));
        let covered: Spans = slots.iter().map(|slot| (slot.from, slot.until)).collect();
        let gaps: Vec<String> = covered
            .rest((from, until))
            .iter()
            .map(|(from, until)| format!("NOBODY has {role} from {} to {}.", time::written(from), time::written(until)))
            .collect();
        let count = if slots.len() == 1 { "1 shift".to_owned() } else { format!("{} shifts", slots.len()) };
        let to = format!("{role} from {} until {} by {count}", time::written(from), time::written(until));
        let mut draft = said_over(facts, new, given, (to, context.author))?;
        draft.refusals.extend(outside);
        draft.refusals.extend(slots.iter().filter_map(|slot| facts.refuses(slot.person.as_deref()?)));
        draft.warnings.extend(gaps);
        Ok(draft)
    }
}
