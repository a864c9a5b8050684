//! Which service a target is of: shown in the plan, counted by the guard, and the same when the request goes out.

use std::sync::Arc;

use super::contract::{Action, Options};
use crate::domain::action::Target;
use crate::domain::rollout::WorkloadRef;
use crate::domain::service::{LABELS, Services, UNMAPPED};
use crate::domain::text;
use crate::sources::observe::WorkloadFacts;

/// The service of a workload, by its object as it was read; `None` when it maps to none.
pub(super) fn service_of(services: &Services, facts: &WorkloadFacts) -> Option<String> {
    let labels = facts.object.pointer("/metadata/labels");
    let label = LABELS.iter().filter_map(|key| labels?.get(key)?.as_str()).find(|label| !label.is_empty());
    let label: Option<Arc<str>> = label.map(|label| Arc::from(&*text::clean(label)));
    services.of(&facts.workload, label.as_ref()).ok().map(|service| service.to_string())
}

/// Whether a target is of the service the plan says: how carefully the plan was confirmed hangs on it.
///
/// # Errors
/// The sentence that says what differs.
pub(super) fn is_still_of(services: &Services, target: &Target, facts: &WorkloadFacts) -> Result<(), String> {
    let service = service_of(services, facts);
    if service == target.service {
        return Ok(());
    }
    let words = |service: &Option<String>| service.clone().unwrap_or_else(|| UNMAPPED.to_owned());
    Err(format!(
        "{} is of service {} now, the plan says {}. Plan again.",
        target.workload,
        words(&service),
        words(&target.service)
    ))
}

/// Why a workload of a service is left as it is, when the service as a whole was asked for and there is nothing to do with this one.
pub(super) fn left_out(action: &dyn Action, facts: &WorkloadFacts, options: &Options) -> Option<String> {
    let service = options.choice.service.as_deref().filter(|_| action.has_nothing_to_do(facts))?;
    Some(format!(
        "LEFT AS IT IS: {} is of service {service} too, and there is nothing to {} there.",
        facts.workload,
        action.title().to_lowercase()
    ))
}

/// How many targets go in one wave where nobody says it: a service goes as one, for its parts may not be well with each other's other
/// version; anything else goes one by one.
pub(super) fn together(options: &Options, targets: usize) -> usize {
    if options.choice.service.is_some() { targets } else { 1 }
}

/// Why a revision cannot be asked for of a whole service.
pub(super) fn one_revision_for_many(options: &Options, targets: &[WorkloadRef]) -> Option<String> {
    let service = options.choice.service.as_deref().filter(|_| targets.len() > 1)?;
    let number = options.to_revision?;
    Some(format!(
        "revision {number} is one workload's own number, and service {service} has {} workloads: leave --to out, or plan them one by one.",
        targets.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::{Kind, Report};
    use serde_json::json;

    fn facts(labels: &serde_json::Value) -> WorkloadFacts {
        WorkloadFacts {
            workload: WorkloadRef {
                environment: "test".into(),
                namespace: "shop".into(),
                kind: Kind::Deployment,
                name: "api".into(),
            },
            uid: "u".into(),
            object: Arc::new(json!({"metadata": {"labels": labels}})),
            report: Report::default(),
            revisions: Vec::new(),
            pods: Vec::new(),
            current_hash: None,
            record: None,
            running: Vec::new(),
            resources: Vec::new(),
            missing: Vec::new(),
            observed_at: crate::domain::time::Instant::default(),
        }
    }

    #[test]
    fn the_recommended_label_counts_before_the_usual_one() {
        let services = Services::default();
        let of = |labels| service_of(&services, &facts(&labels));
        assert_eq!(of(json!({"app": "api", "app.kubernetes.io/name": "checkout"})).as_deref(), Some("checkout"));
        assert_eq!(of(json!({"app": "api", "app.kubernetes.io/name": ""})).as_deref(), Some("api"));
        assert_eq!(of(json!({})), None);
    }
}
