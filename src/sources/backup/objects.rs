//! Fields of objects of a cluster, as far as backups need them: what is odd in one is absent, and costs no other.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::backup::{Backup, BackupKind, Outcome, size};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// A text of an object, as it came: for comparing.
pub(super) fn raw<'v>(object: &'v Value, pointer: &str) -> Option<&'v str> {
    object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The same, cleaned: for showing.
pub(super) fn shown(object: &Value, pointer: &str) -> Option<String> {
    raw(object, pointer).map(|text| text::clean(text).into_owned())
}

/// A time of an object.
pub(super) fn moment(object: &Value, pointer: &str) -> Option<Instant> {
    time::read(raw(object, pointer)?)
}

/// A number of an object; 0 where there is none.
pub(super) fn number(object: &Value, pointer: &str) -> u64 {
    object.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// The name of an object, cleaned.
pub(super) fn name(object: &Value) -> Arc<str> {
    text::clean(raw(object, "/metadata/name").unwrap_or_default()).into()
}

/// A condition of an object: its status, and what it says.
pub(super) fn condition(object: &Value, kind: &str) -> Option<(bool, String)> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let one = conditions.iter().find(|one| raw(one, "/type") == Some(kind))?;
    let words = shown(one, "/message").or_else(|| shown(one, "/reason")).unwrap_or_default();
    Some((raw(one, "/status") == Some("True"), words))
}

/// What is stored beside what was read: the evidence of compression; `None` where less was not stored.
pub(super) fn compressed(stored: u64, read: u64) -> Option<Arc<str>> {
    (0 < stored && stored < read).then(|| format!("{} stored of {}", size(stored), size(read)).into())
}

/// A sentence without its full stop, to stand in another one.
pub(super) fn part(sentence: &str) -> &str {
    sentence.trim().trim_end_matches('.')
}

/// A backup of which nothing is known yet.
pub(super) fn blank(id: Arc<str>, kind: BackupKind) -> Backup {
    Backup {
        id,
        kind,
        outcome: Outcome::Running,
        began: None,
        finished: None,
        bytes: None,
        is_physical: false,
        wal: None,
        parents: Vec::new(),
    }
}
