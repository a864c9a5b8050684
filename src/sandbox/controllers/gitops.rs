//! A simulated Argo CD: an Application with self-heal puts the template of its repository back, a few seconds after anybody changed it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::keys;
use crate::sandbox::world::{Key, World, read_stamp, stamp};

/// The annotation of an Application that stands for its repository: what it keeps, as JSON.
const GIT: &str = "sandbox.quarterdeck.dev/git";
/// Where Applications live.
const NAMESPACE: &str = "argocd";
/// How long Argo CD waits before it heals.
const HEALS_AFTER: TimeDelta = TimeDelta::seconds(5);
/// Its field manager.
const MANAGER: &str = "argocd-controller";

/// Gives a Deployment, as it is, into the hands of an Application of its own.
pub(in crate::sandbox) fn adopt(world: &mut World, deployment: &Key, now: DateTime<Utc>) {
    let Some(mut object) = world.get(deployment).cloned() else { return };
    let application = format!("{}-{}", deployment.name, deployment.namespace);
    let tracking = format!("{application}:apps/Deployment:{}/{}", deployment.namespace, deployment.name);
    object["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = json!(tracking);
    let git =
        json!({"namespace": deployment.namespace, "name": deployment.name, "template": object["spec"]["template"]});
    world.put(deployment.clone(), object);
    let uid = world.uid();
    let object = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": application, "namespace": NAMESPACE, "uid": uid, "creationTimestamp": stamp(now), "generation": 1,
            "annotations": {GIT: git.to_string()}},
        "spec": {
            "project": "default", "source": {"repoURL": "https://git.example/shop.git", "path": deployment.name, "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": deployment.namespace},
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        },
    });
    world.put(Key { resource: "applications", namespace: NAMESPACE.to_owned(), name: application }, object);
}

/// Heals what is not as its repository has it; when the next is due.
pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let applications: Vec<Value> =
        keys(world, "applications").iter().filter_map(|key| world.get(key).cloned()).collect();
    applications.iter().filter(|application| heals(application)).filter_map(|one| heal(world, one, now)).min()
}

fn heals(application: &Value) -> bool {
    let automated = &application["spec"]["syncPolicy"]["automated"];
    automated["selfHeal"] == json!(true) && automated["enabled"] != json!(false)
}

fn heal(world: &mut World, application: &Value, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let git: Value = serde_json::from_str(application["metadata"]["annotations"][GIT].as_str()?).ok()?;
    let text = |field: &str| git[field].as_str().unwrap_or_default().to_owned();
    let key = Key { resource: "deployments", namespace: text("namespace"), name: text("name") };
    let mut object = world.get(&key)?.clone();
    if object["spec"]["template"] == git["template"] {
        return None;
    }
    let mut entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let owns = |entry: &Value| entry.pointer("/fieldsV1/f:spec/f:template").is_some();
    let written = entries.iter().filter(|entry| owns(entry)).filter_map(|entry| read_stamp(entry.get("time"))).max();
    let due = written.map_or(now, |written| written + HEALS_AFTER);
    if due > now {
        return Some(due);
    }
    entries.retain(|entry| !owns(entry));
    entries.push(json!({"manager": MANAGER, "operation": "Update", "apiVersion": "apps/v1", "time": stamp(now), "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:template": {}}}}));
    object["metadata"]["managedFields"] = Value::Array(entries);
    object["metadata"]["generation"] = json!(object["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
    object["spec"]["template"] = git["template"].clone();
    world.put(key, object);
    None
}
