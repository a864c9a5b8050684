//! The way from an alert to the silences over it, and from a silence to what it hides.

use super::{list, toast};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::silence_list::{OVER, UNDER};
use crate::domain::alert::Alert;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// Shows the silences over an alert, to choose one of them.
pub(super) fn show_over(model: &mut Model, alert: &Alert, count: usize, now: Instant) -> Vec<Effect> {
    let name = if alert.title().contains(' ') { &*alert.key } else { alert.title() };
    model.ui.silences.filter = Field::holding(format!("{OVER}{name}"));
    model.ui.silences.is_cursor_held = false;
    let effects = list::show(model, View::Silences, now);
    list::forget_way(model);
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

/// Back from the alerts a silence hides; whether that is what is shown.
pub(super) fn back(model: &mut Model) -> bool {
    let is_back =
        model.ui.view == View::Alerts && !model.ui.is_filtering && std::mem::take(&mut model.ui.silences.is_behind);
    if is_back {
        model.ui.alerts.filter = Field::default();
        model.refilter_alerts();
        model.ui.view = View::Silences;
        model.refilter_silences();
    }
    is_back
}
