//! Change a silence: let it end at another time.

use std::sync::Arc;

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::silences::{Doing, FOR, UNTIL, draft, is_covered};
use crate::domain::action::{Given, Tier};
use crate::domain::alert::Alert;
use crate::domain::store::Note;
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
            reason: Reason::Welcome,
            ..About::ON_WORKLOAD
        }
    }

    fn applies_to(&self, alerts: &[Arc<Alert>], _: &[Note]) -> Result<(), &'static str> {
        is_covered(alerts)
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Move, seen.silence()?, given, context)
    }
}
