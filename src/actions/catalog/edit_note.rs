//! Change a note on an alert; emptied, it is taken back.

use std::sync::Arc;

use crate::actions::alerts::{Doing, NOTE, TEXT, draft};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;
use crate::domain::alert::Alert;
use crate::domain::store;

/// The action.
pub(super) struct EditNote;

impl Action for EditNote {
    fn about(&self) -> &'static About {
        &About {
            id: "edit-note",
            command: "action.edit-note",
            title: "Change a note",
            means: "every console of the store shows the new text, with your name beside the first writer's.",
            word: "EDIT-NOTE",
            fields: &[TEXT, NOTE],
            emptied: Some("withdraw-note"),
            ..About::ON_ALERT
        }
    }

    fn applies_to(&self, _: &[Arc<Alert>], notes: &[store::Note]) -> Result<(), &'static str> {
        if notes.is_empty() { Err("nobody wrote one on it") } else { Ok(()) }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::EditNote, seen.alert()?, given, context)
    }
}
