//! The metrics server: what running pods and nodes use, in the form of metrics.k8s.io/v1beta1.
//!
//! Only a scenario that wants one has it; elsewhere the API group is absent, as in a cluster where nobody installed one.

use chrono::{DateTime, TimeDelta, Utc};
use http::Response;
use serde_json::{Value, json};

use super::{Asked, Body, failed, json_answer, review, verbs};
use crate::domain::node::{Bytes, Millicores};
use crate::domain::time;
use crate::sandbox::Shared;
use crate::sandbox::world::{World, read_stamp, stamp};

const API: &str = "/apis/metrics.k8s.io/v1beta1";
/// How often it measures; what is younger was not measured yet.
const EVERY: TimeDelta = TimeDelta::seconds(15);

/// The answer to a request for what is used; `None` when it is about something else, or nobody measures here.
pub(super) fn answer(shared: &Shared, asked: &Asked) -> Option<Response<Body>> {
    let rest = asked.path.strip_prefix(API)?;
    if !shared.measures {
        return None;
    }
    let parts: Vec<&str> = rest.trim_matches('/').split('/').collect();
    let (plural, namespace, name) = match parts.as_slice() {
        [""] => return Some(json_answer(200, &resources())),
        [plural @ ("nodes" | "pods")] => (*plural, "", ""),
        ["nodes", name] => ("nodes", "", *name),
        ["namespaces", namespace, "pods"] => ("pods", *namespace, ""),
        ["namespaces", namespace, "pods", name] => ("pods", *namespace, *name),
        _ => return None,
    };
    let verb = if name.is_empty() { "list" } else { "get" };
    if asked.method != "GET" || !review::may(asked.user, verb) {
        return Some(failed(403, "Forbidden", &format!("{plural}.metrics.k8s.io is forbidden")));
    }
    let at = measured_at(shared.clock.now());
    let items: Vec<Value> =
        shared.read(|world| if plural == "nodes" { nodes(world, at) } else { pods(world, namespace, at) });
    let fits = |item: &&Value| (name.is_empty() || item["metadata"]["name"] == name) && verbs::fits(asked, item);
    let items: Vec<&Value> = items.iter().filter(fits).collect();
    Some(match (name.is_empty(), items.first()) {
        (false, Some(item)) => json_answer(200, item),
        (false, None) => failed(404, "NotFound", &format!("{plural}.metrics.k8s.io \"{name}\" not found")),
        (true, _) => {
            let kind = if plural == "nodes" { "NodeMetricsList" } else { "PodMetricsList" };
            json_answer(
                200,
                &json!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items}),
            )
        }
    })
}

fn resources() -> Value {
    let resource = |name: &str, kind: &str, is_namespaced: bool| json!({"name": name, "singularName": "", "namespaced": is_namespaced, "kind": kind, "verbs": ["get", "list"]});
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
        "resources": [resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)]})
}

/// The newest time it measured at.
fn measured_at(now: DateTime<Utc>) -> DateTime<Utc> {
    let every = EVERY.num_seconds();
    time::from_seconds(now.timestamp().div_euclid(every) * every)
}

/// What pods use whose containers have run since before the last measurement.
fn pods(world: &World, namespace: &str, at: DateTime<Utc>) -> Vec<Value> {
    let measured = |pod: &Value| {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array)?;
        let started = read_stamp(statuses.first()?.pointer("/state/running/startedAt"))?;
        if at - started < EVERY {
            return None;
        }
        let containers: Vec<Value> = pod
            .pointer("/spec/containers")
            .and_then(Value::as_array)?
            .iter()
            .map(|container| {
                let asked = |pointer: &str| container.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                let cpu = Millicores::read(asked("/resources/requests/cpu")).map_or(50, |cpu| cpu.0);
                let memory = Bytes::read(asked("/resources/limits/memory")).map_or(128 << 20, |memory| memory.0);
                let name = text("/metadata/name");
                let cpu_nanos = cpu * 10_000 * share(&name, at, 40, 60);
                // A heap that grows for an hour and is collected: no measurement is quite like the one before.
                let kibibytes = memory / 1_024 * share(&name, at - TimeDelta::minutes(7), 35, 30) / 100;
                json!({"name": container["name"], "usage": {"cpu": format!("{cpu_nanos}n"), "memory": format!("{kibibytes}Ki")}})
            })
            .collect();
        Some(json!({
            "kind": "PodMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": {"name": text("/metadata/name"), "namespace": text("/metadata/namespace"), "labels": pod["metadata"]["labels"], "creationTimestamp": stamp(at)},
            "timestamp": stamp(at), "window": "15s", "containers": containers,
        }))
    };
    world.list("pods", namespace).filter_map(|(_, pod)| measured(pod)).collect()
}

/// What nodes use: what their pods use, and what the system does.
fn nodes(world: &World, at: DateTime<Utc>) -> Vec<Value> {
    let measured = pods(world, "", at);
    let on = |node: &str| -> (u64, u64) {
        let is_there = |(_, pod): &(_, &Value)| pod.pointer("/spec/nodeName").and_then(Value::as_str) == Some(node);
        let names: Vec<&Value> =
            world.list("pods", "").filter(is_there).map(|(_, pod)| &pod["metadata"]["name"]).collect();
        let usages = measured.iter().filter(|pod| names.contains(&&pod["metadata"]["name"]));
        let usages = usages.flat_map(|pod| pod["containers"].as_array().into_iter().flatten());
        usages.fold((0, 0), |(cpu, memory), container| {
            let usage = |of: &str| container["usage"][of].as_str().unwrap_or_default().to_owned();
            let millis = Millicores::read(&usage("cpu")).map_or(0, |cpu| cpu.0);
            (cpu + millis, memory + Bytes::read(&usage("memory")).map_or(0, |memory| memory.0))
        })
    };
    // A node whose kubelet is silent tells nobody what it uses.
    let is_heard = |node: &Value| {
        let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
        conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] != "Unknown")
    };
    world
        .list("nodes", "")
        .filter(|(_, node)| is_heard(node))
        .map(|(key, _)| {
            let (millis, bytes) = on(&key.name);
            let system = share(&key.name, at, 180, 90);
            json!({
                "kind": "NodeMetrics", "apiVersion": "metrics.k8s.io/v1beta1",
                "metadata": {"name": key.name, "creationTimestamp": stamp(at)}, "timestamp": stamp(at), "window": "20s",
                "usage": {"cpu": format!("{}m", millis + system), "memory": format!("{}Ki", bytes / 1_024 + 1_300_000 + system * 512)},
            })
        })
        .collect()
}

/// A figure between `least` and `least + spread` that is each name's own and drifts from one measurement to the next.
fn share(name: &str, at: DateTime<Utc>, least: u64, spread: u64) -> u64 {
    let own = name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let step = u64::try_from(at.timestamp().div_euclid(EVERY.num_seconds())).unwrap_or(0);
    // A triangle: up and down again, never a jump.
    let place = own.wrapping_add(step) % (2 * spread);
    least + place.min(2 * spread - place)
}
