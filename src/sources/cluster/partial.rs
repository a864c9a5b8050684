//! Rights that end at a namespace: what to configure where not everything may be listed.

use super::connection::Connection;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{Access, ObserveCluster, Right};

/// The refusal of a list over all namespaces, with what the operator may list instead where that is known.
///
/// Asked only after a refusal: whoever may list everything never waits for it.
pub(super) async fn advised(error: SourceError, connection: &Connection, root: &str, plural: &str) -> SourceError {
    if error.trouble != Trouble::Forbidden {
        return error;
    }
    let Some(namespace) = connection.namespace() else { return error };
    let group = root.strip_prefix("/apis/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let right = Right { verb: "list", group, resource: plural, namespace, name: "" };
    match connection.may(right).await {
        Ok(Access::Allowed) => {
            let sentence = format!(
                "not all namespaces may be listed, but {namespace} may: write namespaces = [{namespace:?}] for this environment. The server says: {}",
                error.sentence
            );
            SourceError { sentence, ..error }
        }
        _ => error,
    }
}
