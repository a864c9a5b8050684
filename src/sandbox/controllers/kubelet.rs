//! The kubelet's part: what pods do, chosen by an annotation of their template.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{around, keys, text};
use crate::domain::time;
use crate::sandbox::world::{Key, World, read_stamp, stamp};

/// What a pod does: `ready` (default), `image-pull`, `crash-loop`, `never-ready`, `unschedulable`; one that is to end: `fail`.
pub(in crate::sandbox) const BEHAVIOUR: &str = "sandbox.quarterdeck.dev/behaviour";
/// After how many seconds a pod is ready; 3 when it does not say.
pub(in crate::sandbox) const READY_AFTER: &str = "sandbox.quarterdeck.dev/ready-after-seconds";
/// How long a pod takes to leave.
const LEAVES_AFTER: TimeDelta = TimeDelta::seconds(2);
const NODES: [&str; 3] = ["node-a", "node-b", "node-c"];

/// How a pod is at one moment, and when that changes.
struct Moment {
    phase: &'static str,
    is_ready: bool,
    state: Value,
    last_state: Value,
    restarts: u32,
    until: Option<TimeDelta>,
    event: Option<(&'static str, String)>,
}

pub(super) fn reconcile(world: &mut World, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut due: Vec<DateTime<Utc>> = Vec::new();
    for key in keys(world, "pods") {
        let Some(pod) = world.get(&key).cloned() else { continue };
        let created = read_stamp(pod.pointer("/metadata/creationTimestamp")).unwrap_or(now);
        if let Some(gone_by) = read_stamp(pod.pointer("/metadata/deletionTimestamp")) {
            let grace = pod.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
            let gone_at = gone_by - time::seconds(grace) + LEAVES_AFTER.min(time::seconds(grace));
            if gone_at <= now {
                world.remove(&key);
            } else {
                due.push(gone_at);
            }
            continue;
        }
        if let Some(next) = live(world, &key, pod, created, now) {
            due.push(next);
        }
    }
    due.into_iter().min()
}

/// Brings a pod's status to what it is now; when it changes next.
fn live(
    world: &mut World,
    key: &Key,
    mut pod: Value,
    created: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let annotation = |name: &str| {
        pod.pointer("/metadata/annotations")
            .and_then(|annotations| annotations.get(name))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let behaviour = annotation(BEHAVIOUR).unwrap_or_default();
    let no_room = || {
        let words = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";
        (behaviour == "unschedulable").then(|| words.to_owned())
    };
    let is_placed = pod["spec"].get("nodeName").is_some();
    let homeless = no_room().or_else(|| around::unbound(world, &key.namespace, &pod).filter(|_| !is_placed));
    if let Some(message) = homeless {
        let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastTransitionTime": stamp(created),
            "message": message});
        pod["status"] = json!({"phase": "Pending", "conditions": [condition]});
        let about = pod.clone();
        if world.get(key) != Some(&pod) {
            world.put(key.clone(), pod);
            world.event(&about, "Pod", true, "FailedScheduling", &message, now);
        }
        return None;
    }
    let ready_after = annotation(READY_AFTER).and_then(|seconds| seconds.parse().ok()).unwrap_or(3);
    let image = text(&pod, "/spec/containers/0/image");
    let age = now - created;
    let is_to_end = matches!(text(&pod, "/spec/restartPolicy").as_str(), "Never" | "OnFailure");
    let moment = if is_to_end && behaviour != "image-pull" {
        ending(behaviour == "fail", age, time::seconds(ready_after), created)
    } else {
        moment(&behaviour, age, time::seconds(ready_after), &image, created)
    };
    let place = key.name.bytes().map(usize::from).sum::<usize>() % NODES.len();
    if !is_placed {
        pod["spec"]["nodeName"] = json!(NODES[place]);
    }
    let since = if moment.is_ready { created + time::seconds(ready_after) } else { created };
    // Nobody hears of a pod whose node is silent: it counts as not ready since then, and its containers stay as they were last.
    let silent = silent_since(world, &text(&pod, "/spec/nodeName"));
    let (is_ready, since) = silent.map_or((moment.is_ready, since), |silent| (false, silent));
    let truth = |is_true: bool| if is_true { "True" } else { "False" };
    let conditions: Vec<Value> = [
        ("PodScheduled", true, created),
        ("Initialized", true, created),
        ("ContainersReady", moment.is_ready, since),
        ("Ready", is_ready, since),
    ]
    .iter()
    .map(|(kind, is_true, at)| json!({"type": kind, "status": truth(*is_true), "lastTransitionTime": stamp(*at)}))
    .collect();
    let statuses: Vec<Value> = pod
        .pointer("/spec/containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|container| {
            json!({"name": container["name"], "image": container["image"], "ready": moment.is_ready, "started": moment.is_ready,
                "restartCount": moment.restarts, "state": moment.state, "lastState": moment.last_state})
        })
        .collect();
    pod["status"] = json!({"phase": moment.phase, "conditions": conditions, "containerStatuses": statuses, "startTime": stamp(created),
        "podIP": format!("10.244.{place}.{}", key.name.bytes().map(u32::from).sum::<u32>() % 250 + 2)});
    let is_changed = {
        let known = world.get(key);
        known.is_none_or(|known| known["status"] != pod["status"])
    };
    if is_changed {
        let about = pod.clone();
        world.put(key.clone(), pod);
        if let Some((reason, note)) = moment.event {
            world.event(&about, "Pod", reason != "Started", reason, &note, now);
        }
    }
    moment.until.map(|until| created + until)
}

/// Since when the kubelet of a node says nothing any more; `None` while it does, and where there is no such node.
fn silent_since(world: &World, node: &str) -> Option<DateTime<Utc>> {
    let key = Key { resource: "nodes", namespace: String::new(), name: node.to_owned() };
    let conditions = world.get(&key)?.pointer("/status/conditions")?.as_array()?;
    let ready = conditions.iter().find(|one| one["type"] == "Ready" && one["status"] != "True")?;
    read_stamp(ready.get("lastTransitionTime"))
}

/// What a pod of an age is doing.
fn moment(behaviour: &str, age: TimeDelta, ready_after: TimeDelta, image: &str, created: DateTime<Utc>) -> Moment {
    let pending = |until: i64| Moment {
        phase: "Pending",
        is_ready: false,
        state: json!({"waiting": {"reason": "ContainerCreating"}}),
        last_state: json!({}),
        restarts: 0,
        until: Some(time::seconds(until)),
        event: None,
    };
    if age < TimeDelta::seconds(1) {
        return pending(1);
    }
    match behaviour {
        "image-pull" => {
            let (reason, until) = if age < TimeDelta::seconds(3) {
                ("ErrImagePull", Some(TimeDelta::seconds(3)))
            } else {
                ("ImagePullBackOff", None)
            };
            let note = match reason {
                "ErrImagePull" => format!("Failed to pull image \"{image}\": not found"),
                _ => format!("Back-off pulling image \"{image}\""),
            };
            let event = if reason == "ErrImagePull" { ("Failed", note.clone()) } else { ("BackOff", note.clone()) };
            Moment {
                state: json!({"waiting": {"reason": reason, "message": note}}),
                until,
                event: Some(event),
                ..pending(1)
            }
        }
        "crash-loop" => crashing(age, created),
        "never-ready" => Moment {
            phase: "Running",
            state: json!({"running": {"startedAt": stamp(created + TimeDelta::seconds(1))}}),
            until: None,
            event: Some(("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned())),
            ..pending(1)
        },
        _ if age < ready_after => Moment {
            phase: "Running",
            state: json!({"running": {"startedAt": stamp(created + TimeDelta::seconds(1))}}),
            until: Some(ready_after),
            event: Some(("Started", "Started container".to_owned())),
            ..pending(1)
        },
        _ => Moment {
            phase: "Running",
            is_ready: true,
            state: json!({"running": {"startedAt": stamp(created + TimeDelta::seconds(1))}}),
            until: None,
            ..pending(1)
        },
    }
}

/// A container that runs for so long and ends, well or not.
fn ending(is_bad: bool, age: TimeDelta, runs_for: TimeDelta, created: DateTime<Utc>) -> Moment {
    let started = created + TimeDelta::seconds(1).min(runs_for);
    let running = json!({"running": {"startedAt": stamp(started)}});
    let base = Moment {
        phase: "Running",
        is_ready: true,
        state: running,
        last_state: json!({}),
        restarts: 0,
        until: Some(runs_for),
        event: None,
    };
    if age < TimeDelta::seconds(1) {
        let state = json!({"waiting": {"reason": "ContainerCreating"}});
        return Moment { phase: "Pending", is_ready: false, state, until: Some(TimeDelta::seconds(1)), ..base };
    }
    if age < runs_for {
        return base;
    }
    let (phase, code, reason) = if is_bad { ("Failed", 1, "Error") } else { ("Succeeded", 0, "Completed") };
    let state = json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": stamp(started), "finishedAt": stamp(created + runs_for)}});
    Moment { phase, is_ready: false, state, until: None, ..base }
}

/// A container that ends with an error two seconds after each start; the wait between starts doubles from 8 s up to 5 min.
fn crashing(age: TimeDelta, created: DateTime<Utc>) -> Moment {
    let (mut start, mut wait, mut restarts) = (TimeDelta::seconds(1), TimeDelta::seconds(8), 0_u32);
    loop {
        let end = start + TimeDelta::seconds(2);
        let next = end + wait;
        let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": stamp(created + start), "finishedAt": stamp(created + end)}});
        let base = Moment {
            phase: "Running",
            is_ready: false,
            state: json!({}),
            last_state: if restarts == 0 { json!({}) } else { ended.clone() },
            restarts,
            until: None,
            event: None,
        };
        if age < end {
            return Moment {
                state: json!({"running": {"startedAt": stamp(created + start)}}),
                until: Some(end),
                ..base
            };
        }
        if age < next {
            let note = format!("back-off {}s restarting failed container", wait.num_seconds());
            return Moment {
                state: json!({"waiting": {"reason": "CrashLoopBackOff", "message": note}}),
                last_state: ended,
                restarts: restarts + 1,
                until: Some(next),
                event: Some(("BackOff", "Back-off restarting failed container".to_owned())),
                ..base
            };
        }
        restarts += 1;
        start = next;
        wait = (wait * 2).min(TimeDelta::minutes(5));
    }
}
