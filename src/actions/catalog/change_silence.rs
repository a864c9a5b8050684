//! Change a silence: let it end at another time.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::actions::silences::{Doing, FOR, UNTIL, draft};
use crate::domain::action::{Given, Tier};
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct ChangeSilence;

impl Action for ChangeSilence {
    fn about(&self) -> &'static About {
        &About {
            id: "change-silence",
            command: "action.change-silence",
            title: "Change the end of a silence",
            means: "Alertmanager keeps back what it keeps back now, until another time.",
            on: SubjectKind::Silence,
            tier: Tier::T1,
            word: "CHANGE",
            fields: &[FOR, UNTIL],
            needs_reason: false,
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Move, seen.silence()?, given, context)
    }
}
