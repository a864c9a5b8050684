//! The CronJob controller: a Job whenever one is due, and a memory of how they ended.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{keys, owned, owner_reference, text};
use crate::domain::job::Schedule;
use crate::sandbox::world::{Key, World, read_stamp, stamp};

/// The controller counts no further.
const MOST_MISSED: usize = 100;

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    keys(world, "cronjobs").into_iter().filter_map(|key| one(world, &key, now)).min()
}

/// How a Job ended: with success or without, and when; `None` while it runs.
fn ended(job: &Value) -> Option<(bool, DateTime<Utc>)> {
    let conditions = job.pointer("/status/conditions").and_then(Value::as_array)?;
    let is_true = |condition: &&Value| condition["status"] == "True";
    let end = conditions.iter().filter(is_true).find(|one| one["type"] == "Complete" || one["type"] == "Failed")?;
    Some((end["type"] == "Complete", read_stamp(end.get("lastTransitionTime"))?))
}

/// Brings one CronJob forward; when its next run is due.
fn one(world: &mut World, key: &Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut cron = world.get(key)?.clone();
    let uid = text(&cron, "/metadata/uid");
    let jobs = owned(world, "jobs", &key.namespace, &uid);
    remember(world, &mut cron, &jobs, now);
    let zone = text(&cron, "/spec/timeZone");
    let schedule = Schedule::read(&text(&cron, "/spec/schedule"), Some(zone.as_str())).ok();
    let is_suspended = cron.pointer("/spec/suspend") == Some(&Value::Bool(true));
    let mut next = None;
    if let Some(schedule) = schedule.filter(|_| !is_suspended) {
        let since = read_stamp(cron.pointer("/status/lastScheduleTime"))
            .or_else(|| read_stamp(cron.pointer("/metadata/creationTimestamp")))
            .unwrap_or(now);
        let deadline = cron.pointer("/spec/startingDeadlineSeconds").and_then(Value::as_i64).map(TimeDelta::seconds);
        let since = deadline.map_or(since, |deadline| since.max(now - deadline));
        let is_busy = cron.pointer("/status/active").and_then(Value::as_array).is_some_and(|active| !active.is_empty());
        let waits = is_busy && text(&cron, "/spec/concurrencyPolicy") == "Forbid";
        if let Some(due) = schedule.between(since, now, MOST_MISSED).last().filter(|_| !waits) {
            start(world, key, &mut cron, *due, now);
        }
        next = schedule.next(now);
    }
    world.put(key.clone(), cron);
    clean_up(world, key, &uid);
    next
}

/// Takes Jobs that ended off the list of active ones.
fn remember(world: &mut World, cron: &mut Value, jobs: &[(Key, Value)], now: DateTime<Utc>) {
    let active = cron.pointer("/status/active").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut left = Vec::new();
    for reference in active {
        let job = jobs.iter().find(|(_, job)| job["metadata"]["uid"] == reference["uid"]);
        match job.map(|(key, job)| (key, ended(job))) {
            Some((_, None)) => left.push(reference),
            Some((key, Some((is_success, at)))) => {
                let words = if is_success { "Complete" } else { "Failed" };
                let note = format!("Saw completed job: {}, condition: {words}", key.name);
                world.event(cron, "CronJob", false, "SawCompletedJob", &note, now);
                if is_success {
                    cron["status"]["lastSuccessfulTime"] = json!(stamp(at));
                }
            }
            None => {}
        }
    }
    if let Some(status) = cron["status"].as_object_mut() {
        if left.is_empty() {
            status.remove("active");
        } else {
            status.insert("active".to_owned(), Value::Array(left));
        }
    }
}

fn start(world: &mut World, key: &Key, cron: &mut Value, due: DateTime<Utc>, now: DateTime<Utc>) {
    let name = format!("{}-{}", key.name, due.timestamp() / 60);
    let job_key = Key { resource: "jobs", namespace: key.namespace.clone(), name: name.clone() };
    if world.get(&job_key).is_none() {
        let template = &cron["spec"]["jobTemplate"];
        let mut annotations = template["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        annotations.insert("batch.kubernetes.io/cronjob-scheduled-timestamp".to_owned(), json!(stamp(due)));
        let mut job = json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {
                "name": name, "namespace": key.namespace, "uid": world.uid(), "creationTimestamp": stamp(now), "generation": 1,
                "labels": template["metadata"]["labels"], "annotations": annotations, "ownerReferences": owner_reference(cron),
            },
            "spec": template["spec"], "status": {},
        });
        super::job::defaulted(&mut job["spec"]);
        let job = world.put(job_key, job);
        world.event(cron, "CronJob", false, "SuccessfulCreate", &format!("Created job {name}"), now);
        let reference = json!({"apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": key.namespace, "uid": job["metadata"]["uid"]});
        let mut active = cron["status"]["active"].as_array().cloned().unwrap_or_default();
        active.push(reference);
        cron["status"]["active"] = Value::Array(active);
    }
    cron["status"]["lastScheduleTime"] = json!(stamp(due));
}

/// Keeps no more ended Jobs than the limits say.
fn clean_up(world: &mut World, key: &Key, uid: &str) {
    let Some(cron) = world.get(key) else { return };
    let limit = |field: &str, default: u64| {
        let asked = cron.pointer(&format!("/spec/{field}")).and_then(Value::as_u64).unwrap_or(default);
        usize::try_from(asked).unwrap_or(usize::MAX)
    };
    let limits = [(true, limit("successfulJobsHistoryLimit", 3)), (false, limit("failedJobsHistoryLimit", 1))];
    for (is_success, limit) in limits {
        let mut done = owned(world, "jobs", &key.namespace, uid);
        done.retain(|(_, job)| ended(job).is_some_and(|(success, _)| success == is_success));
        for (job_key, job) in done.iter().take(done.len().saturating_sub(limit)) {
            world.remove(job_key);
            for (pod, _) in owned(world, "pods", &key.namespace, &text(job, "/metadata/uid")) {
                world.remove(&pod);
            }
        }
    }
}
