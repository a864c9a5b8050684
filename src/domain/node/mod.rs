//! Nodes: whether they take pods, what presses them, and how much they have.

mod quantity;

pub use quantity::{Bytes, Millicores};

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;

use super::time::Instant;
use crate::domain::worded;

/// A node by name, in an environment. The name is as the server gave it; clean it before drawing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeRef {
    /// The environment of the configuration.
    pub environment: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

worded! {
    /// How a node is doing. Declared from the worst to the best: the order of the list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum NodeVerdict {
        /// Its kubelet says that it is not ready, or says nothing any more.
        NotReady = "not ready",
        /// Ready, and short of memory, disk, process numbers or network.
        Pressure = "pressure",
        /// Ready, and closed to new pods by somebody.
        Cordoned = "cordoned",
        /// Ready, and takes pods.
        Ready = "ready",
    }
}

impl NodeVerdict {
    /// Whether somebody should look at it.
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::NotReady | Self::Pressure)
    }
}

/// Something a node is short of, since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressure {
    /// The condition: `MemoryPressure`, `DiskPressure`, `PIDPressure`, `NetworkUnavailable`. Cleaned.
    pub kind: Arc<str>,
    /// Since when.
    pub since: Option<Instant>,
}

/// Pods on a node, or of a whole cluster, as far as they are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PodTally {
    /// All but those that ended well.
    pub all: u32,
    /// Whose phase is Pending: without a node, or not started there yet.
    pub pending: u32,
    /// Not ready, Pending ones included.
    pub unready: u32,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Which.
    pub node: NodeRef,
    /// Its uid.
    pub uid: Arc<str>,
    /// Whether its Ready condition is true; `None` when the kubelet says nothing any more or has not said anything yet.
    pub ready: Option<bool>,
    /// Since when its Ready condition is as it is.
    pub since: Option<Instant>,
    /// The kubelet's own words where it is not ready. Cleaned.
    pub message: Arc<str>,
    /// What it is short of.
    pub pressures: Arc<[Pressure]>,
    /// Whether somebody closed it to new pods.
    pub is_cordoned: bool,
    /// Taints that are not the controllers' own echo of a condition, as `key=value:Effect`. Cleaned.
    pub taints: Arc<[Arc<str>]>,
    /// Processor time pods may use.
    pub cpu: Option<Millicores>,
    /// Memory pods may use.
    pub memory: Option<Bytes>,
    /// How many pods it takes.
    pub most_pods: Option<u32>,
    /// The kubelet's version. Cleaned.
    pub version: Arc<str>,
    /// Its pods.
    pub pods: PodTally,
}

impl Node {
    /// How it is doing.
    pub fn verdict(&self) -> NodeVerdict {
        match self.ready {
            Some(true) if !self.pressures.is_empty() => NodeVerdict::Pressure,
            Some(true) if self.is_cordoned => NodeVerdict::Cordoned,
            Some(true) => NodeVerdict::Ready,
            Some(false) | None => NodeVerdict::NotReady,
        }
    }

    /// Since when it is in the trouble its verdict tells of.
    pub fn in_trouble_since(&self) -> Option<Instant> {
        match self.verdict() {
            NodeVerdict::NotReady => self.since,
            NodeVerdict::Pressure => self.pressures.iter().filter_map(|pressure| pressure.since).min(),
            NodeVerdict::Cordoned | NodeVerdict::Ready => None,
        }
    }

    /// What is wrong, in the field's words: `NotReady`, `NotReady (silent)`, `MemoryPressure, DiskPressure`; empty when nothing is.
    pub fn complaint(&self) -> String {
        match (self.verdict(), self.ready) {
            (NodeVerdict::NotReady, Some(_)) => "NotReady".to_owned(),
            (NodeVerdict::NotReady, None) => "NotReady (its kubelet is silent)".to_owned(),
            (NodeVerdict::Pressure, _) => {
                self.pressures.iter().map(|pressure| pressure.kind.as_ref()).collect::<Vec<_>>().join(", ")
            }
            (NodeVerdict::Cordoned, _) => "cordoned".to_owned(),
            (NodeVerdict::Ready, _) => String::new(),
        }
    }

    /// Worst first; equal verdicts by pods that are not ready, then by name.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        let unready = |node: &Self| std::cmp::Reverse(node.pods.unready);
        self.verdict()
            .cmp(&other.verdict())
            .then_with(|| unready(self).cmp(&unready(other)))
            .then_with(|| self.node.cmp(&other.node))
    }
}

/// What the header counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeCounts {
    /// Nodes that are not ready.
    pub not_ready: usize,
    /// Nodes that are ready and short of something.
    pub pressed: usize,
    /// Pods that are Pending.
    pub pending: usize,
}

impl NodeCounts {
    /// Counts nodes; pods are counted where they are known.
    pub fn of<'a>(nodes: impl IntoIterator<Item = &'a Node>, pending: usize) -> Self {
        let mut counts = Self { pending, ..Self::default() };
        for node in nodes {
            match node.verdict() {
                NodeVerdict::NotReady => counts.not_ready += 1,
                NodeVerdict::Pressure => counts.pressed += 1,
                NodeVerdict::Cordoned | NodeVerdict::Ready => {}
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, ready: Option<bool>) -> Node {
        Node {
            node: NodeRef { environment: "production".into(), name: name.into() },
            uid: name.into(),
            ready,
            since: None,
            message: "".into(),
            pressures: [].into(),
            is_cordoned: false,
            taints: [].into(),
            cpu: None,
            memory: None,
            most_pods: None,
            version: "v1.34.4".into(),
            pods: PodTally::default(),
        }
    }

    #[test]
    fn a_silent_kubelet_is_not_ready_and_says_so() {
        let silent = node("a", None);
        assert_eq!(silent.verdict(), NodeVerdict::NotReady);
        assert!(silent.complaint().contains("silent"));
    }

    #[test]
    fn pressure_counts_only_on_a_node_that_is_ready() {
        let pressures: Arc<[Pressure]> = [Pressure { kind: "MemoryPressure".into(), since: None }].into();
        let pressed = Node { pressures: pressures.clone(), is_cordoned: true, ..node("a", Some(true)) };
        assert_eq!(pressed.verdict(), NodeVerdict::Pressure, "worse than being cordoned");
        assert_eq!(Node { pressures, ..node("a", Some(false)) }.verdict(), NodeVerdict::NotReady);
    }

    #[test]
    fn the_worst_come_first_and_the_order_does_not_depend_on_chance() {
        let busy = Node { pods: PodTally { unready: 4, ..PodTally::default() }, ..node("z", Some(true)) };
        let mut nodes = [node("b", Some(true)), busy, node("a", Some(true)), node("c", Some(false))];
        nodes.sort_by(Node::worst_first);
        assert_eq!(nodes.map(|node| node.node.name.to_string()), ["c", "z", "a", "b"]);
    }

    #[test]
    fn the_header_counts_each_node_once() {
        let pressures: Arc<[Pressure]> = [Pressure { kind: "DiskPressure".into(), since: None }].into();
        let nodes = [
            node("a", Some(false)),
            Node { pressures, ..node("b", Some(true)) },
            node("c", None),
            node("d", Some(true)),
        ];
        assert_eq!(NodeCounts::of(&nodes, 3), NodeCounts { not_ready: 2, pressed: 1, pending: 3 });
    }
}
