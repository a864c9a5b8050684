//! The response process: five phases, and what is to be done in each by severity.

use serde::{Deserialize, Serialize};

use super::Severity;
use crate::domain::worded;

worded! {
    /// Where the response is. It moves forward and back.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Phase {
        /// Something was seen.
        Detection = "detection",
        /// How grave it is, whom it hits, who is needed.
        Triage = "triage",
        /// Who has to know, and is told.
        Communication = "communication",
        /// The cause, the fix, the test, the watch after it.
        Resolution = "resolution",
        /// What is learnt from it.
        PostIncident = "post_incident",
    }
}

impl Phase {
    /// The one that somebody typed, with a dash or without.
    pub fn typed(word: &str) -> Option<Self> {
        Self::of_word(&word.trim().to_lowercase().replace(['-', ' '], "_"))
    }
}

/// Something to be done in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its id, as a command line names it.
    pub id: &'static str,
    /// When.
    pub phase: Phase,
    /// What.
    pub words: &'static str,
    /// The mildest severity that needs it.
    pub up_to: Severity,
}

const fn item(id: &'static str, phase: Phase, words: &'static str, up_to: Severity) -> Item {
    Item { id, phase, words, up_to }
}

/// Everything there is to do, in its order. Which of it a severity needs tells [`Item::up_to`].
pub const CHECKLIST: &[Item] = &[
    item("source", Phase::Detection, "Note how it was found, and since when it hurts.", Severity::Sev4),
    item("severity", Phase::Triage, "Agree on the severity.", Severity::Sev4),
    item("impact", Phase::Triage, "Write down who is hit, and how many.", Severity::Sev3),
    item("resources", Phase::Triage, "Call who is needed; name a commander.", Severity::Sev2),
    item("status-page", Phase::Communication, "Update the status page.", Severity::Sev2),
    item("customers", Phase::Communication, "Tell the customers who are hit.", Severity::Sev2),
    item("internal", Phase::Communication, "Tell support and the teams around.", Severity::Sev3),
    item("stakeholders", Phase::Communication, "Tell the stakeholders.", Severity::Sev1),
    item("root-cause", Phase::Resolution, "Find the cause.", Severity::Sev4),
    item("fix", Phase::Resolution, "Bring in the fix.", Severity::Sev4),
    item("test", Phase::Resolution, "Test that it works for users again.", Severity::Sev4),
    item("monitoring", Phase::Resolution, "Watch it, and the alert that should have told of it.", Severity::Sev3),
    item("report", Phase::PostIncident, "Write the report.", Severity::Sev2),
    item("lessons", Phase::PostIncident, "Write down what was learnt.", Severity::Sev2),
    item("process", Phase::PostIncident, "Change the process where it was in the way.", Severity::Sev2),
    item("prevention", Phase::PostIncident, "Decide what keeps it from happening again.", Severity::Sev3),
];

/// What is to be done for a severity, in its order.
pub fn checklist(severity: Severity) -> impl Iterator<Item = &'static Item> {
    CHECKLIST.iter().filter(move |item| severity <= item.up_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_has_everything_of_the_milder_and_every_id_is_one() {
        for pair in Severity::ALL.windows(2) {
            let graver: Vec<_> = checklist(pair[0]).map(|item| item.id).collect();
            assert!(checklist(pair[1]).all(|item| graver.contains(&item.id)));
        }
        assert_eq!(checklist(Severity::Sev1).count(), CHECKLIST.len());
        let mut ids: Vec<_> = CHECKLIST.iter().map(|item| item.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CHECKLIST.len());
        assert!(CHECKLIST.windows(2).all(|pair| pair[0].phase <= pair[1].phase), "in the order of the phases");
    }

    #[test]
    fn a_phase_is_typed_as_people_type() {
        assert_eq!(Phase::typed("Post-Incident"), Some(Phase::PostIncident));
        assert_eq!(Phase::typed("triage"), Some(Phase::Triage));
        assert_eq!(Phase::typed("later"), None);
    }
}
