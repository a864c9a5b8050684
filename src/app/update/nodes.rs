//! The nodes pane: opened, filtered, left; and the way from a node to the rollouts it harms.

use super::{input, toast};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::filter;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    let is_here = model.ui.view == View::Nodes;
    match command {
        Command::Nodes => Some(show(model)),
        Command::ProblemsOnly if is_here => {
            model.ui.nodes.is_problems_only = !model.ui.nodes.is_problems_only;
            model.refilter_nodes();
            Some(Vec::new())
        }
        // Nodes are not marked.
        Command::Mark if is_here => Some(Vec::new()),
        Command::Overview
        | Command::Rollouts
        | Command::Alerts
        | Command::Silences
        | Command::Signals
        | Command::Slo
        | Command::Health
        | Command::Jobs
        | Command::Journal => {
            model.ui.nodes.is_behind = false;
            None
        }
        _ => None,
    }
}

fn show(model: &mut Model) -> Vec<Effect> {
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.came_from = None;
    model.ui.view = View::Nodes;
    model.ui.overview.is_behind = false;
    model.refilter_nodes();
    vec![Effect::Focus(None)]
}

/// Enter: the rollouts the node harms. One is opened; several are listed.
pub(super) fn enter(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(node) = model.node_line() else { return Vec::new() };
    let (meant, is_well) = (node.node.clone(), !node.verdict().is_trouble());
    let name = &meant.name;
    match model.harmed().len() {
        0 => {
            let words = if is_well {
                format!("{name} is not in trouble: it holds no rollout.")
            } else {
                format!("No rollout that is shown has a stuck pod on {name}.")
            };
            toast(model, &words, false, now);
            Vec::new()
        }
        1 => input::run(model, Command::Details, now),
        _ => {
            model.ui.filter = Field::holding(filter::of_node(&meant, model.shown().count() > 1));
            model.ui.is_problems_only = false;
            model.ui.is_cursor_held = false;
            model.ui.view = View::Rollouts;
            model.refilter();
            model.ui.nodes.is_behind = true;
            vec![Effect::Focus(None)]
        }
    }
}

/// One step back within the pane, or to it; whether there was one.
pub(super) fn back(model: &mut Model) -> bool {
    match model.ui.view {
        View::Nodes if model.ui.is_filtering || !model.ui.nodes.filter.text.is_empty() => {
            model.ui.nodes.filter = Field::default();
            model.ui.is_filtering = false;
            model.refilter_nodes();
            true
        }
        View::Rollouts if !model.ui.is_filtering && std::mem::take(&mut model.ui.nodes.is_behind) => {
            model.ui.filter = Field::default();
            model.ui.view = View::Nodes;
            model.refilter();
            true
        }
        _ => false,
    }
}

/// Moves the cursor to a line.
pub(super) fn choose(model: &mut Model, place: usize) {
    model.ui.nodes.cursor = model.nodes.lines().get(place).map(|line| line.node.clone());
}
