//! The health endpoint of each simulated service: `/health/NAMESPACE/SERVICE`, open to everybody as such endpoints are.

use http::Response;
use serde_json::{Value, json};

use super::Shared;
use super::http::{Body, json_answer};
use super::world::World;

/// Where they are.
const PREFIX: &str = "/health/";

/// The answer to a request; `None` when it is not for one.
pub(super) fn answer(shared: &Shared, path: &str) -> Option<Response<Body>> {
    let (namespace, service) = path.strip_prefix(PREFIX)?.split_once('/')?;
    Some(shared.read(|world| told(world, namespace, service)))
}

/// What a service says of itself, by its pods.
fn told(world: &World, namespace: &str, service: &str) -> Response<Body> {
    let deployment = world.list("deployments", namespace).find(|(key, _)| key.name == service);
    let Some((_, deployment)) = deployment else {
        return json_answer(404, &json!({"error": "there is no such service"}));
    };
    let of_it = |pod: &Value| pod.pointer("/metadata/labels/app").and_then(Value::as_str) == Some(service);
    let pods: Vec<&Value> = world.list("pods", namespace).map(|(_, pod)| pod).filter(|pod| of_it(pod)).collect();
    let is_ready = |pod: &&&Value| {
        let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
        containers.is_some_and(|containers| containers.iter().all(|one| one["ready"] == true))
    };
    let (all, ready) = (pods.len(), pods.iter().filter(is_ready).count());
    let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let (code, status) = match ready {
        0 if wanted > 0 => (503, "unhealthy"),
        ready if (ready as u64) < wanted => (200, "degraded"),
        _ => (200, "healthy"),
    };
    let image = deployment.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str);
    let version = image.and_then(|image| image.rsplit_once(':')).map(|(_, tag)| tag);
    let body = json!({
        "status": status,
        "version": version,
        "checks": {
            "instances": {"status": status, "message": format!("{ready} of {all} ready")},
            "disk": {"status": "healthy", "responseTime": 2},
            "memory": {"status": "healthy", "responseTime": 1},
        },
    });
    json_answer(code, &body)
}
