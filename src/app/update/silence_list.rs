//! The silences pane: opened, filtered, left; the way from an alert to the silences over it, and from a silence to what it hides.

use super::toast;
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::silence_list::{OVER, UNDER};
use crate::domain::alert::Alert;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    let is_here = model.ui.view == View::Silences;
    match command {
        Command::Silences => Some(show(model)),
        Command::ProblemsOnly if is_here => {
            model.ui.silences.is_standing_only = !model.ui.silences.is_standing_only;
            model.refilter_silences();
            Some(Vec::new())
        }
        // Silences are not marked.
        Command::Mark if is_here => Some(Vec::new()),
        Command::Overview
        | Command::Rollouts
        | Command::Alerts
        | Command::Signals
        | Command::Nodes
        | Command::Jobs
        | Command::Journal => {
            model.ui.silences.is_behind = false;
            None
        }
        _ => None,
    }
}

fn show(model: &mut Model) -> Vec<Effect> {
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.came_from = None;
    model.ui.view = View::Silences;
    model.ui.overview.is_behind = false;
    model.refilter_silences();
    vec![Effect::Focus(None)]
}

/// Shows the silences over an alert, to choose one of them.
pub(super) fn show_over(model: &mut Model, alert: &Alert, count: usize, now: Instant) -> Vec<Effect> {
    let name = if alert.title().contains(' ') { &*alert.key } else { alert.title() };
    model.ui.silences.filter = Field::holding(format!("{OVER}{name}"));
    model.ui.silences.is_cursor_held = false;
    let effects = show(model);
    let words = format!("{count} silences cover it. Choose one here and press the key again.");
    toast(model, &words, false, now);
    effects
}

/// Enter: the alerts it hides.
pub(super) fn enter(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(line) = model.silence_line() else { return Vec::new() };
    if line.hides == 0 {
        toast(model, "It hides nothing that fires now.", false, now);
        return Vec::new();
    }
    let filter = format!("{UNDER}{}", line.silence.id);
    model.ui.alerts.filter = Field::holding(filter);
    model.ui.alerts.is_firing_only = false;
    model.ui.alerts.is_cursor_held = false;
    model.ui.view = View::Alerts;
    model.refilter_alerts();
    model.ui.silences.is_behind = true;
    vec![Effect::Focus(None)]
}

/// One step back within the pane, or to it; whether there was one.
pub(super) fn back(model: &mut Model) -> bool {
    match model.ui.view {
        View::Silences if model.ui.is_filtering || !model.ui.silences.filter.text.is_empty() => {
            model.ui.silences.filter = Field::default();
            model.ui.is_filtering = false;
            model.refilter_silences();
            true
        }
        View::Alerts if !model.ui.is_filtering && std::mem::take(&mut model.ui.silences.is_behind) => {
            model.ui.alerts.filter = Field::default();
            model.refilter_alerts();
            model.ui.view = View::Silences;
            model.refilter_silences();
            true
        }
        _ => false,
    }
}

/// Moves the cursor to a line.
pub(super) fn choose(model: &mut Model, place: usize) {
    model.ui.silences.cursor = model.silences.lines().get(place).map(crate::ui::silences::SilenceLine::id);
}
