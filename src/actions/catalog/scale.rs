//! Scale: another number of pods, the code stays.

use serde_json::json;

use crate::actions::contract::{
    About, Action, Context, Draft, Options, Refusal, field_patch, not_now, patch_request, pods,
};
use crate::domain::action::{BlastRadius, Goal, Inverse, Step, Tier};
use crate::domain::rollout::{Change, Kind};
use crate::sources::observe::WorkloadFacts;

/// The action.
pub(super) struct Scale;

impl Action for Scale {
    fn about(&self) -> &'static About {
        &About {
            id: "scale",
            command: "action.scale",
            title: "Scale",
            tier: Tier::T2,
            word: "SCALE",
            asks: Some("--replicas"),
        }
    }

    fn draft(&self, facts: &WorkloadFacts, options: &Options, context: Context<'_>) -> Result<Draft, Refusal> {
        if facts.workload.kind == Kind::DaemonSet {
            return Err(Refusal(format!("{} has a pod for each node: there is nothing to scale.", facts.workload)));
        }
        not_now(facts)?;
        let wanted = options.replicas.ok_or_else(|| {
            Refusal(format!("how many pods? Say it: `:scale {} --replicas N`.", facts.workload.label()))
        })?;
        let now = facts.report.counts.desired;
        if wanted == now {
            return Err(Refusal(format!("{} has {} already.", facts.workload, pods(now))));
        }
        let (pins, body) = field_patch(facts, "/spec/replicas", &json!(wanted), context.record);
        let (gone, new) = (now.saturating_sub(wanted), wanted.saturating_sub(now));
        let mut warnings = Vec::new();
        if wanted == 0 {
            warnings.push("OUTAGE: no pod is left, and nothing answers until it is scaled up again.".to_owned());
        }
        let retention = facts.object.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenScaled");
        if gone > 0 && retention.and_then(serde_json::Value::as_str) == Some("Delete") {
            warnings.push(format!(
                "DATA LOSS: its volume claims are deleted with the pods (persistentVolumeClaimRetentionPolicy.whenScaled is Delete): the data of {} goes with them, unless their volumes are kept (reclaimPolicy Retain).",
                pods(gone)
            ));
        }
        Ok(Draft {
            from: pods(now),
            to: pods(wanted),
            to_revision: None,
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
            pod: None,
            blast: BlastRadius { pods: gone, words: format!("{} stopped, {} started", pods(gone), pods(new)) },
            warnings,
            expected: format!("{} available", pods(wanted)),
            inverse: Inverse {
                words: format!("Scale it back to {now}."),
                command: Some(format!("quarterdeck plan scale {} --replicas {now}", facts.workload)),
            },
        })
    }
}
