//! The runbook of an alert, or of the service of a row: copied, and shown as it is.

use std::sync::Arc;

use super::toast;
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::address;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::ui::words::alerts as said;

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    (command == Command::Runbook).then(|| open(model, now))
}

/// Copies the first that can be passed on; one that cannot is said with the reason.
fn open(model: &mut Model, now: Instant) -> Vec<Effect> {
    let (rule, declared) = found(model);
    let own = rule.as_ref().map(|link| address(link).map_err(|why| said::unfit_runbook(link, why)));
    // What the configuration says may also be a file beside it: the operator wrote it.
    let ours = declared.first().map(|link| address(link).unwrap_or_else(|_| text::clean(link).into_owned()));
    let others = (usize::from(rule.is_some()) + declared.len()).saturating_sub(1);
    let (words, copied) = match (own, ours) {
        (Some(Ok(link)), _) | (None, Some(link)) => (said::copied_runbook(&link, others), Some(link)),
        (Some(Err(why)), Some(link)) => (format!("{} {why}", said::copied_runbook(&link, 0)), Some(link)),
        (Some(Err(why)), None) => (why, None),
        (None, None) => (said::NO_RUNBOOK.to_owned(), None),
    };
    toast(model, &words, copied.is_none(), now);
    copied.map(Effect::Copy).into_iter().collect()
}

/// What the rule of the alert that is meant names, and what its service, or that of the row, declares.
fn found(model: &Model) -> (Option<Arc<str>>, Vec<String>) {
    let meant = model.alerts_meant();
    let alert = meant.iter().find(|alert| alert.runbook().is_some()).or(meant.first());
    if let Some(alert) = alert {
        return (alert.runbook().cloned(), alert.declared_runbooks(&model.world.services).to_vec());
    }
    let workload = model.meant();
    let row = workload.and_then(|workload| model.world.snapshot.rollouts.iter().find(|row| row.workload == workload));
    let declared = row.and_then(|row| {
        let place = &row.workload;
        model.world.services.named(&place.environment, &place.namespace, row.service.as_deref()?)
    });
    // What is under the cursor may be of a service of which nothing runs and nothing fires.
    let selected = model.selection().and_then(|selection| selection.service);
    let of_it = selected.and_then(|name| model.world.services.declared().iter().find(|one| one.name == name));
    (None, declared.or(of_it).map(|service| service.runbooks.clone()).unwrap_or_default())
}
