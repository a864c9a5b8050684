//! Reassign: an incident is given to somebody who is called for it; the ladder begins with them.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, PERSON, Planned, needed};
use crate::domain::action::Field;
use crate::domain::incident::Transition;

/// To whom.
const WHOM: Field = Field { words: "To whom.", ..needed(PERSON) };

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "reassign",
        command: "action.reassign",
        title: "Reassign",
        means: "it is theirs and they are called, in place of the first level; what waits to be sent to others is not sent. If they do not answer, the ladder goes on from them.",
        word: "REASSIGN",
        fields: &[WHOM, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let (from, to) = (incident.assignee.clone(), given.text(PERSON.id).unwrap_or_default().to_owned());
        if from.as_ref() == Some(&to) {
            return Err(format!("{incident} is {to}'s already."));
        }
        let words = format!("given to {to}, who is called");
        let pins: &[&str] = &["/state", "/assignee", "/run/epoch"];
        Ok(Planned::of(Transition::Reassign { from, to }, words, pins).back("Give it back.", "reassign"))
    },
};
