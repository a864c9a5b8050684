//! The health matrix: opened, filtered, left.

use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::health::place_of;
use crate::app::model::Model;
use crate::domain::health::HealthSnapshot;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// The newest of the components of an environment.
pub(super) fn observed(model: &mut Model, snapshot: HealthSnapshot, now: Instant) -> Vec<Effect> {
    let is_frozen = model.ui.frozen_at.is_some();
    model.health.take(snapshot, is_frozen);
    if !is_frozen {
        let before = model.ui.health.cursor.clone();
        model.refilter_health(now);
        if model.ui.view == View::Health && before.is_some() && before != model.ui.health.cursor {
            model.ui.cursor_slid_at = Some(now);
        }
    }
    Vec::new()
}

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    let is_here = model.ui.view == View::Health;
    match command {
        Command::Health => Some(show(model, now)),
        Command::ProblemsOnly if is_here => {
            model.ui.health.is_problems_only = !model.ui.health.is_problems_only;
            model.refilter_health(now);
            Some(Vec::new())
        }
        // Components are not marked.
        Command::Mark if is_here => Some(Vec::new()),
        _ => None,
    }
}

fn show(model: &mut Model, now: Instant) -> Vec<Effect> {
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.came_from = None;
    model.ui.view = View::Health;
    model.ui.overview.is_behind = false;
    model.refilter_health(now);
    vec![Effect::Focus(None)]
}

/// One step back within the pane; whether there was one.
pub(super) fn back(model: &mut Model, now: Instant) -> bool {
    if model.ui.view != View::Health {
        return false;
    }
    if model.ui.is_filtering || !model.ui.health.filter.text.is_empty() {
        model.ui.health.filter = Field::default();
        model.ui.is_filtering = false;
        model.refilter_health(now);
        return true;
    }
    model.ui.came_from.take().is_some_and(|origin| {
        model.ui.view = origin;
        true
    })
}

/// Moves the cursor to a line.
pub(super) fn choose(model: &mut Model, place: usize) {
    model.ui.health.cursor = model.health.lines().get(place).map(place_of);
}
