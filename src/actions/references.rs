//! ConfigMaps and Secrets a pod template refers to: a rollback does not bring their old contents back.

use std::collections::BTreeSet;

use serde_json::Value;

/// `(resource, name)` of every ConfigMap and Secret a template refers to.
pub(super) fn references(template: &Value) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let list = |key: &str| spec.get(key).and_then(Value::as_array).into_iter().flatten();
    for container in list("containers").chain(list("initContainers")) {
        let entries = |key: &str| container.get(key).and_then(Value::as_array).into_iter().flatten();
        for from in entries("envFrom") {
            note(&mut found, from.pointer("/configMapRef/name"), from.pointer("/secretRef/name"));
        }
        for variable in entries("env") {
            note(
                &mut found,
                variable.pointer("/valueFrom/configMapKeyRef/name"),
                variable.pointer("/valueFrom/secretKeyRef/name"),
            );
        }
    }
    for volume in list("volumes") {
        note(&mut found, volume.pointer("/configMap/name"), volume.pointer("/secret/secretName"));
        for source in volume.pointer("/projected/sources").and_then(Value::as_array).into_iter().flatten() {
            note(&mut found, source.pointer("/configMap/name"), source.pointer("/secret/name"));
        }
    }
    found
}

fn note(found: &mut BTreeSet<(&'static str, String)>, config_map: Option<&Value>, secret: Option<&Value>) {
    let name = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    found.extend(name(config_map).map(|name| ("configmaps", name)));
    found.extend(name(secret).map(|name| ("secrets", name)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_refer_is_found() {
        let template = json!({"spec": {
            "containers": [{"envFrom": [{"configMapRef": {"name": "a"}}], "env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "b"}}}]}],
            "volumes": [{"configMap": {"name": "c"}}, {"secret": {"secretName": "d"}}, {"projected": {"sources": [{"secret": {"name": "e"}}]}}],
        }});
        let names: Vec<String> =
            references(&template).into_iter().map(|(resource, name)| format!("{resource}/{name}")).collect();
        assert_eq!(names, ["configmaps/a", "configmaps/c", "secrets/b", "secrets/d", "secrets/e"]);
    }
}
