//! Scale: another number of pods, the code stays.

use serde_json::{Value, json};

use crate::actions::contract::{About, Action, Context, Draft, Refusal, field_patch, not_now, patch_request, pods};
use crate::actions::observation::Observation;
use crate::domain::action::{BlastRadius, Field, FieldKind, Given, Goal, Inverse, Step, Tier};
use crate::domain::rollout::{Change, Kind};
use crate::sources::observe::WorkloadFacts;

/// How many.
const REPLICAS: Field = Field {
    id: "replicas",
    kind: FieldKind::Number,
    value: "PODS",
    noun: "a number of pods",
    words: "How many pods to have.",
    is_needed: true,
};

/// The action.
pub(super) struct Scale;

impl Action for Scale {
    fn about(&self) -> &'static About {
        &About {
            id: "scale",
            command: "action.scale",
            title: "Scale",
            word: "SCALE",
            fields: &[REPLICAS],
            ..About::ON_WORKLOAD
        }
    }

    fn applies(&self, kind: Kind, _: Option<bool>) -> Result<(), &'static str> {
        if kind == Kind::DaemonSet { Err("it has a pod for each node") } else { Ok(()) }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.workload()?;
        if facts.workload.kind == Kind::DaemonSet {
            return Err(Refusal(format!("{} has a pod for each node: there is nothing to scale.", facts.workload)));
        }
        not_now(facts)?;
        let wanted = given.number(REPLICAS.id).and_then(|wanted| u32::try_from(wanted).ok()).ok_or_else(|| {
            Refusal(format!("how many pods? Say it: `:scale {} --replicas N`.", facts.workload.label()))
        })?;
        let now = facts.report.counts.desired;
        if wanted == now {
            return Err(Refusal(format!("{} has {} already.", facts.workload, pods(now))));
        }
        // Only a StatefulSet has it; whether volumes go with the pods is what the plan says first.
        let shown: &[&str] = if facts.workload.kind == Kind::StatefulSet {
            &["/spec/persistentVolumeClaimRetentionPolicy"]
        } else {
            &[]
        };
        let (pins, body) = field_patch(facts, "/spec/replicas", &json!(wanted), shown, context.record);
        let (gone, new) = (now.saturating_sub(wanted), wanted.saturating_sub(now));
        let mut warnings = Vec::new();
        if wanted == 0 {
            warnings.push("OUTAGE: no pod is left, and nothing answers until it is scaled up again.".to_owned());
        }
        let loses_volumes = gone > 0 && deletes_claims(facts);
        if loses_volumes {
            warnings.push(format!(
                "DATA LOSS: its volume claims are deleted with the pods (persistentVolumeClaimRetentionPolicy.whenScaled is Delete): the data of {} goes with them, unless their volumes are kept (reclaimPolicy Retain).",
                pods(gone)
            ));
        }
        Ok(Draft {
            from: pods(now),
            to: pods(wanted),
            given: given.clone(),
            steps: vec![Step::change(
                format!("Set the replicas of {} from {now} to {wanted}.", facts.workload),
                patch_request(facts, body),
            )],
            pins,
            template: facts.template().clone(),
            changes: vec![Change {
                path: "spec.replicas".into(),
                before: Some(now.to_string()),
                after: Some(wanted.to_string()),
            }],
            goal: Goal::Replicas(wanted),
            blast: BlastRadius {
                pods: gone,
                at_most: gone.max(new),
                is_outage: wanted == 0,
                words: format!("{} stopped, {} started", pods(gone), pods(new)),
            },
            tier: if loses_volumes { Tier::T3 } else { self.about().tier },
            warnings,
            expected: format!("{} available", pods(wanted)),
            inverse: if loses_volumes {
                Inverse {
                    words: format!(
                        "It cannot be taken back: {} of before would come back with empty volumes.",
                        pods(gone)
                    ),
                    command: None,
                }
            } else {
                Inverse {
                    words: format!("Scale it back to {now}."),
                    command: Some(format!("quarterdeck plan scale {} --replicas {now}", facts.workload)),
                }
            },
            ..Draft::default()
        })
    }
}

/// Whether the controller deletes the volume claims of the pods it takes away: only claims it made itself, of a template.
pub(super) fn deletes_claims(facts: &WorkloadFacts) -> bool {
    let retention = facts.object.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenScaled");
    let claims = facts.object.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    retention.and_then(Value::as_str) == Some("Delete") && claims.is_some_and(|claims| !claims.is_empty())
}
