//! Move the response on, or back. What is left open of the checklist is said.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, PHASE, Planned, needed};
use crate::domain::incident::{Phase, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "set-phase",
        command: "action.set-phase",
        title: "Move to a phase",
        means: "every console shows where the response is. What is left open of the checklist stays open; say why in the reason.",
        word: "PHASE",
        fields: &[needed(PHASE), AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let word = given.text(PHASE.id).unwrap_or_default();
        let to = Phase::typed(word).ok_or_else(|| {
            format!(
                "there is no phase {word:?}; there is detection, triage, communication, resolution and post-incident."
            )
        })?;
        let from = incident.phase;
        if from == to {
            return Err(format!("{incident} is in {} already.", to.word()));
        }
        let left: Vec<&str> = incident.open_items(from).filter(|_| to > from).map(|item| item.id).collect();
        let warnings = if left.is_empty() {
            Vec::new()
        } else {
            vec![format!("of {} is left open: {}.", from.word(), left.join(", "))]
        };
        let planned = Planned::of(Transition::Phase { from, to }, format!("in {}", to.word()), &["/phase"]);
        Ok(Planned { warnings, ..planned }.back("Move it back.", format!("set-phase --phase {}", from.word())))
    },
};
