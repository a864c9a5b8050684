//! Finish window: an occurrence is over now.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, OCCURRENCE, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct FinishWindow;

impl Action for FinishWindow {
    fn about(&self) -> &'static About {
        &About {
            id: "finish-window",
            command: "action.finish-window",
            title: "End an occurrence",
            means: "it is over from now on, also before its time.",
            word: "FINISH",
            fields: &[OCCURRENCE],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Finish, seen.maintenance()?, given, context)
    }
}
