//! Change the severity of an incident: how grave it is, and by when it is to be answered where nobody has.

use crate::actions::contract::{About, Reason};
use crate::actions::incidents::{AS, OnIncident, Planned, SEVERITY, needed};
use crate::domain::incident::{Severity, Transition};

/// The action.
pub(super) const ACTION: OnIncident = OnIncident {
    about: &About {
        id: "set-severity",
        command: "action.set-severity",
        title: "Change the severity",
        means: "the deadline of the response is counted anew from when the incident was created, unless somebody has answered.",
        word: "SEVERITY",
        fields: &[needed(SEVERITY), AS],
        reason: Reason::Welcome,
        ..About::ON_INCIDENT
    },
    plan: |incident, given, _| {
        let to = severity(given.text(SEVERITY.id).unwrap_or_default())?;
        let from = incident.severity;
        if from == to {
            return Err(format!("{incident} is {} already.", to.name()));
        }
        let words = format!("{}: {}", to.name(), to.means());
        let planned = Planned::of(Transition::Severity { from, to }, words, &["/state", "/severity", "/acknowledged"]);
        Ok(planned.back("Change it back.", format!("set-severity --severity {}", from.word())))
    },
};

/// The severity of a word.
pub(super) fn severity(word: &str) -> Result<Severity, String> {
    Severity::typed(word).ok_or_else(|| format!("there is no severity {word:?}; there is sev1, sev2, sev3 and sev4."))
}
