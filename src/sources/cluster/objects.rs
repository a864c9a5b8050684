//! One object of any kind, read whole: what is patched is what the server has, and not what our types know of it.

use std::sync::Arc;

use serde_json::Value;

use super::connection::Connection;
use super::feed::encoded;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::ObjectPath;

/// Reads one; `None` where it does not exist.
pub(super) async fn read(connection: &Connection, at: &ObjectPath<'_>) -> Result<Option<Arc<Value>>, SourceError> {
    let (namespace, name) = (encoded(at.namespace), encoded(at.name));
    let path = format!("/{}/namespaces/{namespace}/{}/{name}", at.api, at.resource);
    let path = path.trim_end_matches('/');
    let mut object = match connection.get(path).await {
        Err(error) if error.trouble == Trouble::NotFound => return Ok(None),
        object => object?,
    };
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    Ok(Some(Arc::new(object)))
}
