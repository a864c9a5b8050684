//! Override: somebody has a role of a schedule for a while, whoever's turn it is.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::incidents::{self, AS, needed};
use crate::actions::observation::Observation;
use crate::actions::schedules::{FROM, ROLE, UNTIL, overriding};
use crate::domain::action::{Field, Given};
use crate::domain::subject::SubjectKind;

/// Who.
const PERSON: Field = Field { words: "Who has it then.", ..needed(incidents::PERSON) };

const ABOUT: &About = &About {
    id: "override-shift",
    command: "action.override-shift",
    title: "Override a shift",
    means: "whoever pages the role in that time pages them. The rotation goes on around it; what was is not rewritten.",
    on: SubjectKind::Schedule,
    word: "OVERRIDE",
    fields: &[ROLE, PERSON, FROM, UNTIL, AS],
    reason: Reason::Welcome,
    ..About::ON_ALERT
};

/// The action.
pub(super) struct OverrideShift;

impl Action for OverrideShift {
    fn about(&self) -> &'static About {
        ABOUT
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        overriding(seen.schedule()?, given, given.text(PERSON.id).unwrap_or_default(), context.author)
    }
}
