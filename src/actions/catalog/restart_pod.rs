//! Restart a pod: delete one pod, and no other of its name; what owns it starts a new one.

use serde_json::json;

use crate::actions::contract::{About, Action, Context, Draft, Refusal, delete_pod, not_now};
use crate::actions::observation::Observation;
use crate::actions::pods::described;
use crate::actions::replaced::replaced;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Goal, Inverse, Pin, Step};
use crate::domain::rollout::{Change, Kind, Pod, Update, images};
use crate::sources::observe::WorkloadFacts;

/// Which one.
const POD: Field = Field {
    id: "pod",
    kind: FieldKind::Line,
    value: "POD",
    noun: "the name of a pod",
    words: "The pod; or name it as the target, pod/NAME.",
    is_needed: true,
};

/// The action.
pub(super) struct RestartPod;

impl Action for RestartPod {
    fn about(&self) -> &'static About {
        &About {
            id: "restart-pod",
            command: "action.restart-pod",
            title: "Restart a pod",
            word: "POD",
            fields: &[POD],
            ..About::ON_WORKLOAD
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        let workload = &facts.workload;
        not_now(facts)?;
        let name = given
            .text(POD.id)
            .ok_or_else(|| Refusal(format!("which pod? Say it: `:restart-pod {} --pod NAME`.", workload.label())))?;
        let pod = facts.pods.iter().find(|pod| *pod.name == *name).ok_or_else(|| {
            Refusal(format!("{workload} has no pod {name}: it is gone, or belongs to something else."))
        })?;
        if pod.gone_by.is_some() {
            return Err(Refusal(format!("pod {name} is being deleted already.")));
        }
        let is_ready_other = |other: &&Pod| other.uid != pod.uid && other.is_ready && other.gone_by.is_none();
        let ready = facts.pods.iter().filter(is_ready_other).count();
        Ok(Draft {
            from: described(pod, context.now),
            to: format!("a new pod of {workload}, {}", images(facts.template()).join(", ")),
            given: given.clone(),
            steps: vec![Step::change(
                format!("Delete pod {name} and no other of its name; {workload} starts a new one."),
                delete_pod(facts, pod),
            )],
            // Another template means another pod in its place. The pod itself is held by its uid, in the request.
            pins: vec![
                Pin { path: "/metadata/uid".into(), value: json!(&*facts.uid) },
                Pin { path: "/spec/template".into(), value: facts.template().clone() },
            ],
            template: facts.template().clone(),
            changes: vec![Change {
                path: format!("pod {name}"),
                before: Some(pod.uid.to_string()),
                after: Some("a new pod".into()),
            }],
            goal: Goal::PodReplaced,
            pod: Some(replaced(pod, facts)),
            blast: BlastRadius {
                pods: 1,
                at_most: 1,
                is_outage: is_outage(pod, ready),
                words: format!("1 pod stopped and 1 started; {ready} of {} stay ready", facts.report.counts.desired),
            },
            tier: self.about().tier,
            warnings: warnings(facts, pod, ready),
            expected: format!("pod {name} is gone and a new pod of {workload} is ready in its place"),
            inverse: Inverse {
                words: "A pod that was deleted does not come back; its successor runs the same template.".to_owned(),
                command: None,
            },
            ..Draft::default()
        })
    }
}

const fn is_outage(pod: &Pod, ready_others: usize) -> bool {
    pod.is_ready && ready_others == 0
}

fn warnings(facts: &WorkloadFacts, pod: &Pod, ready_others: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_outage(pod, ready_others) {
        warnings.push("OUTAGE: it is the only pod that is ready; nothing answers until its successor is.".to_owned());
    }
    if facts.report.is_paused {
        warnings.push("The rollout is paused: the new pod may be of the older template.".to_owned());
    }
    let is_older = facts.current_hash.as_ref().is_some_and(|hash| *hash != pod.template_hash);
    if is_older && facts.report.update == Update::OnDelete {
        let images = images(facts.template()).join(", ");
        warnings
            .push(format!("OnDelete: the pod is of an older template, its successor runs the newest one ({images})."));
    } else if is_older && facts.workload.kind == Kind::Deployment {
        warnings.push("The pod is of an older template, of a rollout that is not finished: the controller decides which one its successor runs.".to_owned());
    }
    warnings
}
