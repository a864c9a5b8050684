//! What a draw may read of health, borrowed, and where the operator is in the matrix.

use std::sync::Arc;

use crate::domain::health;
use crate::domain::rollout::Rollout;
use crate::ui::lines::{Line, Lines};

/// A line of the matrix by what it is: a service and a component.
pub type Place = (Arc<str>, Arc<str>);

impl Line for health::Line {
    type Place = Place;

    fn place(&self) -> Place {
        (self.service.clone(), self.component.clone())
    }
}

/// Everything a draw may read of health.
#[derive(Debug, Clone)]
pub struct HealthScene<'a> {
    /// The lines, worst first; of all, how many are unhealthy, degraded and not known where they are worst.
    pub lines: &'a Lines<health::Line, 3>,
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// The environments that are asked, in their order.
    pub environments: Vec<&'a str>,
    /// Whether anything is to be asked at all.
    pub is_configured: bool,
    /// Services that need that of the line under the cursor, by environment and name.
    pub needed_by: Vec<Arc<str>>,
    /// The workloads of that service, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
}
