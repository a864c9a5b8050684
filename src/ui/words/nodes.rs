//! The words of nodes, and of what holds workloads.

use crate::domain::node::NodeCounts;

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
