//! Pause, resume, scale and set-image on the real control plane; what each of them is refused for.

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

/// Plans and applies; the plan.
fn done(console: &Console, shop: &Shop, arguments: &[&str]) -> Value {
    let all = [arguments, &["-n", shop.name.as_str()]].concat();
    let plan = wait_until("an applicable plan", PATIENCE, || {
        let (finished, plan) = console.plan(&all);
        (finished.code == Some(0)).then_some(plan)
    });
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{arguments:?}: {}{}", finished.stdout, finished.stderr);
    plan
}

fn refused(console: &Console, shop: &Shop, arguments: &[&str], words: &str) {
    let (finished, _) = console.plan(&[arguments, &["-n", shop.name.as_str()]].concat());
    assert_eq!(finished.code, Some(3), "{arguments:?}: {}", finished.stderr);
    assert!(finished.stderr.contains(words), "{arguments:?}: no {words:?} in {}", finished.stderr);
}

#[test]
fn a_rollout_is_paused_half_way_and_goes_on() {
    let shop = Shop::open("actions-pause");
    shop.deploy_good("api", "api:1", 4);
    let console = Console::of("oncall", &shop, Grant::Write);
    refused(&console, &shop, &["resume", "deployment/api"], "is not paused");
    // Two waves: it is paused before the second is through.
    shop.deploy("api", "api:2", Behaviour::Slow(12), 4);
    let plan = done(&console, &shop, &["pause", "deployment/api"]);
    assert_eq!(plan["tier"], "T1");
    assert_eq!(shop.deployment("api")["spec"]["paused"], true);
    let (code, row) = wait_until("a paused rollout", PATIENCE, || {
        let (code, row) = console.status_of("api");
        (row["verdict"] == "paused").then_some((code, row))
    });
    assert_eq!(code, Some(1), "{row}");
    refused(&console, &shop, &["pause", "deployment/api"], "is paused already");
    refused(&console, &shop, &["rollback", "deployment/api"], "is paused");
    done(&console, &shop, &["resume", "deployment/api"]);
    shop.rolled_out("api");
    assert_eq!(shop.image("api"), "api:2");
}

#[test]
fn a_workload_is_scaled_and_an_autoscaler_is_named() {
    let shop = Shop::open("actions-scale");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("oncall", &shop, Grant::Write);
    refused(&console, &shop, &["scale", "deployment/api"], "how many pods");
    refused(&console, &shop, &["scale", "deployment/api", "--replicas", "2"], "has 2 pods already");
    let plan = done(&console, &shop, &["scale", "deployment/api", "--replicas", "4"]);
    assert_eq!(plan["targets"][0]["blast"]["words"], "0 pods stopped, 2 pods started");
    let object = shop.deployment("api");
    assert_eq!((&object["spec"]["replicas"], &object["status"]["availableReplicas"]), (&4.into(), &4.into()));
    assert_eq!(shop.history("api"), [1], "the code is the same");
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 1);
    shop.rolled_out("statefulset/db");
    done(&console, &shop, &["scale", "sts/db", "--replicas", "2"]);
    assert_eq!(shop.get("statefulset", "db")["status"]["readyReplicas"], 2);

    shop.kubectl(&["autoscale", "deployment", "api", "--min=3", "--max=7"]).good("autoscale");
    let (_, plan) = console.plan(&["scale", "deployment/api", "--replicas", "0", "-n", &shop.name]);
    let warnings = plan["targets"][0]["warnings"].to_string();
    assert!(warnings.contains("HorizontalPodAutoscaler api") && warnings.contains("between 3 and 7"), "{warnings}");
    assert!(warnings.contains("OUTAGE") && warnings.contains("goes to sleep"), "{warnings}");
    let (_, plan) = console.plan(&["scale", "deployment/api", "--replicas", "9", "-n", &shop.name]);
    let warnings = plan["targets"][0]["warnings"].to_string();
    assert!(warnings.contains("puts it back to 7"), "{warnings}");
}

#[test]
fn another_image_is_a_deploy() {
    let shop = Shop::open("actions-image");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("oncall", &shop, Grant::Write);
    refused(&console, &shop, &["set-image", "deployment/api"], "which image");
    refused(&console, &shop, &["set-image", "deployment/api", "--image", "api:1"], "runs api:1 already");
    refused(&console, &shop, &["set-image", "deployment/api", "--image", "nobody=api:2"], "CONTAINER=IMAGE");
    let plan = done(&console, &shop, &["set-image", "deployment/api", "--image", "app=api:2"]);
    assert_eq!(shop.image("api"), "api:2");
    assert_eq!(plan["targets"][0]["changes"][0]["after"], "api:2");
    let inverse = plan["targets"][0]["inverse"]["command"].as_str().unwrap_or_default().to_owned();
    assert!(inverse.contains("plan rollback deployment/api") && inverse.contains("--to 1"), "{inverse}");
    // What runs can be pinned to the digest its node found.
    let (_, offered) = console.plan(&["set-image", "deployment/api", "--image", "api:3", "-n", &shop.name]);
    assert!(!offered["targets"][0]["warnings"].to_string().contains("--pin"), "nobody has run it yet: {offered}");
    refused(&console, &shop, &["set-image", "deployment/api", "--image", "api:3", "--pin"], "tells the digest");
    let pinned = done(&console, &shop, &["set-image", "deployment/api", "--image", "api:2", "--pin"]);
    let image = shop.image("api");
    assert!(image.starts_with("api@sha256:") && pinned["targets"][0]["given"]["image"] == "api:2", "{image}");
    let (_, mutable) = console.plan(&["set-image", "deployment/api", "--image", "api:latest", "-n", &shop.name]);
    assert!(mutable["targets"][0]["warnings"].to_string().contains("MUTABLE TAG"), "{mutable}");
}

#[test]
fn several_targets_are_done_one_after_the_other_and_one_that_moved_refuses_them_all() {
    let shop = Shop::open("actions-several");
    for name in ["one", "two", "three"] {
        shop.deploy_good(name, "api:1", 1);
    }
    let console = Console::of("oncall", &shop, Grant::Write);
    let targets = ["restart", "deployment/one", "deployment/two", "deployment/three"];
    let plan = done(&console, &shop, &targets);
    assert_eq!(plan["targets"].as_array().map(Vec::len), Some(3));
    let (_, plan) = console.plan(&[&targets[..], &["-n", &shop.name]].concat());
    // Somebody deploys the second one meanwhile: it is seen before anything is sent.
    shop.deploy_good("two", "api:2", 1);
    let generation = |name| shop.get("deployment", name)["metadata"]["generation"].clone();
    let before = generation("one");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(3), "{}", finished.stdout);
    let words = finished.stdout.clone() + &finished.stderr;
    assert!(words.contains("deployment/two") && words.contains("has changed since the plan"), "{words}");
    assert_eq!(generation("one"), before, "the first is left alone: {words}");
}
