//! Assign: an incident is given to somebody. It acknowledges nothing, and resets nothing.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, PERSON, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "assign",
        command: "action.assign",
        title: "Assign",
        means: "every console shows whose it is. It acknowledges nothing: the clock of the response goes on.",
        word: "ASSIGN",
        fields: &[PERSON, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let (from, to) = (incident.assignee.clone(), given.text(PERSON.id).map(str::to_owned));
        if from == to {
            return Err(format!("{incident} is {}'s already.", to.as_deref().unwrap_or("nobody")));
        }
        let words = format!("given to {}", to.as_deref().unwrap_or("nobody"));
        let planned = Planned::of(Transition::Assign { from, to }, words, &["/state", "/assignee"]);
        Ok(planned.back("Give it back.", "assign"))
    },
};
