//! What a draw may read of usage, borrowed.

use std::collections::BTreeMap;

use crate::domain::node::Node;
use crate::domain::rollout::WorkloadRef;
use crate::domain::usage::{Measured, Reading};

/// Everything a draw may read of usage.
#[derive(Debug, Clone, Default)]
pub struct UsageScene<'a> {
    /// Of the nodes of each environment that was asked.
    pub nodes: BTreeMap<&'a str, &'a Reading>,
    /// Of the pods of a workload.
    pub pods: Option<(&'a WorkloadRef, &'a Reading)>,
}

impl<'a> UsageScene<'a> {
    /// What was read of the environment a node is of.
    pub fn of_environment(&self, node: &Node) -> Option<&'a Reading> {
        self.nodes.get(&*node.node.environment).copied()
    }

    /// What was measured of a node.
    pub fn of_node(&self, node: &Node) -> Option<&'a Measured> {
        self.of_environment(node)?.of(&node.node.name)
    }

    /// Whether anything was measured of any node.
    pub fn has_nodes(&self) -> bool {
        self.nodes.values().any(|reading| reading.board.as_ref().is_some_and(|board| !board.measured.is_empty()))
    }

    /// What was read of the pods of a workload.
    pub fn of_pods(&self, workload: &WorkloadRef) -> Option<&'a Reading> {
        self.pods.filter(|(known, _)| *known == workload).map(|(_, reading)| reading)
    }
}
