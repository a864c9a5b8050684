//! Set image: another image for one container, which is a deploy.

use serde_json::{Value, json};

use crate::actions::contract::{
    Action, Context, Draft, Options, Refusal, common_refusals, partitioned, patch_request, pods, template_patch,
};
use crate::domain::action::{BlastRadius, Goal, Inverse, Step, Tier};
use crate::domain::rollout::{images, is_mutable_tag};
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) struct SetImage;

impl Action for SetImage {
    fn id(&self) -> &'static str {
        "set-image"
    }

    fn command(&self) -> &'static str {
        "action.set-image"
    }

    fn title(&self) -> &'static str {
        "Set image"
    }

    fn tier(&self) -> Tier {
        Tier::T2
    }

    fn word(&self) -> &'static str {
        "DEPLOY"
    }

    fn asks(&self) -> Option<&'static str> {
        Some("--image")
    }

    fn draft(&self, facts: &WorkloadFacts, options: &Options, context: Context<'_>) -> Result<Draft, Refusal> {
        common_refusals(facts, "another image")?;
        let workload = &facts.workload;
        let asked = options.image.as_deref().filter(|image| !image.is_empty()).ok_or_else(|| {
            Refusal(format!("which image? Say it: `:set-image {} --image IMAGE` or CONTAINER=IMAGE.", workload.label()))
        })?;
        let containers =
            facts.template().pointer("/spec/containers").and_then(Value::as_array).cloned().unwrap_or_default();
        let names: Vec<&str> = containers.iter().filter_map(|container| container.get("name")?.as_str()).collect();
        let (place, image) = match (asked.split_once('='), names.as_slice()) {
            (Some((name, image)), _) => (names.iter().position(|known| *known == name), image),
            (None, [_]) => (Some(0), asked),
            (None, _) => (None, asked),
        };
        let place = place.ok_or_else(|| {
            Refusal(format!("{workload} has the containers {}: write CONTAINER=IMAGE.", names.join(", ")))
        })?;
        let mut template = facts.template().clone();
        let before = template["spec"]["containers"][place]["image"].as_str().unwrap_or_default().to_owned();
        if before == image {
            return Err(Refusal(format!("{workload} runs {image} already.")));
        }
        template["spec"]["containers"][place]["image"] = json!(image);
        let cause = format!("quarterdeck set-image {image} by {}", context.record.actor);
        let (pins, body) = template_patch(facts, &template, &cause, context.record);
        let mut warnings: Vec<String> = partitioned(facts).into_iter().collect();
        if is_mutable_tag(image) {
            warnings.push(format!(
                "MUTABLE TAG ({image}): what it is may change under you. Name a digest, IMAGE@sha256:…, to be sure."
            ));
        }
        let current = facts.revisions.iter().find(|revision| revision.is_current);
        Ok(Draft {
            from: images(facts.template()).join(", "),
            to: images(&template).join(", "),
            to_revision: None,
            steps: vec![Step::change(
                format!(
                    "Set the image of container {} of {workload} to {image}; the controller replaces the pods.",
                    names.get(place).copied().unwrap_or_default()
                ),
                patch_request(facts, body),
            )],
            pins,
            blast: BlastRadius {
                pods: facts.report.counts.total,
                words: format!("{} replaced", pods(facts.report.counts.total)),
            },
            warnings,
            expected: if partitioned(facts).is_some() {
                format!("every replica the partition selects runs {image}; every replica is available")
            } else {
                format!("every replica runs {image} and is available")
            },
            inverse: Inverse {
                words: format!("Roll back to {before}."),
                command: current.map(|current| format!("quarterdeck plan rollback {workload} --to {}", current.number)),
            },
            changes: Vec::new(),
            goal: Goal::Healthy,
            template,
        })
    }
}
