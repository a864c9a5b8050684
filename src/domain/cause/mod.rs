//! Why workloads are stuck, where several share one reason: a node, a registry, a quota, a volume, room, an autoscaler's limit.
//!
//! [`shared`] is a pure function of what is known: the same facts give the same causes in the same order.

mod api_server;
mod facts;
mod find;
mod image;

pub use api_server::ApiHealth;
pub use facts::{Claim, Facts, Held, Quota, StuckPod};
pub use find::shared;

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use serde::Serialize;

use super::rollout::WorkloadRef;
use super::time::Instant;
use crate::domain::worded;

worded! {
    /// What kind of thing holds workloads. Declared in the order in which equally grave causes are told.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum CauseKind {
        /// The API server itself, which says that it is not ready.
        ApiServer = "API server",
        /// A node that is not ready or is short of something.
        Node = "node",
        /// A registry images do not come from.
        Registry = "registry",
        /// A ResourceQuota that is used up.
        Quota = "quota",
        /// A volume claim that is not bound.
        Volume = "volume",
        /// No node has room, or none that is allowed.
        Room = "room",
        /// An autoscaler at its upper limit.
        Autoscaler = "autoscaler",
    }
}

/// One reason that holds workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The environment.
    pub environment: Arc<str>,
    /// What kind.
    pub kind: CauseKind,
    /// What it is about: a node, a registry's host, `namespace/quota`. Cleaned.
    pub subject: Arc<str>,
    /// The sentence: what holds whom. Names no age, so that it stands still. Cleaned.
    pub words: String,
    /// What was seen, at most [`Cause::MOST_EVIDENCE`] lines. Cleaned.
    pub evidence: Vec<String>,
    /// Whom it holds, in their order.
    pub workloads: Vec<WorkloadRef>,
    /// How many of their pods.
    pub pods: usize,
    /// Since when, as far as it is known.
    pub since: Option<Instant>,
}

impl Cause {
    /// The most lines of evidence kept.
    pub const MOST_EVIDENCE: usize = 3;

    /// Whether it is worth a line over the list: it holds several workloads, a node holds several pods, or all of it stands on what is not ready.
    pub const fn is_shared(&self) -> bool {
        match self.kind {
            CauseKind::ApiServer => true,
            CauseKind::Node if self.pods > 1 => true,
            _ => self.workloads.len() > 1,
        }
    }

    /// Whether it is the node of this name.
    pub fn is_of_node(&self, name: &str) -> bool {
        self.kind == CauseKind::Node && *self.subject == *name
    }

    /// Whether it holds this workload.
    pub fn holds(&self, workload: &WorkloadRef) -> bool {
        self.workloads.contains(workload)
    }

    /// An API server that is not ready comes first, then the one that holds most; equally many are in the order of their kinds and subjects.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let is_other = |cause: &Self| cause.kind != CauseKind::ApiServer;
        let key = |cause: &Self| (is_other(cause), Reverse(cause.workloads.len()), Reverse(cause.pods), cause.kind);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.environment.cmp(&other.environment))
            .then_with(|| self.subject.cmp(&other.subject))
    }
}

#[cfg(test)]
mod tests;
