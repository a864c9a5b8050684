//! The ReplicaSet controller: as many pods as wanted, and a count of them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{around, keys, number, owned, owner_reference, text};
use crate::domain::time;
use crate::sandbox::world::{Key, World, stamp};

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    for key in keys(world, "replicasets") {
        let Some(set) = world.get(&key).cloned() else { continue };
        let uid = text(&set, "/metadata/uid");
        let pods = owned(world, "pods", &key.namespace, &uid);
        let mut active: Vec<_> =
            pods.into_iter().filter(|(_, pod)| pod["metadata"].get("deletionTimestamp").is_none()).collect();
        let wanted = usize::try_from(number(&set, "/spec/replicas")).unwrap_or(0);
        let mut failure = None;
        for _ in active.len()..wanted {
            failure = around::refusal(world, &key.namespace).map(|why| refused(world, &key, &set, &why, now));
            if failure.is_some() {
                break;
            }
            active.push(create(world, &key, &set, now));
        }
        if active.len() > wanted {
            // Those that are not ready go first, then the youngest.
            active
                .sort_by_key(|(key, pod)| (is_ready(pod), text(pod, "/metadata/creationTimestamp"), key.name.clone()));
            let ready = active.iter().filter(|(_, pod)| is_ready(pod)).count();
            let unready = active.len() - ready;
            if let Some(kept) = active.get_mut(unready..) {
                kept.reverse();
            }
            for (pod_key, pod) in active.drain(..active.len() - wanted).collect::<Vec<_>>() {
                delete(world, &pod_key, pod, &set, now);
            }
        }
        count(world, &key, set, &active, failure);
    }
    None
}

/// The condition of a set whose pod was refused. The controller tries again by itself, and says it once.
fn refused(world: &mut World, key: &Key, set: &Value, why: &str, now: DateTime<Utc>) -> Value {
    let known = set.pointer("/status/conditions/0").filter(|known| known["type"] == "ReplicaFailure");
    if let Some(known) = known.filter(|known| text(known, "/message").ends_with(why)) {
        return known.clone();
    }
    let message = format!("pods \"{}-{}\" is forbidden: {why}", key.name, world.letters());
    world.event(set, "ReplicaSet", true, "FailedCreate", &format!("Error creating: {message}"), now);
    json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message, "lastTransitionTime": stamp(now)})
}

fn create(world: &mut World, key: &Key, set: &Value, now: DateTime<Utc>) -> (Key, Value) {
    let name = format!("{}-{}", key.name, world.letters());
    let template = &set["spec"]["template"];
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "generateName": format!("{}-", key.name), "namespace": key.namespace, "uid": world.uid(), "creationTimestamp": stamp(now),
            "labels": template["metadata"]["labels"], "ownerReferences": owner_reference(set),
        },
        "spec": template["spec"], "status": {"phase": "Pending"},
    });
    if let Some(annotations) = template["metadata"].get("annotations") {
        pod["metadata"]["annotations"] = annotations.clone();
    }
    let pod_key = Key { resource: "pods", namespace: key.namespace.clone(), name: name.clone() };
    let pod = world.put(pod_key.clone(), pod);
    world.event(set, "ReplicaSet", false, "SuccessfulCreate", &format!("Created pod: {name}"), now);
    (pod_key, pod)
}

fn delete(world: &mut World, pod_key: &Key, mut pod: Value, set: &Value, now: DateTime<Utc>) {
    let grace = pod.pointer("/spec/terminationGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(30);
    pod["metadata"]["deletionTimestamp"] = json!(stamp(now + time::seconds(grace)));
    pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    world.put(pod_key.clone(), pod);
    world.event(set, "ReplicaSet", false, "SuccessfulDelete", &format!("Deleted pod: {}", pod_key.name), now);
}

/// Whether a pod's Ready condition is true.
pub(super) fn is_ready(pod: &Value) -> bool {
    pod.pointer("/status/conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn count(world: &mut World, key: &Key, mut set: Value, active: &[(Key, Value)], failure: Option<Value>) {
    let ready = active.iter().filter(|(_, pod)| is_ready(pod)).count();
    let mut status = json!({"replicas": active.len(), "fullyLabeledReplicas": active.len(), "observedGeneration": set["metadata"]["generation"]});
    if ready > 0 {
        status["readyReplicas"] = json!(ready);
        status["availableReplicas"] = json!(ready);
    }
    if let Some(failure) = failure {
        status["conditions"] = json!([failure]);
    }
    set["status"] = status;
    world.put(key.clone(), set);
}
