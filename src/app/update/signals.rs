//! The way to the signals of a service.

use super::{list, toast};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::lines::Line;
use crate::ui::state::{Field, View};

/// Opens the pane on the service of what the operator means.
pub(super) fn show_about(model: &mut Model, now: Instant) -> Vec<Effect> {
    let of_row = model.meant().and_then(|meant| {
        let row = model.world.snapshot.rollouts.iter().find(|row| row.workload == meant)?;
        Some((meant.environment, row.service.clone()?))
    });
    let of_alert = || {
        let alert = model.alerts_meant().into_iter().next()?;
        Some((alert.environment.clone(), alert.service.clone()?))
    };
    let Some((environment, service)) = of_row.or_else(of_alert) else {
        toast(model, "What is under the cursor maps to no service, and signals are by service.", true, now);
        return Vec::new();
    };
    let origin = model.ui.view.clone();
    model.ui.signals.filter = Field::default();
    model.ui.signals.is_problems_only = false;
    model.refilter_signals(now);
    let found = model.signals.shown.iter().find(|line| line.environment == environment && line.service == service);
    let Some(place) = found.map(Line::place) else {
        let words = match model.world.signals.of(&environment) {
            Some(_) => format!("No signal of service {service} is known: no series carries its name."),
            None => format!("No Prometheus is configured for {environment}: how {service} does is not known."),
        };
        toast(model, &words, true, now);
        return Vec::new();
    };
    model.ui.signals.cursor = Some(place);
    model.ui.signals.is_cursor_held = true;
    let effects = list::show(model, View::Signals, now);
    list::forget_way(model);
    model.ui.came_from = Some(origin);
    effects
}
