//! Take a role in the response: commander, deputy, scribe, communications. Taking it over from somebody is said.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, PERSON, Planned, ROLE, TAKE_OVER, needed};
use crate::domain::incident::{Role, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "take-role",
        command: "action.take-role",
        title: "Take a role",
        means: "every console shows who has it. One person has a role: taking it from somebody is said, and stands in the timeline.",
        word: "TAKE-ROLE",
        fields: &[needed(ROLE), PERSON, TAKE_OVER, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, who| {
        let word = given.text(ROLE.id).unwrap_or_default();
        let role = Role::of_word(word).ok_or_else(|| {
            format!("there is no role {word:?}; there is commander, deputy, scribe and communications.")
        })?;
        let held = incident.roles.get(&role);
        let to = given.text(PERSON.id).unwrap_or(who);
        let at = |stamp: &crate::domain::incident::Stamp| stamp.at.format("%F %H:%M:%S UTC").to_string();
        match held {
            Some(held) if held.by == to => {
                return Err(format!("{incident}: {to} is {} since {}.", role.word(), at(held)));
            }
            Some(held) if !given.is(TAKE_OVER.id) => {
                return Err(format!(
                    "{incident}: {} is {} since {}. Take it over from {} with --take-over.",
                    held.by,
                    role.word(),
                    at(held),
                    held.by
                ));
            }
            _ => {}
        }
        let from = held.map(|held| held.by.clone());
        let over = from.as_ref().map(|from| format!(", in place of {from}")).unwrap_or_default();
        let words = format!("{to} is {}{over}", role.word());
        let pins: &[&str] = match role {
            Role::Commander => &["/state", "/roles/commander"],
            Role::Deputy => &["/state", "/roles/deputy"],
            Role::Scribe => &["/state", "/roles/scribe"],
            Role::Communications => &["/state", "/roles/communications"],
        };
        let planned = Planned::of(Transition::Role { role, from, to: Some(to.to_owned()) }, words, pins);
        Ok(planned.back("Let somebody else take it over.", format!("take-role --role {} --take-over", role.word())))
    },
};
