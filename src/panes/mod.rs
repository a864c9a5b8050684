//! PANES: what fills the body, one file or folder each and one line in [`ALL`].
//!
//! A pane draws its four states itself: loading, empty, partial, stale or down. It knows no other pane.

pub mod alerts;
pub mod health;
pub mod jobs;
pub mod journal;
pub mod nodes;
pub mod overview;
pub mod rollouts;
pub mod signals;
pub mod silences;
pub mod slo;

use crate::ui::state::View;

/// Which pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaneId {
    /// Every pane's headline, and the last hour.
    Overview,
    /// What is firing.
    Alerts,
    /// Workloads and how they are doing.
    Rollouts,
    /// How services do for their users.
    Signals,
    /// Nodes and what they hold.
    Nodes,
    /// Who keeps notifications back.
    Silences,
    /// What is left of what was promised.
    Slo,
    /// Whether components are well.
    Health,
    /// CronJobs and Jobs.
    Jobs,
    /// What this console did.
    Journal,
}

/// A pane in its registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pane {
    /// Which.
    pub id: PaneId,
    /// Its file or folder in this room.
    pub room: &'static str,
    /// The digit that opens it.
    pub key: char,
    /// Its title.
    pub title: &'static str,
}

/// Every pane, in the order of its digit.
pub const ALL: [Pane; 10] = [
    Pane { id: PaneId::Overview, room: "overview", key: '0', title: crate::ui::words::overview::TITLE },
    Pane { id: PaneId::Alerts, room: "alerts", key: '1', title: crate::ui::words::alerts::TITLE },
    Pane { id: PaneId::Rollouts, room: "rollouts", key: '2', title: crate::ui::words::ROLLOUTS },
    Pane { id: PaneId::Signals, room: "signals", key: '3', title: crate::ui::words::signals::TITLE },
    Pane { id: PaneId::Nodes, room: "nodes", key: '4', title: crate::ui::words::nodes::TITLE },
    Pane { id: PaneId::Silences, room: "silences", key: '5', title: crate::ui::words::silences::TITLE },
    Pane { id: PaneId::Slo, room: "slo", key: '6', title: crate::ui::words::slo::TITLE },
    Pane { id: PaneId::Health, room: "health", key: '7', title: crate::ui::words::health::TITLE },
    Pane { id: PaneId::Journal, room: "journal", key: '8', title: crate::ui::words::JOURNAL },
    Pane { id: PaneId::Jobs, room: "jobs", key: '9', title: crate::ui::words::JOBS },
];

/// The pane a view belongs to.
pub const fn of(view: &View) -> PaneId {
    match view {
        View::Rollouts | View::Detail(..) | View::Logs(_) => PaneId::Rollouts,
        View::Jobs | View::Job(..) => PaneId::Jobs,
        View::Journal => PaneId::Journal,
        View::Alerts | View::Alert(..) => PaneId::Alerts,
        View::Overview => PaneId::Overview,
        View::Signals => PaneId::Signals,
        View::Slo => PaneId::Slo,
        View::Health => PaneId::Health,
        View::Nodes => PaneId::Nodes,
        View::Silences => PaneId::Silences,
    }
}
