//! From one pane to the next.

use crate::app::commands::Command;
use crate::app::model::Model;
use crate::panes::{self, PaneId};

/// The pane beside the open one, in the order of their digits.
pub(super) fn beside(model: &Model, command: Command) -> Command {
    let open = panes::of(&model.ui.view);
    let place = panes::ALL.iter().position(|pane| pane.id == open).unwrap_or(0);
    let by = if command == Command::NextTab { 1 } else { panes::ALL.len() - 1 };
    opens(panes::ALL.into_iter().cycle().nth(place + by).map(|pane| pane.id))
}

/// Whether a command opens a pane.
pub(super) fn is_opened_by(command: Command) -> bool {
    panes::ALL.iter().any(|pane| opens(Some(pane.id)) == command)
}

/// The command that opens a pane.
const fn opens(pane: Option<PaneId>) -> Command {
    match pane {
        Some(PaneId::Overview) => Command::Overview,
        Some(PaneId::Journal) => Command::Journal,
        Some(PaneId::Jobs) => Command::Jobs,
        Some(PaneId::Alerts) => Command::Alerts,
        Some(PaneId::Silences) => Command::Silences,
        Some(PaneId::Nodes) => Command::Nodes,
        Some(PaneId::Signals) => Command::Signals,
        Some(PaneId::Slo) => Command::Slo,
        Some(PaneId::Health) => Command::Health,
        Some(PaneId::Rollouts) | None => Command::Rollouts,
    }
}
