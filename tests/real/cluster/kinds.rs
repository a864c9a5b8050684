//! StatefulSets and DaemonSets on the real control plane, beside what kubectl says and does.

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
    assert_eq!(plan["targets"][0]["to_revision"], 1);
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

#[test]
fn what_nobody_replaces_is_said_and_not_pretended() {
    let shop = Shop::open("kinds-ondelete");
    let console = Console::of("oncall", &shop, Grant::Write);
    shop.set("StatefulSet", "db", "db:1", Behaviour::Good, 2);
    shop.rolled_out("statefulset/db");
    let patch = r#"{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}"#;
    shop.kubectl(&["patch", "statefulset", "db", "--type=merge", "-p", patch]).good("patch");
    shop.kubectl(&["set", "image", "statefulset/db", "app=db:2"]).good("set image");
    let row = wait_for(&console, "StatefulSet", "db", "paused");
    assert!(row["reason"].as_str().is_some_and(|words| words.contains("OnDelete")), "{row}");
    let (finished, _) = console.plan(&["rollback", "sts/db", "-n", &shop.name]);
    assert_eq!(finished.code, Some(3));
    assert!(finished.stderr.contains("OnDelete"), "{}", finished.stderr);
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
