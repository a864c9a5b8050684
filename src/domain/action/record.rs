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
    #[serde(deserialize_with = "time::clamped")]
    pub started: Instant,
    /// When it is over at the latest: the run's deadline plus 60 s; never later than [`Self::LONGEST`] after it began.
    #[serde(deserialize_with = "time::clamped")]
    pub expires: Instant,
    /// Whether it is the lock of a run of several steps: then it holds others off also while the target is well, until it is taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_lock: bool,
}

impl OperationRecord {
    /// How long a record may hold anybody up, whatever it says: no run of ours takes longer, and one that was written by a broken clock or
    /// by hand must not forbid every action for ever.
    pub const LONGEST: TimeDelta = TimeDelta::hours(24);
    /// How far in the future a record may begin and still be believed: clocks differ, but nobody is at work tomorrow.
    pub const EARLY: TimeDelta = TimeDelta::minutes(5);

    /// Reads an annotation; `None` when it is not a record of ours. Its times are brought within bounds.
    pub fn read(annotation: &str) -> Option<Self> {
        let record: Self = serde_json::from_str(annotation).ok()?;
        Some(Self { expires: record.expires.min(record.started + Self::LONGEST), ..record })
    }

    /// The same as the lock of a run of several steps.
    #[must_use]
    pub fn as_lock(&self) -> Self {
        Self { is_lock: true, ..self.clone() }
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
        now < self.expires && self.started <= now + Self::EARLY
    }

    /// What to tell a colleague: `mori: rollback since 20s`.
    pub fn sentence(&self, now: Instant) -> String {
        if self.started > now + Self::EARLY {
            let began = self.started.format("%Y-%m-%d %H:%M UTC");
            return format!(
                "{} left a record of {} on it that begins at {began}, in the future, and is not believed",
                self.actor, self.action
            );
        }
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
            is_lock: false,
        };
        assert_eq!(OperationRecord::read(&record.written()).as_ref(), Some(&record));
        assert!(record.is_live(started + TimeDelta::seconds(359)));
        assert!(!record.is_live(started + TimeDelta::seconds(360)));
        assert_eq!(record.sentence(started + TimeDelta::seconds(20)), "mori is running rollback on it, 20s");
        assert_eq!(OperationRecord::read("hello"), None);
        assert!(!record.is_live(started - TimeDelta::minutes(6)), "nobody is at work in the future");
        assert!(record.sentence(started - TimeDelta::minutes(6)).contains("in the future"));
        assert_eq!(record.released(), Some(started));
        assert_eq!(OperationRecord { action: "scale".into(), ..record }.released(), None, "more pods are no release");
    }

    #[test]
    fn no_record_holds_anybody_up_for_longer_than_a_day() {
        let written = |started: &str, expires: &str| {
            let text = format!(
                r#"{{"id":"r","actor":"mori","action":"rollback","started":"{started}","expires":"{expires}"}}"#
            );
            OperationRecord::read(&text)
        };
        let ahead = time::seconds(i64::MAX);
        for expires in ["+262142-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "2036-11-24T03:00:00Z"] {
            let record = written("2026-11-24T03:00:00Z", expires).expect("a record");
            assert_eq!(record.expires, record.started + OperationRecord::LONGEST, "{expires}");
            assert!(record.is_live(record.started + TimeDelta::hours(23)) && !record.is_live(record.expires));
            // What ended every console: a clock's difference added to it.
            let _ = (record.clone().shifted(ahead), record.shifted(-ahead));
        }
        let now = "2026-11-24T03:00:00Z".parse().expect("a time");
        let future = written("+262142-12-31T23:00:00Z", "+262142-12-31T23:59:59Z").expect("a record");
        assert!(!future.is_live(now) && future.sentence(now).contains("not believed"));
        let past = written("-262143-01-01T00:00:00Z", "+262142-12-31T23:59:59Z").expect("a record");
        assert!(!past.is_live(now), "it began in 1970 at the latest");
    }
}
