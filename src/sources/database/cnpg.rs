//! A cluster of CloudNativePG, by its `Cluster` object: what each instance manager reports of its instance, and what the operator is at.
//!
//! Written by the operator's source and documentation, and held to objects of those shapes; no operator ran beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::database::{Kind, Member, Position, Reading, Role, Said, Switch, Tags, Topology};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::Trouble;
use crate::sources::observe::{ListObjects, Listing};

const API: &str = "/apis/postgresql.cnpg.io/v1";
/// The phase in which nothing is under way.
const HEALTHY: &str = "Cluster in healthy state";
/// Phases in which the operator does what was asked, and nothing is wrong.
const UNDER_WAY: [&str; 3] = ["Setting up primary", "Creating a new replica", "Upgrading cluster"];
/// The annotations by which people tell the operator to keep its hands off.
const FENCED: &str = "cnpg.io/fencedInstances";
const PAUSED: &str = "cnpg.io/reconciliationLoop";
const ASLEEP: &str = "cnpg.io/hibernation";
/// What stands for a target while the operator looks for one by itself.
const PENDING: &str = "pending";

/// Reads it from the cluster of its environment.
pub(super) async fn ask(
    cluster: &dyn ListObjects,
    (namespace, name): (&str, &str),
    now: Instant,
) -> Result<Reading, String> {
    let listing = Listing { api: API, resource: "clusters", namespace: Some(namespace), labels: None };
    let objects = cluster.objects(listing).await.map_err(|error| match error.trouble {
        Trouble::NotFound => {
            "The cluster does not serve postgresql.cnpg.io/v1: CloudNativePG is not installed in it.".to_owned()
        }
        _ => error.sentence,
    })?;
    let found = objects.iter().find(|object| object["metadata"]["name"] == name);
    found.map(|object| read(object, now)).ok_or_else(|| {
        format!(
            "There is no Cluster {} in namespace {}: was it deleted or renamed?",
            text::clean(name),
            text::clean(namespace)
        )
    })
}

/// A text of an object, cleaned; `None` where there is none.
fn shown(of: &Value, key: &str) -> Option<Arc<str>> {
    let clean = text::clean(of.get(key)?.as_str()?.trim());
    (!clean.is_empty()).then(|| Arc::from(clean))
}

fn moment(of: &Value, key: &str) -> Option<Instant> {
    time::read(of.get(key)?.as_str()?)
}

fn names(of: Option<&Value>) -> Vec<Arc<str>> {
    let list = of.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().take(64).filter_map(Value::as_str).map(|name| Arc::from(text::clean(name))).collect()
}

fn read(object: &Value, now: Instant) -> Reading {
    let nothing = Value::Null;
    let (status, annotations) = (&object["status"], &object["metadata"]["annotations"]);
    let reported = status.get("instancesReportedState").and_then(Value::as_object).cloned().unwrap_or_default();
    let state = |name: &str| {
        let by_word = status.get("instancesStatus").and_then(Value::as_object);
        let found = by_word.into_iter().flatten().find(|(_, list)| names(Some(*list)).iter().any(|one| &**one == name));
        found.map(|(state, _)| state.as_str())
    };
    let fenced: Vec<Arc<str>> = annotations
        .get(FENCED)
        .and_then(Value::as_str)
        .and_then(|list| serde_json::from_str::<Value>(list).ok())
        .map(|list| names(Some(&list)))
        .unwrap_or_default();
    let is_fenced = |name: &str| fenced.iter().any(|one| matches!(&**one, "*") || &**one == name);
    let mut all: BTreeMap<Arc<str>, &Value> =
        names(status.get("instanceNames")).into_iter().map(|name| (name, &nothing)).collect();
    all.extend(reported.iter().map(|(name, told)| (Arc::from(text::clean(name)), told)));
    let members = all.into_iter().map(|(name, told)| {
        let said = instance(told, state(&name), (shown(status, "systemID"), is_fenced(&name)), now);
        Member { asked_at: name.clone(), address: shown(told, "ip"), name, said, listed: None }
    });
    let leader = shown(status, "currentPrimary");
    let last = moment(status, "currentPrimaryTimestamp").map(|at| Switch {
        timeline: status["timelineID"].as_u64().unwrap_or(1).saturating_sub(1),
        location: 0,
        at: Some(at),
        leader: leader.clone(),
    });
    let mut reading = Reading {
        members: members.collect(),
        topology: Ok(Topology {
            at: now,
            by: "CloudNativePG".into(),
            scope: shown(&object["metadata"], "name"),
            leader: leader.clone(),
            is_paused: false,
            scheduled: None,
        }),
        history: Some(last.into_iter().collect()),
        is_hands_off: annotations[PAUSED] == "disabled" || annotations[ASLEEP] == "on",
        ..Reading::empty(Kind::CloudNativePg, now)
    };
    reading.troubles = troubles(status, annotations, leader.as_deref(), &fenced);
    reading
}

/// What its instance manager reports of an instance: a report alone makes a primary, never the name the operator wrote down.
fn instance(
    told: &Value,
    state: Option<&str>,
    (system_identifier, is_fenced): (Option<Arc<str>>, bool),
    now: Instant,
) -> Result<Said, String> {
    let Some(is_primary) = told.get("isPrimary").and_then(Value::as_bool) else {
        return Err("Its instance manager reports nothing.".to_owned());
    };
    Ok(Said {
        at: now,
        role: if is_primary { Role::Primary } else { Role::Replica },
        state: match state {
            Some("failed") => "failed".into(),
            _ => "running".into(),
        },
        scope: None,
        governor_version: None,
        server_version: None,
        timeline: told.get("timeLineID").and_then(Value::as_u64).filter(|timeline| *timeline > 0),
        system_identifier,
        position: Position::Unsaid,
        replication: (!is_primary && matches!(state, Some("healthy" | "replicating"))).then(|| "streaming".into()),
        sync: None,
        followers: Vec::new(),
        dcs_seen_at: None,
        is_unlocked: false,
        is_failsafe: false,
        is_paused: false,
        is_restart_pending: false,
        tags: Tags { is_never_promoted: is_fenced, ..Tags::default() },
    })
}

fn troubles(status: &Value, annotations: &Value, leader: Option<&str>, fenced: &[Arc<str>]) -> Vec<String> {
    let mut troubles = Vec::new();
    let phase = shown(status, "phase");
    match phase.as_deref() {
        None => troubles.push("The operator says nothing of it yet.".to_owned()),
        Some(HEALTHY) => {}
        Some(phase) if UNDER_WAY.contains(&phase) => troubles.push(format!("The operator is at it: {phase}.")),
        Some(phase) => {
            let why = shown(status, "phaseReason").map(|why| format!(": {why}")).unwrap_or_default();
            troubles.push(format!("The operator says: {phase}{why}."));
        }
    }
    match (shown(status, "targetPrimary").as_deref(), leader) {
        (Some(PENDING), _) => {
            troubles.push("An automatic failover is under way: the operator looks for a primary.".to_owned());
        }
        (Some(target), Some(leader)) if target != leader => {
            troubles.push(format!("The primary is being changed from {leader} to {target}."));
        }
        _ => {}
    }
    if status.get("currentPrimaryFailingSinceTimestamp").and_then(Value::as_str).is_some_and(|at| !at.is_empty()) {
        troubles.push("The operator sees the primary failing.".to_owned());
    }
    let count = |key: &str| status.get(key).and_then(Value::as_u64);
    if let (Some(ready), Some(all)) = (count("readyInstances"), count("instances"))
        && ready < all
    {
        troubles.push(format!("{ready} of {all} instances are ready."));
    }
    if !fenced.is_empty() {
        troubles.push(format!("Fenced by hand: {}. A fenced primary is not failed over.", fenced.join(", ")));
    }
    if annotations[PAUSED] == "disabled" {
        troubles.push(format!("The operator was told to keep its hands off ({PAUSED}): nobody is promoted by itself."));
    }
    if annotations[ASLEEP] == "on" {
        troubles.push("It is hibernated: nothing of it runs.".to_owned());
    }
    let conditions = status.get("conditions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for condition in conditions.iter().filter_map(Value::as_object) {
        troubles.extend(broken(condition));
    }
    troubles
}

/// Conditions that say that something is broken.
fn broken(condition: &Map<String, Value>) -> Option<String> {
    let is = |key: &str, word: &str| condition.get(key).and_then(Value::as_str) == Some(word);
    let said = |words: &str| {
        let message = condition.get("message").and_then(Value::as_str).unwrap_or_default();
        let message: String = text::clean(message.trim().trim_end_matches('.')).chars().take(200).collect();
        if message.is_empty() { format!("{words}.") } else { format!("{words}: {message}.") }
    };
    if !is("status", "False") {
        return None;
    }
    if is("type", "ContinuousArchiving") {
        return Some(said("WAL is not archived"));
    }
    is("type", "ConsistentSystemID").then(|| said("Its instances are not of one database"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::database::{Condition, Limits, Primary, Readiness, Trail, Verdict};

    fn object() -> Value {
        json!({
            "metadata": {"name": "orders", "namespace": "shop"},
            "status": {
                "instances": 3, "readyInstances": 3, "instanceNames": ["orders-1", "orders-2", "orders-3"],
                "instancesStatus": {"healthy": ["orders-1", "orders-2", "orders-3"]},
                "instancesReportedState": {
                    "orders-1": {"isPrimary": true, "timeLineID": 4, "ip": "10.0.0.1"},
                    "orders-2": {"isPrimary": false, "timeLineID": 4, "ip": "10.0.0.2"},
                    "orders-3": {"isPrimary": false, "timeLineID": 4, "ip": "10.0.0.3"}},
                "currentPrimary": "orders-1", "targetPrimary": "orders-1", "currentPrimaryTimestamp": "2026-12-01T01:00:00.123456Z",
                "phase": "Cluster in healthy state", "timelineID": 4, "systemID": "7400000000000000001",
                "conditions": [{"type": "ContinuousArchiving", "status": "True"}],
            }
        })
    }

    fn seen(change: impl FnOnce(&mut Value)) -> (Reading, Verdict) {
        let mut object = object();
        change(&mut object);
        let reading = read(&object, time::from_seconds(1_796_100_000));
        let verdict = Verdict::of(&reading, &Limits::default(), reading.at);
        (reading, verdict)
    }

    #[test]
    fn a_healthy_cluster_is_what_its_instances_report() {
        let (reading, verdict) = seen(|_| {});
        assert!(matches!(reading.primary(), Primary::One(member, _) if &*member.name == "orders-1"));
        assert_eq!((verdict.condition, verdict.reasons), (Condition::Healthy, Vec::new()));
        assert_eq!(reading.identifier().as_deref(), Some("7400000000000000001"));
        let readiness = Readiness::of(&reading, &Trail::default(), &Limits::default(), reading.at);
        assert_eq!(readiness.word(), "unknown", "how far the others are behind, its object does not tell");
    }

    #[test]
    fn the_operator_at_work_is_said_and_makes_nobody_a_primary() {
        let (reading, verdict) = seen(|object| {
            object["status"]["targetPrimary"] = json!("pending");
            object["status"]["phase"] = json!("Failing over");
            object["status"]["phaseReason"] = json!("orders-1 is gone\u{1b}");
            object["status"]["instancesReportedState"]["orders-1"]["isPrimary"] = json!(false);
        });
        assert_eq!(reading.primary(), Primary::Nobody, "it is written down as the primary, and does not say so");
        assert_eq!(verdict.condition, Condition::NoPrimary);
        assert_eq!(
            verdict.reasons[1..],
            [
                "The operator says: Failing over: orders-1 is gone.",
                "An automatic failover is under way: the operator looks for a primary."
            ]
        );
    }

    #[test]
    fn what_holds_it_back_is_said() {
        let (_, verdict) = seen(|object| {
            object["metadata"]["annotations"] =
                json!({"cnpg.io/fencedInstances": "[\"orders-2\"]", "cnpg.io/reconciliationLoop": "disabled"});
            object["status"]["readyInstances"] = json!(2);
            object["status"]["conditions"][0] =
                json!({"type": "ContinuousArchiving", "status": "False", "message": "exit 1"});
        });
        let said = verdict.reasons.join(" ");
        for words in [
            "2 of 3 instances are ready",
            "Fenced by hand: orders-2",
            "WAL is not archived: exit 1",
            "keep its hands off",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
        let (reading, verdict) = seen(|object| object["status"] = json!({}));
        assert_eq!((reading.members.len(), verdict.condition), (0, Condition::Unknown));
        let two = seen(|object| object["status"]["instancesReportedState"]["orders-2"]["isPrimary"] = json!(true));
        assert_eq!(two.1.condition, Condition::TwoPrimaries);
    }
}
