//! The control plane does what the other tests take for granted, and Kubernetes still has the traps they are about.

use serde_json::Value;

use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object.pointer("/status/conditions")?.as_array()?.iter().find(|condition| condition["type"] == kind)
}

#[test]
fn a_good_deployment_rolls_out() {
    let shop = Shop::open("harness-good");
    shop.deploy_good("api", "api:1", 3);
    let object = shop.deployment("api");
    assert_eq!(object.pointer("/status/availableReplicas"), Some(&3.into()));
    assert_eq!(condition(&object, "Progressing").map(|found| &found["reason"]), Some(&"NewReplicaSetAvailable".into()));
}

#[test]
fn an_image_that_does_not_come_keeps_the_old_pods() {
    let shop = Shop::open("harness-image");
    shop.deploy_good("api", "api:1", 4);
    shop.deploy("api", "api:2", Behaviour::ImagePull, 4);
    shop.wait_for_waiting("api:2", "ImagePullBackOff");
    wait_until("one pod given up for the new one", PATIENCE, || {
        (shop.deployment("api").pointer("/status/availableReplicas") == Some(&3.into())).then_some(())
    });
    assert_eq!(shop.pods("api:1").len(), 3);
}

#[test]
fn a_crash_loop_counts_its_restarts() {
    let shop = Shop::open("harness-crash");
    shop.deploy("api", "api:1", Behaviour::CrashLoop, 1);
    shop.wait_for_waiting("api:1", "CrashLoopBackOff");
    shop.wait_for_pod("api:1", "a second restart", |pod| {
        pod.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_u64) >= Some(2)
    });
}

#[test]
fn a_pod_that_is_never_ready_runs() {
    let shop = Shop::open("harness-unready");
    shop.deploy("api", "api:1", Behaviour::NeverReady, 1);
    let pod = shop.wait_for_pod("api:1", "a running pod", |pod| pod["status"]["phase"] == "Running");
    assert_eq!(condition(&pod, "Ready").map(|found| &found["status"]), Some(&"False".into()));
}

#[test]
fn a_pod_no_node_takes_is_unschedulable() {
    let shop = Shop::open("harness-node");
    shop.deploy("api", "api:1", Behaviour::Unschedulable, 1);
    shop.wait_for_pod("api:1", "the scheduler giving up", |pod| {
        condition(pod, "PodScheduled").is_some_and(|found| found["reason"] == "Unschedulable")
    });
}

#[test]
fn a_quota_refuses_pods() {
    let shop = Shop::open("harness-quota");
    shop.limit_pods(2);
    shop.deploy("api", "api:1", Behaviour::Good, 3);
    wait_until("a refusal by quota", PATIENCE, || {
        let object = shop.deployment("api");
        let failure = condition(&object, "ReplicaFailure")?;
        failure["message"].as_str()?.contains("exceeded quota").then_some(())
    });
}

#[test]
fn slow_pods_arrive_late_and_slow_ones_leave_late() {
    let shop = Shop::open("harness-slow");
    shop.deploy("api", "api:1", Behaviour::SlowToGo(60), 2);
    shop.rolled_out("api");
    shop.deploy("api", "api:2", Behaviour::Slow(6), 2);
    let pod = shop.wait_for_pod("api:2", "a pod that is being created", |pod| {
        pod.pointer("/status/containerStatuses/0/state/waiting/reason") == Some(&"ContainerCreating".into())
    });
    assert_eq!(condition(&pod, "Ready").map(|found| &found["status"]), Some(&"False".into()));
    shop.rolled_out("api");
    let leaving = shop.pods("api:1");
    assert!(!leaving.is_empty(), "the old pods have gone at once");
    assert!(leaving.iter().all(|pod| pod.pointer("/metadata/deletionTimestamp").is_some()));
}

#[test]
fn kubectl_undo_after_a_restart_goes_back_to_the_bad_revision() {
    let shop = Shop::open("harness-undo");
    shop.deploy_good("api", "api:1", 2);
    shop.deploy("api", "api:2", Behaviour::CrashLoop, 2);
    shop.wait_for_waiting("api:2", "CrashLoopBackOff");
    shop.kubectl(&["rollout", "restart", "deployment/api"]).good("restart");
    wait_until("three revisions", PATIENCE, || (shop.history("api") == [1, 2, 3]).then_some(()));
    shop.kubectl(&["rollout", "undo", "deployment/api"]).good("undo");
    assert_eq!(shop.image("api"), "api:2");
}

#[test]
fn rights_are_real() {
    let shop = Shop::open("harness-rights");
    let may = |user: &str, verb: &str| {
        shop.kubectl(&["auth", "can-i", verb, "deployments.apps", "--as", user]).stdout.trim().to_owned()
    };
    assert_eq!((may("oncall", "patch"), may("second", "patch")), ("yes".into(), "yes".into()));
    assert_eq!((may("viewer", "list"), may("viewer", "patch")), ("yes".into(), "no".into()));
    assert_eq!(may("stranger", "get"), "no");
}

#[test]
fn the_audit_log_knows_who_asked_for_what() {
    let shop = Shop::open("harness-audit");
    shop.kubectl(&["get", "configmaps"]).good("get");
    let noted = wait_until("the request in the audit log", PATIENCE, || {
        let all = shop.plane.audited("admin");
        all.into_iter().find(|line| line.namespace == shop.name && line.resource == "configmaps")
    });
    assert_eq!((noted.verb.as_str(), noted.code), ("list", 200));
    assert!(noted.user_agent.starts_with("kubectl/"), "{}", noted.user_agent);
}
