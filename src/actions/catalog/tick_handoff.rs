//! Tick: something of the checklist of a hand-off was gone through.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::handoffs::{BOUNDARY, Doing, ROLE, draft};
use crate::actions::incidents::{self, AS, UNDONE, needed};
use crate::actions::observation::Observation;
use crate::domain::action::{Field, Given};
use crate::domain::oncall::HandoffStep;
use crate::domain::subject::SubjectKind;

/// Which item.
const ITEM: Field = Field { words: "Which item: briefing, documents or pending.", ..needed(incidents::ITEM) };

const ABOUT: &About = &About {
    id: "tick-handoff",
    command: "action.tick-handoff",
    title: "Tick an item of the hand-off",
    means: "every console shows that it was gone through.",
    on: SubjectKind::Schedule,
    word: "TICK-HANDOFF",
    fields: &[ROLE, ITEM, UNDONE, BOUNDARY, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct TickHandoff;

impl Action for TickHandoff {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let actor = given.text(AS.id).unwrap_or(context.author);
        draft(seen, given, actor, |facts| {
            let seen = facts.handoff(given.text(ROLE.id).unwrap_or_default(), given.moment(BOUNDARY.id))?;
            let (item, is_done) = (given.text(ITEM.id).unwrap_or_default().to_owned(), !given.is(UNDONE.id));
            let to = format!("{item} {}", if is_done { "gone through" } else { "open again" });
            Ok(Doing { seen, step: HandoffStep::Tick { item, is_done }, to, fills: &[] })
        })
    }
}
