//! Ask for a swap: somebody's shift for another's. Nothing changes until the other accepts it.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::{self, AS, needed};
use crate::actions::observation::{Observation, ScheduleFacts};
use crate::actions::schedules::{FROM, ROLE, said_over};
use crate::domain::action::{Field, Given};
use crate::domain::oncall::{OverrideKind, Shift, Slot};
use crate::domain::store::NewOverride;
use crate::domain::subject::SubjectKind;
use crate::domain::time::{self, Instant};

/// How far ahead shifts are swapped, in days.
const AHEAD: i64 = 366;

/// With whom.
const PERSON: Field = Field { words: "With whom.", ..needed(incidents::PERSON) };
/// Which of one's own.
const MINE: Field = Field { id: "mine", words: "A time of your shift that is meant; else your next.", ..FROM };
/// Which of theirs.
const THEIRS: Field = Field { id: "theirs", words: "A time of their shift that is meant; else their next.", ..FROM };

const ABOUT: &About = &About {
    id: "ask-swap",
    command: "action.ask-swap",
    title: "Ask to swap shifts",
    means: "they are asked; nothing changes until they accept it.",
    on: SubjectKind::Schedule,
    word: "ASK-SWAP",
    fields: &[ROLE, PERSON, MINE, THEIRS, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct AskSwap;

impl Action for AskSwap {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.schedule()?;
        let actor = given.text(AS.id).unwrap_or(context.author);
        let (role, with) = (given.text(ROLE.id).unwrap_or_default(), given.text(PERSON.id).unwrap_or_default());
        if with == actor {
            return Err(Refusal(format!("{actor} cannot swap with themselves.")));
        }
        let mine = shift_of(facts, role, actor, given.moment(MINE.id))?;
        let theirs = shift_of(facts, role, with, given.moment(THEIRS.id))?;
        let slot = |person: &str, shift: &Shift| Slot {
            person: Some(person.to_owned()),
            from: shift.from,
            until: shift.until,
        };
        let span = (Some(mine.from.min(theirs.from)), mine.until.max(theirs.until));
        let new = NewOverride {
            kind: OverrideKind::Swap,
            slots: vec![slot(with, &mine), slot(actor, &theirs)],
            ..NewOverride::slot(&facts.subject.name, role, None, span)
        };
        let to = format!(
            "{with} is asked to take {} to {} for {} to {}",
            time::written(mine.from),
            time::written(mine.until),
            time::written(theirs.from),
            time::written(theirs.until)
        );
        let mut draft = said_over(facts, new, given, (to, context.author))?;
        draft.refusals.extend([actor, with].into_iter().filter_map(|who| facts.refuses(who)));
        Ok(draft)
    }
}

/// A shift of somebody that is to come: the one that holds a moment, else the next.
fn shift_of(facts: &ScheduleFacts, role: &str, person: &str, at: Option<Instant>) -> Result<Shift, Refusal> {
    let schedule = facts.schedule.as_ref().ok_or_else(|| Refusal("it is not read yet.".to_owned()))?;
    let now = facts.store_now;
    let shifts = schedule.shifts(role, &facts.overrides, now, time::within(now + time::days(AHEAD)));
    let is_theirs = |shift: &&Shift| shift.person.as_deref() == Some(person);
    let is_meant = |shift: &&Shift| match at {
        Some(at) => shift.from <= at && at < shift.until,
        None => shift.from > now,
    };
    let found = shifts.into_iter().find(|shift| is_theirs(&shift) && is_meant(&shift));
    match found {
        Some(shift) if shift.from <= now => {
            Err(Refusal(format!("the shift of {person} has begun: what runs is not swapped. Override it.")))
        }
        Some(shift) => Ok(shift),
        None => {
            let when = at.map_or_else(|| "within a year".to_owned(), |at| format!("at {}", time::written(at)));
            Err(Refusal(format!("{person} is not {role} of {} {when}.", schedule.name)))
        }
    }
}
