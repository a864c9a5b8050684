//! What a draw may read of objectives, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::slo::{Slo, SloSnapshot};
use crate::ui::lines::{Line, Lines};

/// A line of the list by what it is: an environment, a service and a goal.
pub type Place = (Arc<str>, Arc<str>, Arc<str>);

impl Line for Slo {
    type Place = Place;

    fn place(&self) -> Place {
        (self.environment.clone(), self.service.clone(), self.goal.clone())
    }
}

/// Everything a draw may read of objectives.
#[derive(Debug, Clone)]
pub struct SloScene<'a> {
    /// The lines, worst first; of all, how many page, are spent, ask for a ticket and are not known.
    pub lines: &'a Lines<Slo, 4>,
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// The newest of each environment that has a Prometheus.
    pub snapshots: Vec<&'a SloSnapshot>,
    /// The workloads of the service under the cursor, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
    /// The alerts about it, worst first.
    pub alerts: Vec<&'a Arc<Alert>>,
}
