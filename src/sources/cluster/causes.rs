//! What is kept to find shared causes, and for which namespaces more has to be read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::around::Around;
use super::rows::PodRow;
use crate::domain::cause::{self, Cause, Facts, Held, StuckPod};
use crate::domain::node::Node;
use crate::domain::rollout::{Report, Rollout};
use crate::domain::time::Instant;

/// The most namespaces around whose workloads is looked at a time.
const MOST_NAMESPACES: usize = 20;

/// Workloads that are not complete, what stands around them, and what they have in common.
#[derive(Debug, Default)]
pub(super) struct CauseTable {
    held: HashMap<Arc<str>, Held>,
    around: HashMap<Arc<str>, Around>,
    /// Namespaces that were looked at, whatever came of it.
    looked_at: BTreeSet<Arc<str>>,
    is_dirty: bool,
    rows: Arc<[Arc<Cause>]>,
}

/// A pod that is not well; `None` of one that is, that is over, or that leaves in its time.
pub(super) fn stuck(row: &PodRow, now: Instant) -> Option<StuckPod> {
    let pod = &row.pod;
    let is_leaving = pod.gone_by.is_some_and(|at| at > now);
    if pod.is_ready && pod.gone_by.is_none() || is_leaving || pod.is_over() {
        return None;
    }
    let unschedulable = pod.unschedulable.as_ref().and_then(|(since, _)| *since);
    Some(StuckPod {
        name: pod.name.clone(),
        node: pod.node.clone(),
        blocked: pod.blocked(now),
        since: unschedulable.or(pod.gone_by).or(pod.created_at),
        claims: row.claims.as_deref().cloned().unwrap_or_default(),
    })
}

/// A workload with its pods that are not well, those with the lower names first.
pub(super) fn held(rollout: &Rollout, report: &Report, mut pods: Vec<StuckPod>) -> Held {
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    let refused = report.condition("ReplicaFailure").filter(|condition| condition.is_true);
    Held {
        workload: rollout.workload.clone(),
        images: rollout.images.clone(),
        lacking: rollout.counts.desired.saturating_sub(rollout.counts.total),
        refused: refused.map(|condition| (condition.message.clone(), condition.since.or(condition.updated_at))),
        pods,
    }
}

impl CauseTable {
    /// Notes how a workload is held; `None` when it is not.
    pub(super) fn hold(&mut self, uid: &Arc<str>, held: Option<Held>) {
        match held {
            Some(held) => {
                if self.held.get(uid) != Some(&held) {
                    self.is_dirty = true;
                    self.held.insert(uid.clone(), held);
                }
            }
            None => self.is_dirty |= self.held.remove(uid).is_some(),
        }
    }

    /// Notes what stands around the workloads of a namespace; `None` when it could not be read, and what was known stays.
    pub(super) fn surround(&mut self, namespace: Arc<str>, around: Option<Around>) {
        self.looked_at.insert(namespace.clone());
        let Some(around) = around else { return };
        if self.around.get(&namespace) != Some(&around) {
            self.is_dirty = true;
            self.around.insert(namespace, around);
        }
    }

    /// The namespaces around whose workloads has to be looked: those with a pod that is held, a refusal, or pods that lack.
    pub(super) fn wanted(&self) -> BTreeSet<Arc<str>> {
        let is_in_trouble = |held: &&Held| {
            held.lacking > 0 || held.refused.is_some() || held.pods.iter().any(|pod| pod.blocked.is_some())
        };
        let wanted: BTreeSet<Arc<str>> =
            self.held.values().filter(is_in_trouble).map(|held| held.workload.namespace.clone()).collect();
        wanted.into_iter().take(MOST_NAMESPACES).collect()
    }

    /// Whether some of them was not looked at yet.
    pub(super) fn is_looking_around(&self) -> bool {
        self.wanted().iter().any(|namespace| !self.looked_at.contains(namespace))
    }

    /// Finds the causes again where something changed; whether any is different now.
    pub(super) fn settle(&mut self, environment: &Arc<str>, nodes: &[Arc<Node>], are_nodes_changed: bool) -> bool {
        let is_dirty = std::mem::take(&mut self.is_dirty) || are_nodes_changed && !self.held.is_empty();
        if !is_dirty {
            return false;
        }
        let held: Vec<&Held> = self.held.values().collect();
        // What was read around a namespace that is well again is old.
        let around =
            || self.around.iter().filter(|(name, _)| held.iter().any(|held| held.workload.namespace == **name));
        let quotas: Vec<_> = around().flat_map(|(_, around)| &around.quotas).collect();
        let claims: Vec<_> = around().flat_map(|(_, around)| &around.claims).collect();
        let autoscalers: Vec<_> = around()
            .flat_map(|(namespace, around)| around.autoscalers.iter().map(move |one| (namespace, one)))
            .collect();
        let causes = cause::shared(&Facts {
            environment,
            held: &held,
            nodes,
            quotas: &quotas,
            claims: &claims,
            autoscalers: &autoscalers,
        });
        if causes.len() == self.rows.len() && causes.iter().zip(self.rows.iter()).all(|(new, old)| *new == **old) {
            return false;
        }
        self.rows = causes.into_iter().map(Arc::new).collect();
        true
    }

    /// Every cause, the one that holds most first.
    pub(super) fn rows(&self) -> Arc<[Arc<Cause>]> {
        self.rows.clone()
    }
}
