//! Link: say what an incident is about.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, LINK, OnIncident, Planned, needed};
use crate::domain::incident::{Link, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "link",
        command: "action.link",
        title: "Link to an incident",
        means: "the incident is shown with it, and what happens to it is told in the timeline.",
        word: "LINK",
        fields: &[needed(LINK), AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let word = given.text(LINK.id).unwrap_or_default();
        let link = Link::typed(word, &incident.environment)?;
        let words = format!("about {link} too");
        Ok(Planned::of(Transition::Link(link), words, &["/links"]).back("Unlink it.", format!("unlink --link {word}")))
    },
};
