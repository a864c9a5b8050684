//! Tick an item of the checklist, or open it again.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, ITEM, OnIncident, Planned, UNDONE, needed};
use crate::domain::incident::Transition;

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "tick",
        command: "action.tick",
        title: "Tick an item",
        means: "every console shows that it is done, and by whom.",
        word: "TICK",
        fields: &[needed(ITEM), UNDONE, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let (item, is_done) = (given.text(ITEM.id).unwrap_or_default().to_owned(), !given.is(UNDONE.id));
        let words = format!("{item} is {}", if is_done { "done" } else { "open" });
        let back = format!("tick --item {item}{}", if is_done { " --undone" } else { "" });
        Ok(Planned::of(Transition::Tick { item, is_done }, words, &["/ticked"]).back("Tick it the other way.", back))
    },
};
