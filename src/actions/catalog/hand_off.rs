//! Hand off: a role is handed over, with what is pending. It passes on at its boundary whether this was done or not.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::handoffs::{BOUNDARY, Doing, ROLE, draft};
use crate::actions::incidents::AS;
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::oncall::HandoffStep;
use crate::domain::subject::SubjectKind;

const ABOUT: &About = &About {
    id: "hand-off",
    command: "action.hand-off",
    title: "Hand off",
    means: "whoever takes over finds what is pending: incidents that are open, silences that end or begin. They accept it; the role passes on at its time in any case.",
    on: SubjectKind::Schedule,
    word: "HAND-OFF",
    fields: &[ROLE, BOUNDARY, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct HandOff;

impl Action for HandOff {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let actor = given.text(AS.id).unwrap_or(context.author);
        let mut drafted = draft(seen, given, actor, |facts| {
            let seen = facts.handoff(given.text(ROLE.id).unwrap_or_default(), given.moment(BOUNDARY.id))?;
            let pending = facts.pending(&seen);
            let to = seen.incoming.as_deref().unwrap_or("nobody");
            let to = format!("handed over to {to}, with {} pending", pending.len());
            let step = HandoffStep::Submit { pending, words: "{reason}".to_owned() };
            Ok(Doing { seen, step, to, fills: &["/handoff/step/submit/words"] })
        })?;
        if seen.schedule()?.silences.is_none() {
            drafted.warnings.push("silences are not known here: look at them yourself.".to_owned());
        }
        Ok(drafted)
    }
}
