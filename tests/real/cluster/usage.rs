//! What pods and nodes use, through the real API server: no metrics server, one that is registered and down, one that answers.
//!
//! The APIService is of the whole cluster: these tests have the second control plane alone.

use serde_json::{Value, json};

use crate::support::aggregated::Aggregated;
use crate::support::console::{Console, FIRST_SCREEN, Grant};
use crate::support::controlplane::ControlPlane;
use crate::support::process::wait_until;
use crate::support::shop::{PATIENCE, Shop};

const GROUP: &str = "metrics.k8s.io/v1beta1";

/// The group is registered, whoever answers for it.
struct Registered<'a> {
    shop: &'a Shop,
}

impl<'a> Registered<'a> {
    fn at(shop: &'a Shop, port: u16) -> Self {
        shop.apply(&json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "metrics"},
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        }));
        shop.apply(&json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
            "spec": {
                "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
                "insecureSkipTLSVerify": true, "service": {"namespace": shop.name, "name": "metrics", "port": port},
            },
        }));
        Self { shop }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.shop.plane.tidy(&["delete", "apiservice", "v1beta1.metrics.k8s.io", "--wait=false"]);
    }
}

fn status(console: &Console) -> (Option<i32>, Value) {
    let finished = console.run(&["status", "--output", "json"]);
    (finished.code, serde_json::from_str(&finished.stdout).unwrap_or_default())
}

fn missing(document: &Value) -> String {
    document["environments"][0]["usage_missing"].as_str().unwrap_or_default().to_owned()
}

fn usage_of(document: &Value, node: &str) -> Value {
    let nodes = document["nodes"].as_array().cloned().unwrap_or_default();
    nodes.into_iter().find(|row| row["name"] == node).map(|row| row["usage"].clone()).unwrap_or_default()
}

#[test]
fn a_metrics_server_is_absent_then_down_then_answers_and_each_is_said() {
    let (second, _alone) = ControlPlane::second();
    let shop = Shop::on(second, "usage");
    shop.deploy_good("api", "api:1", 1);
    let console = Console::of("oncall", &shop, Grant::Read);

    // What is used is asked for a few seconds only, beside all the rest.
    let (code, document) = wait_until("that no metrics server is installed: 404", PATIENCE, || {
        Some(status(&console)).filter(|(_, document)| missing(document).contains("no metrics server is installed"))
    });
    assert_eq!((code, usage_of(&document, "node-1")), (Some(0), Value::Null), "nothing else is harmed: {document}");
    let stranger = Console::of("stranger", &shop, Grant::Read);
    wait_until("that it may not be read: 403", PATIENCE, || {
        missing(&status(&stranger).1).contains("not readable with your rights").then_some(())
    });

    let server = Aggregated::start(
        GROUP,
        &json!([{"name": "nodes", "singularName": "", "namespaced": false, "kind": "NodeMetrics", "verbs": ["get", "list"]},
            {"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": ["get", "list"]}]),
    );
    {
        // Nobody listens on port 1.
        let _registered = Registered::at(&shop, 1);
        wait_until("a registered server that is down", PATIENCE, || {
            let (code, document) = status(&console);
            (missing(&document).contains("gives no answer") && code == Some(0)).then_some(())
        });
    }
    let at = "2026-11-25T03:00:00Z";
    let usage = |cpu: &str, memory: &str| json!({"cpu": cpu, "memory": memory});
    let node = json!({"metadata": {"name": "node-1"}, "timestamp": at, "window": "20.1s", "usage": usage("1500000001n", "2097152Ki")});
    server.answer(
        &format!("/apis/{GROUP}/nodes"),
        json!({"kind": "NodeMetricsList", "apiVersion": GROUP, "metadata": {}, "items": [node]}),
    );
    let pod = shop.pods("api:1")[0]["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let containers = json!([{"name": "app", "usage": usage("123m", "65536Ki")}]);
    let pods = json!([{"metadata": {"name": pod}, "timestamp": at, "window": "15s", "containers": containers}]);
    server.answer(
        &format!("/apis/{GROUP}/namespaces/{}/pods", shop.name),
        json!({"kind": "PodMetricsList", "apiVersion": GROUP, "metadata": {}, "items": pods}),
    );
    let _registered = Registered::at(&shop, server.port());
    let document = wait_until("figures", PATIENCE, || {
        let (_, document) = status(&console);
        usage_of(&document, "node-1").is_object().then_some(document)
    });
    let expected =
        json!({"millicores": 1_501, "bytes": 2_097_152_u64 * 1_024, "measured_at": at, "window_seconds": 20});
    assert_eq!(usage_of(&document, "node-1"), expected);
    assert_eq!(usage_of(&document, "node-2"), Value::Null, "what was not measured is no zero: {document}");
    assert_eq!(document["environments"][0]["usage_missing"], Value::Null);

    let terminal = console.open(160, 40);
    terminal.wait_for("the row", FIRST_SCREEN, |text| text.contains("1 workload"));
    terminal.send("2\t");
    terminal.wait_for("the share of node-1", PATIENCE, |text| text.contains("MEM%") && text.contains("node-1"));
    terminal.send("2");
    terminal.send("d");
    terminal.wait_for("what the pod uses", PATIENCE, |text| {
        text.contains("CPU 123m, no request and no limit; memory 64 MiB, no request and no limit")
    });
    let asked = second.audited("oncall").into_iter().filter(|line| line.uri.starts_with("/apis/metrics.k8s.io"));
    assert!(asked.into_iter().all(|line| line.verb == "list"), "it only lists");
}
