//! Silence: keep notifications back, of what matchers cover, until a time.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::silences::{ALERTS, Doing, FOR, MATCHER, UNTIL, draft};
use crate::domain::action::{Given, Tier};
use crate::domain::subject::SubjectKind;

/// The action.
pub(super) struct Silence;

impl Action for Silence {
    fn about(&self) -> &'static About {
        &About {
            id: "silence",
            command: "action.silence",
            title: "Silence",
            means: "Alertmanager notifies nobody of what the matchers cover, also of alerts that begin later, until it ends. It heals nothing, and nobody is on it by it.",
            on: SubjectKind::Silence,
            tier: Tier::T1,
            word: "SILENCE",
            fields: &[MATCHER, FOR, UNTIL, ALERTS],
            // Alertmanager takes none without a comment, and whoever finds it later has nothing else to go by.
            reason: Reason::Needed,
            ..About::ON_WORKLOAD
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(Doing::Make, seen.silence()?, given, context)
    }
}
