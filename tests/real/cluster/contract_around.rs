//! The contract of what causes are found in: nodes, quotas, claims and budgets, real and simulated.

use serde_json::Value;

use super::contract::on_both;

/// What causes are found in; without a metrics server its group is absent, which is an answer of its own.
#[test]
fn nodes_and_what_stands_around_workloads_are_listed() {
    on_both("contract-around", |server| {
        let (code, nodes) = server.get("/api/v1/nodes?limit=500");
        assert_eq!((code, nodes["kind"].as_str()), (200, Some("NodeList")), "{}: {nodes}", server.what);
        let is_told_of = |node: &Value| {
            let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
            let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready");
            let since = ready.and_then(|ready| ready["lastTransitionTime"].as_str());
            since.is_some_and(|since| chrono::DateTime::parse_from_rfc3339(since).is_ok())
                && node.pointer("/status/allocatable/pods").is_some_and(Value::is_string)
                && node.pointer("/status/nodeInfo/kubeletVersion").is_some_and(Value::is_string)
        };
        assert!(nodes["items"].as_array().is_some_and(|all| all.iter().any(is_told_of)), "{}: {nodes}", server.what);
        for (path, kind) in [
            (server.path("resourcequotas?limit=500"), "ResourceQuotaList"),
            (server.path("persistentvolumeclaims?limit=500"), "PersistentVolumeClaimList"),
            (server.path("poddisruptionbudgets?limit=500"), "PodDisruptionBudgetList"),
        ] {
            let (code, list) = server.get(&path);
            assert_eq!((code, list["kind"].as_str()), (200, Some(kind)), "{}: {path}: {list}", server.what);
            assert!(list["items"].as_array().is_some_and(Vec::is_empty), "{}: {list}", server.what);
        }
        assert_eq!(server.get("/apis/metrics.k8s.io/v1beta1/nodes").0, 404, "{}", server.what);
        let (code, said) = server.get("/readyz?verbose");
        let lines: Vec<&str> = said.as_str().unwrap_or_default().lines().collect();
        let (checks, end) = lines.split_at(lines.len().saturating_sub(1));
        assert!(code == 200 && end == ["readyz check passed"], "{}: {code} {said}", server.what);
        assert!(
            checks.contains(&"[+]etcd ok") && checks.iter().all(|line| line.starts_with("[+]")),
            "{}: {said}",
            server.what
        );
    });
}
