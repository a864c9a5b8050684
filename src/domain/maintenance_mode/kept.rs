//! What an object beside the workloads was before the maintenance: which of its fields stood how, and what they are set to meanwhile.
//!
//! It stands on the object itself, written in the same patch as the change, and goes with what takes it back. A field that stands neither as
//! it was nor as it was set was changed by somebody else: nothing is written over it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::text;

/// The annotation that holds it.
pub const KEPT_KEY: &str = "quarterdeck.dev/maintenance-was";

/// Where it stands in an object; a JSON pointer.
pub const KEPT: &str = "/metadata/annotations/quarterdeck.dev~1maintenance-was";

/// What an object was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The shape of this document: 1.
    pub v: u32,
    /// Who changed it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Fields by their JSON pointers, as they stood; null: not there.
    pub was: BTreeMap<String, Value>,
    /// The same fields, as they are set meanwhile; null: taken away.
    pub set: BTreeMap<String, Value>,
}

impl Kept {
    /// The shape this console writes and reads.
    pub const VERSION: u32 = 1;

    /// What an object keeps; `None` where it keeps nothing.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub fn of(object: &Value) -> Option<Result<Self, String>> {
        let written = object.pointer(KEPT)?.as_str().unwrap_or_default();
        let shown = || text::clean(written).chars().take(200).collect::<String>();
        let read = serde_json::from_str::<Self>(written);
        Some(match read {
            Ok(kept) if kept.v == Self::VERSION && kept.was.keys().eq(kept.set.keys()) => Ok(kept),
            Ok(_) | Err(_) => Err(format!("its annotation {KEPT_KEY} is none of ours any more: {}", shown())),
        })
    }

    /// The annotation's value.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The fields that stand neither as they were nor as they were set, each with what it is now.
    pub fn moved<'k>(&'k self, object: &Value) -> Vec<(&'k str, Value)> {
        let is_other = |path: &String, now: &Value| self.set.get(path) != Some(now) && self.was.get(path) != Some(now);
        self.was
            .keys()
            .map(|path| (path, object.pointer(path).cloned().unwrap_or(Value::Null)))
            .filter(|(path, now)| is_other(path, now))
            .map(|(path, now)| (path.as_str(), now))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept() -> Kept {
        let one = |value: Value| [("/spec/selector".to_owned(), value)].into();
        Kept {
            v: 1,
            by: "mori".into(),
            reason: "x".into(),
            was: one(json!({"app": "api"})),
            set: one(json!({"app": "page"})),
        }
    }

    #[test]
    fn what_somebody_else_set_is_told_and_what_was_edited_is_not_read() {
        let object = |app: &str| json!({"metadata": {"annotations": {KEPT_KEY: kept().written()}}, "spec": {"selector": {"app": app}}});
        let read = |object: &Value| Kept::of(object).expect("it keeps").expect("it can be read");
        assert_eq!(read(&object("page")), kept());
        assert!(kept().moved(&object("page")).is_empty() && kept().moved(&object("api")).is_empty());
        assert_eq!(kept().moved(&object("other")), [("/spec/selector", json!({"app": "other"}))]);
        let edited = json!({"metadata": {"annotations": {KEPT_KEY: "{\"v\":1\u{1b}"}}});
        assert!(Kept::of(&edited).is_some_and(|read| read.is_err_and(|why| !why.contains('\u{1b}'))));
        assert_eq!(Kept::of(&json!({"metadata": {}})), None);
    }
}
