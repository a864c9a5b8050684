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
