//! The rights an action needs, asked for before anything is tried.

use super::plan::Planner;
use crate::domain::action::{Actor, Request, Step};
use crate::sources::error::SourceError;
use crate::sources::observe::{Access, Right};

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
    for right in steps.iter().filter_map(|step| right(&step.request)) {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// The right a request to an object in a namespace needs; `None` for any other path.
fn right(request: &Request) -> Option<Right<'_>> {
    let verb = match request.method.as_str() {
        "PATCH" => "patch",
        "DELETE" => "delete",
        "POST" => "create",
        "PUT" => "update",
        _ => return None,
    };
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _version, rest @ ..] => ("", rest),
        ["apis", group, _version, rest @ ..] => (*group, rest),
        _ => return None,
    };
    match rest {
        ["namespaces", namespace, resource, name] => Some(Right { verb, group, resource, namespace, name }),
        _ => None,
    }
}
