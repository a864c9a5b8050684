//! What a draw may read of signals, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::signal::{Board, SignalSnapshot};

/// A line of the list by what it is: an environment and a service.
pub type Place = (Arc<str>, Arc<str>);

/// Everything a draw may read of signals.
#[derive(Debug, Clone)]
pub struct SignalsScene<'a> {
    /// The lines, worst first.
    pub lines: &'a [Board],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many services there are without the filter.
    pub total: usize,
    /// How many of them are critical, warned of and not known.
    pub tally: [usize; 3],
    /// The newest of each environment that has a source of signals.
    pub snapshots: Vec<&'a SignalSnapshot>,
    /// The workloads of the service under the cursor, worst first.
    pub rollouts: Vec<&'a Arc<Rollout>>,
    /// The alerts about it, worst first.
    pub alerts: Vec<&'a Arc<Alert>>,
}
