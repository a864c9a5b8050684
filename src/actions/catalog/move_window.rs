//! Move window: one occurrence begins at another time.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{BEGINS, Doing, OCCURRENCE, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct MoveWindow;

impl Action for MoveWindow {
    fn about(&self) -> &'static About {
        &About {
            id: "move-window",
            command: "action.move-window",
            title: "Move an occurrence",
            means: "this one occurrence begins at another time; the window comes again as before.",
            word: "MOVE",
            fields: &[OCCURRENCE, BEGINS],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Move, seen.maintenance()?, given, context)
    }
}
