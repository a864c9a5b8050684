//! Unacknowledge: somebody says that nobody is on it any more.

use std::sync::Arc;

use crate::actions::alerts::{Doing, MOST, draft, is_idle};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::alert::Alert;
use crate::domain::store;

/// The action.
pub(super) struct Unacknowledge;

impl Action for Unacknowledge {
    fn about(&self) -> &'static About {
        &About {
            id: "unacknowledge",
            command: "action.unacknowledge",
            was: Some("action.give-back"),
            title: "Unacknowledge",
            means: "every console of the store shows that nobody is on it.",
            most: MOST,
            word: "UNACKNOWLEDGE",
            ..About::ON_ALERT
        }
    }

    fn has_nothing_to_do(&self, seen: &Observation) -> bool {
        is_idle(Doing::Unacknowledge, seen)
    }

    fn applies_to(&self, alerts: &[Arc<Alert>], _: &[store::Note]) -> Result<(), &'static str> {
        let is_held = alerts.iter().any(|alert| alert.acknowledged.is_some());
        if is_held { Ok(()) } else { Err("nobody has it") }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Unacknowledge, seen.alert()?, given, context)
    }
}
