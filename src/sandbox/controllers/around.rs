//! What stands around workloads: quotas that count pods, claims that are bound or not, budgets that count healthy ones.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{keys, number, owned, text};
use crate::sandbox::selector::labels_match;
use crate::sandbox::world::{Key, World, stamp};

/// The keys of a quota that count pods.
const PODS: [&str; 2] = ["pods", "count/pods"];
/// A class nobody provisions volumes for.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    for key in keys(world, "resourcequotas") {
        count(world, &key);
    }
    for key in keys(world, "persistentvolumeclaims") {
        bind(world, &key);
    }
    for key in keys(world, "poddisruptionbudgets") {
        allow(world, &key, now);
    }
    None
}

/// Why a namespace takes no further pod, in the words of the quota that refuses it.
pub(super) fn refusal(world: &World, namespace: &str) -> Option<String> {
    let used = pods(world, namespace);
    world.list("resourcequotas", namespace).find_map(|(key, quota)| {
        let hard = quota.pointer("/spec/hard")?;
        let (resource, limit) = PODS.iter().find_map(|one| Some((one, amount(hard.get(one)?)?)))?;
        (used >= limit).then(|| {
            format!(
                "exceeded quota: {}, requested: {resource}=1, used: {resource}={used}, limited: {resource}={limit}",
                key.name
            )
        })
    })
}

/// A whole number, as text or as a number.
fn amount(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Pods of a namespace that count: all that have not ended.
pub(in crate::sandbox) fn pods(world: &World, namespace: &str) -> u64 {
    let counts = |pod: &Value| !matches!(text(pod, "/status/phase").as_str(), "Succeeded" | "Failed");
    u64::try_from(world.list("pods", namespace).filter(|(_, pod)| counts(pod)).count()).unwrap_or(u64::MAX)
}

fn count(world: &mut World, key: &Key) {
    let Some(mut quota) = world.get(key).cloned() else { return };
    let used = pods(world, &key.namespace).to_string();
    let hard = quota["spec"]["hard"].clone();
    let used: serde_json::Map<String, Value> = hard
        .as_object()
        .into_iter()
        .flatten()
        .map(|(resource, _)| (resource.clone(), json!(if PODS.contains(&resource.as_str()) { &used } else { "0" })))
        .collect();
    quota["status"] = json!({"hard": hard, "used": used});
    world.put(key.clone(), quota);
}

/// Binds a claim whose class somebody provisions volumes for at once; every other waits.
fn bind(world: &mut World, key: &Key) {
    let Some(mut claim) = world.get(key).cloned() else { return };
    let class = claim.pointer("/spec/storageClassName").and_then(Value::as_str).unwrap_or_default();
    let provisions =
        |class: &Value| class["provisioner"] != NO_PROVISIONER && class["volumeBindingMode"] != "WaitForFirstConsumer";
    let is_bound = world.list("storageclasses", "").any(|(known, object)| known.name == class && provisions(object));
    claim["status"]["phase"] = json!(if is_bound { "Bound" } else { "Pending" });
    world.put(key.clone(), claim);
}

/// Why a pod with claims finds no node; `None` when all of them are bound.
pub(super) fn unbound(world: &World, namespace: &str, pod: &Value) -> Option<String> {
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array).into_iter().flatten();
    let names = volumes.filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str());
    let claims = names.map(|name| {
        let key = Key { resource: "persistentvolumeclaims", namespace: namespace.to_owned(), name: name.to_owned() };
        (name, world.get(&key).map(|claim| text(claim, "/status/phase")))
    });
    let why = claims.filter_map(|(name, phase)| match phase.as_deref() {
        Some("Bound") => None,
        Some(_) => Some("pod has unbound immediate PersistentVolumeClaims".to_owned()),
        None => Some(format!("persistentvolumeclaim \"{name}\" not found")),
    });
    let nodes = world.list("nodes", "").count();
    why.min().map(|why| format!("0/{nodes} nodes are available: {why}."))
}

/// What a budget lets go now, by the pods its selector matches.
fn allow(world: &mut World, key: &Key, now: DateTime<Utc>) {
    let Some(mut budget) = world.get(key).cloned() else { return };
    let selector = budget["spec"]["selector"].clone();
    let (mut expected, mut healthy) = (0, 0);
    for (_, pod) in world.list("pods", &key.namespace) {
        let is_leaving = pod["metadata"].get("deletionTimestamp").is_some();
        if !is_leaving && labels_match(pod, &selector) {
            expected += 1;
            healthy += i64::from(super::replicaset::is_ready(pod));
        }
    }
    // Where it says how many may be missing, what the controllers of its pods want counts, not what is there.
    let wanted: i64 = world
        .list("replicasets", &key.namespace)
        .filter(|(_, set)| labels_match(&set["spec"]["template"], &selector))
        .map(|(_, set)| number(set, "/spec/replicas"))
        .sum();
    let scale = wanted.max(expected);
    let share = |value: &Value| match value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()) {
        Some(percent) => (scale * percent + 99) / 100,
        None => value.as_i64().unwrap_or(0),
    };
    let spec = &budget["spec"];
    let desired = match (spec.get("minAvailable"), spec.get("maxUnavailable")) {
        (Some(least), _) => share(least),
        (None, Some(most)) => (scale - share(most)).max(0),
        (None, None) => 0,
    };
    let expected = if spec.get("minAvailable").is_some_and(Value::is_i64) { expected } else { scale };
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let (status, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let since = budget
        .pointer("/status/conditions/0")
        .filter(|known| known["status"] == status)
        .map_or_else(|| json!(stamp(now)), |known| known["lastTransitionTime"].clone());
    budget["status"] = json!({
        "disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected,
        "observedGeneration": budget["metadata"]["generation"],
        "conditions": [{"type": "DisruptionAllowed", "status": status, "reason": reason, "message": "", "observedGeneration": budget["metadata"]["generation"], "lastTransitionTime": since}],
    });
    world.put(key.clone(), budget);
}

/// Whether the pods of an owner were refused, and why: the condition of its ReplicaSets.
pub(super) fn refused(world: &World, namespace: &str, owner: &str) -> Option<Value> {
    let sets = owned(world, "replicasets", namespace, owner);
    sets.iter().find_map(|(_, set)| {
        let conditions = set.pointer("/status/conditions")?.as_array()?;
        conditions.iter().find(|one| one["type"] == "ReplicaFailure" && one["status"] == "True").cloned()
    })
}
