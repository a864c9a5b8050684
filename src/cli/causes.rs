//! Nodes, and what holds workloads, in `quarterdeck status`.

use serde::Serialize;

use crate::domain::cause::{ApiHealth, CauseKind};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::node::{Node, NodeRef, NodeVerdict, PodTally};
use crate::domain::time::{self, Instant};
use crate::domain::usage::Measured;

/// A node in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct NodeLine<'a> {
    environment: &'a str,
    name: &'a str,
    verdict: NodeVerdict,
    /// null: its kubelet says nothing.
    ready: Option<bool>,
    since: Option<Instant>,
    message: Option<&'a str>,
    pressures: Vec<&'a str>,
    unschedulable: bool,
    taints: Vec<&'a str>,
    /// Of the namespaces that are looked at.
    pods: PodTally,
    allocatable_millicores: Option<u64>,
    allocatable_bytes: Option<u64>,
    allocatable_pods: Option<u32>,
    kubelet_version: &'a str,
    /// null: not measured; why is said of its environment.
    usage: Option<UsageLine>,
}

/// What a node uses in `status --output json`: a contract.
#[derive(Debug, Serialize)]
struct UsageLine {
    millicores: Option<u64>,
    bytes: Option<u64>,
    measured_at: Option<Instant>,
    window_seconds: Option<i64>,
}

impl UsageLine {
    fn of(used: &Measured) -> Self {
        Self {
            millicores: used.cpu.map(|cpu| cpu.0),
            bytes: used.memory.map(|memory| memory.0),
            measured_at: used.at,
            window_seconds: used.window.map(|window| window.num_seconds()),
        }
    }
}

/// What an API server says of itself in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct ApiLine<'a> {
    /// `ready`, `not_ready`, `unknown`.
    state: &'static str,
    /// The checks that fail.
    failing: &'a [String],
    words: Option<String>,
}

impl<'a> ApiLine<'a> {
    pub(super) fn of(health: &'a ApiHealth) -> Self {
        let (state, failing): (_, &[String]) = match health {
            ApiHealth::Ready => ("ready", &[]),
            ApiHealth::NotReady { failing, .. } => ("not_ready", failing),
            ApiHealth::Unknown(_) => ("unknown", &[]),
        };
        Self { state, failing, words: health.sentence() }
    }
}

/// A cause in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct CauseLine<'a> {
    environment: &'a str,
    kind: CauseKind,
    subject: &'a str,
    words: &'a str,
    evidence: &'a [String],
    workloads: Vec<String>,
    pods: usize,
    since: Option<Instant>,
}

/// Every node of a snapshot, worst first, with what was measured of it.
pub(super) fn nodes<'a>(
    snapshot: &'a ClusterSnapshot,
    measured: impl Fn(&NodeRef) -> Option<&'a Measured>,
) -> Vec<NodeLine<'a>> {
    snapshot
        .nodes
        .iter()
        .map(|node| NodeLine {
            environment: &node.node.environment,
            name: &node.node.name,
            verdict: node.verdict(),
            ready: node.ready,
            since: node.since,
            message: (!node.message.is_empty()).then_some(&*node.message),
            pressures: node.pressures.iter().map(|pressure| &*pressure.kind).collect(),
            unschedulable: node.is_cordoned,
            taints: node.taints.iter().map(AsRef::as_ref).collect(),
            pods: node.pods,
            allocatable_millicores: node.cpu.map(|cpu| cpu.0),
            allocatable_bytes: node.memory.map(|memory| memory.0),
            allocatable_pods: node.most_pods,
            kubelet_version: &node.version,
            usage: measured(&node.node).map(UsageLine::of),
        })
        .collect()
}

/// Every cause of a snapshot, the one that holds most first.
pub(super) fn causes(snapshot: &ClusterSnapshot) -> Vec<CauseLine<'_>> {
    snapshot
        .causes
        .iter()
        .map(|cause| CauseLine {
            environment: &cause.environment,
            kind: cause.kind,
            subject: &cause.subject,
            words: &cause.words,
            evidence: &cause.evidence,
            workloads: cause.workloads.iter().map(ToString::to_string).collect(),
            pods: cause.pods,
            since: cause.since,
        })
        .collect()
}

/// What stands over the table: causes, then nodes in trouble that no cause names.
pub(super) fn sentences(snapshot: &ClusterSnapshot, now: Instant) -> Vec<String> {
    let age =
        |since: Option<Instant>| since.map(|at| format!(" ({})", time::coarse(time::age(at, now)))).unwrap_or_default();
    let causes = snapshot.causes.iter().map(|cause| format!("{}{}", cause.words, age(cause.since)));
    let is_named = |node: &Node| {
        snapshot.causes.iter().any(|cause| cause.kind == CauseKind::Node && cause.subject == node.node.name)
    };
    let nodes = snapshot.nodes.iter().filter(|node| node.verdict().is_trouble() && !is_named(node));
    let nodes =
        nodes.map(|node| format!("node {}: {}{}", node.node.name, node.complaint(), age(node.in_trouble_since())));
    causes.chain(nodes).collect()
}
