//! Cancel window: one occurrence does not take place, or the window is taken out.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, OCCURRENCE, WINDOW, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct CancelWindow;

impl Action for CancelWindow {
    fn about(&self) -> &'static About {
        &About {
            id: "cancel-window",
            command: "action.cancel-window",
            title: "Call an occurrence off",
            means: "this one occurrence does not take place; the window comes again as before, unless it is the window itself that is taken out.",
            word: "CANCEL",
            fields: &[OCCURRENCE, WINDOW],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Cancel, seen.maintenance()?, given, context)
    }
}
