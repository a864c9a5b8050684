//! Escalate now: the next level of an incident's ladder is called, without waiting for its time.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "escalate",
        command: "action.escalate",
        title: "Escalate now",
        means: "the next level of its ladder is called at once: the one behind those that are due. The levels above keep their times.",
        word: "ESCALATE",
        fields: &[AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, _, _| {
        let pins: &[&str] = &["/state", "/run/epoch", "/run/level", "/run/state"];
        let planned = Planned::of(Transition::Escalate, "escalated", pins);
        Ok(planned.back("Whoever was called was called: an acknowledgement stops what is not sent yet.", ""))
    },
};
