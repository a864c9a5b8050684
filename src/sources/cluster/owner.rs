//! What controls a pod, followed up to the workload.

use std::sync::Arc;

use serde_json::Value;

use super::connection::Connection;
use super::feed::encoded;
use crate::domain::rollout::{Kind, WorkloadRef};
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::PodOwner;

/// Follows a pod's controlling owner; a ReplicaSet's owner is what counts.
pub(super) async fn of(
    connection: &Connection,
    environment: &Arc<str>,
    namespace: &str,
    pod: &str,
) -> Result<PodOwner, SourceError> {
    let place = encoded(namespace);
    let object = connection.get(&format!("/api/v1/namespaces/{place}/pods/{}", encoded(pod))).await?;
    let Some((mut kind, mut name)) = controller(&object) else { return Ok(PodOwner::Nobody) };
    if kind == "ReplicaSet" {
        let path = format!("/apis/apps/v1/namespaces/{place}/replicasets/{}", encoded(&name));
        match connection.get(&path).await {
            Ok(set) => (kind, name) = controller(&set).unwrap_or((kind, name)),
            // It is on its way out: nothing it would bring back.
            Err(error) if error.trouble == Trouble::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(match Kind::of_word(&kind) {
        Some(kind) => PodOwner::Workload(WorkloadRef {
            environment: environment.clone(),
            namespace: namespace.into(),
            kind,
            name: name.as_str().into(),
        }),
        None => PodOwner::Other(text::clean(&format!("{kind} {name}")).into_owned()),
    })
}

/// Kind and name of the owner that controls an object.
fn controller(object: &Value) -> Option<(String, String)> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    Some((owner.get("kind")?.as_str()?.to_owned(), owner.get("name")?.as_str()?.to_owned()))
}
