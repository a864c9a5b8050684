//! What a draw may read of objectives, borrowed, and where the operator is among them.

use std::sync::Arc;

use super::state::Field;
use crate::domain::alert::Alert;
use crate::domain::rollout::Rollout;
use crate::domain::slo::{Slo, SloSnapshot};

/// A line of the list by what it is: an environment, a service and a goal.
pub type Place = (Arc<str>, Arc<str>, Arc<str>);

/// What the operator chose of the pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SloState {
    /// The line under the cursor.
    pub cursor: Option<Place>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the worst line.
    pub is_cursor_held: bool,
    /// The filter.
    pub filter: Field,
    /// Only what is not known to be well.
    pub is_problems_only: bool,
}

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
