//! Which service a target is of: shown in the plan, counted by the guard, and the same when the request goes out.

use std::sync::Arc;

use super::contract::{Action, Options};
use super::observation::Observation;
use crate::domain::action::Target;
use crate::domain::service::{Choice, LABELS, Services, UNMAPPED};
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::sources::observe::WorkloadFacts;

/// The service of a workload, by its object as it was read; `None` when it maps to none.
pub(super) fn service_of(services: &Services, facts: &WorkloadFacts) -> Option<String> {
    let labels = facts.object.pointer("/metadata/labels");
    let label = LABELS.iter().filter_map(|key| labels?.get(key)?.as_str()).find(|label| !label.is_empty());
    let label: Option<Arc<str>> = label.map(|label| Arc::from(&*text::clean(label)));
    services.of(&facts.workload, label.as_ref()).ok().map(|service| service.to_string())
}

/// A target with its service, and with who will feel it beside its own pods: the services that cannot do without that one.
pub(super) fn of_its_service(services: &Services, facts: &WorkloadFacts, mut target: Target) -> Target {
    target.service = service_of(services, facts);
    let environment = &facts.workload.environment;
    if let Some(words) = target.service.as_deref().and_then(|service| needing(services, environment, service)) {
        target.blast.words = format!("{}; {words}", target.blast.words);
    }
    target
}

/// The services that cannot do without one, in words; `None` where none is known to.
fn needing(services: &Services, environment: &str, service: &str) -> Option<String> {
    let names: Vec<Arc<str>> = services.needing_in(environment, service).into_iter().collect();
    let need = match names.len() {
        0 => return None,
        1 => "1 service needs".to_owned(),
        count => format!("{count} services need"),
    };
    Some(format!("{need} {service}: {}", names.join(", ")))
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
        target.subject,
        words(&service),
        words(&target.service)
    ))
}

/// Why one of several targets is left as it is: a service as a whole was asked for, or a group of alerts, and there is nothing to do with
/// this one.
pub(super) fn left_out(
    action: &dyn Action,
    seen: &Observation,
    subject: &Subject,
    (options, is_one_of_several): (&Options, bool),
) -> Option<String> {
    if !action.has_nothing_to_do(seen) {
        return None;
    }
    let of = match (options.choice.service.as_deref(), subject) {
        (Some(service), _) => format!(" is of service {service} too, and"),
        (None, Subject::Alert(_)) if is_one_of_several => ":".to_owned(),
        (None, _) => return None,
    };
    Some(format!("LEFT AS IT IS: {subject}{of} there is nothing to {} there.", action.title().to_lowercase()))
}

/// How many targets go in one wave where nobody says it: a service goes as one, for its parts may not be well with each other's other
/// version; anything else goes one by one.
pub(super) fn together(choice: &Choice, targets: usize) -> usize {
    if choice.service.is_some() { targets } else { 1 }
}

/// Why a revision cannot be asked for of a whole service.
pub(super) fn one_revision_for_many(options: &Options, targets: &[Subject]) -> Option<String> {
    let service = options.choice.service.as_deref().filter(|_| targets.len() > 1)?;
    let number = options.given.number("to")?;
    Some(format!(
        "revision {number} is one workload's own number, and service {service} has {} workloads: leave --to out, or plan them one by one.",
        targets.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Given;
    use crate::domain::rollout::{Kind, Report, WorkloadRef};
    use crate::domain::service::Service;
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

    #[test]
    fn who_needs_a_service_is_said_through_everything_and_where_it_is() {
        let service = |name: &str, needs: &[&str], environments: &[&str]| Service {
            name: name.into(),
            depends_on: needs.iter().map(|name| Arc::from(*name)).collect(),
            environments: environments.iter().map(|name| Arc::from(*name)).collect(),
            ..Service::default()
        };
        let services = Services::new(vec![
            service("web", &["checkout"], &[]),
            service("checkout", &["payments"], &[]),
            service("payments", &["web"], &[]),
            service("elsewhere", &["payments"], &["staging"]),
        ]);
        let said = |service: &str| needing(&services, "test", service);
        assert_eq!(said("payments").as_deref(), Some("2 services need payments: checkout, web"), "a ring ends");
        assert_eq!(said("redis"), None);
        assert_eq!(needing(&services, "staging", "payments").map(|words| words.contains("elsewhere")), Some(true));
    }

    #[test]
    fn a_revision_is_asked_of_one_workload_and_never_of_a_service_of_several() {
        let workload = facts(&json!({})).workload;
        let asked = |service: Option<&str>, number: Option<u64>, count| {
            let choice = Choice { service: service.map(Into::into), ..Choice::default() };
            let given = number.map_or_else(Given::default, |number| Given::default().with("to", number));
            let options = Options { given, choice, ..Options::default() };
            one_revision_for_many(&options, &vec![Subject::from(workload.clone()); count])
        };
        assert!(asked(Some("shop"), Some(3), 2).is_some_and(|why| why.contains("service shop has 2 workloads")));
        assert_eq!(asked(Some("shop"), Some(3), 1), None);
        assert_eq!(asked(Some("shop"), None, 2), None);
        assert_eq!(asked(None, Some(3), 2), None);
    }
}
