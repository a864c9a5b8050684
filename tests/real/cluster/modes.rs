//! Maintenance mode on the real API server and controllers: one workload at an autoscaler's minimum, a console killed in between, and
//! another that finishes it.

use std::fs;

use serde_json::{Value, json};

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

const MEMORY: &str = "/metadata/annotations/quarterdeck.dev~1maintenance";

/// Plans until the controllers have settled, and applies.
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

#[test]
fn a_workload_under_an_autoscaler_is_taken_down_by_one_console_and_brought_back_by_another() {
    let shop = Shop::open("modes");
    shop.deploy("api", "api:1", Behaviour::SlowToGo(8), 2);
    shop.rolled_out("api");
    shop.kubectl(&["autoscale", "deployment", "api", "--min=2", "--max=4"]).good("autoscale");
    let before = shop.deployment("api");
    let first = Console::of("oncall", &shop, Grant::Write);
    let on = ["maintenance-on", "deployment/api", "--until", "2h", "--reason", "another disk"];
    let (planned, plan) = first.plan(&[&on[..], &["-n", shop.name.as_str()]].concat());
    assert_eq!(planned.code, Some(0), "{}{}", planned.stdout, planned.stderr);
    let warnings = plan["targets"][0]["warnings"].to_string();
    assert!(warnings.contains("HorizontalPodAutoscaler api") && warnings.contains("goes to sleep"), "{warnings}");

    // Killed once the workload is stopped: nothing of it is settled.
    let mut apply = first.start_apply(&plan);
    wait_until("the workload to be stopped", PATIENCE, || {
        let object = shop.deployment("api");
        (object["spec"]["replicas"] == 0).then_some(())
    });
    apply.kill();
    let stopped = shop.deployment("api");
    let memory: Value =
        serde_json::from_str(stopped.pointer(MEMORY).and_then(Value::as_str).expect("a memory")).expect("JSON");
    assert_eq!((&memory["replicas"], &memory["reason"]), (&2.into(), &"another disk".into()), "in the same patch");

    let second = Console::of("second", &shop, Grant::Write);
    let on = [&on[..], &["-n", shop.name.as_str(), "--override-record"]].concat();
    let (planned, plan) = second.plan(&on);
    if planned.code == Some(0) {
        let finished = second.apply(&plan);
        assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    } else {
        assert!(planned.stderr.contains("in maintenance mode already"), "{}", planned.stderr);
    }
    let kept = shop.deployment("api");
    assert_eq!(kept.pointer(MEMORY), stopped.pointer(MEMORY), "what is remembered is not written over");
    assert!(shop.pods("api:1").is_empty(), "no pod is left");
    wait_until("the autoscaler to stand down", PATIENCE, || {
        let scaler = shop.get("horizontalpodautoscaler", "api");
        let conditions = scaler["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|one| one["reason"] == "ScalingDisabled").then_some(())
    });

    done(&second, &shop, &["maintenance-off", "deployment/api"]);
    let after = shop.deployment("api");
    assert_eq!(after["spec"].to_string(), before["spec"].to_string(), "as it was, byte for byte");
    assert_eq!(after.pointer(MEMORY), None, "nothing is remembered any more");
    assert_eq!(after["status"]["readyReplicas"], 2);
    let journals = first.path("state/quarterdeck/journal");
    assert!(fs::read_dir(journals).is_ok_and(|files| files.count() > 0), "the dead one left its journal");
}

#[test]
fn what_cannot_come_back_keeps_its_memory_and_says_how_many_are_ready() {
    let shop = Shop::open("modes-quota");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("oncall", &shop, Grant::Write);
    let on = ["maintenance-on", "deployment/api", "--until", "1h", "--reason", "less room"];
    done(&console, &shop, &on);
    let (again, _) = console.plan(&[&on[..], &["-n", shop.name.as_str()]].concat());
    assert_eq!(again.code, Some(3));
    assert!(again.stderr.contains("in maintenance mode already: by"), "{}", again.stderr);
    let (refused, _) = console.plan(
        &[&["maintenance-on", "deployment/api", "--until", "soon", "--reason", "x"][..], &["-n", shop.name.as_str()]]
            .concat(),
    );
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    // Until then it is waited for: not ten minutes here.
    let soon = json!({"spec": {"progressDeadlineSeconds": 60}}).to_string();
    shop.kubectl(&["patch", "deployment", "api", "--patch", &soon]).good("patch");
    shop.limit_pods(1);
    let (planned, plan) = console.plan(&["maintenance-off", "deployment/api", "-n", &shop.name]);
    assert_eq!(planned.code, Some(0), "{}", planned.stderr);
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(6), "{}{}", finished.stdout, finished.stderr);
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains("1 of 2 pods of") && said.contains("quota"), "{said}");
    assert!(shop.deployment("api").pointer(MEMORY).is_some(), "nothing is lost");
    shop.kubectl(&["delete", "resourcequota", "pods"]).good("delete");
    done(&console, &shop, &["maintenance-off", "deployment/api"]);
    assert_eq!(
        (shop.deployment("api").pointer(MEMORY), &shop.deployment("api")["spec"]["replicas"]),
        (None, &2.into())
    );
}

#[test]
fn what_others_changed_meanwhile_stands_beside_what_was() {
    let shop = Shop::open("modes-changed");
    shop.deploy_good("api", "api:1", 2);
    let console = Console::of("oncall", &shop, Grant::Write);
    done(&console, &shop, &["maintenance-on", "deployment/api", "--until", "1h", "--reason", "another disk"]);
    shop.kubectl(&["scale", "deployment", "api", "--replicas=1"]).good("scale");
    shop.rolled_out("api");
    let (moved, _) = console.plan(&["maintenance-off", "deployment/api", "-n", &shop.name]);
    assert_eq!(moved.code, Some(3), "{}", moved.stderr);
    assert!(
        moved.stderr.contains("Remembered: 2 pods") && moved.stderr.contains("Now it is to have 1 pod"),
        "{}",
        moved.stderr
    );
    assert!(shop.deployment("api").pointer(MEMORY).is_some(), "nothing is lost");
    done(&console, &shop, &["maintenance-off", "deployment/api", "--replicas", "2"]);
    assert_eq!(shop.deployment("api")["spec"]["replicas"], 2);
}
