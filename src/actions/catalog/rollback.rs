//! Roll back: put the template of an earlier revision back, and nothing else.

use crate::actions::contract::{
    About, Action, Context, Draft, Refusal, blast, common_refusals, delete_pod, ordinal, partition_warnings,
    partitioned, patch_request, pods, replaced_by_us, replacing, template_patch,
};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Inverse, Step};
use crate::domain::rollout::{
    Choice, Kind, Pod, Revision, SeenHealthy, Update, default_target, images, is_mutable_tag, same_template, stripped,
};
use crate::domain::time::Instant;
use crate::sources::observe::WorkloadFacts;
use serde_json::Value;

/// Where to go back to.
const TO: Field = Field {
    id: "to",
    kind: FieldKind::Number,
    value: "REVISION",
    noun: "a revision number",
    words: "The revision to go to; else the newest other one seen healthy.",
    is_needed: false,
};

/// The action.
pub(super) struct Rollback;

impl Action for Rollback {
    fn about(&self) -> &'static About {
        &About {
            id: "rollback",
            command: "action.rollback",
            title: "Roll back",
            word: "ROLLBACK",
            fields: &[TO],
            ..About::ON_WORKLOAD
        }
    }

    fn has_nothing_to_do(&self, seen: &Observation) -> bool {
        let Ok(facts) = seen.workload() else { return false };
        default_target(&facts.revisions, facts.template()).is_none()
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        common_refusals(facts, "a rollback")?;
        let choice = choose(facts, given.number(TO.id), context.now)?;
        let target = choice.revision;
        let is_put_back = same_template(&target.template, facts.template());
        if is_put_back && steps(facts, target, Value::Null, context.now).len() == 1 {
            return Err(Refusal(format!(
                "{} already runs the template of revision {}: there is nothing to roll back.",
                facts.workload, target.number
            )));
        }
        let template = stripped(&target.template);
        let current = facts.revisions.iter().find(|revision| revision.is_current);
        let cause = format!("quarterdeck rollback to revision {} by {}", target.number, context.record.actor);
        let (pins, body) = template_patch(facts, &template, &cause, context.record);
        let steps = steps(facts, target, body, context.now);
        let mut warnings = warnings(facts, &choice, given.is(TO.id));
        warnings.extend(replaced_by_us(&steps));
        Ok(Draft {
            from: described(current, &images(facts.template())),
            to: described(Some(target), &target.images),
            given: given.clone().with(TO.id, target.number),
            steps,
            pins,
            blast: replaced(facts, target),
            tier: self.about().tier,
            warnings,
            expected: match partitioned(facts) {
                None => format!(
                    "every replica runs {} and is available; no pod of another revision is left",
                    target.images.join(", ")
                ),
                Some(_) => format!(
                    "every replica the partition selects runs {}; every replica is available",
                    target.images.join(", ")
                ),
            },
            inverse: if forgets(facts) {
                Inverse {
                    words: format!(
                        "Deploy {} anew: revisionHistoryLimit is 0, and the present revision goes with its last pod.",
                        images(facts.template()).join(", ")
                    ),
                    command: None,
                }
            } else {
                Inverse {
                    words: "Roll forward to the present revision; its number changes with this rollback, so plan it from the history.".to_owned(),
                    command: current.map(|current| format!("quarterdeck plan rollback {} --to {}", facts.workload, current.number)),
                }
            },
            template,
            ..Draft::default()
        })
    }
}

/// The template, and the pods that would hold it up: a StatefulSet replaces none before the one after it is ready, and a pod of the
/// bad revision never becomes ready.
fn steps(facts: &WorkloadFacts, target: &Revision, body: Value, now: Instant) -> Vec<Step> {
    let words = if same_template(&target.template, facts.template()) {
        format!(
            "{} has the pod template of revision {} again; mark it as being rolled back.",
            facts.workload, target.number
        )
    } else {
        format!(
            "Put the pod template of revision {} back into {}; the controller replaces the pods.",
            target.number, facts.workload
        )
    };
    let deletion = |pod: &Pod| {
        Step::clearing(
            format!("Delete pod {}, which cannot become ready and would hold the rollback up.", pod.name),
            delete_pod(facts, pod),
        )
    };
    let change = Step::change(words, patch_request(facts, body));
    let cleared = in_the_way(facts, target, now).into_iter().map(deletion);
    std::iter::once(change).chain(cleared).chain(replacing(facts, |pod| pod.template_hash != target.hash)).collect()
}

/// Pods of a StatefulSet that are not of the target revision and cannot become ready, the highest ordinal first, as the controller
/// would; a pod below the partition is not touched.
fn in_the_way<'f>(facts: &'f WorkloadFacts, target: &Revision, now: Instant) -> Vec<&'f Pod> {
    // Where nobody else replaces the pods, every one that is not of the target revision is replaced anyway.
    if facts.workload.kind != Kind::StatefulSet || facts.report.update == Update::OnDelete {
        return Vec::new();
    }
    let from = if let Update::Partition(from) = facts.report.update { from } else { 0 };
    let is_in_the_way = |pod: &&Pod| {
        // Between two crashes it runs for a moment.
        let is_falling = !pod.is_ready && pod.gone_by.is_none() && pod.restarts() > 0;
        pod.template_hash != target.hash && ordinal(&pod.name) >= from && (is_falling || pod.blocked(now).is_some())
    };
    let mut stuck: Vec<&Pod> = facts.pods.iter().filter(is_in_the_way).collect();
    stuck.sort_by_key(|pod| std::cmp::Reverse(ordinal(&pod.name)));
    stuck
}

fn choose(facts: &WorkloadFacts, to_revision: Option<u64>, now: Instant) -> Result<Choice<'_>, Refusal> {
    let workload = &facts.workload;
    if let Some(number) = to_revision {
        let numbers: Vec<String> = facts.revisions.iter().map(|revision| revision.number.to_string()).collect();
        let found = facts.revisions.iter().find(|revision| revision.number == number);
        let revision = found
            .ok_or_else(|| Refusal(format!("{workload} has no revision {number}; it has {}.", numbers.join(", "))))?;
        return Ok(Choice { revision, kubectl_would_choose: None });
    }
    // A rollback that was begun and not finished: the template is back, and pods of what it left still hold it up.
    if let Some(current) = facts.revisions.iter().find(|revision| revision.is_current)
        && current.seen_healthy != SeenHealthy::No
        && !in_the_way(facts, current, now).is_empty()
    {
        return Ok(Choice { revision: current, kubectl_would_choose: None });
    }
    default_target(&facts.revisions, facts.template()).ok_or_else(|| {
        Refusal(format!("{workload} has no earlier revision with other code to go back to (revisionHistoryLimit may be 0, or only restarts happened)."))
    })
}

/// Whether its controller keeps no revision that has no pods: there is none to come back to.
pub(super) fn forgets(facts: &WorkloadFacts) -> bool {
    facts.object.pointer("/spec/revisionHistoryLimit").and_then(Value::as_u64) == Some(0)
}

fn described(revision: Option<&Revision>, images: &[String]) -> String {
    let number = revision
        .map_or_else(|| "an unnumbered revision".to_owned(), |revision| format!("revision {}", revision.number));
    let cause = revision
        .and_then(|revision| revision.change_cause.as_deref())
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    format!("{number}: {}{cause}", images.join(", "))
}

/// Pods of the wrong revision go, pods of the right one that still run stay.
fn replaced(facts: &WorkloadFacts, target: &Revision) -> BlastRadius {
    let counts = facts.report.counts;
    let started = counts.desired.saturating_sub(target.replicas);
    let going = counts.total.saturating_sub(target.replicas);
    let words = format!(
        "{} replaced, {} started, {} of the target revision already there",
        pods(going),
        pods(started),
        pods(target.replicas)
    );
    blast(facts, going, &words)
}

fn warnings(facts: &WorkloadFacts, choice: &Choice<'_>, is_asked: bool) -> Vec<String> {
    let target = choice.revision;
    let mut warnings = Vec::new();
    if target.seen_healthy == SeenHealthy::No {
        warnings.push(format!(
            "NOT SEEN HEALTHY HERE: nobody at this console saw revision {} fully available.",
            target.number
        ));
    }
    if let Some(other) = choice.kubectl_would_choose.filter(|_| !is_asked) {
        warnings.push(format!(
            "kubectl rollout undo would choose revision {} ({}); this plan goes to revision {} because its code differs and it was seen healthy, or is the newest that differs.",
            other.number,
            other.images.join(", "),
            target.number
        ));
    }
    warnings.extend(partition_warnings(facts));
    let now = images(facts.template());
    let mutable: Vec<&String> = target.images.iter().filter(|image| is_mutable_tag(image)).collect();
    if !mutable.is_empty() {
        let both = mutable.iter().any(|image| now.contains(image));
        let image = mutable.iter().map(|image| image.as_str()).collect::<Vec<_>>().join(", ");
        warnings.push(if both {
            format!("MUTABLE TAG on both revisions ({image}): rolling back may change nothing.")
        } else {
            format!("MUTABLE TAG ({image}): it may not be the code it was then.")
        });
    }
    warnings
}
