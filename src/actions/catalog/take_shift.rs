//! Take a shift: whoever does it has the role from now until a time.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::AS;
use crate::actions::observation::Observation;
use crate::actions::schedules::{ROLE, UNTIL, overriding};
use crate::domain::action::Given;
use crate::domain::subject::SubjectKind;

const ABOUT: &About = &About {
    id: "take-shift",
    command: "action.take-shift",
    title: "Take the shift",
    means: "you have the role from now until then, whoever's turn it is. The rotation goes on afterwards.",
    on: SubjectKind::Schedule,
    word: "TAKE-SHIFT",
    fields: &[ROLE, UNTIL, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct TakeShift;

impl Action for TakeShift {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let person = given.text(AS.id).unwrap_or(context.author);
        overriding(seen.schedule()?, given, person, context.author)
    }
}
