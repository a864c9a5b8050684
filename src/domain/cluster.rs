//! What is known of a cluster at one moment, and several clusters as one list.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cause::{ApiHealth, Cause};
use super::job::Job;
use super::node::{Node, NodeCounts};
use super::rollout::{Pod, Report, Rollout, WorkloadRef};
use super::source::{SourceHealth, SourceKind, SourceState};
use super::time::Instant;

/// A workload somebody is looking at.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus {
    /// Which.
    pub workload: WorkloadRef,
    /// Its row.
    pub rollout: Arc<Rollout>,
    /// Its conditions and figures.
    pub report: Report,
    /// Its pods, those in trouble first.
    pub pods: Vec<Pod>,
}

/// What is known of a cluster at one moment.
#[derive(Debug, Clone, Default)]
pub struct ClusterSnapshot {
    /// Freshness by resource.
    pub health: Vec<SourceHealth>,
    /// Every workload, worst first.
    pub rollouts: Arc<[Arc<Rollout>]>,
    /// Every CronJob and every Job, worst first; those of a CronJob too.
    pub jobs: Arc<[Arc<Job>]>,
    /// Every node that may be seen, worst first.
    pub nodes: Arc<[Arc<Node>]>,
    /// What holds workloads, the cause that holds most first.
    pub causes: Arc<[Arc<Cause>]>,
    /// What the API server says of its own health; `None` before it was asked.
    pub api: Option<ApiHealth>,
    /// How many pods are known.
    pub pods: usize,
    /// How many of them are Pending.
    pub pending: usize,
    /// Whether it is not known yet what stands around workloads in trouble.
    pub is_looking_around: bool,
    /// The workload somebody looks at.
    pub focus: Option<Arc<Focus>>,
}

impl ClusterSnapshot {
    /// Whether every resource was read to its end, or said why it cannot be.
    pub fn is_settled(&self) -> bool {
        !self.health.is_empty()
            && self.api.is_some()
            && !self.is_looking_around
            && self.health.iter().all(|health| health.state != SourceState::Loading)
    }

    /// Every CronJob and Job, where both were read to their end and are current.
    ///
    /// # Errors
    /// The sentence to show where they were not: what is not there may be there.
    pub fn jobs_known(&self, environment: &str) -> Result<&[Arc<Job>], String> {
        let of_jobs = |health: &&SourceHealth| matches!(health.id.kind, SourceKind::Resource("jobs" | "cronjobs", _));
        let mut read = self.health.iter().filter(of_jobs).peekable();
        if read.peek().is_none() {
            let why = self.health.iter().find_map(|health| health.error.as_deref()).unwrap_or("nobody has looked yet.");
            return Err(format!("The jobs of {environment} are not known: {why}"));
        }
        match read.find(|health| health.state != SourceState::Fresh) {
            None => Ok(&self.jobs),
            Some(health) => {
                let why = health.error.as_deref().unwrap_or(health.state.word());
                Err(format!("The jobs of {environment} are not known: {why}"))
            }
        }
    }

    /// What the header counts.
    pub fn counts(&self) -> NodeCounts {
        NodeCounts::of(self.nodes.iter().map(AsRef::as_ref), self.pending)
    }

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

/// An Event of the cluster about a workload, a job or one of their pods. Texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// When it was last seen.
    pub at: Option<Instant>,
    /// Whether its type is Warning.
    pub is_warning: bool,
    /// How often.
    pub count: u32,
    /// The reason word.
    pub reason: String,
    /// Kind and name of what it is about.
    pub about: String,
    /// The text.
    pub note: String,
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
