//! What makes or proves a backup in a cluster: an operator is asked by an object of its own, a CronJob by a Job as kubectl makes it.

use serde_json::{Value, json};

use super::contract::{Action, Context, Draft, Refusal};
use super::observation::{BackupFacts, ObjectFacts, Observation};
use super::programs::For;
use crate::config::{Act, Making};
use crate::domain::action::{BlastRadius, Given, Inverse, Judgement, Part, Request, Step, Tier};
use crate::domain::job::{JobKind, JobRef};
use crate::domain::rollout::Change;
use crate::domain::subject::{MadeKind, MadeRef, Subject};
use crate::domain::text;

/// How long until its operator has begun a backup, in seconds.
const BEGINS_WITHIN: u32 = 120;
/// The most letters of a name of ours: operators put it into labels.
const LONGEST: usize = 63;
/// The field that names what is made.
const NAME: &str = "name";

/// Judges a step: what is made is there, and whoever carries it out has begun.
pub(super) fn judge(step: &Step, seen: &Observation) -> Judgement {
    if step.part != Part::Gate {
        return step.judge(seen.document());
    }
    let says = |path: &str| seen.document().pointer(path).and_then(Value::as_str).filter(|word| !word.is_empty());
    match (says("/status/startTime"), says("/status/phase")) {
        (None, Some(phase @ ("failed" | "Failed" | "FailedValidation" | "invalid backup definition"))) => {
            let why = says("/status/error").or_else(|| says("/status/failureReason")).unwrap_or("it does not say why");
            Judgement::Failed(format!("it is {phase}: {}", text::clean(why)))
        }
        (Some(_), _) | (None, Some(_)) => Judgement::Reached,
        (None, None) => Judgement::Waiting("whoever makes it has not begun yet".to_owned()),
    }
}

/// Drafts it.
///
/// # Errors
/// When what makes them is not there, or is not as it has to be.
pub(super) fn draft(
    facts: &BackupFacts,
    what: For,
    (given, context): (&Given, Context<'_>),
    run_now: &dyn Action,
) -> Result<Draft, Refusal> {
    let (Some(Act::InCluster { namespace, maker, name, .. }), [run, verify]) = (what.act(facts), &facts.makers) else {
        return Err(Refusal("nothing in a cluster does it.".to_owned()));
    };
    let kind = match maker {
        Making::CronJob => "CronJob",
        Making::CloudNativePg => "Cluster",
        Making::Velero => "Schedule",
    };
    let object = if what == For::Backup { run } else { verify };
    let Some(object) = object else {
        return Err(Refusal(format!("there is no {kind} {name} in namespace {namespace}: was it deleted or renamed?")));
    };
    let environment = &facts.subject.environment;
    let made_kind = match maker {
        Making::CronJob => {
            let job = JobRef {
                environment: environment.clone(),
                namespace: namespace.clone(),
                kind: JobKind::CronJob,
                name: name.clone(),
            };
            let seen = ObjectFacts::new(Subject::Job(job), Some(object.clone()), facts.observed_at);
            let draft = run_now.draft(&Observation::Object(Box::new(seen)), given, context)?;
            // What the Job is made of stands in its request, which is worked out anew before it is sent.
            return Ok(Draft { pins: Vec::new(), tier: Tier::T2, ..draft });
        }
        Making::CloudNativePg => MadeKind::CloudNativePg,
        Making::Velero => MadeKind::Velero,
    };
    let called = called(given, name, context)?;
    let (spec, labels) = match made_kind {
        MadeKind::CloudNativePg => (of_cluster(name, object)?, json!({})),
        MadeKind::Velero => of_schedule(name, object),
    };
    let (api, resource) = made_kind.place();
    let made = MadeRef {
        environment: environment.clone(),
        namespace: namespace.clone(),
        kind: made_kind,
        name: called.as_str().into(),
    };
    let request = Request {
        method: "POST".to_owned(),
        path: format!("/{api}/namespaces/{namespace}/{resource}?fieldManager=quarterdeck&fieldValidation=Strict"),
        content_type: "application/json".to_owned(),
        body: json!({"apiVersion": api.trim_start_matches("apis/"), "kind": "Backup",
            "metadata": {"name": called, "namespace": &**namespace, "labels": labels}, "spec": spec}),
    };
    let on = || (Subject::Made(made.clone()), "");
    let asking = Step::in_order(Part::Change, "make", on(), &format!("Make {made} of {kind} {name}."), request)
        .making()
        .expecting("/metadata/name", json!(called))
        .without_return();
    let gate =
        Step::in_order(Part::Gate, "begun", on(), &format!("Its operator has begun {made}."), Request::default());
    Ok(Draft {
        from: "by its schedule".to_owned(),
        to: format!("{made} beside it"),
        given: given.clone().with(NAME, called.as_str()),
        fixed: [(NAME.to_owned(), NAME.to_owned())].into(),
        steps: vec![asking, gate.making().within(BEGINS_WITHIN)],
        changes: vec![Change { path: format!("backup/{called}"), before: None, after: Some("asked for".to_owned()) }],
        blast: BlastRadius { words: "the load of one backup".to_owned(), ..BlastRadius::default() },
        tier: Tier::T2,
        expected: "its operator has begun it; how it ends is told by backup list".to_owned(),
        inverse: Inverse {
            words: format!(
                "A backup that was made stays: kubectl delete {resource}.{} {called} -n {namespace} removes it.",
                group(api)
            ),
            command: None,
        },
        ..Draft::default()
    })
}

fn group(api: &str) -> &str {
    api.split('/').nth(1).unwrap_or_default()
}

/// The name of what is made.
fn called(given: &Given, maker: &str, context: Context<'_>) -> Result<String, Refusal> {
    let Some(typed) = given.text(NAME).map(str::trim).filter(|typed| !typed.is_empty()) else {
        let end = format!("-manual-{}", context.now.timestamp());
        let begin: String = maker.chars().take(LONGEST.saturating_sub(end.len())).collect();
        return Ok(begin + &end);
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name =
        typed.len() <= LONGEST && typed.bytes().all(is_plain) && !typed.starts_with('-') && !typed.ends_with('-');
    is_name.then(|| typed.to_owned()).ok_or_else(|| {
        Refusal(format!(
            "{:?} is no name of a backup: at most {LONGEST} small letters, digits and hyphens, beginning and ending with a letter or a digit.",
            text::clean(typed)
        ))
    })
}

/// A Backup of a Cluster, by the way the Cluster declares.
fn of_cluster(name: &str, object: &Value) -> Result<Value, Refusal> {
    let is_there = |path: &str| object.pointer(path).is_some_and(|declared| !declared.is_null());
    let plugins = object.pointer("/spec/plugins").and_then(Value::as_array).into_iter().flatten();
    let plugin = plugins
        .filter(|one| one.pointer("/parameters/barmanObjectName").is_some())
        .find_map(|one| one.get("name").and_then(Value::as_str));
    let cluster = json!({"name": name});
    match plugin {
        Some(plugin) => Ok(json!({"cluster": cluster, "method": "plugin", "pluginConfiguration": {"name": plugin}})),
        None if is_there("/spec/backup/barmanObjectStore") => {
            Ok(json!({"cluster": cluster, "method": "barmanObjectStore"}))
        }
        None if is_there("/spec/backup/volumeSnapshot") => Ok(json!({"cluster": cluster, "method": "volumeSnapshot"})),
        None => Err(Refusal(format!(
            "Cluster {} declares no place for backups: say spec.plugins or spec.backup in it.",
            text::clean(name)
        ))),
    }
}

/// A Backup of a Schedule, as `velero backup create --from-schedule` makes it: what its template says, with its label.
fn of_schedule(name: &str, object: &Value) -> (Value, Value) {
    let mut spec = object.pointer("/spec/template").cloned().unwrap_or_else(|| json!({}));
    let metadata = spec.as_object_mut().and_then(|spec| spec.remove("metadata"));
    let mut labels = metadata.and_then(|metadata| metadata.get("labels").cloned()).unwrap_or_else(|| json!({}));
    if !labels.is_object() {
        labels = json!({});
    }
    if let Some(labels) = labels.as_object_mut() {
        labels.insert("velero.io/schedule-name".to_owned(), json!(name));
    }
    (spec, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_asked_for_the_way_its_cluster_declares() {
        let way = |spec: Value| of_cluster("orders", &json!({"spec": spec})).map(|spec| spec["method"].clone()).ok();
        let plugin = json!({"plugins": [{"name": "other"}, {"name": "barman-cloud.cloudnative-pg.io", "parameters": {"barmanObjectName": "vault"}}]});
        assert_eq!(way(plugin), Some(json!("plugin")));
        assert_eq!(way(json!({"backup": {"barmanObjectStore": {}}})), Some(json!("barmanObjectStore")));
        assert_eq!(way(json!({"backup": {"volumeSnapshot": {}}})), Some(json!("volumeSnapshot")));
        assert_eq!(way(json!({"backup": null})), None, "nowhere to put it");
    }

    #[test]
    fn a_backup_of_a_schedule_is_what_its_template_says() {
        let schedule = json!({"spec": {"template": {"ttl": "720h", "metadata": {"labels": {"team": "shop"}}}}});
        let (spec, labels) = of_schedule("nightly", &schedule);
        assert_eq!(spec, json!({"ttl": "720h"}));
        assert_eq!(labels, json!({"team": "shop", "velero.io/schedule-name": "nightly"}));
    }
}
