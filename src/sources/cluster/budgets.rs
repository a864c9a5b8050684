//! The PodDisruptionBudgets over a workload's pods.

use serde::Deserialize;
use serde_json::Value;

use super::connection::Connection;
use super::facts::list;
use super::feed::encoded;
use super::page;
use super::wire::{Meta, Wire};
use crate::domain::rollout::Budget;
use crate::domain::text;
use crate::sources::error::SourceError;

#[derive(Deserialize)]
struct WireBudget<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Spec {
    selector: Value,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    disruptions_allowed: u32,
    current_healthy: u32,
    desired_healthy: u32,
    observed_generation: i64,
}

impl<'a> Wire<'a> for WireBudget<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

/// The budgets of a namespace whose selector fits these labels.
pub(super) async fn over(connection: &Connection, namespace: &str, labels: &Value) -> Result<Vec<Budget>, SourceError> {
    let path = format!("/apis/policy/v1/namespaces/{}/poddisruptionbudgets?", encoded(namespace));
    let found = list(connection, path, |bytes| {
        let page = page::read(bytes, |wire: &WireBudget<'_>| {
            fits(&wire.spec.selector, labels).then(|| Budget {
                name: text::clean(&wire.metadata.name).into_owned(),
                allowed: wire.status.disruptions_allowed,
                healthy: wire.status.current_healthy,
                wanted: wire.status.desired_healthy,
                is_current: wire.status.observed_generation >= wire.metadata.generation,
            })
        })?;
        Ok((page.items, page.next))
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// Whether a selector fits labels: an empty one fits everything, a missing one nothing.
fn fits(selector: &Value, labels: &Value) -> bool {
    if !selector.is_object() {
        return false;
    }
    let label = |key: &str| labels.get(key).and_then(Value::as_str);
    let equal = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut expressions = selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    equal.into_iter().all(|(key, value)| label(key) == value.as_str())
        && expressions.all(|expression| {
            let text = |field: &str| expression.get(field).and_then(Value::as_str).unwrap_or_default();
            let mut values = expression.get("values").and_then(Value::as_array).into_iter().flatten();
            let own = label(text("key"));
            let is_listed = own.is_some_and(|own| values.any(|value| value.as_str() == Some(own)));
            match text("operator") {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "Exists" => own.is_some(),
                "DoesNotExist" => own.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_budget_is_over_the_pods_its_selector_fits() {
        let labels = json!({"app": "api", "tier": "a"});
        for (selector, expected) in [
            (json!({"matchLabels": {"app": "api"}}), true),
            (json!({"matchLabels": {"app": "web"}}), false),
            (json!({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}), true),
            (json!({"matchExpressions": [{"key": "old", "operator": "Exists"}]}), false),
            (json!({}), true),
            (Value::Null, false),
        ] {
            assert_eq!(fits(&selector, &labels), expected, "{selector}");
        }
    }
}
