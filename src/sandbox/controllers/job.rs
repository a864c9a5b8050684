//! The Job controller: pods until enough of them have succeeded, or too many have not.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{keys, number, owned, owner_reference, text};
use crate::domain::time;
use crate::sandbox::world::{Key, World, read_stamp, stamp};

/// The wait after the first pod that failed; it doubles.
const BACK_OFF: TimeDelta = TimeDelta::seconds(10);

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    keys(world, "jobs").into_iter().filter_map(|key| one(world, &key, now)).min()
}

/// The fields the API fills in.
pub(in crate::sandbox) fn defaulted(spec: &mut Value) {
    let fields = [
        ("parallelism", json!(1)),
        ("completions", json!(1)),
        ("backoffLimit", json!(6)),
        ("suspend", json!(false)),
        ("completionMode", json!("NonIndexed")),
    ];
    for (field, value) in fields {
        if spec.get(field).is_none_or(Value::is_null) {
            spec[field] = value;
        }
    }
}

/// Brings one Job forward; when there is something to do by time alone.
fn one(world: &mut World, key: &Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut job = world.get(key)?.clone();
    let is_over = ["Complete", "Failed"].iter().any(|kind| has(&job, kind));
    let is_suspended = job.pointer("/spec/suspend") == Some(&Value::Bool(true));
    if is_over || is_suspended {
        return None;
    }
    let uid = text(&job, "/metadata/uid");
    let pods = owned(world, "pods", &key.namespace, &uid);
    let phase = |wanted: &str| pods.iter().filter(|(_, pod)| text(pod, "/status/phase") == wanted).count();
    let (succeeded, failed) = (phase("Succeeded"), phase("Failed"));
    let active: Vec<&(Key, Value)> = pods
        .iter()
        .filter(|(_, pod)| {
            pod["metadata"].get("deletionTimestamp").is_none()
                && !matches!(text(pod, "/status/phase").as_str(), "Succeeded" | "Failed")
        })
        .collect();
    let count = |field: &str| usize::try_from(number(&job, &format!("/spec/{field}"))).unwrap_or(0);
    let (wanted, limit) = (count("completions"), count("backoffLimit"));
    let ready = active.iter().filter(|(_, pod)| super::replicaset::is_ready(pod)).count();
    let mut status = json!({"startTime": job["status"].get("startTime").cloned().unwrap_or_else(|| json!(stamp(now))), "ready": ready});
    for (field, value) in [("active", active.len()), ("succeeded", succeeded), ("failed", failed)] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    let started = read_stamp(status.get("startTime")).unwrap_or(now);
    let deadline = job
        .pointer("/spec/activeDeadlineSeconds")
        .and_then(Value::as_i64)
        .map(|length| started + time::seconds(length));
    let mut due = deadline;
    if succeeded >= wanted {
        status["completionTime"] = json!(stamp(now));
        status["conditions"] = json!([
            mark("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods", now),
            mark("Complete", "CompletionsReached", "Reached expected number of succeeded pods", now)
        ]);
        world.event(&job, "Job", false, "Completed", "Job completed", now);
    } else if let Some((reason, message)) = given_up(failed > limit, deadline.is_some_and(|at| at <= now)) {
        status["conditions"] =
            json!([mark("FailureTarget", reason, message, now), mark("Failed", reason, message, now)]);
        if let Some(members) = status.as_object_mut() {
            members.remove("active");
        }
        for (pod, _) in active {
            world.remove(pod);
        }
        world.event(&job, "Job", true, reason, message, now);
    } else if active.len() < count("parallelism").min(wanted - succeeded) {
        let again = next_try(&pods, failed);
        if again.is_none_or(|at| at <= now) {
            create(world, key, &job, now);
            status["active"] = json!(active.len() + 1);
        } else {
            due = [due, again].into_iter().flatten().min();
        }
    }
    job["status"] = status;
    world.put(key.clone(), job);
    due
}

fn has(job: &Value, kind: &str) -> bool {
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == kind && condition["status"] == "True")
}

fn mark(kind: &str, reason: &str, message: &str, now: DateTime<Utc>) -> Value {
    json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastProbeTime": stamp(now), "lastTransitionTime": stamp(now)})
}

/// Why a Job is given up.
const fn given_up(is_exhausted: bool, is_overdue: bool) -> Option<(&'static str, &'static str)> {
    if is_exhausted {
        Some(("BackoffLimitExceeded", "Job has reached the specified backoff limit"))
    } else if is_overdue {
        Some(("DeadlineExceeded", "Job was active longer than specified deadline"))
    } else {
        None
    }
}

/// When the next pod may be tried after so many that failed; `None` for at once.
fn next_try(pods: &[(Key, Value)], failed: usize) -> Option<DateTime<Utc>> {
    let ended = |pod: &Value| read_stamp(pod.pointer("/status/containerStatuses/0/state/terminated/finishedAt"));
    let last = pods.iter().filter_map(|(_, pod)| ended(pod)).max()?;
    let doubled = u32::try_from(failed.min(5)).unwrap_or(5).checked_sub(1)?;
    Some(last + BACK_OFF * 2_i32.pow(doubled))
}

fn create(world: &mut World, key: &Key, job: &Value, now: DateTime<Utc>) {
    let name = format!("{}-{}", key.name, world.letters());
    let template = &job["spec"]["template"];
    let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    for label in ["job-name", "batch.kubernetes.io/job-name"] {
        labels.insert(label.to_owned(), json!(key.name));
    }
    for label in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        labels.insert(label.to_owned(), job["metadata"]["uid"].clone());
    }
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "generateName": format!("{}-", key.name), "namespace": key.namespace, "uid": world.uid(), "creationTimestamp": stamp(now),
            "labels": labels, "ownerReferences": owner_reference(job),
        },
        "spec": template["spec"], "status": {"phase": "Pending"},
    });
    if let Some(annotations) = template["metadata"].get("annotations") {
        pod["metadata"]["annotations"] = annotations.clone();
    }
    let pod_key = Key { resource: "pods", namespace: key.namespace.clone(), name: name.clone() };
    world.put(pod_key, pod);
    world.event(job, "Job", false, "SuccessfulCreate", &format!("Created pod: {name}"), now);
}
