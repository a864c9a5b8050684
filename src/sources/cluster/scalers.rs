//! What decides how many pods a workload has: HorizontalPodAutoscalers, and the ScaledObjects of KEDA behind some of them.

use serde_json::Value;

use super::connection::Connection;
use super::facts::{list, string};
use super::feed::encoded;
use super::page;
use super::wire::{Interner, WireAutoscaler};
use crate::domain::rollout::{Autoscaler, WorkloadRef};
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};

/// Every autoscaler of a workload.
pub(super) async fn of(connection: &Connection, workload: &WorkloadRef) -> Result<Vec<Autoscaler>, SourceError> {
    let namespace = encoded(&workload.namespace);
    let path = format!("/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers?");
    let found = list(connection, path, |bytes| {
        let mut interner = Interner::default();
        let page = page::read(bytes, |wire: &WireAutoscaler<'_>| {
            wire.is_aimed_at(workload).then(|| wire.kept(&mut interner))
        })?;
        Ok((page.items, page.next))
    });
    let mut found: Vec<Autoscaler> = found.await?.into_iter().flatten().collect();
    let path = format!("/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledobjects?");
    let scaled = list(connection, path, |bytes| {
        let list: Value = serde_json::from_slice(bytes)?;
        let next = string(&list, "/metadata/continue").filter(|next| !next.is_empty());
        Ok((list.get("items").and_then(Value::as_array).cloned().unwrap_or_default(), next))
    });
    match scaled.await {
        Ok(objects) => {
            for object in objects.iter().filter(|object| is_aimed_at(object, workload)) {
                add(&mut found, object);
            }
        }
        // Most clusters have no KEDA; and who may not look there still sees what it made.
        Err(error) if matches!(error.trouble, Trouble::NotFound | Trouble::Forbidden) => {}
        Err(error) => return Err(error),
    }
    Ok(found)
}

fn is_aimed_at(object: &Value, workload: &WorkloadRef) -> bool {
    let at = |field: &str| object.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str);
    at("kind").unwrap_or("Deployment") == workload.kind.word() && at("name") == Some(&*workload.name)
}

/// Notes whether a ScaledObject is paused; while it is, it may have taken its HorizontalPodAutoscaler away.
fn add(found: &mut Vec<Autoscaler>, object: &Value) {
    let name = string(object, "/metadata/name").unwrap_or_default();
    let who = text::clean(&format!("KEDA ScaledObject {name}")).into_owned();
    let annotation =
        |key: &str| object.pointer("/metadata/annotations")?.get(format!("autoscaling.keda.sh/{key}"))?.as_str();
    let paused = match (annotation("paused-replicas"), annotation("paused")) {
        (Some(pods), _) => Some(pods.parse().ok()),
        (None, Some(paused)) if paused != "false" => Some(None),
        _ => None,
    };
    if let Some(known) = found.iter_mut().find(|known| known.who == who) {
        known.paused = paused;
        return;
    }
    let number = |field: &str, default: u32| {
        let asked = object.pointer(&format!("/spec/{field}")).and_then(Value::as_u64);
        asked.map_or(default, |asked| u32::try_from(asked).unwrap_or(u32::MAX))
    };
    found.push(Autoscaler {
        who,
        least: number("minReplicaCount", 0),
        most: number("maxReplicaCount", 100),
        paused,
        ..Autoscaler::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_paused_scaled_object_is_known_with_and_without_its_autoscaler() {
        let object = |key: &str, value: &str| json!({"metadata": {"name": "api", "annotations": {key: value}}, "spec": {"scaleTargetRef": {"name": "api"}, "maxReplicaCount": 8}});
        let mut found = vec![Autoscaler { who: "KEDA ScaledObject api".into(), least: 2, ..Autoscaler::default() }];
        add(&mut found, &object("autoscaling.keda.sh/paused-replicas", "0"));
        assert_eq!((found.len(), found[0].least, found[0].paused), (1, 2, Some(Some(0))));
        let mut alone = Vec::new();
        add(&mut alone, &object("autoscaling.keda.sh/paused", "true"));
        assert_eq!((alone[0].least, alone[0].most, alone[0].paused), (0, 8, Some(None)));
    }
}
