//! Pause: what is half-way stays half-way, and the next change waits.

use serde_json::json;

use crate::actions::contract::{About, Action, Context, Draft, Refusal, field_patch, not_now, patch_request};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Given, Goal, Inverse, Step, Tier};
use crate::domain::rollout::{Change, Kind, images};
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) struct Pause;

impl Action for Pause {
    fn about(&self) -> &'static About {
        &About {
            id: "pause",
            command: "action.pause",
            title: "Pause",
            tier: Tier::T1,
            word: "PAUSE",
            ..About::ON_WORKLOAD
        }
    }

    fn applies(&self, kind: Kind, is_paused: Option<bool>) -> Result<(), &'static str> {
        match (kind, is_paused) {
            (Kind::Deployment, Some(true)) => Err("it is paused already"),
            (Kind::Deployment, _) => Ok(()),
            _ => Err("only a Deployment can be paused"),
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        only_deployments(facts, "paused")?;
        not_now(facts)?;
        if facts.report.is_paused {
            return Err(Refusal(format!("{} is paused already.", facts.workload)));
        }
        let (pins, body) = field_patch(facts, "/spec/paused", &json!(true), &["/spec/template"], context.record);
        let counts = facts.report.counts;
        Ok(Draft {
            from: "rolling out what it is told".to_owned(),
            to: "paused".to_owned(),
            given: given.clone(),
            steps: vec![Step::change(
                format!("Pause {}: pods stay as they are, old and new.", facts.workload),
                patch_request(facts, body),
            )],
            pins,
            template: facts.template().clone(),
            changes: vec![Change {
                path: "spec.paused".into(),
                before: Some(facts.report.is_paused.to_string()),
                after: Some("true".into()),
            }],
            goal: Goal::Paused,
            blast: BlastRadius {
                words: format!(
                    "no pod; {} of {} stay at {}",
                    counts.updated,
                    counts.desired,
                    images(facts.template()).join(", ")
                ),
                ..BlastRadius::default()
            },
            tier: self.about().tier,
            warnings: vec![
                "A crashing pod goes on crashing, and scaling still works: a pause only stops the rollout.".to_owned(),
            ],
            expected: "it is paused".to_owned(),
            inverse: Inverse {
                words: "Resume it.".to_owned(),
                command: Some(format!("quarterdeck plan resume {}", facts.workload)),
            },
            ..Draft::default()
        })
    }
}

/// Only Deployments can be paused.
pub(super) fn only_deployments(facts: &WorkloadFacts, verb: &str) -> Result<(), Refusal> {
    if facts.workload.kind == Kind::Deployment {
        return Ok(());
    }
    Err(Refusal(format!("{} cannot be {verb}: only a Deployment can.", facts.workload)))
}
