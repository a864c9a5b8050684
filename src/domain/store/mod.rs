//! What people say about what they see, and what was done: the facts that the store keeps.
//!
//! The configuration owns what is fixed; these facts come and go while people work. Whatever can be written twice at once
//! carries a version: the second writer is told, and nothing is lost.

mod acknowledgement;
mod annotation;
mod audit;
mod backup;
mod escalation;
pub mod fact;
pub mod facts;
mod freeze;
mod handoff;
mod incident;
mod note;
mod overriding;
mod people;
mod policy;
mod release;
mod schedule;
mod snapshot;
mod task_tick;
mod window;
mod window_exception;

pub use acknowledgement::{
    ACKNOWLEDGED_IN, Acknowledgement, NewAcknowledgement, WithdrawAcknowledgement, Withdrawn, acknowledgement_of,
};
pub use annotation::{ANNOTATIONS_OF, Annotation, AnnotationKind, NewAnnotation};
pub use audit::{
    AuditEntry, AuditEvent, AuditFlaw, AuditKind, AuditSearch, ChainCheck, Head, Line as AuditLine, NotedEvents, hex,
};
pub use backup::{BACKUPS_OF, RESTORES_OF, RecordBackup, RecordRestore, RecordedBackup, RecordedRestore};
pub use escalation::{BeginEscalation, ESCALATIONS_BELOW, ESCALATIONS_STANDING, Escalated, escalated, escalation_of};
pub use freeze::{FREEZES_SINCE, NewFreeze, StoredFreeze, WithdrawFreeze, freeze_of};
pub use handoff::{ChangeHandoff, HANDOFFS_OF, Handoffs, handoff_of};
pub use incident::{
    ChangeIncident, DeclareIncident, ENTRIES_OF, INCIDENTS_BELOW, INCIDENTS_ENDED, INCIDENTS_STANDING, incident_of,
    standing,
};
pub use note::{AlertNotes, EditNote, LONGEST_NOTE, MOST_NOTES, NOTES_ABOUT, NewNote, Note, check_note};
pub use overriding::{NewOverride, OVERRIDES_SINCE, Overrides, last_override};
pub use people::{ImportPeople, PEOPLE, TEAMS, people_event, team_of};
pub use policy::{POLICIES, Policies, SetPolicy, policy_of};
pub use release::{RELEASES_OF, ReleaseSeen, RememberReleases};
pub use schedule::{SCHEDULES, Schedules, SetSchedule, schedule_of};
pub use snapshot::{Changes, StoreSnapshot};
pub use task_tick::{TaskTick, TickTask, last_tick_of};
pub use window::{NewWindow, PlannedWindow, StoredWindow, WithdrawWindow, window_of};
pub use window_exception::{ChangeOccurrence, Said, exception_of};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::action::Actor;
use crate::domain::time::Instant;
use crate::domain::worded;

/// The longest text of a note or a reason, in bytes.
pub const LONGEST_TEXT: usize = 64 * 1024;
/// The longest name, in bytes: of an environment, a fingerprint, a person.
pub const LONGEST_NAME: usize = 512;

/// The id of a fact or of one attempt to write it: a ULID, made by the writer, so that writing again writes nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id(String);

impl Id {
    /// An id from the time and 80 random bits (the upper 48 of `random` are not used). Later ids sort later.
    pub fn new(at: Instant, random: u128) -> Self {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let milliseconds = u128::from(at.timestamp_millis().max(0).unsigned_abs()) & 0xffff_ffff_ffff;
        let bits = (milliseconds << 80) | (random & 0xffff_ffff_ffff_ffff_ffff);
        let digit = |place: u32| {
            let five = usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0);
            char::from(DIGITS.get(five).copied().unwrap_or(b'0'))
        };
        Self((0..26).rev().map(digit).collect())
    }

    /// An id as it was stored.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

/// Who writes, as the audit keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Author {
    /// The name shown: the cluster's name for them, or the operating system's.
    pub name: String,
    /// Where they sit: operating system user and host, and the address their SSH session comes from.
    pub origin: String,
}

impl From<&Actor> for Author {
    fn from(actor: &Actor) -> Self {
        let from = actor.ssh_client.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
        Self { name: actor.name().to_owned(), origin: format!("{}@{}{from}", actor.os_user, actor.host) }
    }
}

/// What a note or an annotation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The environment.
    pub environment: String,
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Which one: an alert's fingerprint, a workload as `namespace/kind/name`, a service's or database's name.
    pub name: String,
}

worded! {
    /// What kind of thing a note is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum SubjectKind {
        /// An alert, by its fingerprint.
        Alert = "alert",
        /// A workload.
        Workload = "workload",
        /// A service.
        Service = "service",
        /// A database.
        Database = "database",
        /// An incident.
        Incident = "incident",
        /// A schedule of who is on call.
        Schedule = "schedule",
        /// A policy of escalation, by its team and severity.
        Policy = "policy",
        /// A set of backups.
        Backup = "backup",
        /// The environment as a whole; the name is empty.
        Environment = "environment",
        /// A maintenance window.
        Window = "window",
        /// A periodic task.
        Task = "task",
        /// A freeze.
        Freeze = "freeze",
    }
}

impl Subject {
    /// As three columns.
    pub fn values(&self) -> [fact::Value; 3] {
        [(&self.environment).into(), self.kind.word().into(), (&self.name).into()]
    }

    /// Whether it may be stored.
    ///
    /// # Errors
    /// The sentence to show when it may not.
    pub fn check(&self) -> Result<(), String> {
        check_text("environment", &self.environment, false, LONGEST_NAME)?;
        check_text("name of what it is about", &self.name, self.kind == SubjectKind::Environment, LONGEST_NAME)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.kind.word(), if self.name.is_empty() { &self.environment } else { &self.name })
    }
}

/// A fact that is kept as a document, every text of it cleaned for one line; `None` for one that makes no sense.
fn document<T: serde::de::DeserializeOwned>(stored: &str) -> Option<T> {
    use serde_json::Value;
    fn cleaned(value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(super::text::clean(&text).into_owned()),
            Value::Array(all) => Value::Array(all.into_iter().map(cleaned).collect()),
            Value::Object(all) => Value::Object(all.into_iter().map(|(key, value)| (key, cleaned(value))).collect()),
            other => other,
        }
    }
    serde_json::from_value(cleaned(serde_json::from_str(stored).ok()?)).ok()
}

/// What stands for a text in the audit: its length and the SHA-256 of it.
pub fn digest(text: &str) -> String {
    use sha2::Digest;
    format!("{} bytes, sha256:{}", text.len(), hex(sha2::Sha256::digest(text.as_bytes()).as_slice()))
}

/// A text somebody typed, as it may be stored.
///
/// # Errors
/// The sentence to show when it is empty although it must not be, too long, or holds a NUL.
pub fn check_text(what: &str, text: &str, may_be_empty: bool, longest: usize) -> Result<(), String> {
    if !may_be_empty && !super::text::is_visible(text) {
        return Err(format!("The {what} is empty: nothing was written. Type it and try again."));
    }
    if text.len() > longest {
        return Err(format!(
            "The {what} is {} bytes long and {longest} are allowed: nothing was written. Shorten it and try again.",
            text.len()
        ));
    }
    if text.contains('\0') {
        return Err(format!("The {what} holds a NUL character: nothing was written. Remove it and try again."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Instant {
        chrono::DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
    }

    #[test]
    fn an_id_is_a_ulid_and_later_ones_sort_later() {
        // The example of the ULID specification.
        assert_eq!(Id::new(at(1_469_918_176_385), 0).as_str(), "01ARYZ6S410000000000000000");
        assert_eq!(Id::new(at(0), u128::MAX).as_str(), "0000000000ZZZZZZZZZZZZZZZZ");
        assert!(Id::new(at(2), 0) > Id::new(at(1), u128::MAX));
    }

    #[test]
    fn what_cannot_be_stored_is_said_before_anything_is_written() {
        assert!(check_text("note", "it is the cache", false, 64).is_ok());
        for (text, words) in
            [(" \n", "empty"), ("\u{200b}", "empty"), ("a\0b", "NUL"), ("123456789", "9 bytes long and 8")]
        {
            let said = check_text("note", text, false, 8).expect_err("refused");
            assert!(said.contains(words) && said.contains("nothing was written"), "{said}");
        }
        assert!(check_text("note", "", true, 8).is_ok());
    }

    #[test]
    fn every_kind_is_known_by_its_word() {
        for kind in SubjectKind::ALL {
            assert_eq!(SubjectKind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(SubjectKind::of_word("planet"), None);
    }
}
