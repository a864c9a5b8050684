//! Merge: an incident goes on as a part of another, which is about what it was about since.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, INTO, OnIncident, Planned, needed};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "merge",
        command: "action.merge",
        title: "Merge into another",
        means: "work goes on in the other, which takes over what this one is about. Both timelines stay. It can be taken back for 10 minutes.",
        word: "MERGE",
        fields: &[needed(INTO), AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let into = given.number(INTO.id).unwrap_or_default();
        let planned =
            Planned::of(Transition::Merge { into }, format!("a part of incident {into}"), &["/state", "/merged"]);
        Ok(planned.back("Take it back within 10 minutes.", "unmerge"))
    },
};
