//! Note: write down what was learnt about an alert.

use crate::actions::alerts::{Doing, TEXT, draft};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct Note;

impl Action for Note {
    fn about(&self) -> &'static About {
        &About {
            id: "note",
            command: "action.note",
            title: "Write a note",
            means: "every console of the store shows it with the alert, also when it fires again. It silences nothing, and does not say that you are on it.",
            word: "NOTE",
            fields: &[TEXT],
            ..About::ON_ALERT
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Note, seen.alert()?, given, context)
    }
}
