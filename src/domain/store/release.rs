//! Releases that some console has seen, and whether one was ever fully available.

use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant};

/// A revision of a workload that was seen. What several consoles saw is merged: the earliest of each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSeen {
    /// The cluster: the uid of kube-system. The same name on another cluster is another cluster.
    pub cluster: String,
    /// The uid of the ReplicaSet or ControllerRevision.
    pub revision_uid: String,
    /// The environment it was seen in.
    pub environment: String,
    /// The workload, as `namespace/kind/name`.
    pub workload: String,
    /// The revision's number, where it has one.
    pub revision: Option<u64>,
    /// Its images.
    pub images: Vec<String>,
    /// When it was first seen.
    #[serde(deserialize_with = "time::clamped")]
    pub seen_at: Instant,
    /// When it was first seen fully available; `None` when it never was.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    pub healthy_at: Option<Instant>,
}
