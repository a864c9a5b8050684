//! Start window: an occurrence begins now.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, OCCURRENCE, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct StartWindow;

impl Action for StartWindow {
    fn about(&self) -> &'static About {
        &About {
            id: "start-window",
            command: "action.start-window",
            title: "Begin an occurrence",
            means: "it runs from now on, until somebody says that it is over.",
            word: "BEGIN",
            fields: &[OCCURRENCE],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Start, seen.maintenance()?, given, context)
    }
}
