//! Pod templates compared as the controller and as an operator compare them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The label the Deployment controller adds to each ReplicaSet's template.
const HASH_LABEL: &str = "pod-template-hash";
/// Annotations that only make the controller replace the pods: the code stays the same.
const RESTART_STAMPS: [&str; 2] = ["kubectl.kubernetes.io/restartedAt", "kube.kubernetes.io/restartedAt"];

/// A ReplicaSet's template without the controller's hash label: what a Deployment would carry.
pub fn stripped(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH_LABEL);
    }
    template
}

/// Whether two templates are the same to the controller: the hash label is ignored, absent and empty are equal.
pub fn same_template(one: &Value, other: &Value) -> bool {
    pruned(&stripped(one)) == pruned(&stripped(other))
}

/// Whether two templates run the same code: restart stamps are ignored too.
pub fn same_code(one: &Value, other: &Value) -> bool {
    pruned(&without_stamps(one)) == pruned(&without_stamps(other))
}

/// A digest under which two templates are the same exactly when [`same_template`] says so.
///
/// It stands for a template where the template itself, with whatever its variables hold, should not be kept.
pub fn template_digest(template: &Value) -> String {
    digest(&stripped(template))
}

/// A digest under which two templates are the same exactly when [`same_code`] says so.
pub fn code_digest(template: &Value) -> String {
    digest(&without_stamps(template))
}

fn digest(template: &Value) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;
    let canonical = pruned(template).map(|value| value.to_string()).unwrap_or_default();
    Sha256::digest(canonical.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn without_stamps(template: &Value) -> Value {
    let mut template = stripped(template);
    if let Some(annotations) = template.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| !RESTART_STAMPS.contains(&key.as_str()));
    }
    template
}

/// The value without nulls, empty objects and empty lists inside objects; `None` when nothing is left.
fn pruned(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(members) => {
            let kept: Map<_, _> =
                members.iter().filter_map(|(key, member)| Some((key.clone(), pruned(member)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) if items.is_empty() => None,
        // Places in a list count, so nothing is dropped from one.
        Value::Array(items) => {
            Some(Value::Array(items.iter().map(|item| pruned(item).unwrap_or(Value::Null)).collect()))
        }
        other => Some(other.clone()),
    }
}

/// Images of a template's containers, then of its init containers.
pub fn images(template: &Value) -> Vec<String> {
    ["/spec/containers", "/spec/initContainers"]
        .into_iter()
        .filter_map(|list| template.pointer(list)?.as_array())
        .flatten()
        .filter_map(|container| Some(container.get("image")?.as_str()?.to_owned()))
        .collect()
}

/// Whether an image reference can mean other code tomorrow: no digest, and the tag is absent or `latest`.
pub fn is_mutable_tag(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

/// One difference between two templates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where, as an operator names it: `containers[api].image`.
    pub path: String,
    /// The value before; `None` when the field is new.
    pub before: Option<String>,
    /// The value after; `None` when the field goes away.
    pub after: Option<String>,
}

/// Every difference between two templates, by path; list entries with a `name` are matched by it.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    let (before, after) = (pruned(&stripped(before)), pruned(&stripped(after)));
    compare("", before.as_ref(), after.as_ref(), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(_)) | None, Some(Value::Object(_))) | (Some(Value::Object(_)), None) => {
            let keys: BTreeSet<&String> =
                [before, after].into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys).collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(
                    inner.strip_prefix("spec.").unwrap_or(&inner),
                    before.and_then(|value| value.get(key)),
                    after.and_then(|value| value.get(key)),
                    found,
                );
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if is_named(old) && is_named(new) => {
            let names: BTreeSet<&str> = old.iter().chain(new).filter_map(name_of).collect();
            for name in names {
                let find = |list: &'_ [Value]| list.iter().position(|item| name_of(item) == Some(name));
                let (old_item, new_item) =
                    (find(old).and_then(|place| old.get(place)), find(new).and_then(|place| new.get(place)));
                compare(&format!("{path}[{name}]"), old_item, new_item, found);
            }
        }
        _ if is_secret(path) => {
            let hidden = |value: &Value| if value.is_null() { String::new() } else { HIDDEN.to_owned() };
            found.push(Change { path: path.to_owned(), before: before.map(hidden), after: after.map(hidden) });
        }
        _ => {
            // A list or object that is there on one side only is told whole: without what it keeps secret.
            let told = |value: &Value| {
                let mut value = value.clone();
                hide(&mut value);
                written(&value)
            };
            found.push(Change { path: path.to_owned(), before: before.map(told), after: after.map(told) });
        }
    }
}

/// What stands for a value that is not shown.
const HIDDEN: &str = "(hidden)";

/// Whether a path is the value of a variable that by its name holds a secret.
fn is_secret(path: &str) -> bool {
    let Some((_, variable)) = path.rsplit_once("env[") else { return false };
    path.rsplit('.').next() == Some("value") && names_a_secret(variable)
}

/// Whether a variable of this name holds a secret.
fn names_a_secret(variable: &str) -> bool {
    let name = variable.to_uppercase();
    ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "DSN", "AUTH"].iter().any(|word| name.contains(word))
}

/// An object as it may be shown: without the values of variables that hold secrets, and without the copy of the whole object that
/// `kubectl apply` keeps in an annotation, which repeats them.
pub fn without_secrets(mut object: Value) -> Value {
    hide(&mut object);
    let kept = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";
    if let Some(copy) = object.pointer_mut(kept) {
        *copy = HIDDEN.into();
    }
    object
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_variable = members.get("name").and_then(Value::as_str).is_some_and(names_a_secret);
            for (key, member) in members {
                if is_variable && key == "value" {
                    *member = HIDDEN.into();
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn is_named(list: &[Value]) -> bool {
    list.iter().all(|item| name_of(item).is_some())
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(image: &str) -> Value {
        json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api", "image": image, "env": [{"name": "A", "value": "1"}]}]}})
    }

    #[test]
    fn the_hash_label_and_empty_fields_do_not_count() {
        let mut other = template("a:1");
        other["metadata"]["labels"][HASH_LABEL] = json!("abc");
        other["metadata"]["creationTimestamp"] = Value::Null;
        other["spec"]["securityContext"] = json!({});
        assert!(same_template(&template("a:1"), &other));
        assert!(!same_template(&template("a:1"), &template("a:2")));
    }

    #[test]
    fn a_restart_is_another_template_but_the_same_code() {
        let mut restarted = template("a:1");
        restarted["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-24T03:00:00Z"});
        assert!(!same_template(&template("a:1"), &restarted));
        assert!(same_code(&template("a:1"), &restarted));
    }

    #[test]
    fn changes_name_containers_and_variables() {
        let mut after = template("a:2");
        after["spec"]["containers"][0]["env"] = json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]);
        let found = changes(&template("a:1"), &after);
        let paths: Vec<&str> = found.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["containers[api].env[B].name", "containers[api].env[B].value", "containers[api].image"]);
        assert_eq!(
            found[2],
            Change { path: "containers[api].image".into(), before: Some("a:1".into()), after: Some("a:2".into()) }
        );
    }

    #[test]
    fn what_is_new_or_gone_as_a_whole_is_told_without_its_secrets() {
        let env = json!([{"name": "DB_PASSWORD", "value": "s3cret"}, {"name": "LEVEL", "value": "debug"}]);
        let bare = json!({"spec": {"containers": [{"name": "app", "image": "app:1"}]}});
        let with_env = json!({"spec": {"containers": [{"name": "app", "image": "app:1", "env": env}]}});
        let sidecar = json!({"name": "proxy", "image": "proxy:1", "env": env});
        let with_sidecar = json!({"spec": {"containers": [{"name": "app", "image": "app:1"}, sidecar]}});
        let with_init =
            json!({"spec": {"containers": [{"name": "app", "image": "app:1"}], "initContainers": [sidecar]}});
        for other in [with_env, with_sidecar, with_init] {
            for found in [changes(&bare, &other), changes(&other, &bare)] {
                let told = format!("{found:?}");
                assert!(!told.contains("s3cret") && told.contains("debug"), "{told}");
            }
        }
    }

    #[test]
    fn an_object_is_shown_without_its_secrets() {
        let object = json!({
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"value\":\"s3cret\"}", "owner": "shop"}},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "env": [
                {"name": "DB_PASSWORD", "value": "s3cret"}, {"name": "LEVEL", "value": "debug"}]}]}}},
        });
        let shown = without_secrets(object).to_string();
        assert!(!shown.contains("s3cret") && shown.contains("debug") && shown.contains("shop"), "{shown}");
    }

    #[test]
    fn the_value_of_a_secret_variable_is_never_shown() {
        let mut after = template("a:1");
        after["spec"]["containers"][0]["env"] =
            json!([{"name": "A", "value": "1"}, {"name": "DB_PASSWORD", "value": "hunter2"}]);
        let found = changes(&template("a:1"), &after);
        assert!(found.iter().any(|change| change.after.as_deref() == Some("(hidden)")), "{found:?}");
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn digests_are_equal_exactly_for_the_same_template() {
        let mut hashed = template("a:1");
        hashed["metadata"]["labels"][HASH_LABEL] = json!("abc");
        assert_eq!(template_digest(&template("a:1")), template_digest(&hashed));
        assert_ne!(template_digest(&template("a:1")), template_digest(&template("a:2")));
    }

    #[test]
    fn equal_templates_have_no_changes() {
        assert_eq!(changes(&template("a:1"), &template("a:1")), []);
    }

    #[test]
    fn a_tag_that_can_move_is_told_from_one_that_cannot() {
        for (image, mutable) in [
            ("nginx", true),
            ("r.example:5000/shop/api", true),
            ("api:latest", true),
            ("api:1.2.3", false),
            ("api@sha256:00", false),
        ] {
            assert_eq!(is_mutable_tag(image), mutable, "{image}");
        }
    }
}
