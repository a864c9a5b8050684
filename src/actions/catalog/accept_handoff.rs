//! Accept: whoever takes over a role says that they have it.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::handoffs::{BOUNDARY, Doing, ROLE, draft};
use crate::actions::incidents::AS;
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::oncall::HandoffStep;
use crate::domain::subject::SubjectKind;

const ABOUT: &About = &About {
    id: "accept-handoff",
    command: "action.accept-handoff",
    title: "Accept the hand-off",
    means: "every console shows that they have it.",
    on: SubjectKind::Schedule,
    word: "ACCEPT-HANDOFF",
    fields: &[ROLE, BOUNDARY, AS],
    reason: Reason::Unasked,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct AcceptHandoff;

impl Action for AcceptHandoff {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let actor = given.text(AS.id).unwrap_or(context.author);
        draft(seen, given, actor, |facts| {
            let role = given.text(ROLE.id).unwrap_or_default();
            let seen = match (given.moment(BOUNDARY.id), facts.handed_over(role)) {
                (None, Some(waiting)) => waiting.clone(),
                (boundary, _) => facts.handoff(role, boundary)?,
            };
            let to = format!("accepted by {actor}");
            Ok(Doing { seen, step: HandoffStep::Accept, to, fills: &[] })
        })
    }
}
