//! What a draw may read of alerts, borrowed, and where the operator is among them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::state::Field;
use crate::domain::alert::group::{self, Group};
use crate::domain::alert::join::Firing;
use crate::domain::alert::{Alert, AlertSnapshot, Local, Severity, State};
use crate::domain::rollout::Rollout;
use crate::domain::time::Instant;

/// A line of the list by what it is, never by where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The head of a group.
    Group(group::Key),
    /// An alert: its environment and its key.
    Alert(Arc<str>, Arc<str>),
}

/// What the operator chose of the alerts pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlertsState {
    /// The line under the cursor.
    pub cursor: Option<Place>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the worst line.
    pub is_cursor_held: bool,
    /// Groups that are unfolded.
    pub unfolded: BTreeSet<group::Key>,
    /// The filter.
    pub filter: Field,
    /// Only what fires and nobody is on.
    pub is_firing_only: bool,
    /// The first line of the detail that is shown.
    pub scroll: usize,
}

/// A line of the list: an alert, the head of a group, or a member of one that is unfolded.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertLine {
    /// What it is.
    pub place: Place,
    /// The alert, or the worst of the group.
    pub alert: Arc<Alert>,
    /// How many alerts it stands for.
    pub members: usize,
    /// How many of them fire and nobody is on.
    pub firing: usize,
    /// When the first of them began.
    pub started_at: Instant,
    /// Whether it is a head that is unfolded.
    pub is_unfolded: bool,
    /// Whether it is a member of the head above.
    pub is_member: bool,
}

impl AlertLine {
    /// An alert that is alone in its group.
    pub fn alone(alert: Arc<Alert>) -> Self {
        Self {
            place: Place::Alert(alert.environment.clone(), alert.key.clone()),
            members: 1,
            firing: usize::from(alert.state() == State::Firing),
            started_at: alert.started_at,
            is_unfolded: false,
            is_member: false,
            alert,
        }
    }

    /// A member of a group that is unfolded.
    pub fn member(alert: Arc<Alert>) -> Self {
        Self { is_member: true, ..Self::alone(alert) }
    }

    /// The head of a group; `None` for one without members.
    pub fn head(group: &Group, is_unfolded: bool) -> Option<Self> {
        let first = group.first()?;
        Some(Self {
            place: Place::Group(group::key(first)),
            members: group.members.len(),
            firing: group.count(State::Firing),
            started_at: group.started_at()?,
            is_unfolded,
            is_member: false,
            alert: first.clone(),
        })
    }
}

/// Everything a draw may read of alerts.
#[derive(Debug, Clone)]
pub struct AlertsScene<'a> {
    /// The lines, worst first.
    pub lines: &'a [AlertLine],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many alerts there are without the filter.
    pub total: usize,
    /// How many of them fire, by severity, from the worst.
    pub tally: [usize; Severity::ALL.len()],
    /// How many fire about each workload.
    pub firing: &'a Firing,
    /// The newest of each environment that has an Alertmanager.
    pub snapshots: &'a [AlertSnapshot],
    /// What rules of this console say of each environment that has such.
    pub local: Vec<&'a Local>,
    /// The alert whose detail is open; `None` when it is gone.
    pub open: Option<&'a Arc<Alert>>,
    /// The workloads they may be about.
    pub rollouts: &'a [Arc<Rollout>],
}

impl AlertsScene<'_> {
    /// How many fire about a workload; `None` for none.
    pub fn about(&self, row: &Rollout) -> Option<usize> {
        Some(self.firing.count(row)).filter(|count| *count > 0)
    }
}
