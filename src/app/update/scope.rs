//! Which environments are shown, and how a workload is named where there are several.

use super::{news, plan};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::world::Scope;

/// What can be chosen: all environments where there are several, and each of them.
pub(super) fn scopes(model: &Model) -> Vec<Scope> {
    let each = (0..model.world.sights.len()).map(Scope::One);
    (model.world.sights.len() > 1).then_some(Scope::All).into_iter().chain(each).collect()
}

/// Shows what was chosen; what it needs is connected.
pub(super) fn switch(model: &mut Model, selected: usize, now: Instant) -> Vec<Effect> {
    let Some(scope) = scopes(model).get(selected).copied().filter(|scope| *scope != model.world.scope) else {
        return Vec::new();
    };
    let mut effects = plan::close(model, now);
    model.planning = None;
    model.enter(scope);
    // A screen that was frozen is not any more.
    effects.extend(news::thaw(model, now));
    effects.push(Effect::Focus(None));
    effects.extend(model.connect_shown());
    effects
}

/// Where a workload is, as a palette line says it; its environment too where several are shown.
pub(super) fn place(model: &Model, workload: &WorkloadRef) -> String {
    let WorkloadRef { environment, namespace, .. } = workload;
    if model.world.shown().count() > 1 { format!("-n {namespace} -e {environment}") } else { format!("-n {namespace}") }
}

/// Namespace and environment, where a palette line names them.
pub(super) type Place<'a> = (Option<&'a str>, Option<&'a str>);

/// A workload named on the palette, in the current list. One of several of that name is never guessed.
pub(super) fn workload_named(
    model: &Model,
    name: &str,
    (namespace, environment): Place<'_>,
) -> Result<WorkloadRef, String> {
    let all = model.world.snapshot.rollouts.iter().map(|row| &row.workload);
    let found: Vec<&WorkloadRef> = all
        .filter(|workload| workload.is_called(name))
        .filter(|workload| namespace.is_none_or(|namespace| *workload.namespace == *namespace))
        .filter(|workload| environment.is_none_or(|environment| *workload.environment == *environment))
        .collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(format!("There is no workload {name:?} in this list.")),
        many => Err(format!(
            "{} workloads are called {name:?}: write KIND/NAME, or add -n NAMESPACE or -e ENVIRONMENT.",
            many.len()
        )),
    }
}
