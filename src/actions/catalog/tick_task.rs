//! Tick a task: a periodic task was done.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct TickTask;

impl Action for TickTask {
    fn about(&self) -> &'static About {
        &About {
            id: "tick-task",
            command: "action.tick-task",
            title: "Tick a task",
            means: "every console of the store shows when it was done, by whom, and when it is due again.",
            word: "TICK-TASK",
            on: SubjectKind::Task,
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Tick, seen.maintenance()?, given, context)
    }
}
