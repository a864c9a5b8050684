//! What a draw may read of nodes, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::cause::{ApiHealth, Cause};
use crate::domain::node::{Node, NodeRef};
use crate::domain::rollout::Rollout;
use crate::domain::source::SourceHealth;
use crate::ui::lines::{Line, Lines};

impl Line for Node {
    type Place = NodeRef;

    fn place(&self) -> NodeRef {
        self.node.clone()
    }
}

/// Everything a draw may read of nodes.
#[derive(Debug, Clone)]
pub struct NodesScene<'a> {
    /// The nodes, worst first; of all, how many are not ready, short of something, and cordoned.
    pub lines: &'a Lines<Arc<Node>, 3>,
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
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
