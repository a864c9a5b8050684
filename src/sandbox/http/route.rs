//! Which path means what, and who may ask it.

use std::sync::Arc;

use http::Response;
use serde_json::json;

use super::{Asked, Body, discovery, failed, json_answer, review, usage, verbs, watching};
use crate::sandbox::Shared;
use crate::sandbox::faults::Fault;
use crate::sandbox::world::Key;

/// A resource the API has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resource {
    /// The plural.
    pub(super) plural: &'static str,
    /// The kind of one.
    pub(super) kind: &'static str,
    /// `v1`, `apps/v1`.
    pub(super) api: &'static str,
    /// Whether it lives in a namespace.
    pub(super) is_namespaced: bool,
    /// The names kubectl lets a person type.
    pub(super) short: &'static [&'static str],
}

/// Every resource.
pub(super) const RESOURCES: [Resource; 22] = [
    Resource { plural: "namespaces", kind: "Namespace", api: "v1", is_namespaced: false, short: &["ns"] },
    Resource { plural: "nodes", kind: "Node", api: "v1", is_namespaced: false, short: &["no"] },
    Resource { plural: "pods", kind: "Pod", api: "v1", is_namespaced: true, short: &["po"] },
    Resource { plural: "events", kind: "Event", api: "v1", is_namespaced: true, short: &["ev"] },
    Resource { plural: "configmaps", kind: "ConfigMap", api: "v1", is_namespaced: true, short: &["cm"] },
    Resource { plural: "secrets", kind: "Secret", api: "v1", is_namespaced: true, short: &[] },
    Resource { plural: "resourcequotas", kind: "ResourceQuota", api: "v1", is_namespaced: true, short: &["quota"] },
    Resource {
        plural: "persistentvolumeclaims",
        kind: "PersistentVolumeClaim",
        api: "v1",
        is_namespaced: true,
        short: &["pvc"],
    },
    Resource {
        plural: "poddisruptionbudgets",
        kind: "PodDisruptionBudget",
        api: "policy/v1",
        is_namespaced: true,
        short: &["pdb"],
    },
    Resource { plural: "deployments", kind: "Deployment", api: "apps/v1", is_namespaced: true, short: &["deploy"] },
    Resource { plural: "statefulsets", kind: "StatefulSet", api: "apps/v1", is_namespaced: true, short: &["sts"] },
    Resource { plural: "daemonsets", kind: "DaemonSet", api: "apps/v1", is_namespaced: true, short: &["ds"] },
    Resource {
        plural: "controllerrevisions",
        kind: "ControllerRevision",
        api: "apps/v1",
        is_namespaced: true,
        short: &[],
    },
    Resource { plural: "cronjobs", kind: "CronJob", api: "batch/v1", is_namespaced: true, short: &["cj"] },
    Resource { plural: "jobs", kind: "Job", api: "batch/v1", is_namespaced: true, short: &[] },
    Resource {
        plural: "horizontalpodautoscalers",
        kind: "HorizontalPodAutoscaler",
        api: "autoscaling/v2",
        is_namespaced: true,
        short: &["hpa"],
    },
    Resource { plural: "services", kind: "Service", api: "v1", is_namespaced: true, short: &["svc"] },
    Resource {
        plural: "httproutes",
        kind: "HTTPRoute",
        api: "gateway.networking.k8s.io/v1",
        is_namespaced: true,
        short: &[],
    },
    Resource {
        plural: "scaledobjects",
        kind: "ScaledObject",
        api: "keda.sh/v1alpha1",
        is_namespaced: true,
        short: &["so"],
    },
    Resource {
        plural: "applications",
        kind: "Application",
        api: "argoproj.io/v1alpha1",
        is_namespaced: true,
        short: &["app"],
    },
    Resource {
        plural: "storageclasses",
        kind: "StorageClass",
        api: "storage.k8s.io/v1",
        is_namespaced: false,
        short: &["sc"],
    },
    Resource { plural: "replicasets", kind: "ReplicaSet", api: "apps/v1", is_namespaced: true, short: &["rs"] },
];

/// What a path names.
pub(super) struct Target {
    /// The resource.
    pub(super) resource: Resource,
    /// The namespace; empty for all or none.
    pub(super) namespace: String,
    /// The object; empty for the collection.
    pub(super) name: String,
    /// `scale`, `log`, `status` or nothing.
    pub(super) sub: String,
}

impl Target {
    /// The object's key.
    pub(super) fn key(&self) -> Key {
        Key { resource: self.resource.plural, namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

pub(super) fn route(shared: &Arc<Shared>, asked: &Asked, fault: Option<Fault>) -> Response<Body> {
    if let Some(document) = discovery::document(&asked.path) {
        return json_answer(200, &document);
    }
    if matches!(asked.path.as_str(), "/healthz" | "/livez" | "/readyz") {
        return health(asked, fault);
    }
    if let Some(response) = review::answer(asked).or_else(|| usage::answer(shared, asked)) {
        return response;
    }
    let Some(target) = parse(&asked.path) else {
        return failed(404, "NotFound", "the server could not find the requested resource");
    };
    let verb = verb(asked, &target);
    if !review::may(asked.user, verb) {
        let Target { resource, namespace, .. } = &target;
        let group = resource.api.split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        let words = format!(
            "{}{group} is forbidden: User \"{}\" cannot {verb} resource \"{}\" in API group \"{}\" in the namespace \"{namespace}\"",
            resource.plural,
            asked.user,
            resource.plural,
            group.trim_start_matches('.')
        );
        return failed(403, "Forbidden", &words);
    }
    if matches!(target.sub.as_str(), "exec" | "attach" | "portforward") {
        let words = format!(
            "{} is not simulated here: the pods of this simulated cluster have no containers behind them",
            target.sub
        );
        return failed(501, "NotImplemented", &words);
    }
    match verb {
        "watch" => watching::watch(shared, asked, &target, fault),
        "list" => verbs::list(shared, asked, &target),
        "get" => verbs::get(shared, asked, &target),
        "create" => verbs::create(shared, asked, &target),
        "update" => verbs::update(shared, asked, &target),
        "patch" => verbs::patch(shared, asked, &target),
        "delete" => verbs::delete(shared, asked, &target),
        _ => json_answer(
            405,
            &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 405, "reason": "MethodNotAllowed", "message": "the server does not allow this method on the requested resource"}),
        ),
    }
}

/// What the server says of its own health; check by check where that is asked for.
fn health(asked: &Asked, fault: Option<Fault>) -> Response<Body> {
    let is_ready = fault != Some(Fault::NotReady);
    let code = if is_ready { http::StatusCode::OK } else { http::StatusCode::INTERNAL_SERVER_ERROR };
    let is_verbose = asked.query_names("verbose") || !is_ready;
    let etcd = if is_ready { "[+]etcd ok" } else { "[-]etcd failed: reason withheld" };
    let end = if is_ready { "passed" } else { "failed" };
    let name = asked.path.trim_start_matches('/');
    let lines = format!("[+]ping ok\n[+]log ok\n{etcd}\n[+]informer-sync ok\n[+]shutdown ok\n{name} check {end}\n");
    super::answered(code, "text/plain; charset=utf-8", if is_verbose { lines } else { "ok".to_owned() })
}

fn verb(asked: &Asked, target: &Target) -> &'static str {
    let is_watch = matches!(asked.parameter("watch"), Some("true" | "1"));
    match (asked.method.as_str(), target.name.is_empty()) {
        ("GET", true) if is_watch => "watch",
        ("GET", true) => "list",
        ("GET", false) => "get",
        ("POST", true) => "create",
        ("PUT", false) => "update",
        ("PATCH", false) => "patch",
        ("DELETE", false) => "delete",
        _ => "",
    }
}

fn parse(path: &str) -> Option<Target> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (api, rest) = match parts.as_slice() {
        ["api", "v1", rest @ ..] => ("v1".to_owned(), rest),
        ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
        _ => return None,
    };
    let of = |plural: &str| RESOURCES.into_iter().find(|resource| resource.plural == plural && resource.api == api);
    let part = |place: usize| rest.get(place).map(|part| super::decoded(part)).unwrap_or_default();
    match rest {
        ["namespaces", namespace, plural, ..] => {
            Some(Target { resource: of(plural)?, namespace: (*namespace).to_owned(), name: part(3), sub: part(4) })
        }
        [plural, ..] => Some(Target { resource: of(plural)?, namespace: String::new(), name: part(1), sub: part(2) }),
        [] => None,
    }
}
