//! The rights an action needs, asked for before anything is tried.

use super::plan::Planner;
use crate::domain::action::{Actor, Request, Step};
use crate::sources::error::SourceError;
use crate::sources::observe::{Access, Right};

/// The method of a request that a pod answers with a session: what the API server calls it.
pub(super) const CONNECT: &str = "CONNECT";

/// What of a pod is connected to.
const PARTS: [&str; 2] = ["pods/exec", "pods/portforward"];

impl Planner {
    /// Asks for the right to every step; whether one is denied.
    pub(super) async fn ask_rights(
        &self,
        steps: &[Step],
        actor: &Actor,
        refusals: &mut Vec<String>,
        warnings: &mut Vec<String>,
    ) -> Result<bool, SourceError> {
        let mut is_denied = false;
        for right in rights(steps) {
            let Right { verb, resource, namespace, .. } = right;
            match self.cluster()?.may(right).await? {
                Access::Allowed => {}
                Access::Denied(reason) => {
                    is_denied = true;
                    let who = actor.name();
                    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
                    refusals.push(format!(
                        "{who} may not {verb} {resource} in {namespace}{reason}. Ask for the right, or use other credentials."
                    ));
                }
                Access::Unknown(reason) => warnings.push(format!(
                    "Whether you may {verb} {resource} in {namespace} could not be asked ({reason}); the server will tell."
                )),
            }
        }
        Ok(is_denied)
    }
}

/// The rights the steps of an action need, each once.
fn rights(steps: &[Step]) -> Vec<Right<'_>> {
    let mut rights: Vec<Right<'_>> = Vec::new();
    for right in steps.iter().flat_map(|step| needed(&step.request)) {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// The rights a request needs.
fn needed(request: &Request) -> impl Iterator<Item = Right<'_>> {
    let verbs: &[&str] = match request.method.as_str() {
        "PATCH" => &["patch"],
        "DELETE" => &["delete"],
        "POST" => &["create"],
        "PUT" => &["update"],
        // A WebSocket begins as a GET, so that servers ask for `get`; newer ones ask for `create` as well, as every client before did.
        CONNECT => &["create", "get"],
        _ => &[],
    };
    verbs.iter().filter_map(|verb| right(request, verb))
}

/// The right to do this to what a request is about, an object in a namespace, a new one there, or a part of one; `None` for any other path.
fn right<'r>(request: &'r Request, verb: &'r str) -> Option<Right<'r>> {
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _version, rest @ ..] => ("", rest),
        ["apis", group, _version, rest @ ..] => (*group, rest),
        _ => return None,
    };
    match rest {
        ["namespaces", namespace, resource, name] => Some(Right { verb, group, resource, namespace, name }),
        // What is made has no place of its own yet.
        ["namespaces", namespace, resource] => Some(Right { verb, group, resource, namespace, name: "" }),
        ["namespaces", namespace, "pods", name, part] => {
            let resource = PARTS.into_iter().find(|known| known.ends_with(part))?;
            Some(Right { verb, group, resource, namespace, name })
        }
        _ => None,
    }
}
