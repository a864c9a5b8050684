//! Several clusters as one list.

use std::cmp::Ordering;
use std::sync::Arc;

use super::source::ClusterSnapshot;
use crate::domain::cause::Cause;
use crate::domain::job::Job;
use crate::domain::node::Node;
use crate::domain::rollout::Rollout;

impl ClusterSnapshot {
    /// These snapshots as one: their sources one after the other, their rows worst first. Rows are shared, not copied.
    ///
    /// Which API server is ready stands in each part, and among the causes. Nobody is looked at in it: whose pods are shown is a matter of one environment.
    pub fn together<'a>(parts: impl Iterator<Item = &'a Self> + Clone) -> Self {
        Self {
            health: parts.clone().flat_map(|part| part.health.iter().cloned()).collect(),
            rollouts: merged(parts.clone().map(|part| &part.rollouts), Rollout::worst_first),
            jobs: merged(parts.clone().map(|part| &part.jobs), Job::worst_first),
            nodes: merged(parts.clone().map(|part| &part.nodes), Node::worst_first),
            causes: merged(parts.clone().map(|part| &part.causes), Cause::worst_first),
            pending: parts.clone().map(|part| part.pending).sum(),
            focus: None,
            api: None,
            is_looking_around: parts.clone().any(|part| part.is_looking_around),
            pods: parts.map(|part| part.pods).sum(),
        }
    }
}

/// Lists in order as one list in order; a single list is passed on as it is.
fn merged<'a, T: 'a>(
    mut lists: impl Iterator<Item = &'a Arc<[Arc<T>]>> + Clone,
    order: impl Fn(&T, &T) -> Ordering,
) -> Arc<[Arc<T>]> {
    let all = lists.clone();
    match (lists.next(), lists.next()) {
        (None, _) => Arc::default(),
        (Some(only), None) => only.clone(),
        (Some(_), Some(_)) => {
            let mut rows: Vec<Arc<T>> = all.flat_map(|list| list.iter().cloned()).collect();
            // The sort finds the runs that are in order already and merges them.
            rows.sort_by(|one, other| order(one, other));
            rows.into()
        }
    }
}
