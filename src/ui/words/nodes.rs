//! The words of nodes, and of what holds workloads.

use std::sync::Arc;

use crate::domain::node::{Node, NodeCounts, NodeVerdict, PodTally};

/// What the header counts: `2 nodes NotReady, 1 under pressure, 3 pods Pending`; empty when there is nothing to count.
pub fn counts(counts: NodeCounts) -> String {
    let NodeCounts { not_ready, pressed, pending } = counts;
    let nodes = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 node {what}")),
        _ => Some(format!("{count} nodes {what}")),
    };
    let pods = match pending {
        0 => None,
        1 => Some("1 pod Pending".to_owned()),
        _ => Some(format!("{pending} pods Pending")),
    };
    let said = [nodes(not_ready, "NotReady"), nodes(pressed, "under pressure"), pods];
    said.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The pane.
pub const TITLE: &str = "Nodes";

/// Only what does not take pods as it should.
pub const PROBLEMS_ONLY: &str = "only nodes that are not simply ready";

/// Nothing was read yet.
pub const LOADING: &str = "Reading nodes.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "Nodes were never read; how they do is not known:";

/// No stuck pod is on it.
pub const HOLDS_NOTHING: &str = "No rollout that is shown is held by it.";

/// How many nodes are how, from the worst.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [not_ready, pressed, cordoned] = counts;
    let nodes = if total == 1 { "node" } else { "nodes" };
    let of = if shown == total { format!("{total} {nodes}") } else { format!("{shown} of {total} {nodes} shown") };
    format!("{not_ready} not ready, {pressed} under pressure, {cordoned} cordoned; {of}")
}

/// This account may not list nodes.
pub fn forbidden(environment: &str) -> String {
    format!(
        "This account may not list the nodes of {environment}: how they do is not known. It takes get, list and watch on nodes."
    )
}

/// The server answers, and there is no node.
pub fn nothing(environment: &str) -> String {
    format!("The server of {environment} says that it has no node.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} nodes matches. Press esc to clear the filter.")
}

/// What is wrong with it in one line, with the cordon and the taints.
pub fn why(node: &Node) -> String {
    let complaint = node.complaint();
    let cordon = (node.is_cordoned && node.verdict() != NodeVerdict::Cordoned).then(|| "cordoned".to_owned());
    let said = [Some(complaint), cordon, Some(node.taints.join(" ")), Some(node.message.to_string())];
    said.into_iter().flatten().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Its pods, as far as they are watched.
pub fn pods(node: &Node) -> String {
    let PodTally { all, pending, unready } = node.pods;
    let most = node.most_pods.map(|most| format!(", room for {most}")).unwrap_or_default();
    format!("{all} pods of the namespaces looked at{most}; {unready} not ready, {pending} of them Pending")
}

/// What pods may use of it.
pub fn room(node: &Node) -> Option<String> {
    let cpu = node.cpu.map(|cpu| format!("CPU {}", cpu.words()));
    let memory = node.memory.map(|memory| format!("memory {}", memory.words()));
    let said: Vec<String> = [cpu, memory].into_iter().flatten().collect();
    (!said.is_empty()).then(|| format!("allocatable: {}", said.join(", ")))
}

/// The kubelet's own words.
pub fn kubelet(message: &str) -> String {
    format!("kubelet: {message}")
}

/// Something it is short of.
pub fn pressure(kind: &str, age: Option<&str>) -> String {
    age.map_or_else(|| kind.to_owned(), |age| format!("{kind} for {age}"))
}

/// What keeps pods away from it.
pub fn taints(taints: &[Arc<str>]) -> String {
    format!("taints: {}", taints.join(", "))
}

/// The rollouts it holds.
pub fn holds(named: &[String], count: usize) -> String {
    let more = count.saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("enter: {}{more}", named.join(", "))
}

/// Heads of columns.
pub mod column {
    /// The verdict.
    pub const STATE: &str = "STATE";
    /// How long it has been as it is.
    pub const SINCE: &str = "SINCE";
    /// Its pods.
    pub const PODS: &str = "PODS";
    /// Those that are not ready.
    pub const UNREADY: &str = "UNREADY";
    /// Processor time pods may use.
    pub const CPU: &str = "CPU";
    /// Memory pods may use.
    pub const MEMORY: &str = "MEM";
    /// The kubelet's version.
    pub const VERSION: &str = "VERSION";
    /// What is wrong with it, and its taints.
    pub const WHY: &str = "WHY";
}
