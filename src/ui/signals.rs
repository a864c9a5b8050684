//! What a draw may read of signals, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::signal::{Board, SignalSnapshot};
use crate::ui::lines::{Line, Lines};

/// A line of the list by what it is: an environment and a service.
pub type Place = (Arc<str>, Arc<str>);

impl Line for Board {
    type Place = Place;

    fn place(&self) -> Place {
        (self.environment.clone(), self.service.clone())
    }
}

/// Everything a draw may read of signals.
#[derive(Debug, Clone)]
pub struct SignalsScene<'a> {
    /// The lines, worst first; of all, how many are critical, warned of and not known.
    pub lines: &'a Lines<Board, 3>,
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// The newest of each environment that has a source of signals.
    pub snapshots: Vec<&'a SignalSnapshot>,
    /// The workloads of the service under the cursor, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
    /// The alerts about it, worst first.
    pub alerts: Vec<&'a Arc<Alert>>,
}
