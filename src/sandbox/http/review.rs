//! Who somebody is and what they may do.

use http::Response;
use serde_json::{Value, json};

use super::{Asked, Body, json_answer};

/// Whether a user may do something: the operator everything, the viewer only look.
pub(super) fn may(user: &str, verb: &str) -> bool {
    user == "operator" || matches!(verb, "get" | "list" | "watch")
}

/// The answer to a review; `None` for every other path.
pub(super) fn answer(asked: &Asked) -> Option<Response<Body>> {
    let kind = asked.path.strip_prefix("/apis/")?.split_once("/v1/")?.1;
    let mut review: Value = serde_json::from_slice(&asked.body).unwrap_or_else(|_| json!({}));
    review["status"] = match kind {
        "selfsubjectreviews" => json!({"userInfo": {"username": asked.user, "groups": ["system:authenticated"]}}),
        "selfsubjectaccessreviews" => {
            let verb = review.pointer("/spec/resourceAttributes/verb").and_then(Value::as_str).unwrap_or_default();
            let is_allowed = may(asked.user, verb);
            json!({"allowed": is_allowed, "reason": if is_allowed { "" } else { "the viewer may only look" }})
        }
        "selfsubjectrulesreviews" => {
            let verbs = if asked.user == "operator" { json!(["*"]) } else { json!(["get", "list", "watch"]) };
            json!({"resourceRules": [{"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}], "nonResourceRules": [], "incomplete": false})
        }
        _ => return None,
    };
    if asked.method != "POST" {
        return Some(super::failed(405, "MethodNotAllowed", "reviews are created"));
    }
    Some(json_answer(201, &review))
}
