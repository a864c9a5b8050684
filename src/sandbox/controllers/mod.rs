//! The controllers: what makes a change of a specification happen.
//!
//! Each looks at the world and changes it; [`settle`] runs them until nothing moves any more, and tells when something is due.

pub(super) mod around;
mod cron_job;
mod deployment;
pub(super) mod gitops;
pub(super) mod job;
mod kubelet;

mod replicaset;
mod rolling;

pub(super) use kubelet::{BEHAVIOUR, READY_AFTER};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::world::{Key, World};

/// How often the controllers go round before they are thought to quarrel.
const ROUNDS: usize = 64;

/// Lets the controllers work until nothing moves; when something is due by time alone.
pub(super) fn settle(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut due = None;
    for _ in 0..ROUNDS {
        let before = world.version();
        due = [
            gitops::reconcile(world, now),
            deployment::reconcile(world, now),
            replicaset::reconcile(world, now),
            cron_job::reconcile(world, now),
            job::reconcile(world, now),
            kubelet::reconcile(world, now),
            around::reconcile(world, now),
        ]
        .into_iter()
        .flatten()
        .min();
        if world.version() == before {
            break;
        }
    }
    due
}

/// The keys of a resource, in all namespaces.
fn keys(world: &World, resource: &'static str) -> Vec<Key> {
    world.list(resource, "").map(|(key, _)| key.clone()).collect()
}

/// Objects of a resource controlled by an owner, in the order of their creation, then of their names.
fn owned(world: &World, resource: &'static str, namespace: &str, owner: &str) -> Vec<(Key, Value)> {
    let is_owned =
        |object: &Value| object.pointer("/metadata/ownerReferences/0/uid").and_then(Value::as_str) == Some(owner);
    let mut found: Vec<(Key, Value)> = world
        .list(resource, namespace)
        .filter(|(_, object)| is_owned(object))
        .map(|(key, object)| (key.clone(), object.clone()))
        .collect();
    found.sort_by_key(|(key, object)| (text(object, "/metadata/creationTimestamp"), key.name.clone()));
    found
}

fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// The reference an owned object carries.
fn owner_reference(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }])
}
