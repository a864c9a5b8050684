//! What a draw may read of health, borrowed, and where the operator is in the matrix.

use std::sync::Arc;

use crate::domain::health::Line;
use crate::domain::rollout::Rollout;

/// A line of the matrix by what it is: a service and a component.
pub type Place = (Arc<str>, Arc<str>);

/// Everything a draw may read of health.
#[derive(Debug, Clone)]
pub struct HealthScene<'a> {
    /// The lines, worst first.
    pub lines: &'a [Line],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many there are without the filter.
    pub total: usize,
    /// How many of them are unhealthy, degraded and not known where they are worst.
    pub tally: [usize; 3],
    /// The environments that are asked, in their order.
    pub environments: Vec<&'a str>,
    /// Whether anything is to be asked at all.
    pub is_configured: bool,
    /// Services that need that of the line under the cursor, by environment and name.
    pub needed_by: Vec<Arc<str>>,
    /// The workloads of that service, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
}
