//! What causes are found in.

use std::sync::Arc;

use crate::domain::node::{Millicores, Node};
use crate::domain::rollout::{Autoscaler, Blocked, WorkloadRef};
use crate::domain::time::Instant;

/// A pod of a workload that is not well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckPod {
    /// Its name. Cleaned.
    pub name: Arc<str>,
    /// The node it is on.
    pub node: Option<Arc<str>>,
    /// What holds it; `None` while it is merely not ready, or does not go.
    pub blocked: Option<Blocked>,
    /// When it was created, or since when no node takes it.
    pub since: Option<Instant>,
    /// The volume claims it names, where it still waits for something. Cleaned.
    pub claims: Arc<[Arc<str>]>,
}

/// A workload that is not complete, and what is seen of its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub workload: WorkloadRef,
    /// Images of its template. Cleaned.
    pub images: Arc<[Arc<str>]>,
    /// How many pods it lacks altogether: desired, but not there.
    pub lacking: u32,
    /// The server's refusal to create pods, with its time: the message of `ReplicaFailure`. Cleaned.
    pub refused: Option<(Arc<str>, Option<Instant>)>,
    /// Its pods that are not well.
    pub pods: Vec<StuckPod>,
}

/// A ResourceQuota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The namespace. Cleaned.
    pub namespace: Arc<str>,
    /// Its name. Cleaned.
    pub name: Arc<str>,
    /// Resource, used, limit, as the server writes them, for example `pods`, `20`, `20`. Cleaned.
    pub limits: Vec<(Arc<str>, Arc<str>, Arc<str>)>,
}

impl Quota {
    /// The first resource of it that is used up: `pods 20/20`.
    pub fn used_up(&self) -> Option<String> {
        let read = |raw: &str| Millicores::read(raw);
        let is_full =
            |used: &str, limit: &str| matches!((read(used), read(limit)), (Some(used), Some(limit)) if used >= limit);
        let full = self.limits.iter().find(|(_, used, limit)| is_full(used, limit));
        full.map(|(what, used, limit)| format!("{what} {used}/{limit}"))
    }
}

/// A PersistentVolumeClaim that is not bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The namespace. Cleaned.
    pub namespace: Arc<str>,
    /// Its name. Cleaned.
    pub name: Arc<str>,
    /// Pending or Lost. Cleaned.
    pub phase: Arc<str>,
    /// The storage class it asks for; `None` for the cluster's default. Cleaned.
    pub class: Option<Arc<str>>,
    /// Whether the cluster has that class; `None` where classes may not be read. Of the default: whether there is a default.
    pub has_class: Option<bool>,
    /// Whether its volume is made only when a pod that uses it has a node.
    pub waits_for_pod: bool,
    /// Since when it exists.
    pub since: Option<Instant>,
}

/// Everything causes are found in, of one environment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The environment.
    pub environment: &'a Arc<str>,
    /// Workloads that are not complete, in any order.
    pub held: &'a [&'a Held],
    /// Every node that may be seen.
    pub nodes: &'a [Arc<Node>],
    /// ResourceQuotas of the namespaces with workloads in trouble.
    pub quotas: &'a [&'a Quota],
    /// Claims there that are not bound.
    pub claims: &'a [&'a Claim],
    /// Autoscalers there, with their namespace.
    pub autoscalers: &'a [(&'a Arc<str>, &'a Autoscaler)],
}
