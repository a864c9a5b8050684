//! End the pause of what governs a database: from then on it acts by itself again.

use serde_json::json;

use super::pause_failover::already;
use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::databases::{PAUSED, governing, shown};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Given, Inverse, Part, Tier};
use crate::domain::database::{PAUSE_KEY, Primary};
use crate::domain::text;

/// The action.
pub(super) struct ResumeFailover;

impl Action for ResumeFailover {
    fn about(&self) -> &'static About {
        &About {
            id: "resume-failover",
            command: "action.resume-failover",
            title: "Resume automatic failover",
            means: "Patroni acts by itself again: a primary that is lost is followed by the best replica, and servers that stopped are started.",
            reason: Reason::Welcome,
            ..About::ON_DATABASE
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.database()?;
        let name = text::clean(&facts.subject.name).into_owned();
        if !facts.reading.is_paused() {
            return Err(Refusal(format!("{name} is not paused.")));
        }
        let mut warnings = vec![format!("{}.", already(facts, context.now))];
        let has_primary = matches!(facts.reading.primary(), Primary::One(..));
        if !has_primary {
            warnings.push("NOBODY TAKES WRITES: once it is resumed, a replica may be promoted at once.".to_owned());
        }
        let words = format!("Tell Patroni to act on {name} by itself again.");
        let step = governing(facts, Part::Change, "resume", &words, json!({"pause": null, PAUSE_KEY: null}));
        Ok(Draft {
            from: "paused".to_owned(),
            to: "it fails over by itself".to_owned(),
            given: given.clone(),
            steps: vec![step.expecting(PAUSED, json!(false)).without_return()],
            pins: shown(facts),
            blast: BlastRadius { words: "nobody feels it".to_owned(), ..BlastRadius::default() },
            tier: Tier::T2,
            warnings,
            expected: "Patroni says that it is not paused".to_owned(),
            inverse: Inverse {
                words: "Pause it again.".to_owned(),
                command: Some(format!("quarterdeck plan pause-failover database/{name}")),
            },
            ..Draft::default()
        })
    }
}
