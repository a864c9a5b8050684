//! Accept a swap: whoever was asked takes the other's shift and gives their own.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::AS;
use crate::actions::observation::Observation;
use crate::actions::schedules::{NUMBER, said_over};
use crate::domain::action::Given;
use crate::domain::oncall::{Override, OverrideKind};
use crate::domain::store::NewOverride;
use crate::domain::subject::SubjectKind;
use crate::domain::time;

const ABOUT: &About = &About {
    id: "accept-swap",
    command: "action.accept-swap",
    title: "Accept a swap",
    means: "the two shifts change hands.",
    on: SubjectKind::Schedule,
    word: "ACCEPT-SWAP",
    fields: &[NUMBER, AS],
    reason: Reason::Unasked,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct AcceptSwap;

impl Action for AcceptSwap {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.schedule()?;
        let actor = given.text(AS.id).unwrap_or(context.author);
        let asked_of = |one: &Override| one.slots.first().and_then(|slot| slot.person.clone()).unwrap_or_default();
        let waits = |one: &&Override| one.kind == OverrideKind::Swap && one.settled_by(&facts.overrides).is_none();
        let asked = match given.number(NUMBER.id) {
            Some(number) => facts.numbered(number)?,
            None => {
                let of_them = facts.overrides.iter().filter(waits).filter(|one| asked_of(one) == actor);
                let none = || Refusal(format!("nobody asked {actor} to swap shifts of {}.", facts.subject.name));
                of_them.max_by_key(|one| one.number).ok_or_else(none)?
            }
        };
        if asked.kind != OverrideKind::Swap {
            return Err(Refusal(format!("number {} asks for no swap.", asked.number)));
        }
        if let Some(settled) = asked.settled_by(&facts.overrides) {
            let how = if settled.kind == OverrideKind::Accept { "accepted" } else { "taken back" };
            return Err(Refusal(format!("the swap was {how} by {} at {}.", settled.by, time::written(settled.at))));
        }
        let new = NewOverride {
            kind: OverrideKind::Accept,
            of_number: Some(asked.number),
            ..NewOverride::slot(&asked.schedule, &asked.role, None, (None, asked.until))
        };
        let mut draft = said_over(facts, new, given, (format!("swap {} accepted", asked.number), context.author))?;
        let meant = asked_of(asked);
        let refused = (meant != actor).then(|| format!("{meant} was asked to swap: they accept it, and not {actor}."));
        draft.refusals.extend(refused);
        let begun = asked.slots.iter().any(|slot| slot.from <= facts.store_now);
        draft.refusals.extend(begun.then(|| "one of the shifts has begun: what runs is not swapped.".to_owned()));
        Ok(draft)
    }
}
