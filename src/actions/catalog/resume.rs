//! Resume: what was paused goes on.

use serde_json::json;

use super::pause::only_deployments;
use crate::actions::contract::{
    About, Action, Context, Draft, Refusal, blast, field_patch, not_now, patch_request, pods,
};
use crate::actions::observation::Observation;
use crate::domain::action::{Given, Inverse, Step};
use crate::domain::rollout::{Change, Kind, images};

/// The action.
pub(super) struct Resume;

impl Action for Resume {
    fn about(&self) -> &'static About {
        &About { id: "resume", command: "action.resume", title: "Resume", word: "RESUME", ..About::ON_WORKLOAD }
    }

    fn applies(&self, kind: Kind, is_paused: Option<bool>) -> Result<(), &'static str> {
        match (kind, is_paused) {
            (Kind::Deployment, Some(false)) => Err("it is not paused"),
            (Kind::Deployment, _) => Ok(()),
            _ => Err("only a Deployment can be resumed"),
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
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
            blast: blast(facts, left, &format!("{} replaced", pods(left))),
            tier: self.about().tier,
            expected: format!("every replica runs {image} and is available"),
            inverse: Inverse {
                words: "Pause it again; pods replaced meanwhile stay.".to_owned(),
                command: Some(format!("quarterdeck plan pause {}", facts.workload)),
            },
            ..Draft::default()
        })
    }
}
