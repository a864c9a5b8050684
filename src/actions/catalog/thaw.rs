//! Thaw: a freeze is taken back.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct Thaw;

impl Action for Thaw {
    fn about(&self) -> &'static About {
        &About {
            id: "thaw",
            command: "action.thaw",
            title: "Take a freeze back",
            means: "new versions go out again.",
            word: "THAW",
            on: SubjectKind::Freeze,
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Thaw, seen.maintenance()?, given, context)
    }
}
