//! What a draw may read of objectives, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::slo::{Slo, SloSnapshot};

/// A line of the list by what it is: an environment, a service and a goal.
pub type Place = (Arc<str>, Arc<str>, Arc<str>);

/// Everything a draw may read of objectives.
#[derive(Debug, Clone)]
pub struct SloScene<'a> {
    /// The lines, worst first.
    pub lines: &'a [Slo],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many there are without the filter.
    pub total: usize,
    /// How many of them page, are spent, ask for a ticket and are not known.
    pub tally: [usize; 4],
    /// The newest of each environment that has a Prometheus.
    pub snapshots: Vec<&'a SloSnapshot>,
    /// The workloads of the service under the cursor, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
    /// The alerts about it, worst first.
    pub alerts: Vec<&'a Arc<Alert>>,
}
