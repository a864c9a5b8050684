//! Acknowledge: somebody says that they are on it.

use crate::actions::alerts::{Doing, MOST, draft, is_idle};
use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct Acknowledge;

impl Action for Acknowledge {
    fn about(&self) -> &'static About {
        &About {
            id: "acknowledge",
            command: "action.acknowledge",
            title: "Acknowledge",
            means: "every console of the store shows that you are on it, for as long as it fires this time. It is no silence: it keeps firing and notifying.",
            most: MOST,
            reason: Reason::Welcome,
            word: "ACKNOWLEDGE",
            ..About::ON_ALERT
        }
    }

    fn has_nothing_to_do(&self, seen: &Observation) -> bool {
        is_idle(Doing::Acknowledge, seen)
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Acknowledge, seen.alert()?, given, context)
    }
}
