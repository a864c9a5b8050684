//! What goes wrong in the demo beside its release.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::controllers;
use super::scenario::{AGE, PRODUCTION, STAGING, pass, put_node, put_plain};
use super::world::{Key, World, stamp};

/// How long after the start staging runs into its quota: nobody is to take that for what the demo is about.
pub(super) const SQUEEZED_AFTER: TimeDelta = TimeDelta::seconds(45);

/// What is wrong beside the release from the start: a node that went silent under pods of two services.
pub(super) fn beside(world: &mut World, now: DateTime<Utc>) {
    let (silent, since) = ("node-d", now - TimeDelta::minutes(9));
    put_node(world, silent, now - AGE);
    let key = Key { resource: "nodes", namespace: String::new(), name: silent.to_owned() };
    if let Some(mut node) = world.get(&key).cloned() {
        for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
            condition["status"] = json!("Unknown");
            condition["reason"] = json!("NodeStatusUnknown");
            condition["message"] = json!("Kubelet stopped posting node status.");
            condition["lastTransitionTime"] = json!(stamp(since));
        }
        world.put(key, node);
    }
    for name in ["recommendations", "notifications"] {
        let first = world.list("pods", PRODUCTION).find(|(_, pod)| pod["metadata"]["labels"]["app"] == name);
        if let Some((key, mut pod)) = first.map(|(key, pod)| (key.clone(), pod.clone())) {
            pod["spec"]["nodeName"] = json!(silent);
            world.put(key, pod);
        }
    }
    pass(world, now, now);
}

/// Staging is given a quota that it has reached already, and somebody asks for more of two services.
pub(super) fn squeeze(world: &mut World, now: DateTime<Utc>) {
    let pods = controllers::around::pods(world, STAGING).to_string();
    put_plain(world, "resourcequotas", "ResourceQuota", STAGING, "compute", now - AGE);
    let key = Key { resource: "resourcequotas", namespace: STAGING.to_owned(), name: "compute".to_owned() };
    if let Some(mut quota) = world.get(&key).cloned() {
        quota["metadata"]["namespace"] = json!(STAGING);
        quota["spec"] = json!({"hard": {"pods": pods}});
        world.put(key, quota);
    }
    for name in ["accounts", "cart"] {
        let key = Key { resource: "deployments", namespace: STAGING.to_owned(), name: name.to_owned() };
        if let Some(mut deployment) = world.get(&key).cloned() {
            deployment["spec"]["replicas"] = json!(deployment["spec"]["replicas"].as_i64().unwrap_or(1) + 1);
            deployment["metadata"]["generation"] =
                json!(deployment["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
            world.put(key, deployment);
        }
    }
}
