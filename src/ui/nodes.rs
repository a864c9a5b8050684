//! What a draw may read of nodes, borrowed, and where the operator is among them.

use std::sync::Arc;

use super::state::Field;
use crate::domain::cause::{ApiHealth, Cause};
use crate::domain::node::{Node, NodeRef};
use crate::domain::rollout::Rollout;
use crate::domain::source::SourceHealth;

/// What the operator chose of the nodes pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodesState {
    /// The node under the cursor.
    pub cursor: Option<NodeRef>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the worst node.
    pub is_cursor_held: bool,
    /// The filter.
    pub filter: Field,
    /// Only nodes that do not take pods as they should.
    pub is_problems_only: bool,
    /// Whether the rollouts on the screen are those a node harms: back leads here.
    pub is_behind: bool,
}

/// Everything a draw may read of nodes.
#[derive(Debug, Clone)]
pub struct NodesScene<'a> {
    /// The nodes that pass the filter, worst first.
    pub lines: &'a [Arc<Node>],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many nodes there are without the filter.
    pub total: usize,
    /// How many of them are not ready, short of something, and cordoned.
    pub tally: [usize; 3],
    /// How many environments are shown.
    pub environments: usize,
    /// Where the nodes come from, of each environment that is shown.
    pub health: Vec<SourceHealth>,
    /// What the API servers that are not ready, or do not say, say of themselves, by environment.
    pub api: Vec<(&'a str, &'a ApiHealth)>,
    /// What the node under the cursor holds.
    pub cause: Option<&'a Cause>,
    /// The workloads it holds, worst first.
    pub harmed: Vec<&'a Arc<Rollout>>,
}
