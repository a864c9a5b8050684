//! Tables, as kubectl prints them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::route::Resource;
use crate::sandbox::world::read_stamp;

/// The objects as a `Table`.
pub(super) fn table(resource: Resource, objects: &[&Value], version: &str, now: DateTime<Utc>) -> Value {
    let columns: Vec<Value> = columns(resource.plural)
        .iter()
        .map(|name| json!({"name": name, "type": "string", "format": "", "description": "", "priority": 0}))
        .collect();
    let rows: Vec<Value> = objects.iter().map(|object| json!({"cells": cells(resource.plural, object, now), "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]}})).collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version}, "columnDefinitions": columns, "rows": rows})
}

const fn columns(plural: &str) -> &'static [&'static str] {
    match plural.as_bytes() {
        b"deployments" => &["Name", "Ready", "Up-to-date", "Available", "Age"],
        b"cronjobs" => &["Name", "Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"],
        b"jobs" => &["Name", "Status", "Completions", "Duration", "Age"],
        b"replicasets" => &["Name", "Desired", "Current", "Ready", "Age"],
        b"pods" => &["Name", "Ready", "Status", "Restarts", "Age"],
        b"events" => &["Last Seen", "Type", "Reason", "Object", "Message"],
        b"nodes" | b"namespaces" => &["Name", "Status", "Age"],
        _ => &["Name", "Age"],
    }
}

fn cells(plural: &str, object: &Value, now: DateTime<Utc>) -> Vec<Value> {
    let text = |pointer: &str| json!(object.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let age = |pointer: &str| {
        json!(
            read_stamp(object.pointer(pointer))
                .map_or_else(|| "<unknown>".to_owned(), |at| duration((now - at).num_seconds()))
        )
    };
    let (name, created) = (text("/metadata/name"), age("/metadata/creationTimestamp"));
    match plural {
        "deployments" => vec![
            name,
            json!(format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas"))),
            json!(number("/status/updatedReplicas")),
            json!(number("/status/availableReplicas")),
            created,
        ],
        "cronjobs" => {
            let or_none =
                |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or("<none>").to_owned();
            let last =
                object.pointer("/status/lastScheduleTime").map_or(json!("<none>"), |_| age("/status/lastScheduleTime"));
            let active = object.pointer("/status/active").and_then(Value::as_array).map_or(0, Vec::len);
            let is_suspended = object.pointer("/spec/suspend") == Some(&json!(true));
            let suspended = if is_suspended { "True" } else { "False" };
            vec![
                name,
                text("/spec/schedule"),
                json!(or_none("/spec/timeZone")),
                json!(suspended),
                json!(active),
                last,
                created,
            ]
        }
        "jobs" => {
            let done = format!("{}/{}", number("/status/succeeded"), number("/spec/completions"));
            let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
            let mut ends = conditions.filter_map(|condition| condition["type"].as_str());
            let status = ends.find(|kind| matches!(*kind, "Complete" | "Failed")).unwrap_or("Running").to_owned();
            vec![name, json!(status), json!(done), age("/status/startTime"), created]
        }
        "replicasets" => vec![
            name,
            json!(number("/spec/replicas")),
            json!(number("/status/replicas")),
            json!(number("/status/readyReplicas")),
            created,
        ],
        "pods" => pod(object, name, created),
        "events" => vec![
            age("/lastTimestamp"),
            text("/type"),
            text("/reason"),
            json!(format!(
                "{}/{}",
                object["involvedObject"]["kind"].as_str().unwrap_or_default().to_lowercase(),
                object["involvedObject"]["name"].as_str().unwrap_or_default()
            )),
            text("/message"),
        ],
        "nodes" => vec![name, json!("Ready"), created],
        "namespaces" => vec![name, json!("Active"), created],
        _ => vec![name, created],
    }
}

fn pod(object: &Value, name: Value, created: Value) -> Vec<Value> {
    let statuses: Vec<&Value> =
        object.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten().collect();
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let restarts: u64 = statuses.iter().filter_map(|status| status["restartCount"].as_u64()).sum();
    let waiting = statuses.iter().find_map(|status| status.pointer("/state/waiting/reason")?.as_str());
    let phase = object.pointer("/status/phase").and_then(Value::as_str).unwrap_or("Pending");
    let status =
        if object["metadata"].get("deletionTimestamp").is_some() { "Terminating" } else { waiting.unwrap_or(phase) };
    let containers = object.pointer("/spec/containers").and_then(Value::as_array).map_or(0, Vec::len);
    vec![name, json!(format!("{ready}/{containers}")), json!(status), json!(restarts.to_string()), created]
}

/// A duration as kubectl prints it: `95s`, `12m`, `3h`, `4d`.
fn duration(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7_200 => format!("{}m", seconds / 60),
        seconds @ 7_200..172_800 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}
