//! Reopen: an incident is not over. The time it was resolved is not counted as a time it hurt.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "reopen",
        command: "action.reopen",
        title: "Open it again",
        means: "the incident is open again, acknowledged as it was: the clock of its response does not begin anew.",
        word: "REOPEN",
        fields: &[AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, _, _| Ok(Planned::of(Transition::Reopen, "open again", &["/state"]).back("Resolve it.", "resolve")),
};
