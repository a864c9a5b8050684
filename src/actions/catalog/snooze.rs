//! Snooze: nobody is called for an incident until a time; then its ladder begins again.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned, needed};
use crate::actions::silences;
use crate::domain::action::Field;
use crate::domain::incident::Transition;
use crate::domain::time;

/// Until when.
const UNTIL: Field = Field { words: "Until when nobody is called.", ..needed(silences::UNTIL) };

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "snooze",
        command: "action.snooze",
        title: "Snooze",
        means: "nobody is called for it until then; its ladder begins again at that time. The clock of the response goes on.",
        word: "SNOOZE",
        fields: &[UNTIL, AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |_, given, _| {
        let until = given.moment(UNTIL.id).ok_or_else(|| "it does not say until when.".to_owned())?;
        let words = format!("put off until {}", time::written(until));
        let planned = Planned::of(Transition::Snooze { until }, words, &["/state", "/run/state"]);
        Ok(planned.back("Escalate it: the ladder goes on at once.", "escalate"))
    },
};
