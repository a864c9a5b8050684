//! Resolve: an incident is over. It takes nothing up any more: what comes after is a new one, or it is opened again.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "resolve",
        command: "action.resolve",
        title: "Resolve",
        means: "the incident is over on every console. It takes nothing up any more; it can be opened again.",
        word: "RESOLVE",
        fields: &[AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, _, _| {
        let mut planned = Planned::of(Transition::Resolve, "resolved", &["/state"]);
        if incident.acknowledged.is_none() {
            planned.warnings.push("nobody has acknowledged it: it is counted apart in the figures.".to_owned());
        }
        Ok(planned.back("Open it again.", "reopen"))
    },
};
