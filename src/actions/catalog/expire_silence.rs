//! Expire a silence: let notifications through again, now.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::actions::silences::{Doing, draft};
use crate::domain::action::{Given, Tier};
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct ExpireSilence;

impl Action for ExpireSilence {
    fn about(&self) -> &'static About {
        &About {
            id: "expire-silence",
            command: "action.expire-silence",
            title: "End a silence",
            means: "Alertmanager notifies again of whatever still fires.",
            on: SubjectKind::Silence,
            tier: Tier::T1,
            word: "EXPIRE",
            fields: &[],
            needs_reason: false,
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::End, seen.silence()?, given, context)
    }
}
