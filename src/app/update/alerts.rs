//! The alerts pane: filtered; and the way to the alerts about a row, and from an alert to its rollout.

use super::{list, toast};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::panes;
use crate::ui::state::View;

/// Shows the alerts about what is under the cursor; one is opened.
pub(super) fn about(model: &mut Model, now: Instant) -> Vec<Effect> {
    let meant = model.alerts_meant();
    let Some(first) = meant.first() else {
        toast(model, "No alert is about what is under the cursor.", false, now);
        return Vec::new();
    };
    let (environment, key) = (first.environment.clone(), first.key.clone());
    let exact = first.service.as_deref().map(|service| format!("'{service}"));
    if let ([_], _) | (_, None) = (meant.as_slice(), &exact) {
        list::remember(model, None, now);
        model.ui.alerts.scroll = 0;
        model.ui.view = View::Alert(environment, key);
        return vec![Effect::Focus(None)];
    }
    list::among(model, panes::alerts::ID, exact.unwrap_or_default(), now)
}

/// Shows only what fires and nobody is on, or everything again.
pub(super) fn firing_only(model: &mut Model) -> Vec<Effect> {
    model.ui.alerts.is_firing_only = !model.ui.alerts.is_firing_only;
    model.refilter_alerts();
    Vec::new()
}

/// There is no workload to go to; for an alert, why.
pub(super) fn nowhere(model: &mut Model, now: Instant) -> Vec<Effect> {
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
