//! Take a note on an alert back.

use std::sync::Arc;

use crate::actions::alerts::{Doing, NOTE, draft};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::alert::Alert;
use crate::domain::store;

/// The action.
pub(super) struct WithdrawNote;

impl Action for WithdrawNote {
    fn about(&self) -> &'static About {
        &About {
            id: "withdraw-note",
            command: "action.withdraw-note",
            title: "Take a note back",
            means: "its text is blanked in the store; that there was a note, and who took it back, stays in the audit.",
            word: "WITHDRAW-NOTE",
            fields: &[NOTE],
            ..About::ON_ALERT
        }
    }

    fn applies_to(&self, _: &[Arc<Alert>], notes: &[store::Note]) -> Result<(), &'static str> {
        if notes.is_empty() { Err("nobody wrote one on it") } else { Ok(()) }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::WithdrawNote, seen.alert()?, given, context)
    }
}
