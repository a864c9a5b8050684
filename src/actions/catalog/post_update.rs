//! Tell those who wait how an incident stands: what was told, and to whom, stands in the timeline, and the time until the next begins.

use crate::actions::alerts::TEXT;
use crate::actions::contract::About;
use crate::actions::incidents::{AS, AT, AUDIENCE, OnIncident, Planned};
use crate::domain::incident::{Audience, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "post-update",
        command: "action.post-update",
        title: "Note a status update",
        means: "the timeline keeps what was told to whom, and the time until the next update begins. It sends nothing to anybody.",
        word: "UPDATE",
        fields: &[TEXT, AUDIENCE, AT, AS],
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let word = given.text(AUDIENCE.id).unwrap_or(Audience::Internal.word());
        let audience = Audience::of_word(word)
            .ok_or_else(|| format!("there is no audience {word:?}; there is customers, internal and stakeholders."))?;
        Ok(Planned::of(Transition::Update(audience), format!("{word} are told how it stands"), &[]))
    },
};
