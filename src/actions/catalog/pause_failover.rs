//! Tell what governs a database to keep its hands off for a while: nobody is promoted by itself meanwhile.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::databases::{DatabaseFacts, PAUSED, governing, shown};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Inverse, Part, Tier};
use crate::domain::database::PAUSE_KEY;
use crate::domain::text;
use crate::domain::time;

/// Until when.
const UNTIL: Field = Field {
    id: "until",
    kind: FieldKind::End,
    value: "END",
    noun: "an end",
    words: "Until when it is meant to last: a time, or a length of time from now, as 30m or 2h, at most 24 hours.",
    is_needed: false,
};
/// How long it lasts where nothing is said.
const USUAL: TimeDelta = TimeDelta::hours(1);
/// How long it may last.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// The action.
pub(super) struct PauseFailover;

impl Action for PauseFailover {
    fn about(&self) -> &'static About {
        &About {
            id: "pause-failover",
            command: "action.pause-failover",
            title: "Pause automatic failover",
            means: "Patroni keeps its hands off: nobody is promoted by itself, and a server that stops is not started again. Nothing ends it by itself; from its end on it is overdue, and every console says so.",
            reason: Reason::Needed,
            fields: &[UNTIL],
            ..About::ON_DATABASE
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.database()?;
        let now = context.now;
        if facts.reading.is_paused() {
            return Err(Refusal(format!("{} already. End it with resume-failover.", already(facts, now))));
        }
        let until = time::to_the_second(given.end(UNTIL.id, now).unwrap_or(now + USUAL));
        if until <= now || until > now + LONGEST {
            let most = LONGEST.num_hours();
            return Err(Refusal(format!(
                "a pause ends after now and within {most} hours: {} does not.",
                time::written(until)
            )));
        }
        let name = text::clean(&facts.subject.name).into_owned();
        let memory = json!({
            "run": "{run}", "by": context.author, "since": "{now}", "until": time::written(until), "reason": "{reason}",
        });
        let place = format!("/{}", PAUSE_KEY.replace('/', "~1"));
        let words =
            format!("Tell Patroni to keep its hands off {name}, and write down who asked for it, why and until when.");
        let mut step = governing(facts, Part::Change, "pause", &words, json!({"pause": true, PAUSE_KEY: memory}));
        step.fills = ["run", "since", "reason"].map(|key| format!("{place}/{key}")).to_vec();
        let back = governing(facts, Part::Change, "resume", "", json!({"pause": null, PAUSE_KEY: null})).request;
        let step =
            step.expecting(PAUSED, json!(true)).taken_back("End the pause again.", back, PAUSED, Value::Bool(false));
        Ok(Draft {
            from: "it fails over by itself".to_owned(),
            to: format!("paused until {}", until.format("%Y-%m-%d %H:%M UTC")),
            given: given.clone().with(UNTIL.id, time::written(until)),
            fixed: [(UNTIL.id.to_owned(), UNTIL.id.to_owned())].into(),
            steps: vec![step],
            pins: shown(facts),
            blast: BlastRadius {
                words: "nobody feels it until the primary is lost".to_owned(),
                ..BlastRadius::default()
            },
            tier: Tier::T2,
            warnings: vec![format!(
                "NOBODY IS PROMOTED BY ITSELF while it lasts: when the primary of {name} is lost, writes stop until somebody acts."
            )],
            expected: "Patroni says that it is paused".to_owned(),
            inverse: Inverse {
                words: "End the pause.".to_owned(),
                command: Some(format!("quarterdeck plan resume-failover database/{name}")),
            },
            ..Draft::default()
        })
    }
}

/// What is known of a pause that lasts.
pub(super) fn already(facts: &DatabaseFacts, now: time::Instant) -> String {
    let name = text::clean(&facts.subject.name);
    match &facts.pause {
        Some(pause) => format!("{name} is {}", pause.sentence(now).trim_end_matches('.')),
        None => format!("{name} is paused by other hands, and nobody wrote down who, why or until when"),
    }
}
