//! Write something down in the timeline of an incident, now or for when it happened.

use crate::actions::alerts::TEXT;
use crate::actions::contract::About;
use crate::actions::incidents::{AS, AT, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "incident-note",
        command: "action.incident-note",
        title: "Write into the timeline",
        means: "every console shows it in the timeline, at the time it happened, with the time it was written. It is never changed.",
        word: "TIMELINE",
        fields: &[TEXT, AT, AS],
        ..About::ON_INCIDENT
    },
    plan: |_, _, _| Ok(Planned::of(Transition::Note, "with one line more in its timeline", &[])),
};
