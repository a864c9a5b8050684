//! Add a responder: somebody is called to help. The ladder goes on, and they acknowledge their own page alone.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, PERSON, Planned, needed};
use crate::domain::action::Field;
use crate::domain::incident::Transition;

/// Whom.
const WHOM: Field = Field { words: "Whom.", ..needed(PERSON) };

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "add-responder",
        command: "action.add-responder",
        title: "Add a responder",
        means: "they are called, and acknowledge their own page alone: the ladder and the clock of the response go on.",
        word: "ADD-RESPONDER",
        fields: &[WHOM, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let person = given.text(PERSON.id).unwrap_or_default().to_owned();
        let words = format!("{person} is asked to help");
        let planned = Planned::of(Transition::AddResponder { person }, words, &["/state"]);
        Ok(planned.back("They acknowledge their page, or the incident is resolved.", ""))
    },
};
