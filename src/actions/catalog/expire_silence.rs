//! Expire a silence: let notifications through again, now.

use std::sync::Arc;

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::actions::silences::{Doing, draft, is_covered};
use crate::domain::action::{Given, Tier};
use crate::domain::alert::Alert;
use crate::domain::store::Note;
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
            ..About::ON_WORKLOAD
        }
    }

    fn applies_to(&self, alerts: &[Arc<Alert>], _: &[Note]) -> Result<(), &'static str> {
        is_covered(alerts)
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::End, seen.silence()?, given, context)
    }
}
