//! Add window: plan maintenance, again and again or once.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{ACTIVITIES, AT, CRON, DOWNTIME, Doing, EMERGENCY, FOR, NAME, SERVICE, ZONE, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct AddWindow;

impl Action for AddWindow {
    fn about(&self) -> &'static About {
        &About {
            id: "add-window",
            command: "action.add-window",
            title: "Plan a window",
            means: "every console of the store shows it in the schedule. Nothing is done by itself when it comes.",
            word: "ADD-WINDOW",
            makes: true,
            fields: &[NAME, CRON, AT, ZONE, FOR, SERVICE, DOWNTIME, ACTIVITIES, EMERGENCY],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Add, seen.maintenance()?, given, context)
    }
}
