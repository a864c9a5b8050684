//! Rehearsing and writing. Built only where the environment grants it; the executor alone holds the hands.

use http::Method;

use super::connection::{Answered, Connection};
use super::trouble;
use crate::domain::action::Request;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::Answer;
use crate::sources::operate::{OperateCluster, RehearseCluster, Reply};

/// Asks a cluster what it would do.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    connection: Connection,
}

/// Changes a cluster.
#[derive(Debug, Clone)]
pub struct Hands {
    connection: Connection,
}

impl Rehearsal {
    /// Rehearses over a connection. Only for an environment with a write grant.
    pub const fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl Hands {
    /// Writes over a connection. Only for an environment with a write grant.
    pub const fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl RehearseCluster for Rehearsal {
    fn rehearse<'a>(&'a self, request: &'a Request) -> Answer<'a, Reply> {
        Box::pin(async move {
            let (request, path) = dry(request);
            send(&self.connection, &request, &path, &[]).await
        })
    }
}

impl OperateCluster for Hands {
    fn send<'a>(&'a self, request: &'a Request, audit_id: &'a str) -> Answer<'a, Reply> {
        Box::pin(async move { send(&self.connection, request, &request.path, &[("Audit-ID", audit_id)]).await })
    }
}

/// The same request as a rehearsal, with its path.
///
/// A deletion that has a body is read from the body alone: there a server ignores the query, `dryRun=All` included, and deletes.
fn dry(request: &Request) -> (Request, String) {
    let joint = if request.path.contains('?') { '&' } else { '?' };
    let mut dry = request.clone();
    if request.method == "DELETE" {
        dry.body["dryRun"] = serde_json::json!(["All"]);
    }
    (dry, format!("{}{joint}dryRun=All", request.path))
}

async fn send(
    connection: &Connection,
    request: &Request,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Reply, SourceError> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| {
        SourceError::new(
            Trouble::Setup,
            format!("{:?} is no HTTP method: nothing was sent.", text::clean(&request.method)),
        )
    })?;
    let answered = connection.once(method, path, &request.content_type, &request.body.to_string(), headers).await?;
    reply(&answered, connection.server())
}

fn reply(answered: &Answered, server: &str) -> Result<Reply, SourceError> {
    let object =
        serde_json::from_slice(&answered.body).map_err(|error| trouble::malformed(&error.to_string(), server))?;
    let warnings =
        answered.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok()).map(warning_text).collect();
    Ok(Reply { object, warnings })
}

/// The text of a `299 - "text"` header.
fn warning_text(raw: &str) -> String {
    let quoted = raw.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map_or(raw, |(quoted, _)| quoted);
    text::clean(&quoted.replace("\\\"", "\"")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_rehearsed_in_its_body_too() {
        let request = |method: &str| Request {
            method: method.to_owned(),
            path: "/api/v1/namespaces/shop/pods/db-2".into(),
            content_type: "application/json".into(),
            body: serde_json::json!({"preconditions": {"uid": "u"}}),
        };
        let (dry_deletion, path) = dry(&request("DELETE"));
        assert_eq!(dry_deletion.body, serde_json::json!({"preconditions": {"uid": "u"}, "dryRun": ["All"]}));
        assert!(path.ends_with("?dryRun=All"));
        assert_eq!(dry(&request("PATCH")).0.body, request("PATCH").body, "a patch is its body");
    }

    #[test]
    fn a_warning_is_read_without_its_wrapping() {
        assert_eq!(warning_text("299 - \"unknown field \\\"spec.x\\\"\""), "unknown field \"spec.x\"");
        assert_eq!(warning_text("odd"), "odd");
    }
}
