//! Beside the real kubectl, for every kind: the same word, the same revisions, the same template to go back to.

use serde_json::Value;

use crate::support::console::{Console, Grant};
use crate::support::process::wait_until;
use crate::support::shop::{Behaviour, PATIENCE, Shop};

const KINDS: [(&str, &str); 3] =
    [("Deployment", "deployment"), ("StatefulSet", "statefulset"), ("DaemonSet", "daemonset")];

fn verdict(console: &Console, kind: &str) -> String {
    let finished = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&finished.stdout).unwrap_or_default();
    let rows = document["rollouts"].as_array().cloned().unwrap_or_default();
    let row = rows.into_iter().find(|row| row["kind"] == kind && row["name"] == "one").unwrap_or_default();
    row["verdict"].as_str().unwrap_or_default().to_owned()
}

/// Whether kubectl calls it rolled out.
fn kubectl_is_content(shop: &Shop, target: &str) -> bool {
    let said = shop.kubectl(&["rollout", "status", target, "--watch=false"]).good("rollout status");
    said.contains("successfully rolled out")
        || said.contains("roll out complete")
        || said.contains("rolling update complete")
}

fn set(shop: &Shop, kind: &str, name: &str, image: &str, behaviour: Behaviour) {
    match kind {
        "Deployment" => shop.deploy(name, image, behaviour, 2),
        _ => shop.set(kind, name, image, behaviour, 2),
    }
}

/// The numbers of `kubectl rollout history`.
fn history(shop: &Shop, target: &str) -> Vec<String> {
    let text = shop.kubectl(&["rollout", "history", target]).good("rollout history");
    let number =
        |line: &str| line.split_whitespace().next().filter(|word| word.parse::<u64>().is_ok()).map(str::to_owned);
    text.lines().filter_map(number).collect()
}

/// What the server fills in as nothing says nothing.
fn bare(spec: &Value) -> Value {
    quarterdeck::domain::rollout::stripped(&serde_json::json!({"spec": spec}))
}

#[test]
fn every_kind_is_called_what_kubectl_calls_it() {
    for (kind, resource) in KINDS {
        let shop = Shop::open(&format!("golden-{resource}"));
        let console = Console::of("oncall", &shop, Grant::Write);
        let target = format!("{resource}/one");
        for image in ["one:1", "one:2"] {
            set(&shop, kind, "one", image, Behaviour::Good);
            shop.rolled_out(&target);
        }
        wait_until("both being content", PATIENCE, || {
            (verdict(&console, kind) == "complete" && kubectl_is_content(&shop, &target)).then_some(())
        });

        // The revisions, as the refusal of one that is not there names them.
        let (finished, _) = console.plan(&["rollback", &target, "--to", "99", "-n", &shop.name]);
        let known = finished.stderr.split("it has ").nth(1).unwrap_or_default().split('.').next().unwrap_or_default();
        assert_eq!(
            known.split(", ").map(str::to_owned).collect::<Vec<_>>(),
            history(&shop, &target),
            "{kind}: {}",
            finished.stderr
        );

        // The pods kubectl's own undo gives back, on a twin of it.
        let twin = format!("{resource}/two");
        for image in ["one:1", "one:2"] {
            set(&shop, kind, "two", image, Behaviour::Good);
            shop.rolled_out(&twin);
        }
        shop.kubectl(&["rollout", "undo", &twin]).good("undo");
        let undone = bare(&shop.get(resource, "two")["spec"]["template"]["spec"]);
        let plan = wait_until("an applicable plan", PATIENCE, || {
            let (finished, plan) = console.plan(&["rollback", &target, "-n", &shop.name]);
            (finished.code == Some(0)).then_some(plan)
        });
        assert_eq!(bare(&plan["targets"][0]["expected_template"]["spec"]), undone, "{kind}");
        let finished = console.apply(&plan);
        assert_eq!(finished.code, Some(0), "{kind}: {}{}", finished.stdout, finished.stderr);
        assert_eq!(bare(&shop.get(resource, "one")["spec"]["template"]["spec"]), undone, "{kind}");
        shop.rolled_out(&twin);
        assert_eq!(history(&shop, &target), history(&shop, &twin), "{kind}: and it counts as kubectl's does");
        assert_eq!(verdict(&console, kind), "complete", "{kind}");

        set(&shop, kind, "one", "one:3", Behaviour::ImagePull);
        wait_until("neither being content", PATIENCE, || {
            (verdict(&console, kind) == "stuck" && !kubectl_is_content(&shop, &target)).then_some(())
        });
    }
}

/// What kubectl's own `rollout status` says at this moment, without waiting: its exit code, and all it wrote.
fn kubectl_says(shop: &Shop, target: &str) -> (Option<i32>, String) {
    let finished = shop.kubectl(&["rollout", "status", target, "--watch=false"]);
    (finished.code, finished.stdout + &finished.stderr)
}

/// In the middle of a rollout nobody calls it done, and neither exit code says that it failed.
#[test]
fn half_way_neither_is_content_and_neither_fails() {
    for (kind, resource) in KINDS {
        let shop = Shop::open(&format!("midway-{resource}"));
        let console = Console::of("oncall", &shop, Grant::Read);
        let target = format!("{resource}/one");
        set(&shop, kind, "one", "one:1", Behaviour::Good);
        shop.rolled_out(&target);
        set(&shop, kind, "one", "one:2", Behaviour::Slow(25));
        let code = wait_until("ours being on its way", PATIENCE, || {
            let finished = console.run(&["status", "--output", "json"]);
            finished.stdout.contains("\"verdict\": \"progressing\"").then_some(finished.code)
        });
        let (kubectl, said) = kubectl_says(&shop, &target);
        assert!(said.to_lowercase().contains("waiting for"), "{kind}: kubectl waits too: {said}");
        assert_eq!((code, kubectl), (Some(0), Some(0)), "{kind}: under way is no failure: {said}");
        // A DaemonSet takes its three nodes one after the other.
        wait_until("both being content", PATIENCE * 2, || {
            (verdict(&console, kind) == "complete" && kubectl_is_content(&shop, &target)).then_some(())
        });
        assert_eq!(console.run(&["status"]).code, Some(0), "{kind}");
    }
}

/// Past its deadline both fail; before it, ours says what holds it while kubectl waits on.
#[test]
fn past_its_deadline_both_fail_and_before_it_ours_already_says_why() {
    let shop = Shop::open("midway-deadline");
    let console = Console::of("oncall", &shop, Grant::Read);
    shop.deploy_good("one", "one:1", 2);
    shop.deploy("one", "one:2", Behaviour::ImagePull, 2);
    wait_until("ours being stuck", PATIENCE, || (verdict(&console, "Deployment") == "stuck").then_some(()));
    let (kubectl, said) = kubectl_says(&shop, "deployment/one");
    assert!(said.contains("Waiting for") && kubectl == Some(0), "kubectl waits: {said}");
    assert_eq!(console.run(&["status"]).code, Some(2), "and ours does not: a pod that cannot come up");
    let sooner = r#"{"spec":{"progressDeadlineSeconds":2}}"#;
    shop.kubectl(&["patch", "deployment", "one", "-p", sooner]).good("a shorter deadline");
    wait_until("kubectl giving up", PATIENCE, || {
        let (code, said) = kubectl_says(&shop, "deployment/one");
        (code == Some(1) && said.contains("exceeded its progress deadline")).then_some(())
    });
    wait_until("ours giving up", PATIENCE, || (verdict(&console, "Deployment") == "failed").then_some(()));
    assert_eq!(console.run(&["status"]).code, Some(2));
}
