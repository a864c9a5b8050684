//! The signals pane: opened, filtered, left; and the ways from a service to its rollout and its alerts.

use std::sync::Arc;

use super::toast;
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::signals::place_of;
use crate::domain::alert::local;
use crate::domain::signal::SignalSnapshot;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// The newest of the signals of an environment.
pub(super) fn observed(model: &mut Model, snapshot: SignalSnapshot, now: Instant) -> Vec<Effect> {
    let is_frozen = model.ui.frozen_at.is_some();
    let environment = snapshot.environment.clone();
    model.signals.take(snapshot, is_frozen);
    if !is_frozen {
        refresh(model, now);
        judge(model, &environment, now);
    }
    model.compare_if_due(&environment, now)
}

/// Evaluates the rules of this console over the newest signals of an environment.
fn judge(model: &mut Model, environment: &Arc<str>, now: Instant) {
    let mut sights = model.sights.iter().map(|sight| &sight.environment);
    let rules = sights.find(|one| one.name == *environment).map(|one| one.rules.clone());
    let (Some(rules), Some(signals)) = (rules, model.signals.of(environment)) else { return };
    let local = local::evaluate(&rules, signals, &model.services, now);
    if model.alerts.judge(environment, local, now) {
        model.refilter_alerts();
    }
}

/// What came in while the screen was frozen, objectives too.
pub(super) fn thaw(model: &mut Model, now: Instant) {
    model.signals.release();
    model.refilter_signals(now);
    model.slos.release();
    model.refilter_slos(now);
    model.health.release();
    model.refilter_health(now);
}

/// Makes the lines anew after something moved; a cursor that slid is said to have.
pub(super) fn refresh(model: &mut Model, now: Instant) {
    let before = model.ui.signals.cursor.clone();
    model.refilter_signals(now);
    if model.ui.view == View::Signals && before.is_some() && before != model.ui.signals.cursor {
        model.ui.cursor_slid_at = Some(now);
    }
}

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    match command {
        Command::Signals => Some(show(model, now)),
        Command::SignalsAbout => Some(show_about(model, now)),
        Command::ProblemsOnly if model.ui.view == View::Signals => {
            model.ui.signals.is_problems_only = !model.ui.signals.is_problems_only;
            model.refilter_signals(now);
            Some(Vec::new())
        }
        // Services are not marked.
        Command::Mark if model.ui.view == View::Signals => Some(Vec::new()),
        _ => None,
    }
}

fn show(model: &mut Model, now: Instant) -> Vec<Effect> {
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.came_from = None;
    model.ui.view = View::Signals;
    model.refilter_signals(now);
    vec![Effect::Focus(None)]
}

/// Opens the pane on the service of what the operator means.
fn show_about(model: &mut Model, now: Instant) -> Vec<Effect> {
    let of_row = model.meant().and_then(|meant| {
        let row = model.snapshot.rollouts.iter().find(|row| row.workload == meant)?;
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
    let found = model.signals.lines().iter().find(|line| line.environment == environment && line.service == service);
    let Some(place) = found.map(place_of) else {
        let words = match model.signals.of(&environment) {
            Some(_) => format!("No signal of service {service} is known: no series carries its name."),
            None => format!("No Prometheus is configured for {environment}: how {service} does is not known."),
        };
        toast(model, &words, true, now);
        return Vec::new();
    };
    model.ui.signals.cursor = Some(place);
    model.ui.signals.is_cursor_held = true;
    let effects = show(model, now);
    model.ui.came_from = Some(origin);
    effects
}

/// One step back within or from the pane; whether there was one.
pub(super) fn back(model: &mut Model, now: Instant) -> bool {
    if model.ui.view != View::Signals {
        return false;
    }
    if model.ui.is_filtering || !model.ui.signals.filter.text.is_empty() {
        model.ui.signals.filter = Field::default();
        model.ui.is_filtering = false;
        model.refilter_signals(now);
        return true;
    }
    match model.ui.came_from.take() {
        Some(origin) => {
            model.ui.view = origin;
            true
        }
        None => false,
    }
}

/// Moves the cursor to a line.
pub(super) fn choose(model: &mut Model, place: usize) {
    model.ui.signals.cursor = model.signals.lines().get(place).map(place_of);
}
