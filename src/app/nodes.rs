//! Which nodes are on the screen, and what the one under the cursor harms. Changed by `update` alone.

use std::sync::Arc;

use super::model::Model;
use crate::domain::cause::{Cause, CauseKind};
use crate::domain::node::{Node, NodeRef, NodeVerdict};
use crate::domain::rollout::Rollout;
use crate::domain::source::SourceHealth;
use crate::ui::lines::Lines;
use crate::ui::nodes::NodesScene;
use crate::world::Sight;

impl Model {
    /// Makes the lines of the nodes pane anew; the cursor stays on its node, or rests on the worst.
    pub fn refilter_nodes(&mut self) {
        let before = self.nodes.place(self.ui.nodes.cursor.as_ref()).unwrap_or(0);
        let chosen = &self.ui.nodes;
        let words = chosen.words();
        let is_wanted = |node: &&Arc<Node>| {
            (!chosen.is_problems_only || node.verdict() != NodeVerdict::Ready)
                && (words.is_empty() || {
                    let names = names(node);
                    words.iter().all(|word| names.contains(word.as_str()))
                })
        };
        let shown = self.world.snapshot.nodes.iter().filter(is_wanted).cloned().collect();
        let count = |verdict| self.world.snapshot.nodes.iter().filter(|node| node.verdict() == verdict).count();
        let tally = [NodeVerdict::NotReady, NodeVerdict::Pressure, NodeVerdict::Cordoned].map(count);
        self.nodes = Lines { shown, tally, total: self.world.snapshot.nodes.len() };
        self.ui.nodes.settle(&self.nodes, before);
    }

    /// The node under the cursor of the nodes pane.
    pub fn node_line(&self) -> Option<&Arc<Node>> {
        self.nodes.find(self.ui.nodes.cursor.as_ref())
    }

    /// What the node under the cursor holds; `None` when no stuck pod is on it, or it is well.
    pub(super) fn node_cause(&self) -> Option<&Cause> {
        let NodeRef { environment, name } = &self.node_line()?.node;
        let is_it = |cause: &&Arc<Cause>| is_of_node(cause, name) && cause.environment == *environment;
        self.world.snapshot.causes.iter().find(is_it).map(AsRef::as_ref)
    }

    /// The workloads the node under the cursor holds, worst first.
    pub(super) fn harmed(&self) -> Vec<&Arc<Rollout>> {
        let Some(cause) = self.node_cause() else { return Vec::new() };
        self.world.snapshot.rollouts.iter().filter(|row| cause.workloads.contains(&row.workload)).collect()
    }

    pub(super) fn nodes_scene(&self) -> NodesScene<'_> {
        NodesScene {
            lines: &self.nodes,
            cursor: self.nodes.place(self.ui.nodes.cursor.as_ref()),
            environments: self.world.shown().count(),
            health: self.world.shown().flat_map(sources).collect(),
            api: self.world.shown().filter_map(|sight| Some((sight.name(), sight.snapshot.api.as_ref()?))).collect(),
            cause: self.node_cause(),
            harmed: self.harmed(),
        }
    }
}

/// Whether a cause is a node of this name.
pub(super) fn is_of_node(cause: &Cause, name: &str) -> bool {
    cause.kind == CauseKind::Node && *cause.subject == *name
}

/// Where the nodes of an environment come from; what keeps it away altogether when nothing is watched yet.
fn sources(sight: &Sight) -> Vec<SourceHealth> {
    let (nodes, others): (Vec<_>, Vec<_>) =
        sight.sources().into_iter().partition(|source| source.id.kind.is_resource("nodes"));
    if nodes.is_empty() { others } else { nodes }
}

/// What a filter finds a node by, in small letters.
fn names(node: &Node) -> String {
    let taints = node.taints.join(" ");
    let words = [
        &*node.node.name,
        &*node.node.environment,
        node.verdict().word(),
        &node.complaint(),
        if node.is_cordoned { "cordoned" } else { "" },
        &node.version,
        &taints,
    ];
    words.join(" ").to_lowercase()
}
