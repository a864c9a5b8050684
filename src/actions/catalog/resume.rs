//! Resume: what was paused goes on.

use serde_json::json;

use super::pause::only_deployments;
use crate::actions::contract::{
    About, Action, Context, Draft, Refusal, blast, field_patch, not_now, patch_request, pods,
};
use crate::domain::action::{Given, Goal, Inverse, Step, Tier};
use crate::domain::rollout::{Change, images};
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) struct Resume;

impl Action for Resume {
    fn about(&self) -> &'static About {
        &About { id: "resume", command: "action.resume", title: "Resume", tier: Tier::T2, word: "RESUME", fields: &[] }
    }

    fn draft(&self, facts: &WorkloadFacts, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        only_deployments(facts, "resumed")?;
        not_now(facts)?;
        if !facts.report.is_paused {
            return Err(Refusal(format!("{} is not paused.", facts.workload)));
        }
        // It lets go whatever stands there: what that is, and how it comes, is what the plan shows.
        let shown = ["/spec/template", "/spec/strategy"];
        let (pins, body) = field_patch(facts, "/spec/paused", &json!(false), &shown, context.record);
        let counts = facts.report.counts;
        let left = counts.desired.saturating_sub(counts.updated);
        let image = images(facts.template()).join(", ");
        Ok(Draft {
            from: "paused".to_owned(),
            to: format!("rolling out {image}"),
            given: given.clone(),
            steps: vec![Step::change(
                format!("Resume {}; the controller replaces what is not of the newest template.", facts.workload),
                patch_request(facts, body),
            )],
            pins,
            template: facts.template().clone(),
            changes: vec![Change {
                path: "spec.paused".into(),
                before: Some("true".into()),
                after: Some("false".into()),
            }],
            goal: Goal::Healthy,
            pod: None,
            blast: blast(facts, left, &format!("{} replaced", pods(left))),
            tier: self.about().tier,
            warnings: Vec::new(),
            expected: format!("every replica runs {image} and is available"),
            inverse: Inverse {
                words: "Pause it again; pods replaced meanwhile stay.".to_owned(),
                command: Some(format!("quarterdeck plan pause {}", facts.workload)),
            },
        })
    }
}
