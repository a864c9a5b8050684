//! The newest signals, and the way to those of a service.

use std::sync::Arc;

use super::{list, toast};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::local;
use crate::domain::signal::SignalSnapshot;
use crate::domain::time::Instant;
use crate::ui::lines::Line;
use crate::ui::state::{Field, View};

/// The newest of the signals of an environment.
pub(super) fn observed(model: &mut Model, snapshot: SignalSnapshot, now: Instant) -> Vec<Effect> {
    let is_frozen = model.ui.frozen_at.is_some();
    let environment = snapshot.environment.clone();
    model.world.signals.take(snapshot, is_frozen);
    if !is_frozen {
        list::moved_on(model, &View::Signals, |ui| &ui.signals.cursor, now);
        judge(model, &environment, now);
    }
    let due = model.world.due_to_compare(&environment, now);
    due.map(|releases| Effect::Compare(environment, releases)).into_iter().collect()
}

/// Evaluates the rules of this console over the newest signals of an environment.
fn judge(model: &mut Model, environment: &Arc<str>, now: Instant) {
    let mut sights = model.world.sights.iter().map(|sight| &sight.environment);
    let rules = sights.find(|one| one.name == *environment).map(|one| one.rules.clone());
    let (Some(rules), Some(signals)) = (rules, model.world.signals.of(environment)) else { return };
    let local = local::evaluate(&rules, signals, &model.world.services, now);
    if model.world.alerts.judge(environment, local, now) {
        model.refilter_alerts();
    }
}

/// What came in while the screen was frozen: of objectives and of health too.
pub(super) fn thaw(model: &mut Model, now: Instant) {
    model.world.signals.release();
    model.world.slos.release();
    model.world.health.release();
    for view in [View::Signals, View::Slo, View::Health] {
        list::relist(model, &view, now);
    }
    let environments: Vec<Arc<str>> = model.world.sights.iter().map(|sight| sight.environment.name.clone()).collect();
    for environment in &environments {
        judge(model, environment, now);
    }
}

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
