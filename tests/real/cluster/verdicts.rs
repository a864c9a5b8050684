//! What `status` says of rollouts on the real control plane, beside what kubectl says.

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// Waits until `status` gives a verdict, and returns the row with the exit code.
fn wait_for_verdict(console: &Console, name: &str, verdict: &str) -> (Option<i32>, Value) {
    wait_until(&format!("{name} being {verdict}"), PATIENCE, || {
        let (code, row) = console.status_of(name);
        (row["verdict"] == verdict).then_some((code, row))
    })
}

fn kubectl_says_done(shop: &Shop, name: &str) -> bool {
    let said = shop.kubectl(&["rollout", "status", &format!("deployment/{name}"), "--watch=false"]);
    said.stdout.contains("successfully rolled out")
}

#[test]
fn a_good_rollout_is_complete_and_kubectl_agrees() {
    let shop = Shop::open("verdict-good");
    shop.deploy_good("api", "api:1", 3);
    let console = Console::of("oncall", &shop, Grant::Read);
    let (code, row) = wait_for_verdict(&console, "api", "complete");
    assert_eq!(code, Some(0));
    assert_eq!(
        (row["desired"].as_u64(), row["ready"].as_u64(), row["revision"].as_u64()),
        (Some(3), Some(3), Some(1)),
        "{row}"
    );
    assert_eq!(row["images"], serde_json::json!(["api:1"]));
    assert!(kubectl_says_done(&shop, "api"));
}

/// A native sidecar is asked for its log like any other container, and holds a StatefulSet, which has no deadline, all the same.
#[test]
fn a_sidecar_that_never_gets_ready_holds_its_pod() {
    let shop = Shop::open("verdict-sidecar");
    let console = Console::of("oncall", &shop, Grant::Read);
    shop.apply(&serde_json::json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "api"},
        "spec": {"replicas": 2, "serviceName": "api", "selector": {"matchLabels": {"app": "api"}}, "template": {
            "metadata": {"labels": {"app": "api"}, "annotations": {"quarterdeck.test/behaviour": "sidecar-never-ready"}},
            "spec": {"nodeName": "node-1", "terminationGracePeriodSeconds": 1,
                "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}],
                "containers": [{"name": "api", "image": "api:1"}]}}},
    }));
    let (code, row) = wait_for_verdict(&console, "api", "stuck");
    assert_eq!(code, Some(2), "{row}");
    let words = row["reason"].as_str().unwrap_or_default();
    assert_eq!(words, "ProbeFailing: pod api-0: container proxy runs but is not ready");
    let logs = console.run(&["logs", "statefulset/api", "-n", &shop.name]);
    // This kubelet keeps no logs of them; that both are asked is what counts.
    let said = logs.stdout + &logs.stderr;
    assert!(said.contains("api-0/proxy: no logs found") && said.contains("api-0/api: no logs found"), "{said}");
}

#[test]
fn stuck_rollouts_name_the_pod_and_the_reason() {
    let shop = Shop::open("verdict-stuck");
    let console = Console::of("oncall", &shop, Grant::Read);
    let situations = [
        ("image", Behaviour::ImagePull, "ImagePullBackOff"),
        ("crash", Behaviour::CrashLoop, "CrashLoopBackOff"),
        ("node", Behaviour::Unschedulable, "Unschedulable"),
        ("probe", Behaviour::NeverReady, "ProbeFailing"),
    ];
    for (name, ..) in situations {
        shop.deploy_good(name, "api:1", 2);
    }
    for (name, behaviour, _) in situations {
        shop.deploy(name, "api:2", behaviour, 2);
    }
    for (name, _, reason) in situations {
        let (code, row) = wait_for_verdict(&console, name, "stuck");
        assert_eq!(code, Some(2), "stuck is grave");
        let words = row["reason"].as_str().unwrap_or_default();
        assert!(words.contains(reason) && words.contains(&format!("pod {name}-")), "{name}: {words}");
        assert!(!kubectl_says_done(&shop, name));
    }
}

#[test]
fn a_slow_rollout_is_on_its_way_and_not_stuck() {
    let shop = Shop::open("verdict-slow");
    shop.deploy_good("api", "api:1", 2);
    shop.deploy("api", "api:2", Behaviour::Slow(8), 2);
    let console = Console::of("oncall", &shop, Grant::Read);
    assert_eq!(wait_for_verdict(&console, "api", "progressing").0, Some(0));
    wait_for_verdict(&console, "api", "complete");
}

#[test]
fn a_quota_in_the_way_of_the_surge_is_no_end() {
    let shop = Shop::open("verdict-quota");
    shop.deploy_good("api", "api:1", 4);
    shop.limit_pods(4);
    shop.deploy("api", "api:2", Behaviour::Good, 4);
    let console = Console::of("oncall", &shop, Grant::Read);
    let mut looks = 0;
    wait_until("api being complete", PATIENCE, || {
        // A refused controller waits ever longer, for minutes in the end; a change of its object makes it look again.
        looks += 1;
        let touch = format!("quarterdeck.test/looks={looks}");
        shop.kubectl(&["annotate", "replicasets", "--all", "--overwrite", &touch]).good("annotate");
        (console.status_of("api").1["verdict"] == "complete").then_some(())
    });
    assert!(kubectl_says_done(&shop, "api"));
}

#[test]
fn pods_a_quota_refuses_are_named() {
    let shop = Shop::open("verdict-refused");
    shop.limit_pods(1);
    shop.deploy("api", "api:1", Behaviour::Good, 2);
    let console = Console::of("oncall", &shop, Grant::Read);
    let (code, row) = wait_for_verdict(&console, "api", "stuck");
    assert_eq!(code, Some(2));
    assert!(row["reason"].as_str().is_some_and(|words| words.contains("exceeded quota")), "{row}");
}

#[test]
fn who_may_see_deployments_only_sees_them_and_is_told_the_rest() {
    let shop = Shop::open("verdict-narrow");
    shop.deploy_good("api", "api:1", 1);
    shop.kubectl(&[
        "create",
        "role",
        "narrow",
        "--verb=get,list,watch",
        "--resource=deployments.apps,replicasets.apps,pods",
    ])
    .good("a role");
    shop.kubectl(&["create", "rolebinding", "narrow", "--role=narrow", "--user=stranger"]).good("its binding");
    let console = Console::of("stranger", &shop, Grant::Read);
    let (code, row) = wait_for_verdict(&console, "api", "complete");
    assert_eq!(code, Some(3), "what one may not see is unknown, and no success: {row}");
    let document = console.run(&["status", "--output", "json"]).stdout;
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let of = |kind: &str| {
        let sources = document["sources"].as_array().into_iter().flatten();
        let named = sources.filter(|source| source["name"].as_str().is_some_and(|name| name.ends_with(kind)));
        named.map(|source| (source["state"].clone(), source["error"].to_string())).next().expect("a source")
    };
    assert_eq!(of("/deployments").0, "fresh", "the rest works on");
    for kind in ["/statefulsets", "/daemonsets"] {
        let (state, error) = of(kind);
        let is_said = error.contains("not allowed") && error.contains(&kind[1..]) && error.contains(&shop.name);
        assert!(state == "forbidden" && is_said, "{kind} says what may not be listed, and where: {state} {error}");
    }
    let said = console.run(&["status"]).stdout;
    assert!(said.contains("statefulsets: forbidden") && said.contains("stranger"), "{said}");
    let screen = console.open(120, 40);
    screen.wait_for("the rest works", PATIENCE, |text| text.contains("api") && text.contains("complete"));
    screen.wait_for("what is not seen", PATIENCE, |text| text.contains("statefulsets") && !text.contains("stale"));
}

#[test]
fn a_user_without_rights_is_told_what_is_missing() {
    let shop = Shop::open("verdict-stranger");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("stranger", &shop, Grant::Read);
    let finished = console.run(&["status", "--output", "json"]);
    assert_eq!(finished.code, Some(3));
    let document: Value = serde_json::from_str(&finished.stdout).expect("a document");
    let error = document["sources"][0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("stranger") && error.contains("deployments"), "{error}");
}
