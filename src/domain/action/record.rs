//! The operation record: what a colleague's console reads on the target while somebody acts on it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant};

/// The annotation that carries the record.
pub const RECORD_KEY: &str = "quarterdeck.dev/operation";

/// The actions that write a new pod template. A test of the catalogue holds it.
pub const RELEASING: [&str; 3] = ["rollback", "restart", "set-image"];

/// Written on the target in the same atomic patch as the change, once; it ends by expiring.
///
/// The Deployment controller copies annotations to ReplicaSets and `kubectl rollout undo` copies them back, so a record
/// found on a target may be an old one: only its expiry tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRecord {
    /// The run.
    pub id: String,
    /// Who, as a person reads it.
    pub actor: String,
    /// Which action.
    pub action: String,
    /// When it began, by the cluster's clock.
    pub started: Instant,
    /// When it is over at the latest: the run's deadline plus 60 s.
    pub expires: Instant,
}

impl OperationRecord {
    /// Reads an annotation; `None` when it is not a record of ours.
    pub fn read(annotation: &str) -> Option<Self> {
        serde_json::from_str(annotation).ok()
    }

    /// The annotation's value.
    pub fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same in a clock that is so much ahead: records are written in the cluster's time and judged in ours.
    #[must_use]
    pub fn shifted(self, ahead: TimeDelta) -> Self {
        Self { started: self.started + ahead, expires: self.expires + ahead, ..self }
    }

    /// When the release it made began: a record of an action that leaves the pod template alone starts none.
    pub fn released(&self) -> Option<Instant> {
        RELEASING.contains(&self.action.as_str()).then_some(self.started)
    }

    /// Whether somebody may still be at work.
    pub fn is_live(&self, now: Instant) -> bool {
        now < self.expires
    }

    /// What to tell a colleague: `mori: rollback since 20s`.
    pub fn sentence(&self, now: Instant) -> String {
        let age = time::coarse(time::age(self.started, now));
        if self.is_live(now) {
            format!("{} is running {} on it, {age}", self.actor, self.action)
        } else {
            format!("{} ran {} on it {age} ago", self.actor, self.action)
        }
    }

    /// How long a record outlives the run's deadline.
    pub const GRACE: TimeDelta = TimeDelta::seconds(60);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_the_annotation_and_expires() {
        let started = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let record = OperationRecord {
            id: "r1".into(),
            actor: "mori".into(),
            action: "rollback".into(),
            started,
            expires: started + TimeDelta::seconds(360),
        };
        assert_eq!(OperationRecord::read(&record.written()).as_ref(), Some(&record));
        assert!(record.is_live(started + TimeDelta::seconds(359)));
        assert!(!record.is_live(started + TimeDelta::seconds(360)));
        assert_eq!(record.sentence(started + TimeDelta::seconds(20)), "mori is running rollback on it, 20s");
        assert_eq!(OperationRecord::read("hello"), None);
        assert_eq!(record.released(), Some(started));
        assert_eq!(OperationRecord { action: "scale".into(), ..record }.released(), None, "more pods are no release");
    }
}
