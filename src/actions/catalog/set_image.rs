//! Set image: another image for one container, which is a deploy.

use serde_json::{Value, json};

use super::rollback::forgets;
use crate::actions::contract::{
    About, Action, Context, Draft, Refusal, blast, common_refusals, partition_warnings, partitioned, patch_request,
    pods, replaced_by_us, replacing, template_patch,
};
use crate::actions::frozen::OVER_FREEZE;
use crate::actions::observation::Observation;
use crate::domain::action::{Field, FieldKind, Given, Inverse, Step};
use crate::domain::rollout::{images, is_mutable_tag};
use crate::sources::observe::WorkloadFacts;

/// What to run.
const IMAGE: Field = Field {
    id: "image",
    kind: FieldKind::Line,
    value: "IMAGE",
    noun: "an image",
    words: "The image, or CONTAINER=IMAGE where there are several containers.",
    is_needed: true,
};

/// Whether by its digest.
const PIN: Field = Field {
    id: "pin",
    kind: FieldKind::Flag,
    value: "",
    noun: "",
    words: "Write the image by the digest that the running pods tell.",
    is_needed: false,
};

/// The action.
pub(super) struct SetImage;

impl Action for SetImage {
    fn about(&self) -> &'static About {
        &About {
            id: "set-image",
            command: "action.set-image",
            title: "Set image",
            word: "DEPLOY",
            fields: &[IMAGE, PIN, OVER_FREEZE],
            puts_out_new: true,
            ..About::ON_WORKLOAD
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        common_refusals(facts, "another image")?;
        let workload = &facts.workload;
        let asked = given.text(IMAGE.id).ok_or_else(|| {
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
        let known = facts.digests_of(image);
        let pinned;
        let image = match (given.is(PIN.id), known.as_slice()) {
            (false, _) => image,
            (true, [digest]) => {
                pinned = by_digest(image, digest);
                &*pinned
            }
            (true, []) => {
                return Err(Refusal(format!(
                    "no running pod of {workload} tells the digest of {image}: write IMAGE@sha256:… yourself, or deploy it first and pin it then."
                )));
            }
            (true, many) => {
                return Err(Refusal(format!(
                    "the running pods of {workload} have {} different images under {image}: {}. Write the one you mean, IMAGE@sha256:….",
                    many.len(),
                    many.join(", ")
                )));
            }
        };
        let mut template = facts.template().clone();
        let before = template["spec"]["containers"][place]["image"].as_str().unwrap_or_default().to_owned();
        if before == image {
            return Err(Refusal(format!("{workload} runs {image} already.")));
        }
        template["spec"]["containers"][place]["image"] = json!(image);
        let cause = format!("quarterdeck set-image {image} by {}", context.record.actor);
        let (pins, body) = template_patch(facts, &template, &cause, context.record);
        let mut warnings = partition_warnings(facts);
        if is_mutable_tag(image) {
            warnings.push(format!(
                "MUTABLE TAG ({image}): what it is may change under you. Name a digest, IMAGE@sha256:…, to be sure."
            ));
        }
        match known.as_slice() {
            [digest] if !given.is(PIN.id) => warnings
                .push(format!("{image} is {digest} in the running pods: add --pin to write that instead of the tag.")),
            [_, _, ..] => warnings.push(format!(
                "The running pods have {} different images under {image}: the tag has moved. Name a digest to say which.",
                known.len()
            )),
            _ => {}
        }
        let setting = format!(
            "Set the image of container {} of {workload} to {image}; the controller replaces the pods.",
            names.get(place).copied().unwrap_or_default()
        );
        let mut steps = vec![Step::change(setting, patch_request(facts, body))];
        steps.extend(replacing(facts, |_| true));
        warnings.extend(replaced_by_us(&steps));
        Ok(Draft {
            from: images(facts.template()).join(", "),
            to: images(&template).join(", "),
            given: given.clone(),
            steps,
            pins,
            blast: blast(facts, facts.report.counts.total, &format!("{} replaced", pods(facts.report.counts.total))),
            tier: self.about().tier,
            warnings,
            expected: if partitioned(facts).is_some() {
                format!("every replica the partition selects runs {image}; every replica is available")
            } else {
                format!("every replica runs {image} and is available")
            },
            inverse: inverse(facts, names.get(place).copied().unwrap_or_default(), &before),
            template,
            ..Draft::default()
        })
    }
}

/// The way back to the image a container has now: its revision, where one is kept.
fn inverse(facts: &WorkloadFacts, container: &str, before: &str) -> Inverse {
    let workload = &facts.workload;
    if forgets(facts) {
        return Inverse {
            words: format!("Set {before} again: revisionHistoryLimit is 0, and no revision is kept to roll back to."),
            command: Some(format!("quarterdeck plan set-image {workload} --image {container}={before}")),
        };
    }
    let current = facts.revisions.iter().find(|revision| revision.is_current);
    Inverse {
        words: format!("Roll back to {before}."),
        command: current.map(|current| format!("quarterdeck plan rollback {workload} --to {}", current.number)),
    }
}

/// An image with its tag replaced by a digest.
fn by_digest(image: &str, digest: &str) -> String {
    let name = image.split('@').next().unwrap_or(image);
    let from = name.rfind('/').map_or(0, |at| at + 1);
    let end = name.get(from..).and_then(|last| last.find(':')).map_or(name.len(), |at| from + at);
    format!("{}@{digest}", name.get(..end).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_gives_way_to_the_digest_and_a_port_does_not() {
        for (image, pinned) in [
            ("api:2", "api@sha256:ab"),
            ("registry.example:5000/shop/api:2.4.1", "registry.example:5000/shop/api@sha256:ab"),
            ("registry.example:5000/shop/api", "registry.example:5000/shop/api@sha256:ab"),
            ("api:2@sha256:cd", "api@sha256:ab"),
        ] {
            assert_eq!(by_digest(image, "sha256:ab"), pinned);
        }
    }
}
