//! The contract of what causes are found in: nodes, quotas, claims and budgets, real and simulated.

use serde_json::{Value, json};

use super::contract::{JSON, Server, on_both};
use crate::support::console::Console;
use crate::support::process::wait_until;
use crate::support::shop::PATIENCE;

/// Creates an object and returns it.
fn made(server: &Server, path: &str, object: &Value) -> Value {
    let (code, made) = server.ask("POST", &server.path(path), JSON, object);
    assert_eq!(code, 201, "{}: {path}: {made}", server.what);
    made
}

/// A Deployment whose pods have this specification.
fn deployed(server: &Server, name: &str, replicas: u32, volumes: &Value) {
    let object = json!({
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas, "progressDeadlineSeconds": 600, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": {"sandbox.quarterdeck.dev/ready-after-seconds": "1"}},
                "spec": {"terminationGracePeriodSeconds": 1, "volumes": volumes, "containers": [{"name": "app", "image": "app:1"}]},
            },
        },
    });
    made(server, "deployments", &object);
}

/// An object as soon as a part of it is as expected.
fn until(server: &Server, what: &str, path: &str, claim: impl Fn(&Value) -> bool) -> Value {
    let path = server.path(path);
    wait_until(&format!("{}: {what}", server.what), PATIENCE, || {
        Some(server.get(&path).1).filter(|object| claim(object))
    })
}

fn condition(object: &Value, kind: &str) -> Option<Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind).cloned()
}

/// The words of the cause of a kind that `status` names.
fn cause(server: &Server, console: &Console, kind: &str) -> String {
    wait_until(&format!("{}: a cause of kind {kind}", server.what), PATIENCE, || {
        let document: Value = serde_json::from_str(&console.run(&["status", "--output", "json"]).stdout).ok()?;
        let causes = document["causes"].as_array()?;
        Some(causes.iter().find(|cause| cause["kind"] == kind)?["words"].as_str()?.to_owned())
    })
}

/// A quota at its limit: what it says of itself, what the Deployment says, the event, and what we make of it.
#[test]
fn a_quota_refuses_alike_and_is_named() {
    on_both("contract-quota", |server| {
        made(server, "resourcequotas", &json!({"metadata": {"name": "few"}, "spec": {"hard": {"pods": "1"}}}));
        until(server, "the quota counted", "resourcequotas/few", |quota| {
            quota.pointer("/status/hard/pods") == Some(&json!("1"))
                && quota.pointer("/status/used/pods") == Some(&json!("0"))
        });
        deployed(server, "api", 2, &Value::Null);
        let object =
            until(server, "the refusal", "deployments/api", |object| condition(object, "ReplicaFailure").is_some());
        let failure = condition(&object, "ReplicaFailure").unwrap_or_default();
        assert_eq!(
            (&failure["status"], &failure["reason"]),
            (&json!("True"), &json!("FailedCreate")),
            "{}",
            server.what
        );
        let words = "is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1";
        assert!(failure["message"].as_str().is_some_and(|said| said.ends_with(words)), "{}: {failure}", server.what);
        until(server, "the quota used up", "resourcequotas/few", |quota| {
            quota.pointer("/status/used/pods") == Some(&json!("1"))
        });
        until(server, "the event", "events?limit=500", |list| {
            list["items"].as_array().into_iter().flatten().any(|event| {
                event["reason"] == "FailedCreate" && event["message"].as_str().is_some_and(|said| said.ends_with(words))
            })
        });
        let said = cause(server, &server.console(), "quota");
        let namespace = &server.namespace;
        assert_eq!(
            said,
            format!("quota few in namespace {namespace} is exhausted (pods 1/1): pods of api are refused"),
            "{}",
            server.what
        );
    });
}

/// A claim nobody binds: it is Pending, its pod finds no node, and the claim is named as the cause.
#[test]
fn a_claim_that_is_not_bound_holds_its_pod_alike_and_is_named() {
    on_both("contract-claim", |server| {
        let spec = json!({"accessModes": ["ReadWriteOnce"], "storageClassName": "nobody-made", "resources": {"requests": {"storage": "1Gi"}}});
        made(server, "persistentvolumeclaims", &json!({"metadata": {"name": "data"}, "spec": spec}));
        deployed(server, "db", 1, &json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]));
        until(server, "a pending claim", "persistentvolumeclaims/data", |claim| {
            claim.pointer("/status/phase") == Some(&json!("Pending"))
        });
        let list = until(server, "a pod without a node", "pods?labelSelector=app%3Ddb&limit=500", |list| {
            condition(&list["items"][0], "PodScheduled").is_some_and(|scheduled| scheduled["reason"] == "Unschedulable")
        });
        let pod = &list["items"][0];
        let said =
            condition(pod, "PodScheduled").unwrap_or_default()["message"].as_str().unwrap_or_default().to_owned();
        assert!(said.contains("unbound immediate PersistentVolumeClaims"), "{}: {said}", server.what);
        assert_eq!(pod["status"]["phase"], "Pending", "{}: {pod}", server.what);
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let words = format!("PVC data is Pending (there is no storage class nobody-made): pod {name} waits");
        assert_eq!(cause(server, &server.console(), "volume"), words, "{}", server.what);
    });
}

/// A budget that lets no pod go, and one that lets one: counted alike.
#[test]
fn a_budget_says_alike_what_it_lets_go() {
    on_both("contract-budget", |server| {
        deployed(server, "api", 2, &Value::Null);
        until(server, "two healthy pods", "deployments/api", |object| {
            object.pointer("/status/availableReplicas") == Some(&json!(2))
        });
        let selector = json!({"matchLabels": {"app": "api"}});
        for (name, spec, allowed, desired) in [
            ("all", json!({"minAvailable": 2}), 0, 2),
            ("half", json!({"minAvailable": "50%"}), 1, 1),
            ("one", json!({"maxUnavailable": 1}), 1, 1),
            ("none", json!({"maxUnavailable": 0}), 0, 2),
        ] {
            let mut spec = spec;
            spec["selector"] = selector.clone();
            made(server, "poddisruptionbudgets", &json!({"metadata": {"name": name}, "spec": spec}));
            let budget = until(server, "a counted budget", &format!("poddisruptionbudgets/{name}"), |budget| {
                budget.pointer("/status/observedGeneration") == Some(&json!(1))
                    && budget.pointer("/status/currentHealthy") == Some(&json!(2))
            });
            let status = &budget["status"];
            let found = (&status["disruptionsAllowed"], &status["desiredHealthy"], &status["expectedPods"]);
            assert_eq!(found, (&json!(allowed), &json!(desired), &json!(2)), "{}: {name}: {budget}", server.what);
        }
    });
}

/// What causes are found in; without a metrics server its group is absent, which is an answer of its own.
#[test]
fn nodes_and_what_stands_around_workloads_are_listed() {
    on_both("contract-around", |server| {
        let (code, nodes) = server.get("/api/v1/nodes?limit=500");
        assert_eq!((code, nodes["kind"].as_str()), (200, Some("NodeList")), "{}: {nodes}", server.what);
        let is_told_of = |node: &Value| {
            let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
            let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
            let since = ready.and_then(|ready| ready["lastTransitionTime"].as_str());
            since.is_some_and(|since| chrono::DateTime::parse_from_rfc3339(since).is_ok())
                && node.pointer("/status/allocatable/pods").is_some_and(Value::is_string)
                && node.pointer("/status/nodeInfo/kubeletVersion").is_some_and(Value::is_string)
        };
        assert!(nodes["items"].as_array().is_some_and(|all| all.iter().any(is_told_of)), "{}: {nodes}", server.what);
        for (path, kind) in [
            (server.path("resourcequotas?limit=500"), "ResourceQuotaList"),
            (server.path("persistentvolumeclaims?limit=500"), "PersistentVolumeClaimList"),
            (server.path("poddisruptionbudgets?limit=500"), "PodDisruptionBudgetList"),
        ] {
            let (code, list) = server.get(&path);
            assert_eq!((code, list["kind"].as_str()), (200, Some(kind)), "{}: {path}: {list}", server.what);
            assert!(list["items"].as_array().is_some_and(Vec::is_empty), "{}: {list}", server.what);
        }
        assert_eq!(server.get("/apis/metrics.k8s.io/v1beta1/nodes").0, 404, "{}", server.what);
        let (code, said) = server.get("/readyz?verbose");
        let lines: Vec<&str> = said.as_str().unwrap_or_default().lines().collect();
        let (checks, end) = lines.split_at(lines.len().saturating_sub(1));
        assert!(code == 200 && end == ["readyz check passed"], "{}: {code} {said}", server.what);
        assert!(
            checks.contains(&"[+]etcd ok") && checks.iter().all(|line| line.starts_with("[+]")),
            "{}: {said}",
            server.what
        );
    });
}
