//! Take a merge back: an incident goes on by itself again.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "unmerge",
        command: "action.unmerge",
        title: "Take the merge back",
        means: "the incident goes on by itself, with what it was about; what was written in the other stays there.",
        word: "UNMERGE",
        fields: &[AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, _, _| {
        let merged = incident.merged.as_ref().ok_or_else(|| format!("{incident} is not merged."))?;
        let into = merged.into;
        let planned = Planned::of(Transition::Unmerge { into }, "an incident by itself again", &["/state", "/merged"]);
        Ok(planned.back("Merge it again.", format!("merge --into {into}")))
    },
};
