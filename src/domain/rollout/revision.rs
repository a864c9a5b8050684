//! Revisions, and which of them a rollback goes to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::{same_code, same_template};
use crate::domain::time::Instant;

/// How we know that a revision was ever fully available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenHealthy {
    /// This console saw every replica available.
    Remembered,
    /// Its ReplicaSet still has available pods.
    AvailableNow,
    /// Nobody here saw it: NOT SEEN HEALTHY HERE.
    No,
}

/// A revision of a Deployment: a ReplicaSet with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The number. It moves: going back to a revision gives it the next free number.
    pub number: u64,
    /// Numbers it had before.
    pub earlier: Vec<u64>,
    /// The ReplicaSet or ControllerRevision.
    pub name: Arc<str>,
    /// Its uid: what a plan holds on to.
    pub uid: Arc<str>,
    /// The label its pods have.
    pub hash: Arc<str>,
    /// Images, in container order.
    pub images: Vec<String>,
    /// Why it was made, as its author said.
    pub change_cause: Option<String>,
    /// When the ReplicaSet was created, which may be long before it got this number.
    pub created_at: Option<Instant>,
    /// Pods it has and how many of them are available.
    pub replicas: u32,
    /// Available pods.
    pub available: u32,
    /// Whether it was ever seen fully available.
    pub seen_healthy: SeenHealthy,
    /// Whether the Deployment's template is this one.
    pub is_current: bool,
    /// The pod template as stored, hash label included.
    pub template: Arc<Value>,
}

/// The revision a rollback goes to by default, and what must be said about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// The one `kubectl rollout undo` would choose, when that is another.
    pub kubectl_would_choose: Option<&'a Revision>,
}

/// The newest revision whose code differs from the current template's and which was seen fully available; if none was seen, the newest that differs.
///
/// kubectl takes the second-highest number whatever it holds, which after a restart is the broken code once more.
pub fn default_target<'a>(revisions: &'a [Revision], current: &Value) -> Option<Choice<'a>> {
    let mut newest_first: Vec<&Revision> = revisions.iter().filter(|revision| revision.number > 0).collect();
    newest_first.sort_by_key(|revision| std::cmp::Reverse(revision.number));
    let kubectl = newest_first.get(1).copied();
    let differing = || {
        newest_first
            .iter()
            .copied()
            .filter(|revision| !same_code(&revision.template, current) && !same_template(&revision.template, current))
    };
    let revision =
        differing().find(|revision| revision.seen_healthy != SeenHealthy::No).or_else(|| differing().next())?;
    Some(Choice { revision, kubectl_would_choose: kubectl.filter(|other| other.uid != revision.uid) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(image: &str, restarted: bool) -> Value {
        let mut template =
            json!({"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [{"name": "api", "image": image}]}});
        if restarted {
            template["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        }
        template
    }

    fn revision(number: u64, template: Value, seen_healthy: SeenHealthy) -> Revision {
        Revision {
            number,
            earlier: Vec::new(),
            name: format!("api-{number}").into(),
            uid: format!("uid-{number}").into(),
            hash: format!("{number}").into(),
            images: Vec::new(),
            change_cause: None,
            created_at: None,
            replicas: 0,
            available: 0,
            seen_healthy,
            is_current: false,
            template: Arc::new(template),
        }
    }

    #[test]
    fn the_undo_trap_good_bad_restarted_goes_back_to_good() {
        let revisions = [
            revision(1, template("good", false), SeenHealthy::AvailableNow),
            revision(2, template("bad", false), SeenHealthy::No),
            revision(3, template("bad", true), SeenHealthy::No),
        ];
        let choice = default_target(&revisions, &template("bad", true));
        assert_eq!(choice.map(|choice| choice.revision.number), Some(1));
        assert_eq!(choice.and_then(|choice| choice.kubectl_would_choose).map(|other| other.number), Some(2));
    }

    #[test]
    fn a_revision_seen_healthy_is_preferred_to_a_newer_one_that_was_not() {
        let revisions = [
            revision(4, template("a", false), SeenHealthy::Remembered),
            revision(5, template("b", false), SeenHealthy::No),
            revision(6, template("c", false), SeenHealthy::No),
        ];
        assert_eq!(default_target(&revisions, &template("c", false)).map(|choice| choice.revision.number), Some(4));
    }

    #[test]
    fn where_none_was_seen_healthy_the_newest_that_differs_is_taken() {
        let revisions = [
            revision(1, template("a", false), SeenHealthy::No),
            revision(2, template("b", false), SeenHealthy::No),
            revision(3, template("c", false), SeenHealthy::No),
        ];
        let choice = default_target(&revisions, &template("c", false));
        assert_eq!(
            choice.map(|choice| (choice.revision.number, choice.revision.seen_healthy)),
            Some((2, SeenHealthy::No))
        );
        assert_eq!(choice.and_then(|choice| choice.kubectl_would_choose), None);
    }

    #[test]
    fn there_is_nothing_to_go_back_to_when_only_restarts_happened() {
        let revisions = [
            revision(1, template("a", false), SeenHealthy::AvailableNow),
            revision(2, template("a", true), SeenHealthy::AvailableNow),
        ];
        assert_eq!(default_target(&revisions, &template("a", true)), None);
    }
}
