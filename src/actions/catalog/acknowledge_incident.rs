//! Acknowledge an incident: somebody says that they are on it, and the clock of the response stands still.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "acknowledge-incident",
        command: "action.acknowledge-incident",
        title: "Acknowledge the incident",
        means: "every console shows that you are on it, and the clock of its response stands still for good.",
        word: "ACK",
        fields: &[AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, _, who| {
        let planned =
            Planned::of(Transition::Acknowledge, format!("acknowledged by {who}"), &["/state", "/acknowledged"]);
        Ok(planned.back("The first acknowledgement stays: give the incident to somebody else.", "assign"))
    },
};
