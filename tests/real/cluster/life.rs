//! The life of a Deployment, played on the real server and on the simulated one.

use serde_json::Value;

use super::contract::Server;
use crate::support::process::wait_until;
use crate::support::shop::PATIENCE;

/// What can be seen of a rollout from outside, without what differs by nature.
fn portrait(server: &Server) -> String {
    let (_, object) = server.get(&server.path("deployments/app"));
    let mut conditions: Vec<String> = object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| format!("{}={} {}", one["type"], one["status"], one["reason"]))
        .collect();
    conditions.sort();
    let (_, list) = server.get(&server.path("replicasets?labelSelector=app%3Dapp"));
    let mut sets: Vec<(u64, String)> = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|set| {
            let annotations = &set["metadata"]["annotations"];
            let revision =
                annotations["deployment.kubernetes.io/revision"].as_str().unwrap_or("0").parse().unwrap_or(0);
            let before = &annotations["deployment.kubernetes.io/revision-history"];
            let image = set.pointer("/spec/template/spec/containers/0/image").cloned().unwrap_or_default();
            (revision, format!("r{revision} before {before}: {image} x{}", set["spec"]["replicas"]))
        })
        .collect();
    sets.sort();
    let figures = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"]
        .map(|field| object["status"].get(field).map_or_else(|| "-".to_owned(), Value::to_string));
    let is_seen = object["status"]["observedGeneration"] == object["metadata"]["generation"];
    let rows = server.kubectl(&["get", "deployment", "app", "--no-headers"]).stdout;
    let columns: Vec<&str> = rows.split_whitespace().take(4).collect();
    let history = server.kubectl(&["rollout", "history", "deployment/app"]).stdout;
    let status = server.kubectl(&["rollout", "status", "deployment/app", "--watch=false"]).stdout;
    let sets: Vec<String> = sets.into_iter().map(|(_, words)| words).collect();
    format!("seen {is_seen}\n{figures:?}\n{conditions:#?}\n{sets:#?}\n{columns:?}\n{history}\n{status}")
}

/// Twelve things people do to a Deployment, and how each looks once the controllers have come to rest.
#[test]
fn a_life_of_a_deployment_looks_the_same_on_both() {
    const LIFE: [&[&str]; 12] = [
        &["set", "image", "deployment/app", "app=app:2"],
        &["scale", "deployment/app", "--replicas=5"],
        &["annotate", "deployment/app", "kubernetes.io/change-cause=third", "--overwrite"],
        &["set", "image", "deployment/app", "app=app:3"],
        &["rollout", "undo", "deployment/app"],
        &["set", "env", "deployment/app", "LEVEL=debug"],
        &["rollout", "undo", "deployment/app", "--to-revision=1"],
        &["rollout", "pause", "deployment/app"],
        &["set", "image", "deployment/app", "app=app:4"],
        &["rollout", "resume", "deployment/app"],
        &["set", "resources", "deployment/app", "--limits=memory=64Mi"],
        &["scale", "deployment/app", "--replicas=2"],
    ];
    let servers = [Server::real("contract-life"), Server::simulated("contract-life")];
    for server in &servers {
        server.create("app", 3);
    }
    let alike = |step: &str| {
        let mut last = [String::new(), String::new()];
        for server in &servers {
            // A paused rollout never ends; everything else does, by kubectl's own word.
            if !matches!(step, "rollout pause" | "set image, paused") {
                server.kubectl(&["rollout", "status", "deployment/app", "--timeout=150s"]).good(step);
            }
        }
        let end = std::time::Instant::now() + PATIENCE / 2;
        wait_until(step, PATIENCE, || {
            last = [portrait(&servers[0]), portrait(&servers[1])];
            (last[0] == last[1] || std::time::Instant::now() > end).then_some(())
        });
        assert_eq!(last[0], last[1], "after {step}: the real server left, the sandbox right");
    };
    alike("create");
    for (place, arguments) in LIFE.iter().enumerate() {
        for server in &servers {
            server.kubectl(arguments).good(&arguments.join(" "));
        }
        let step = match place {
            8 => "set image, paused".to_owned(),
            _ => arguments[..2].join(" "),
        };
        alike(&step);
    }
}
