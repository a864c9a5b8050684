//! Unlink: an incident is not about this.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, LINK, OnIncident, Planned, needed};
use crate::domain::incident::{Link, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "unlink",
        command: "action.unlink",
        title: "Unlink from an incident",
        means: "the incident is not shown with it any more; that it was is in the timeline.",
        word: "UNLINK",
        fields: &[needed(LINK), AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let word = given.text(LINK.id).unwrap_or_default();
        let link = Link::typed(word, &incident.environment)?;
        let words = format!("not about {link}");
        Ok(Planned::of(Transition::Unlink(link), words, &["/links"])
            .back("Link it again.", format!("link --link {word}")))
    },
};
