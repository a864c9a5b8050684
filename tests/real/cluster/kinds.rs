//! StatefulSets and DaemonSets on the real control plane, beside what kubectl says and does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::proxy::{Fault, Proxy, Seen};
use crate::support::shop::{Behaviour, PATIENCE, Shop};

fn row(console: &Console, kind: &str, name: &str) -> Value {
    let finished = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let rows = document["rollouts"].as_array().cloned().unwrap_or_default();
    rows.into_iter().find(|row| row["kind"] == kind && row["name"] == name).unwrap_or_default()
}

fn wait_for(console: &Console, kind: &str, name: &str, verdict: &str) -> Value {
    wait_until(&format!("{kind} {name} being {verdict}"), PATIENCE, || {
        let row = row(console, kind, name);
        (row["verdict"] == verdict).then_some(row)
    })
}

fn image(shop: &Shop, kind: &str, name: &str) -> Value {
    shop.get(kind, name)["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

fn plan(console: &Console, shop: &Shop, target: &str) -> Value {
    wait_until("an applicable plan", PATIENCE, || {
        let (finished, plan) = console.plan(&["rollback", target, "-n", &shop.name]);
        (finished.code == Some(0)).then_some(plan)
    })
}

#[test]
fn a_stateful_set_is_taken_back_with_the_pod_that_holds_it_up() {
    let shop = Shop::open("kinds-stateful");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 3);
    shop.rolled_out("statefulset/db");
    let good = wait_for(&console, "StatefulSet", "db", "complete");
    assert_eq!((good["ready"].as_u64(), good["revision"].as_u64()), (Some(3), Some(1)));

    shop.set("StatefulSet", "db", "db:2", Behaviour::CrashLoop, 3);
    let stuck = wait_for(&console, "StatefulSet", "db", "stuck");
    assert!(stuck["reason"].as_str().is_some_and(|words| words.contains("pod db-2")), "{stuck}");
    assert_eq!(stuck["images"], serde_json::json!(["db:2"]));

    let uid = || shop.get("pod", "db-2")["metadata"]["uid"].clone();
    let before = uid();
    let plan = plan(&console, &shop, "statefulset/db");
    assert_eq!(uid(), before, "a rehearsed deletion deletes nothing");
    assert_eq!(image(&shop, "statefulset", "db"), "db:2");
    let steps = plan["targets"][0]["steps"].as_array().cloned().unwrap_or_default();
    assert_eq!(steps.len(), 2, "the template, and the pod that would hold it up: {steps:?}");
    assert!(steps[1]["request"]["path"].as_str().is_some_and(|path| path.ends_with("/pods/db-2")), "{steps:?}");
    assert!(steps[1]["request"]["body"]["preconditions"]["uid"].is_string(), "this pod and no other of its name");
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(image(&shop, "statefulset", "db"), "db:1");
    shop.rolled_out("statefulset/db");
    wait_for(&console, "StatefulSet", "db", "complete");
}

#[test]
fn kubectl_leaves_a_stateful_set_stuck_where_we_do_not() {
    let shop = Shop::open("kinds-forced");
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 2);
    shop.rolled_out("statefulset/db");
    shop.set("StatefulSet", "db", "db:2", Behaviour::CrashLoop, 2);
    let console = Console::of("oncall", &shop, Grant::Read);
    wait_for(&console, "StatefulSet", "db", "stuck");
    shop.kubectl(&["rollout", "undo", "statefulset/db"]).good("undo");
    // The template is the good one again, and the crashed pod of the bad one stays for ever.
    wait_until("the old pod still there", PATIENCE, || {
        let pods = shop.pods("db:2");
        pods.iter().any(|pod| pod["metadata"]["name"] == "db-1").then_some(())
    });
    assert_eq!(image(&shop, "statefulset", "db"), "db:1");
    let row = row(&console, "StatefulSet", "db");
    assert_ne!(row["verdict"], "complete", "{row}");
}

#[test]
fn a_daemon_set_is_taken_back_on_every_node() {
    let shop = Shop::open("kinds-daemon");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("DaemonSet", "agent", "agent:1", Behaviour::Good, 0);
    shop.rolled_out("daemonset/agent");
    let good = wait_for(&console, "DaemonSet", "agent", "complete");
    assert_eq!(good["desired"].as_u64(), Some(3), "a pod for each node: {good}");
    shop.set("DaemonSet", "agent", "agent:2", Behaviour::ImagePull, 0);
    let stuck = wait_for(&console, "DaemonSet", "agent", "stuck");
    assert!(stuck["reason"].as_str().is_some_and(|words| words.contains("ImagePullBackOff")), "{stuck}");
    let plan = plan(&console, &shop, "ds/agent");
    assert_eq!(plan["targets"][0]["given"]["to"], 1);
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(image(&shop, "daemonset", "agent"), "agent:1");
    shop.rolled_out("daemonset/agent");
}

#[test]
fn every_kind_restarts() {
    let shop = Shop::open("kinds-restart");
    let console = Console::of("oncall", &shop, Grant::Write);
    for (kind, target) in [("StatefulSet", "sts/one"), ("DaemonSet", "ds/one")] {
        shop.set(kind, "one", "one:1", Behaviour::Good, 2);
        shop.rolled_out(target);
        let (finished, plan) = console.plan(&["restart", target, "-n", &shop.name]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert_eq!(console.apply(&plan).code, Some(0));
        let template = shop.get(target.split('/').next().unwrap_or_default(), "one")["spec"]["template"].clone();
        assert!(template["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string(), "{template}");
    }
}

/// The pods of a workload by name, with their uids, where they carry an image.
fn pods(shop: &Shop, image: &str) -> BTreeMap<String, String> {
    let text = |pod: &Value, field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
    shop.pods(image).iter().map(|pod| (text(pod, "name"), text(pod, "uid"))).collect()
}

fn on_delete(shop: &Shop, target: &str) {
    let patch = r#"{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}"#;
    shop.kubectl(&["patch", target, "--type=merge", "-p", patch]).good("patch");
}

/// Plans and applies.
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

fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["targets"][0]["steps"].as_array().cloned().unwrap_or_default();
    let end = |step: &Value| {
        let path =
            step["request"]["path"].as_str().unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
        format!(
            "{} {}",
            step["request"]["method"].as_str().unwrap_or_default(),
            path.rsplit('/').next().unwrap_or_default()
        )
    };
    steps.iter().map(end).collect()
}

#[test]
fn what_nobody_else_replaces_is_replaced_one_after_the_other() {
    let shop = Shop::open("kinds-ondelete");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 2);
    shop.rolled_out("statefulset/db");
    on_delete(&shop, "statefulset/db");
    shop.kubectl(&["set", "image", "statefulset/db", "app=db:2"]).good("set image");
    let row = wait_for(&console, "StatefulSet", "db", "paused");
    assert!(row["reason"].as_str().is_some_and(|words| words.contains("OnDelete")), "{row}");
    shop.kubectl(&["delete", "pod", "db-1"]).good("delete");
    wait_until("a pod of the new template", PATIENCE, || pods(&shop, "db:2").contains_key("db-1").then_some(()));
    shop.kubectl(&["wait", "--for=condition=Ready", "pod/db-1", "--timeout=150s"]).good("wait");

    let kept = pods(&shop, "db:1");
    let plan = done(&console, &shop, &["rollback", "sts/db"]);
    assert_eq!(steps(&plan), ["PATCH db", "DELETE db-1"], "db-0 runs the target revision already");
    assert!(plan["targets"][0]["warnings"].to_string().contains("one after the other"), "{plan}");
    wait_for(&console, "StatefulSet", "db", "complete");
    assert_eq!(pods(&shop, "db:1").get("db-0"), kept.get("db-0"), "what is right stays");
    assert_eq!(pods(&shop, "db:1").len(), 2);

    let plan = done(&console, &shop, &["set-image", "sts/db", "--image", "db:3"]);
    assert_eq!(steps(&plan), ["PATCH db", "DELETE db-1", "DELETE db-0"], "the highest ordinal first");
    assert_eq!(pods(&shop, "db:3").len(), 2);
    wait_for(&console, "StatefulSet", "db", "complete");
}

#[test]
fn the_pod_of_every_node_is_replaced_and_a_plan_touches_none() {
    let shop = Shop::open("kinds-ondelete-bad");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("DaemonSet", "agent", "agent:1", Behaviour::Good, 0);
    shop.rolled_out("daemonset/agent");
    on_delete(&shop, "daemonset/agent");
    let before = pods(&shop, "agent:1");
    let plan = done(&console, &shop, &["restart", "ds/agent"]);
    assert_eq!(steps(&plan).len(), 4, "the template, and a pod on each node: {plan}");
    let after = pods(&shop, "agent:1");
    assert!(
        after.len() == 3 && after.values().all(|uid| !before.values().any(|old| old == uid)),
        "{before:?} {after:?}"
    );

    let (finished, _) = console.plan(&["restart", "ds/agent", "-n", &shop.name]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(pods(&shop, "agent:1"), after, "a plan touches nothing");
}

#[test]
fn one_pod_is_restarted_and_one_that_nothing_brings_back_is_left_alone() {
    let shop = Shop::open("kinds-pod");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 2);
    shop.deploy_good("api", "api:1", 2);
    shop.rolled_out("statefulset/db");
    shop.apply(
        &serde_json::json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "db"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "db"}}}}),
    );
    wait_until("the budget in force", PATIENCE, || {
        (shop.get("pdb", "db").pointer("/status/currentHealthy") == Some(&2.into())).then_some(())
    });

    let before = pods(&shop, "db:1");
    let plan = done(&console, &shop, &["restart-pod", "pod/db-1"]);
    assert_eq!(steps(&plan), ["DELETE db-1"]);
    let warnings = plan["targets"][0]["warnings"].to_string();
    assert!(warnings.contains("PodDisruptionBudget db lets no pod go now"), "{warnings}");
    let after = pods(&shop, "db:1");
    assert_eq!(after.get("db-0"), before.get("db-0"));
    assert_ne!(after.get("db-1"), before.get("db-1"));

    let name = pods(&shop, "api:1").into_keys().next().expect("a pod");
    done(&console, &shop, &["restart-pod", "deployment/api", "--pod", &name]);
    // The new pod may be ready before the old one has gone.
    wait_until("the pod gone, and another in its place", PATIENCE, || {
        let left = pods(&shop, "api:1");
        (left.len() == 2 && !left.contains_key(&name)).then_some(())
    });
    assert_eq!(shop.history("api"), [1], "no new revision");

    shop.kubectl(&["run", "alone", "--image=alone:1"]).good("run");
    let (finished, _) = console.plan(&["restart-pod", "pod/alone", "-n", &shop.name]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stderr.contains("nothing would bring it back"), "{}", finished.stderr);
    let (finished, _) = console.plan(&["restart-pod", "pod/nobody", "-n", &shop.name]);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    shop.kubectl(&["delete", "pod", "alone", "--wait=false"]).good("delete");
}

#[test]
fn a_partition_is_told_for_what_it_keeps() {
    let shop = Shop::open("kinds-partition");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 3);
    shop.rolled_out("statefulset/db");
    let partition = |from: u32| {
        let patch = format!(r#"{{"spec":{{"updateStrategy":{{"rollingUpdate":{{"partition":{from}}}}}}}}}"#);
        shop.kubectl(&["patch", "statefulset", "db", "--type=merge", "-p", &patch]).good("patch");
        wait_for(&console, "StatefulSet", "db", "complete");
    };
    partition(2);
    let (finished, restart) = console.plan(&["restart", "sts/db", "-n", &shop.name]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        restart["targets"][0]["warnings"][0].as_str().is_some_and(|words| words.contains("PARTITION 2")),
        "{restart}"
    );
    let finished = console.apply(&restart);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stdout.contains("older pods are kept: db-0, db-1"), "{}", finished.stdout);
    partition(3);
    let (finished, _) = console.plan(&["restart", "sts/db", "-n", &shop.name]);
    assert_eq!(finished.code, Some(3));
    assert!(finished.stderr.contains("the partition 3"), "{}", finished.stderr);
}

/// A StatefulSet whose newest pod crashes.
fn broken_set(shop: &Shop, console: &Console) {
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 2);
    shop.rolled_out("statefulset/db");
    shop.set("StatefulSet", "db", "db:2", Behaviour::CrashLoop, 2);
    wait_for(console, "StatefulSet", "db", "stuck");
}

#[test]
fn after_a_lost_answer_the_way_is_still_cleared() {
    let shop = Shop::open("kinds-lost");
    let proxy = Proxy::before(shop.plane);
    let console = Console::through(&proxy, "oncall", &shop);
    broken_set(&shop, &console);
    let plan = plan(&console, &shop, "statefulset/db");
    proxy.strike(Fault::LoseAnswer, Seen::is_write);
    let finished = console.apply(&plan);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(finished.stderr.contains("answer was lost"), "{}", finished.stderr);
    let writes: Vec<String> = proxy.seen().into_iter().filter(Seen::is_write).map(|seen| seen.method).collect();
    assert_eq!(writes, ["PATCH", "DELETE"], "each once");
    shop.rolled_out("statefulset/db");
}

#[test]
fn a_rollback_that_died_before_it_cleared_the_way_can_be_finished() {
    let shop = Shop::open("kinds-unfinished");
    let proxy = Proxy::before(shop.plane);
    let console = Console::through(&proxy, "oncall", &shop);
    broken_set(&shop, &console);
    let first = plan(&console, &shop, "statefulset/db");
    proxy.strike(Fault::StallBefore, |seen| seen.is_write() && seen.method == "DELETE");
    let mut apply = console.start_apply(&first);
    proxy.wait_for_strike(PATIENCE);
    apply.kill();
    assert_eq!(image(&shop, "statefulset", "db"), "db:1", "the template is back");
    console.point_at(&shop.plane.kubeconfig("oncall", &shop.name));
    let screen = console.open(120, 30);
    wait_until("the run to be ended in the journal", PATIENCE, || console.journal().contains("ended").then_some(()));
    drop(screen);
    assert!(console.journal().contains("Plan the same again"), "{}", console.journal());
    let second = plan(&console, &shop, "statefulset/db");
    assert_eq!(second["targets"][0]["steps"].as_array().map(Vec::len), Some(2), "{second}");
    let finished = console.apply(&second);
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    shop.rolled_out("statefulset/db");
}
