//! The alerts pane: opened, filtered, left; and the way from an alert to its rollout and back.

use super::{list, toast};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::AlertSnapshot;
use crate::domain::store::Acknowledgement;
use crate::domain::store::StoreSnapshot;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

/// The newest of the alerts of an environment.
pub(super) fn observed(model: &mut Model, snapshot: AlertSnapshot, now: Instant) -> Vec<Effect> {
    model.world.alerts.take(snapshot, model.ui.frozen_at.is_some(), now);
    let before = model.ui.alerts.cursor.clone();
    model.refilter_alerts();
    list::slid(model, &View::Alerts, before.as_ref(), |ui| &ui.alerts.cursor, now);
    if model.ui.view == View::Silences {
        list::moved_on(model, &View::Silences, |ui| &ui.silences.cursor, now);
    }
    Vec::new()
}

/// Who is on what, as the store tells now.
pub(super) fn stored(model: &mut Model, snapshot: &StoreSnapshot, now: Instant) {
    if model.world.store.as_ref().is_none_or(|known| !known.is_same::<Acknowledgement>(snapshot)) {
        let held = snapshot.facts::<Acknowledgement>().into_iter().flat_map(|held| held.values());
        model.world.alerts.heard(held.cloned().collect(), now);
        model.refilter_alerts();
    }
}

/// Shows what came in while the screen was frozen.
pub(super) fn thaw(model: &mut Model, now: Instant) {
    model.world.alerts.release(now);
    model.refilter_alerts();
    model.refilter_silences();
}

/// Opens the pane; for one workload, with its alerts alone.
pub(super) fn show(model: &mut Model, command: Command, now: Instant) -> Vec<Effect> {
    if command == Command::AlertsAbout {
        let meant = model.alerts_meant();
        let Some(first) = meant.first() else {
            toast(model, "No alert is about what is under the cursor.", false, now);
            return Vec::new();
        };
        let (environment, key) = (first.environment.clone(), first.key.clone());
        let exact = first.service.as_deref().map(|service| format!("'{service}"));
        remember(model);
        if let ([_], _) | (_, None) = (meant.as_slice(), &exact) {
            model.ui.alerts.scroll = 0;
            model.ui.view = View::Alert(environment, key);
            return vec![Effect::Focus(None)];
        }
        model.ui.alerts.filter = Field::holding(exact.unwrap_or_default());
        model.ui.alerts.is_cursor_held = false;
    }
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.view = View::Alerts;
    model.refilter_alerts();
    vec![Effect::Focus(None)]
}

/// Shows only what fires and nobody is on, or everything again.
pub(super) fn firing_only(model: &mut Model) -> Vec<Effect> {
    model.ui.alerts.is_firing_only = !model.ui.alerts.is_firing_only;
    model.refilter_alerts();
    Vec::new()
}

/// Remembers from where the detail of a workload, or of an alert, is opened: that is where back leads.
pub(super) fn remember(model: &mut Model) {
    if !matches!(model.ui.view, View::Detail(..)) {
        model.ui.came_from = Some(model.ui.view.clone());
    }
}

/// One step back within or to the alerts; whether there was one.
pub(super) fn back(model: &mut Model) -> bool {
    match model.ui.view {
        View::Alerts if !model.ui.alerts.filter.text.is_empty() || model.ui.is_filtering => {
            model.ui.alerts.filter = Field::default();
            model.ui.is_filtering = false;
            model.refilter_alerts();
            true
        }
        View::Alert(..) => {
            let origin = model.ui.came_from.take().filter(|view| {
                matches!(view, View::Rollouts | View::Overview | View::Signals | View::Slo | View::Health | View::Nodes)
            });
            model.ui.view = origin.unwrap_or(View::Alerts);
            true
        }
        View::Detail(..) => {
            let origin = model.ui.came_from.take().filter(|view| {
                matches!(
                    view,
                    View::Alerts
                        | View::Alert(..)
                        | View::Overview
                        | View::Signals
                        | View::Slo
                        | View::Health
                        | View::Nodes
                )
            });
            origin.is_some_and(|origin| {
                model.ui.view = origin;
                true
            })
        }
        View::Alerts
        | View::Overview
        | View::Signals
        | View::Slo
        | View::Health
        | View::Nodes
        | View::Silences
        | View::Rollouts
        | View::Jobs
        | View::Job(..)
        | View::Logs(_)
        | View::Journal => false,
    }
}

/// There is no workload to go to; for an alert, why.
pub(super) fn nowhere(model: &mut Model, now: Instant) -> Vec<Effect> {
    let of_signals = model.signal_line().filter(|_| model.ui.view == View::Signals).map(|line| &line.service);
    let of_slo = model.slo_line().filter(|_| model.ui.view == View::Slo).map(|line| &line.service);
    let of_health = model.health_line().filter(|_| model.ui.view == View::Health).map(|line| &line.service);
    if let Some(service) = of_signals.or(of_slo).or(of_health) {
        let words = format!("No workload that is shown is of service {service}.");
        toast(model, &words, true, now);
        return Vec::new();
    }
    if let Some(alert) = model.alerts_meant().first() {
        let words = match &alert.service {
            Some(service) => format!("No workload that is shown is of service {service}."),
            None => {
                "UNMAPPED: no label names its service. Give a [service.NAME] its labels: alerts = { … }.".to_owned()
            }
        };
        toast(model, &words, true, now);
    }
    Vec::new()
}
