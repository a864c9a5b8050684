//! The Deployment controller: revisions, rolling updates, conditions, clean-up.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::rolling::{Part, Set, limits, new_size, old_sizes, shares};
use super::{around, keys, number, owned, owner_reference, text};
use crate::domain::rollout::same_template;
use crate::domain::time;
use crate::sandbox::template::{HASH, hash, without_hash};
use crate::sandbox::world::{Key, World, read_stamp, stamp};

const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const LARGEST: &str = "deployment.kubernetes.io/max-replicas";
/// Annotations the controller keeps for itself: never copied between a Deployment and its ReplicaSets.
const OWN: [&str; 6] = [
    REVISION,
    HISTORY,
    DESIRED,
    LARGEST,
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
];

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    keys(world, "deployments").into_iter().filter_map(|key| one(world, &key, now)).min()
}

/// Brings one Deployment forward; when its deadline passes.
fn one(world: &mut World, key: &Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut deployment = world.get(key)?.clone();
    let uid = text(&deployment, "/metadata/uid");
    let sets = owned(world, "replicasets", &key.namespace, &uid);
    let is_paused = deployment.pointer("/spec/paused") == Some(&Value::Bool(true));
    let place =
        sets.iter().position(|(_, set)| same_template(&set["spec"]["template"], &deployment["spec"]["template"]));
    let mut old = sets;
    let new = place.map(|place| old.remove(place));
    if is_paused || is_scaled(&deployment, new.as_ref(), &old) {
        spread(world, &deployment, new.as_ref(), &old, now);
    } else {
        let new = numbered(world, key, &mut deployment, new, &old, now);
        step(world, &deployment, &new, &old, now);
    }
    let due = report(world, key, deployment, now);
    clean_up(world, key);
    due
}

/// The ReplicaSet of the current template, with its revision: made, or found and renumbered.
fn numbered(
    world: &mut World,
    key: &Key,
    deployment: &mut Value,
    new: Option<(Key, Value)>,
    old: &[(Key, Value)],
    now: DateTime<Utc>,
) -> (Key, Value) {
    let revision_of = |set: &Value| {
        set["metadata"]["annotations"]
            .get(REVISION)
            .and_then(Value::as_str)
            .and_then(|number| number.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let next = old.iter().map(|(_, set)| revision_of(set)).max().unwrap_or(0) + 1;
    let is_new = new.is_none();
    let (set_key, mut set) = new.unwrap_or_else(|| made(world, key, deployment, now));
    let mut annotations = set["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    copy(&mut annotations, deployment["metadata"]["annotations"].as_object());
    let before = revision_of(&set);
    if before < next {
        if before > 0 {
            let history = annotations.get(HISTORY).and_then(Value::as_str).map(|history| format!("{history},{before}"));
            annotations.insert(HISTORY.into(), json!(history.unwrap_or_else(|| before.to_string())));
        }
        annotations.insert(REVISION.into(), json!(next.to_string()));
    }
    let revision = annotations.get(REVISION).cloned().unwrap_or_default();
    set["metadata"]["annotations"] = Value::Object(annotations);
    let set = world.put(set_key.clone(), set);
    if !deployment["metadata"]["annotations"].is_object() {
        deployment["metadata"]["annotations"] = json!({});
    }
    deployment["metadata"]["annotations"][REVISION] = revision;
    let name = &set_key.name;
    if is_new {
        progress(deployment, true, "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""), now);
    } else if condition(deployment, "Progressing").is_none() {
        progress(deployment, true, "FoundNewReplicaSet", &format!("Found new replica set \"{name}\""), now);
    }
    (set_key, set)
}

fn copy(annotations: &mut Map<String, Value>, from: Option<&Map<String, Value>>) {
    for (name, value) in from.into_iter().flatten().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        annotations.insert(name.clone(), value.clone());
    }
}

fn made(world: &mut World, key: &Key, deployment: &Value, now: DateTime<Utc>) -> (Key, Value) {
    let template = without_hash(&deployment["spec"]["template"]);
    let hash = hash(&template);
    let name = format!("{}-{hash}", key.name);
    let mut template = template;
    template["metadata"]["labels"][HASH] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"][HASH] = json!(hash);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": key.namespace, "uid": world.uid(), "creationTimestamp": stamp(now), "generation": 1,
            "labels": template["metadata"]["labels"], "annotations": {}, "ownerReferences": owner_reference(deployment)},
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    (Key { resource: "replicasets", namespace: key.namespace.clone(), name }, set)
}

/// Whether somebody changed the number of wanted pods since the ReplicaSets were last sized.
fn is_scaled(deployment: &Value, new: Option<&(Key, Value)>, old: &[(Key, Value)]) -> bool {
    let desired = number(deployment, "/spec/replicas");
    old.iter()
        .chain(new)
        .filter(|(_, set)| number(set, "/spec/replicas") > 0)
        .any(|(_, set)| annotated(set, DESIRED).is_some_and(|known| known != desired))
}

fn annotated(set: &Value, name: &str) -> Option<i64> {
    set["metadata"]["annotations"].get(name)?.as_str()?.parse().ok()
}

/// Another number of pods, spread over the ReplicaSets that have some.
fn spread(world: &mut World, deployment: &Value, new: Option<&(Key, Value)>, old: &[(Key, Value)], now: DateTime<Utc>) {
    let desired = number(deployment, "/spec/replicas");
    let size = |set: &Value| number(set, "/spec/replicas");
    let active: Vec<&(Key, Value)> = old.iter().chain(new).filter(|(_, set)| size(set) > 0).collect();
    let latest = || new.or_else(|| old.iter().max_by_key(|(_, set)| text(set, "/metadata/creationTimestamp")));
    match active.as_slice() {
        [] => {
            if let Some((key, set)) = latest() {
                resize(world, key, set, desired, deployment, now);
            }
        }
        [(key, set)] => resize(world, key, set, desired, deployment, now),
        several => {
            let is_saturated = new.is_some_and(|(_, set)| {
                size(set) == desired
                    && annotated(set, DESIRED) == Some(desired)
                    && number(set, "/status/availableReplicas") == desired
            });
            let parts: Vec<Part> = several
                .iter()
                .map(|(_, set)| Part {
                    wanted: size(set),
                    largest: annotated(set, LARGEST).unwrap_or_else(|| number(deployment, "/status/replicas")),
                    created: text(set, "/metadata/creationTimestamp"),
                })
                .collect();
            for ((key, set), share) in several.iter().zip(shares(desired, limits(deployment).0, &parts)) {
                let is_new = new.is_some_and(|(new, _)| new == key);
                let share = if !is_saturated {
                    share
                } else if is_new {
                    size(set)
                } else {
                    0
                };
                resize(world, key, set, share, deployment, now);
            }
        }
    }
}

/// One step of the strategy.
fn step(world: &mut World, deployment: &Value, new: &(Key, Value), old: &[(Key, Value)], now: DateTime<Utc>) {
    let (new_key, new_set) = new;
    let desired = number(deployment, "/spec/replicas");
    let figures = |set: &Value| Set {
        wanted: number(set, "/spec/replicas"),
        available: number(set, "/status/availableReplicas"),
    };
    if deployment.pointer("/spec/strategy/type").and_then(Value::as_str) == Some("Recreate") {
        for (set_key, set) in old {
            resize(world, set_key, set, 0, deployment, now);
        }
        let is_empty = old
            .iter()
            .all(|(set_key, set)| owned(world, "pods", &set_key.namespace, &text(set, "/metadata/uid")).is_empty());
        if is_empty {
            resize(world, new_key, new_set, desired, deployment, now);
        }
        return;
    }
    let olds: Vec<Set> = old.iter().map(|(_, set)| figures(set)).collect();
    let (surge, unavailable) = limits(deployment);
    let size = new_size(desired, figures(new_set), &olds, surge);
    resize(world, new_key, new_set, size, deployment, now);
    if size != figures(new_set).wanted {
        return;
    }
    for ((set_key, set), size) in old.iter().zip(old_sizes(desired, figures(new_set), &olds, unavailable)) {
        resize(world, set_key, set, size, deployment, now);
    }
}

fn resize(world: &mut World, key: &Key, set: &Value, size: i64, deployment: &Value, now: DateTime<Utc>) {
    let before = number(set, "/spec/replicas");
    let desired = number(deployment, "/spec/replicas");
    let mut set = set.clone();
    set["metadata"]["annotations"][DESIRED] = json!(desired.to_string());
    set["metadata"]["annotations"][LARGEST] = json!((desired + limits(deployment).0).to_string());
    if before != size {
        set["spec"]["replicas"] = json!(size);
        set["metadata"]["generation"] = json!(number(&set, "/metadata/generation") + 1);
    }
    world.put(key.clone(), set);
    if before != size {
        let direction = if size > before { "up" } else { "down" };
        let note = format!("Scaled {direction} replica set {} from {before} to {size}", key.name);
        world.event(deployment, "Deployment", false, "ScalingReplicaSet", &note, now);
    }
}

/// Writes the status; when the deadline passes.
fn report(world: &mut World, key: &Key, mut deployment: Value, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let sets = owned(world, "replicasets", &key.namespace, &text(&deployment, "/metadata/uid"));
    let new = sets.iter().find(|(_, set)| same_template(&set["spec"]["template"], &deployment["spec"]["template"]));
    let sum = |field: &str| sets.iter().map(|(_, set)| number(set, field)).sum::<i64>();
    let desired = number(&deployment, "/spec/replicas");
    let (replicas, ready, available) =
        (sum("/status/replicas"), sum("/status/readyReplicas"), sum("/status/availableReplicas"));
    let updated = new.map_or(0, |(_, set)| number(set, "/status/replicas"));
    let before = deployment["status"].clone();
    let old = |field: &str| number(&before, field);
    let is_complete = updated == desired && replicas == desired && available == desired;
    let has_moved = updated > old("/updatedReplicas")
        || replicas - updated < old("/replicas") - old("/updatedReplicas")
        || ready > old("/readyReplicas")
        || available > old("/availableReplicas");
    let (_, unavailable) = limits(&deployment);
    let is_available = available >= desired - unavailable;
    let (reason, message) = if is_available {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    set_condition(&mut deployment, "Available", is_available, reason, message, now, false);
    let due = estimate(&mut deployment, new.map(|(key, _)| key.name.as_str()), is_complete, has_moved, now);
    fail(world, key, &mut deployment, now);
    let conditions = deployment["status"]["conditions"].clone();
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"], "conditions": conditions});
    let missing = (desired - available).max(0);
    for (field, count) in [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", missing),
    ] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    deployment["status"] = status;
    world.put(key.clone(), deployment);
    due
}

/// The ReplicaFailure condition: that of a ReplicaSet whose pods are refused, gone as soon as none is.
fn fail(world: &World, key: &Key, deployment: &mut Value, now: DateTime<Utc>) {
    match around::refused(world, &key.namespace, &text(deployment, "/metadata/uid")) {
        Some(failure) => {
            let message = text(&failure, "/message");
            set_condition(deployment, "ReplicaFailure", true, "FailedCreate", &message, now, false);
        }
        None => {
            if let Some(conditions) = deployment["status"]["conditions"].as_array_mut() {
                conditions.retain(|condition| condition["type"] != "ReplicaFailure");
            }
        }
    }
}

/// The Progressing condition, as the controller estimates it.
fn estimate(
    deployment: &mut Value,
    new: Option<&str>,
    is_complete: bool,
    has_moved: bool,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let deadline = deployment.pointer("/spec/progressDeadlineSeconds").and_then(Value::as_i64).unwrap_or(600);
    let set = new.map_or_else(|| "replica set".to_owned(), |name| format!("ReplicaSet \"{name}\""));
    let known = condition(deployment, "Progressing").cloned();
    let reason = known.as_ref().map(|known| text(known, "/reason")).unwrap_or_default();
    let is_paused = deployment.pointer("/spec/paused") == Some(&Value::Bool(true));
    if is_paused {
        // Paused, nothing is estimated; what was given up before stays given up.
        if reason != "DeploymentPaused" && reason != "ProgressDeadlineExceeded" {
            let words = "Deployment is paused";
            set_condition_status(deployment, "Progressing", "Unknown", "DeploymentPaused", words, now, true);
        }
        return None;
    }
    if reason == "DeploymentPaused" {
        set_condition_status(
            deployment,
            "Progressing",
            "Unknown",
            "DeploymentResumed",
            "Deployment is resumed",
            now,
            true,
        );
    }
    let status = &deployment["status"];
    if reason == "NewReplicaSetAvailable"
        && number(status, "/replicas") == number(status, "/updatedReplicas")
        && !is_complete
    {
        // Once complete, later losses are no rollout.
        return None;
    }
    if is_complete {
        if reason != "NewReplicaSetAvailable" || has_moved {
            set_condition(
                deployment,
                "Progressing",
                true,
                "NewReplicaSetAvailable",
                &format!("{set} has successfully progressed."),
                now,
                reason != "NewReplicaSetAvailable",
            );
        }
        return None;
    }
    if has_moved {
        set_condition(
            deployment,
            "Progressing",
            true,
            "ReplicaSetUpdated",
            &format!("{set} is progressing."),
            now,
            true,
        );
    }
    let known = condition(deployment, "Progressing")?;
    if text(known, "/reason") == "ProgressDeadlineExceeded" {
        return None;
    }
    let due = read_stamp(known.get("lastUpdateTime"))? + time::seconds(deadline);
    if due <= now {
        set_condition(
            deployment,
            "Progressing",
            false,
            "ProgressDeadlineExceeded",
            &format!("{set} has timed out progressing."),
            now,
            true,
        );
        return None;
    }
    Some(due)
}

fn condition<'a>(deployment: &'a Value, kind: &str) -> Option<&'a Value> {
    deployment["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

fn progress(deployment: &mut Value, is_true: bool, reason: &str, message: &str, now: DateTime<Utc>) {
    set_condition(deployment, "Progressing", is_true, reason, message, now, true);
}

fn set_condition(
    deployment: &mut Value,
    kind: &str,
    is_true: bool,
    reason: &str,
    message: &str,
    now: DateTime<Utc>,
    is_fresh: bool,
) {
    set_condition_status(deployment, kind, if is_true { "True" } else { "False" }, reason, message, now, is_fresh);
}

/// Sets a condition. `is_fresh` moves its update time even when nothing else changes.
fn set_condition_status(
    deployment: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: DateTime<Utc>,
    is_fresh: bool,
) {
    let known = condition(deployment, kind).cloned();
    let is_same = known.as_ref().is_some_and(|known| known["status"] == status && known["reason"] == reason);
    if is_same && !is_fresh {
        return;
    }
    let since = known
        .filter(|known| known["status"] == status)
        .map_or_else(|| json!(stamp(now)), |known| known["lastTransitionTime"].clone());
    let entry = json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since, "lastUpdateTime": stamp(now)});
    let mut conditions: Vec<Value> = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.retain(|condition| condition["type"] != kind);
    conditions.push(entry);
    deployment["status"]["conditions"] = Value::Array(conditions);
}

/// Forgets the oldest revisions beyond the limit, once the rollout is complete.
fn clean_up(world: &mut World, key: &Key) {
    let Some(deployment) = world.get(key).cloned() else { return };
    if condition(&deployment, "Progressing").is_none_or(|progressing| progressing["reason"] != "NewReplicaSetAvailable")
    {
        return;
    }
    let limit = deployment
        .pointer("/spec/revisionHistoryLimit")
        .and_then(Value::as_u64)
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(10);
    let sets = owned(world, "replicasets", &key.namespace, &text(&deployment, "/metadata/uid"));
    let is_idle = |set: &Value| number(set, "/spec/replicas") == 0 && number(set, "/status/replicas") == 0;
    let mut idle: Vec<&(Key, Value)> = sets
        .iter()
        .filter(|(_, set)| is_idle(set) && !same_template(&set["spec"]["template"], &deployment["spec"]["template"]))
        .collect();
    idle.sort_by_key(|(_, set)| {
        set["metadata"]["annotations"][REVISION].as_str().and_then(|number| number.parse::<u64>().ok())
    });
    for (set_key, _) in idle.iter().take(idle.len().saturating_sub(limit)) {
        world.remove(set_key);
    }
}
