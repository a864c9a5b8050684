//! What the API has, as clients ask for it before anything else.

use serde_json::{Value, json};

use super::route::RESOURCES;

/// The document of a discovery path.
pub(super) fn document(path: &str) -> Option<Value> {
    Some(match path.trim_end_matches('/') {
        "/version" => json!({"major": "1", "minor": "34", "gitVersion": "v1.34.4-sandbox", "platform": "quarterdeck"}),
        "/api" => json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}),
        "/apis" => {
            let versioned = |name: &str, version: &str| {
                let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
                json!({"name": name, "versions": [version], "preferredVersion": version})
            };
            let group = |name: &str| versioned(name, "v1");
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group("apps"), group("batch"), group("policy"), group("storage.k8s.io"), versioned("autoscaling", "v2"), versioned("argoproj.io", "v1alpha1"), group("gateway.networking.k8s.io"), versioned("keda.sh", "v1alpha1"), group("authorization.k8s.io"), group("authentication.k8s.io")]})
        }
        "/api/v1" => resources("v1"),
        "/apis/apps/v1" => resources("apps/v1"),
        "/apis/batch/v1" => resources("batch/v1"),
        "/apis/policy/v1" => resources("policy/v1"),
        "/apis/storage.k8s.io/v1" => resources("storage.k8s.io/v1"),
        "/apis/argoproj.io/v1alpha1" => resources("argoproj.io/v1alpha1"),
        "/apis/gateway.networking.k8s.io/v1" => resources("gateway.networking.k8s.io/v1"),
        "/apis/keda.sh/v1alpha1" => resources("keda.sh/v1alpha1"),
        "/apis/autoscaling/v2" => resources("autoscaling/v2"),
        "/apis/authorization.k8s.io/v1" => reviews(
            "authorization.k8s.io/v1",
            &[
                ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
                ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
            ],
        ),
        "/apis/authentication.k8s.io/v1" => {
            reviews("authentication.k8s.io/v1", &[("selfsubjectreviews", "SelfSubjectReview")])
        }
        _ => return None,
    })
}

fn resources(api: &str) -> Value {
    let verbs = json!(["create", "delete", "get", "list", "patch", "update", "watch"]);
    let mut listed: Vec<Value> = RESOURCES
        .iter()
        .filter(|resource| resource.api == api)
        .map(|resource| {
            json!({"name": resource.plural, "singularName": resource.kind.to_lowercase(), "namespaced": resource.is_namespaced, "kind": resource.kind,
                "verbs": verbs, "shortNames": resource.short})
        })
        .collect();
    if api == "apps/v1" {
        for plural in ["deployments", "replicasets"] {
            listed.push(json!({"name": format!("{plural}/scale"), "singularName": "", "namespaced": true, "kind": "Scale", "group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"]}));
        }
    } else if api == "v1" {
        listed
            .push(json!({"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]}));
    }
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": listed})
}

fn reviews(api: &str, kinds: &[(&str, &str)]) -> Value {
    let listed: Vec<Value> = kinds.iter().map(|(plural, kind)| json!({"name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"]})).collect();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": listed})
}
