//! The way from a node to the rollouts it harms, and back.

use super::{input, toast};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::filter;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

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
            model.ui.filter = Field::holding(filter::of_node(&meant, model.world.shown().count() > 1));
            model.ui.is_problems_only = false;
            model.ui.is_cursor_held = false;
            model.ui.view = View::Rollouts;
            model.refilter();
            model.ui.nodes.is_behind = true;
            vec![Effect::Focus(None)]
        }
    }
}

/// Back from the rollouts a node harms; whether that is what is shown.
pub(super) fn back(model: &mut Model) -> bool {
    let is_back =
        model.ui.view == View::Rollouts && !model.ui.is_filtering && std::mem::take(&mut model.ui.nodes.is_behind);
    if is_back {
        model.ui.filter = Field::default();
        model.ui.view = View::Nodes;
        model.refilter();
    }
    is_back
}
