//! Freeze: nothing new goes out for a while.

use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::maintenance::{Doing, FROM, NAME, RELEASE, SERVICE, UNTIL, ZONE, draft};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct Freeze;

impl Action for Freeze {
    fn about(&self) -> &'static About {
        &About {
            id: "freeze",
            command: "action.freeze",
            title: "Declare a freeze",
            means: "no new version goes out of any console of the store meanwhile: set-image is refused. What mends, silences or rolls back is not.",
            word: "FREEZE",
            on: SubjectKind::Freeze,
            makes: true,
            fields: &[NAME, RELEASE, FROM, UNTIL, ZONE, SERVICE],
            ..About::ON_WINDOW
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Freeze, seen.maintenance()?, given, context)
    }
}
