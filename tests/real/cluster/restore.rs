//! A real etcd put back to an earlier day under a console that is open.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::console::Console;
use crate::support::controlplane::ControlPlane;
use crate::support::shop::PATIENCE;

const CONFIG: &str = "[environment.test]\ncontext = \"admin\"\nnamespaces = [\"restored\"]\nguard = \"staging\"\n";

/// The version of the whole list, as the server has it now.
fn version(plane: &ControlPlane) -> u64 {
    let list = plane.kubectl(&["get", "--raw", "/apis/apps/v1/namespaces/restored/deployments"]).good("a list");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    list["metadata"]["resourceVersion"].as_str().and_then(|version| version.parse().ok()).expect("a number")
}

#[test]
fn a_restored_etcd_is_shown_as_it_is_and_followed_on() {
    let plane = ControlPlane::bare();
    plane.kubectl(&["create", "namespace", "restored"]).good("a namespace");
    let image = |image: &str| {
        let labels = BTreeMap::from([("app", "api")]);
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "restored"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "api", "image": image}]}}},
        });
        plane.kubectl_with(&["apply", "-f", "-"], &deployment.to_string()).good("apply");
    };
    image("api:before");
    plane.back_up();
    let console = Console::with(&plane.kubeconfig("admin", "restored"), CONFIG);
    let screen = console.open(140, 30);
    screen.wait_for("the first image", PATIENCE, |text| text.contains("before"));
    for number in 0..30 {
        image(&format!("api:after-{number}"));
    }
    screen.wait_for("the last image", PATIENCE, |text| text.contains("after-29"));
    let far = version(&plane);
    plane.restore();
    assert!(version(&plane) < far, "the versions of a restored store are lower");
    screen.wait_for("the world as it is", PATIENCE, |text| text.contains("before") && !text.contains("after-29"));
    image("api:anew");
    screen.wait_for("what follows", PATIENCE, |text| text.contains("anew"));
    assert!(version(&plane) < far, "all of it happens below the versions known before");
    drop(screen);
    plane.stop();
}
