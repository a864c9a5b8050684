//! Nodes with the pods on them, joined into the rows of the nodes pane.

use std::collections::HashMap;
use std::sync::Arc;

use super::feed::Resource;
use super::rows::Row;
use super::wire::{Interner, WireNode};
use crate::domain::node::{Node, NodeRef, PodTally};
use crate::domain::rollout::Pod;

/// A node as the tables keep it.
#[derive(Debug)]
pub(super) struct NodeRow {
    /// The node, without its environment and its pods.
    pub(super) node: Node,
}

/// Feeds the tables with nodes.
pub(super) struct Nodes;

impl Resource for Nodes {
    type Wire<'a> = WireNode<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/api/v1", "nodes");

    fn row(wire: &WireNode<'_>, interner: &mut Interner) -> Option<Row> {
        Some(Row::Node(Box::new(NodeRow { node: wire.kept(interner) })))
    }
}

/// The nodes of one cluster.
#[derive(Debug, Default)]
pub(super) struct NodeTable {
    known: HashMap<Arc<str>, NodeRow>,
    /// Pods by the name of their node; those without one under no name.
    pods: HashMap<Option<Arc<str>>, PodTally>,
    /// Whether a node is new, changed or gone.
    is_dirty: bool,
    /// Whether the pods on one are others.
    is_counted: bool,
    rows: Arc<[Arc<Node>]>,
}

impl NodeTable {
    /// Takes a new or changed node in.
    pub(super) fn upsert(&mut self, row: NodeRow) {
        let known = self.known.get(&row.node.uid);
        // A heartbeat changes nothing that is kept.
        if known.is_some_and(|known| known.node == row.node) {
            return;
        }
        self.is_dirty = true;
        self.known.insert(row.node.uid.clone(), row);
    }

    /// Forgets a node; whether it was one.
    pub(super) fn delete(&mut self, uid: &Arc<str>) -> bool {
        let was_known = self.known.remove(uid).is_some();
        self.is_dirty |= was_known;
        was_known
    }

    /// Counts a pod that is new, changed or gone.
    pub(super) fn count(&mut self, before: Option<&Pod>, after: Option<&Pod>) {
        let counted = |pod: Option<&'_ Pod>| {
            let pod = pod.filter(|pod| !pod.is_over())?;
            Some((pod.node.clone(), &*pod.phase == "Pending", pod.is_ready))
        };
        if counted(before) == counted(after) {
            return;
        }
        for (pod, is_there) in [(before, false), (after, true)] {
            let Some(pod) = pod.filter(|pod| !pod.is_over()) else { continue };
            let tally = self.pods.entry(pod.node.clone()).or_default();
            let step = |number: &mut u32, is_counted: bool| {
                let by = u32::from(is_counted);
                *number = if is_there { number.saturating_add(by) } else { number.saturating_sub(by) };
            };
            step(&mut tally.all, true);
            step(&mut tally.pending, &*pod.phase == "Pending");
            step(&mut tally.unready, !pod.is_ready);
            if tally.all == 0 {
                self.pods.remove(&pod.node);
            }
        }
        self.is_counted = true;
    }

    /// How many pods are Pending, on a node or on none.
    pub(super) fn pending(&self) -> usize {
        self.pods.values().map(|tally| usize::try_from(tally.pending).unwrap_or(usize::MAX)).sum()
    }

    /// Joins what changed; whether any row is different now.
    pub(super) fn settle(&mut self, environment: &Arc<str>) -> bool {
        let is_dirty = std::mem::take(&mut self.is_dirty);
        if !std::mem::take(&mut self.is_counted) && !is_dirty {
            return false;
        }
        let tally = |name: &Arc<str>| self.pods.get(&Some(name.clone())).copied().unwrap_or_default();
        let mut nodes: Vec<Arc<Node>> = if is_dirty {
            let named = |row: &NodeRow| {
                let name = row.node.node.name.clone();
                let pods = tally(&name);
                Arc::new(Node { pods, node: NodeRef { environment: environment.clone(), name }, ..row.node.clone() })
            };
            self.known.values().map(named).collect()
        } else {
            // Pods come and go by the second: only the nodes they are on are made anew.
            let counted = |row: &Arc<Node>| match tally(&row.node.name) {
                pods if pods == row.pods => row.clone(),
                pods => Arc::new(Node { pods, ..row.as_ref().clone() }),
            };
            self.rows.iter().map(counted).collect()
        };
        nodes.sort_by(|one, other| one.worst_first(other));
        if nodes.len() == self.rows.len()
            && nodes.iter().zip(self.rows.iter()).all(|(new, old)| Arc::ptr_eq(new, old) || new == old)
        {
            return false;
        }
        self.rows = nodes.into();
        true
    }

    /// Every node, worst first.
    pub(super) fn rows(&self) -> Arc<[Arc<Node>]> {
        self.rows.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, is_ready: bool) -> NodeRow {
        let status = if is_ready { "True" } else { "False" };
        let json = format!(
            r#"{{"metadata":{{"name":"{name}","uid":"uid-{name}"}},
                "status":{{"conditions":[{{"type":"Ready","status":"{status}"}}]}}}}"#
        );
        let wire: WireNode<'_> = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}"));
        NodeRow { node: wire.kept(&mut Interner::default()) }
    }

    fn pod(name: &str, node: Option<&str>, phase: &str, is_ready: bool) -> Pod {
        Pod {
            name: name.into(),
            uid: name.into(),
            template_hash: "h".into(),
            node: node.map(Into::into),
            phase: phase.into(),
            is_ready,
            created_at: None,
            unschedulable: None,
            gate: None,
            volume: None,
            changed_at: None,
            gone_by: None,
            containers: [].into(),
        }
    }

    #[test]
    fn pods_are_counted_where_they_are_and_forgotten_where_they_were() {
        let mut table = NodeTable::default();
        let environment = "production".into();
        table.upsert(row("node-a", true));
        table.upsert(row("node-b", false));
        let waiting = pod("a", None, "Pending", false);
        let running = pod("a", Some("node-a"), "Running", true);
        let ended = pod("a", Some("node-a"), "Succeeded", false);
        let left_over = pod("b", Some("node-b"), "Failed", false);
        table.count(None, Some(&waiting));
        table.count(None, Some(&left_over));
        assert_eq!(table.pending(), 1);
        table.count(Some(&waiting), Some(&running));
        assert!(table.settle(&environment));
        let rows = table.rows();
        assert_eq!(rows.iter().map(|node| &*node.node.name).collect::<Vec<_>>(), ["node-b", "node-a"], "worst first");
        assert_eq!(rows[1].pods, PodTally { all: 1, pending: 0, unready: 0 });
        assert_eq!(rows[0].pods, PodTally::default(), "a pod left over is on no node");
        table.count(Some(&running), Some(&ended));
        table.settle(&environment);
        assert_eq!((table.rows()[1].pods, table.pending()), (PodTally::default(), 0));
        table.count(Some(&ended), None);
        assert!(!table.settle(&environment), "nothing is different");
    }

    #[test]
    fn a_heartbeat_changes_nothing() {
        let mut table = NodeTable::default();
        table.upsert(row("node-a", false));
        assert!(table.settle(&"e".into()));
        table.upsert(row("node-a", false));
        assert!(!table.settle(&"e".into()));
        table.upsert(row("node-a", true));
        assert!(table.settle(&"e".into()), "the last word counts");
        assert!(table.delete(&"uid-node-a".into()) && table.settle(&"e".into()));
    }
}
