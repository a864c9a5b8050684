//! The alerts pane: opened, filtered, left; and the way from an alert to its rollout and back.

use super::toast;
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::state::{Field, View};

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
