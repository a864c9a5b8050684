//! Label and field selectors, as a query writes them.

use serde_json::Value;

/// Whether an object's labels fit a selector such as `app=api,tier in (a,b),!old`.
pub(super) fn labels_fit(object: &Value, selector: &str) -> bool {
    let label =
        |key: &str| object.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
    terms(selector).into_iter().all(|term| {
        let term = term.trim();
        let listed = |rest: &str| -> Vec<String> {
            rest.trim().trim_matches(['(', ')']).split(',').map(|value| value.trim().to_owned()).collect()
        };
        if let Some((key, values)) = term.split_once(" notin ") {
            return label(key.trim()).is_none_or(|value| !listed(values).iter().any(|other| other == value));
        }
        if let Some((key, values)) = term.split_once(" in ") {
            return label(key.trim()).is_some_and(|value| listed(values).iter().any(|other| other == value));
        }
        if let Some((key, value)) = term.split_once("!=") {
            return label(key.trim()) != Some(value.trim());
        }
        if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
            return label(key.trim()) == Some(value.trim());
        }
        match term.strip_prefix('!') {
            Some(key) => label(key.trim()).is_none(),
            None => term.is_empty() || label(term).is_some(),
        }
    })
}

/// Whether an object's labels fit the selector of another object: `matchLabels` and `matchExpressions`; an empty one fits everything.
pub(super) fn labels_match(object: &Value, selector: &Value) -> bool {
    let label =
        |key: &str| object.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let mut equal = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut expressions = selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    selector.is_object()
        && equal.all(|(key, value)| label(key) == value.as_str())
        && expressions.all(|one| {
            let own = label(one["key"].as_str().unwrap_or_default());
            let mut values = one["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let is_listed = own.is_some_and(|own| values.any(|value| value == own));
            match one["operator"].as_str().unwrap_or_default() {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                _ => false,
            }
        })
}

/// Splits at commas outside parentheses.
fn terms(selector: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in selector.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(selector.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(selector.get(start..).unwrap_or_default());
    found
}

/// Whether an object's fields fit a selector such as `metadata.name=api,status.phase!=Running`.
pub(super) fn fields_fit(object: &Value, selector: &str) -> bool {
    selector.split(',').filter(|term| !term.is_empty()).all(|term| {
        let (field, value, is_wanted) = match term.split_once("!=") {
            Some((field, value)) => (field, value, false),
            None => {
                let (field, value) = term.split_once("==").or_else(|| term.split_once('=')).unwrap_or((term, ""));
                (field, value, true)
            }
        };
        let pointer = format!("/{}", field.trim().replace('.', "/"));
        let found = object.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
        (found == value.trim()) == is_wanted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_fit_as_the_real_server_s() {
        let pod =
            json!({"metadata": {"name": "a", "labels": {"app": "api", "tier": "a"}}, "status": {"phase": "Running"}});
        for (selector, fits) in [
            ("app=api", true),
            ("app==api,tier in (a,b)", true),
            ("tier notin (a)", false),
            ("!old", true),
            ("app", true),
            ("app!=api", false),
            ("", true),
        ] {
            assert_eq!(labels_fit(&pod, selector), fits, "{selector}");
        }
        assert!(fields_fit(&pod, "metadata.name=a,status.phase!=Failed"));
        assert!(!fields_fit(&pod, "metadata.name=b"));
    }
}
