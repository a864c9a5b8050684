//! Write down what is to be done once an incident is over, by whom and by when.

use crate::actions::alerts::TEXT;
use crate::actions::contract::About;
use crate::actions::incidents::{AS, DUE, OWNER, OnIncident, Planned, needed};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "follow-up",
        command: "action.follow-up",
        title: "Add a follow-up",
        means: "the report of the incident lists it with its owner.",
        word: "FOLLOW-UP",
        fields: &[TEXT, needed(OWNER), DUE, AS],
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let owned = |id: &str| given.text(id).unwrap_or_default().to_owned();
        let (owner, due) = (owned(OWNER.id), owned(DUE.id));
        let words = format!("with a follow-up of {owner}");
        Ok(Planned::of(Transition::FollowUp { owner, due }, words, &[]))
    },
};
