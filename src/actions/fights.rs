//! Who will undo an action, by the marks on the object.

use serde_json::Value;

use crate::domain::action::Fight;
use crate::domain::text;

/// A mark: where it is, who leaves it, what to expect.
struct Mark {
    kind: MarkKind,
    key: &'static str,
    who: &'static str,
    expect: &'static str,
}

#[derive(Clone, Copy)]
enum MarkKind {
    Label,
    Annotation,
}

const MARKS: &[Mark] = &[
    Mark {
        kind: MarkKind::Annotation,
        key: "argocd.argoproj.io/tracking-id",
        who: "Argo CD",
        expect: "with self-heal on it puts its own version back within about 5 s, else at the next sync",
    },
    Mark {
        kind: MarkKind::Label,
        key: "argocd.argoproj.io/instance",
        who: "Argo CD",
        expect: "with self-heal on it puts its own version back within about 5 s, else at the next sync",
    },
    Mark {
        kind: MarkKind::Label,
        key: "kustomize.toolkit.fluxcd.io/name",
        who: "Flux Kustomization",
        expect: "it puts its own version back at its next interval unless suspended",
    },
    Mark {
        kind: MarkKind::Label,
        key: "helm.toolkit.fluxcd.io/name",
        who: "Flux HelmRelease",
        expect: "with drift detection on it puts its own version back; else at the next upgrade",
    },
    Mark {
        kind: MarkKind::Annotation,
        key: "meta.helm.sh/release-name",
        who: "Helm",
        expect: "the next helm upgrade overwrites it",
    },
    Mark {
        kind: MarkKind::Label,
        key: "olm.owner",
        who: "Operator Lifecycle Manager",
        expect: "the operator renders it again",
    },
    Mark {
        kind: MarkKind::Annotation,
        key: "configmanagement.gke.io/managed",
        who: "Config Sync",
        expect: "it puts its own version back",
    },
    Mark {
        kind: MarkKind::Label,
        key: "objectset.rio.cattle.io/hash",
        who: "Fleet",
        expect: "it puts its own version back",
    },
    Mark { kind: MarkKind::Label, key: "kapp.k14s.io/app", who: "kapp", expect: "the next deploy overwrites it" },
];

/// Managers that are no pipeline: people's tools, the controllers, ourselves.
const HARMLESS: [&str; 6] =
    ["kubectl", "kube-controller-manager", "quarterdeck", "before-first-apply", "k9s", "kubectl-rollout"];

/// Everybody who will undo a change of this object's pod template, with the evidence.
pub(super) fn fights(object: &Value) -> Vec<Fight> {
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let mut found: Vec<Fight> = Vec::new();
    for mark in MARKS {
        let place = match mark.kind {
            MarkKind::Label => "labels",
            MarkKind::Annotation => "annotations",
        };
        let Some(value) = metadata.get(place).and_then(|entries| entries.get(mark.key)).and_then(Value::as_str) else {
            continue;
        };
        if mark.key == "argocd.argoproj.io/tracking-id" && !is_tracked_here(value, metadata) {
            continue;
        }
        if found.iter().all(|fight| fight.who != mark.who) {
            let words = format!("{} = {}: {}.", mark.key, text::clean(value), mark.expect);
            found.push(Fight { who: mark.who.to_owned(), words });
        }
    }
    for owner in metadata.get("ownerReferences").and_then(Value::as_array).into_iter().flatten() {
        if owner.get("controller") == Some(&Value::Bool(true)) {
            let part = |key: &str| {
                owner.get(key).and_then(Value::as_str).map(|part| text::clean(part).into_owned()).unwrap_or_default()
            };
            found.push(Fight {
                who: format!("{} {}", part("kind"), part("name")),
                words: "it controls this object and renders it again.".to_owned(),
            });
        }
    }
    for managed in metadata.get("managedFields").and_then(Value::as_array).into_iter().flatten() {
        let manager = managed.get("manager").and_then(Value::as_str).unwrap_or_default();
        let owns_template = managed.pointer("/fieldsV1/f:spec/f:template").is_some();
        let is_apply = managed.get("operation").and_then(Value::as_str) == Some("Apply");
        if owns_template && is_apply && !HARMLESS.contains(&manager) && found.is_empty() {
            let manager = text::clean(manager).into_owned();
            found.push(Fight {
                words: format!("the field manager {manager} applies the pod template and may apply it again."),
                who: manager,
            });
        }
    }
    found
}

/// A copied annotation names another object: `app:group/kind:namespace/name`.
fn is_tracked_here(tracking: &str, metadata: &Value) -> bool {
    let part = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
    tracking.ends_with(&format!(":{}/{}", part("namespace"), part("name")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn argo_is_believed_only_when_it_names_this_object() {
        let object = |name: &str| json!({"metadata": {"namespace": "shop", "name": name, "annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api"}}});
        assert_eq!(fights(&object("api")).iter().map(|fight| fight.who.as_str()).collect::<Vec<_>>(), ["Argo CD"]);
        assert!(fights(&object("copy")).is_empty());
    }

    #[test]
    fn flux_helm_owners_and_appliers_are_named() {
        let object = json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}, "annotations": {"meta.helm.sh/release-name": "shop"},
            "ownerReferences": [{"kind": "App", "name": "shop", "controller": true}]}});
        let who: Vec<String> = fights(&object).into_iter().map(|fight| fight.who).collect();
        assert_eq!(who, ["Flux Kustomization", "Helm", "App shop"]);
        let applied = json!({"metadata": {"managedFields": [{"manager": "ci-deployer", "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {}}}}]}});
        assert_eq!(fights(&applied)[0].who, "ci-deployer");
    }
}
