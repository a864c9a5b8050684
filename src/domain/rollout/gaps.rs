//! What a pod template lacks that somebody on call will miss: limits, requests, probes.

use serde_json::Value;

/// What the containers of a template lack, a sentence for each lack.
///
/// A container without a memory limit can take its node down with it; one without a readiness probe is sent traffic before it can answer;
/// one without a liveness probe stays as it is when it hangs.
pub fn gaps(template: &Value) -> Vec<String> {
    let containers: Vec<&Value> =
        template.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten().collect();
    let lacking = |words: &str, pointer: &str| {
        let is_lacking = |container: &&&Value| container.pointer(pointer).is_none_or(Value::is_null);
        let names: Vec<&str> =
            containers.iter().filter(is_lacking).filter_map(|container| container.get("name")?.as_str()).collect();
        match names.len() {
            0 => None,
            count if count == containers.len() => Some(format!("no {words}")),
            _ => Some(format!("no {words} for {}", names.join(", "))),
        }
    };
    [
        ("memory limit", "/resources/limits/memory"),
        ("CPU request", "/resources/requests/cpu"),
        ("readiness probe", "/readinessProbe"),
        ("liveness probe", "/livenessProbe"),
    ]
    .into_iter()
    .filter_map(|(words, pointer)| lacking(words, pointer))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_lacking_is_said_once_and_with_names_where_only_some_lack_it() {
        let whole = json!({"name": "api", "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "1"}}, "readinessProbe": {}, "livenessProbe": {}});
        let template = |containers: Value| json!({"spec": {"containers": containers}});
        assert!(gaps(&template(json!([whole]))).is_empty());
        assert_eq!(
            gaps(&template(
                json!([whole, {"name": "log", "resources": {"limits": {"memory": "1Mi"}, "requests": {"cpu": "1"}}, "livenessProbe": {}}])
            )),
            ["no readiness probe for log"]
        );
        assert_eq!(gaps(&template(json!([{"name": "api"}]))).first().map(String::as_str), Some("no memory limit"));
        assert!(gaps(&Value::Null).is_empty());
    }
}
