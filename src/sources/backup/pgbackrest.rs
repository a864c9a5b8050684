//! What pgBackRest tells: `pgbackrest info --output=json`, of versions 2.45 to 2.59.
//!
//! A run that failed is never in it: absence is the only sign. Labels bear the host's local time, so times come from `timestamp` alone, and
//! `archive.min` and `max` hide every gap between them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::{objects, segments};
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, SegmentSize, WalRange};
use crate::domain::text;
use crate::domain::time;

#[derive(Deserialize)]
struct Stanza {
    name: String,
    cipher: Option<String>,
    status: Option<Status>,
    #[serde(default)]
    db: Vec<Database>,
    backup: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Status {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    lock: Value,
}

#[derive(Deserialize)]
struct Database {
    id: i64,
    #[serde(rename = "repo-key")]
    repository: Option<i64>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    prior: Option<String>,
    reference: Option<Vec<String>>,
    error: Option<bool>,
    timestamp: Timestamps,
    archive: Option<Archive>,
    lsn: Option<Positions>,
    info: Option<Sizes>,
    database: Option<OfDatabase>,
}

#[derive(Deserialize)]
struct Timestamps {
    start: i64,
    stop: i64,
}

#[derive(Deserialize)]
struct Archive {
    start: Option<String>,
    stop: Option<String>,
}

#[derive(Deserialize)]
struct Positions {
    start: Option<String>,
}

#[derive(Deserialize)]
struct Sizes {
    size: Option<u64>,
    delta: Option<u64>,
    repository: Option<RepositorySizes>,
}

#[derive(Deserialize)]
struct RepositorySizes {
    delta: Option<u64>,
}

#[derive(Deserialize)]
struct OfDatabase {
    id: i64,
    #[serde(rename = "repo-key")]
    repository: Option<i64>,
}

/// Reads what it told of a stanza; the only one there is where none is named.
///
/// # Errors
/// The sentence to show where nothing of the stanza can be known.
pub(crate) fn read(document: &[u8], stanza: Option<&str>) -> Result<Reading, String> {
    let stanzas: Vec<Value> = serde_json::from_slice(document)
        .map_err(|error| segments::not_json(document, &error, "pgbackrest info --output=json", "a list of stanzas"))?;
    let mut known: Vec<Stanza> = Vec::new();
    for told in stanzas {
        known.push(serde_json::from_value(told).map_err(|error| {
            format!(
                "This is JSON, but not of pgbackrest info --output=json: {}. Is it another program's?",
                text::clean(&error.to_string())
            )
        })?);
    }
    let names: Vec<String> = known.iter().map(|one| text::clean(&one.name).into_owned()).collect();
    let found = match (stanza, known.len()) {
        (Some(name), _) => known.into_iter().find(|one| one.name == name).ok_or_else(|| match names.as_slice() {
            [] => format!(
                "pgBackRest knows no stanza at all, and {} is meant: was its repository moved or deleted?",
                text::clean(name)
            ),
            names => format!(
                "pgBackRest knows no stanza {}; it knows {}. Was it deleted or renamed?",
                text::clean(name),
                names.join(", ")
            ),
        }),
        (None, 1) => known.into_iter().next().ok_or_else(String::new),
        (None, 0) => Err("pgBackRest knows no stanza at all: was its repository moved or deleted?".to_owned()),
        (None, _) => {
            Err(format!("pgBackRest knows the stanzas {}: say which with stanza = \"NAME\".", names.join(", ")))
        }
    }?;
    reading(found)
}

fn reading(stanza: Stanza) -> Result<Reading, String> {
    let name = text::clean(&stanza.name).into_owned();
    let mut reading =
        Reading { encryption: stanza.cipher.as_deref().map(|cipher| text::clean(cipher).into()), ..Reading::default() };
    if let Some(status) = &stanza.status {
        let message = text::clean(&status.message);
        match status.code {
            // 2: no valid backups. The list says the same, and the state follows from it.
            0 | 2 => {}
            4 => reading.notes.push(format!("Its repositories do not agree ({message}): see pgbackrest info of each.")),
            1 | 3 => {
                return Err(format!(
                    "pgBackRest cannot find stanza {name} ({message}): was its repository moved or deleted, or never made with stanza-create?"
                ));
            }
            code => reading.troubles.push(format!("pgBackRest says of stanza {name}: {message} (code {code}).")),
        }
        let is_held = status.lock.pointer("/backup/held").and_then(Value::as_bool).unwrap_or(false);
        if is_held {
            reading.notes.push("A backup is under way.".to_owned());
        }
    }
    let Some(list) = stanza.backup else {
        return Err(format!(
            "What was told of stanza {name} holds no list of backups: is this the whole output of pgbackrest info --output=json?"
        ));
    };
    let versions: BTreeSet<String> = stanza
        .db
        .iter()
        .filter_map(|of| of.version.as_deref())
        .map(|version| text::clean(version).into_owned())
        .collect();
    let total = list.len();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for told in list {
        let Ok(told) = serde_json::from_value::<Told>(told) else { continue };
        let version = told.database.as_ref().and_then(|of| {
            let is_same = |db: &&Database| {
                db.id == of.id && (db.repository.is_none() || of.repository.is_none() || db.repository == of.repository)
            };
            stanza.db.iter().find(is_same)?.version.clone()
        });
        used.extend(version.map(|version| text::clean(&version).into_owned()));
        let stored = told
            .info
            .as_ref()
            .filter(|_| told.kind == "full")
            .and_then(|info| objects::compressed(info.repository.as_ref()?.delta?, info.delta.or(info.size)?));
        reading.compression = stored.or(reading.compression);
        if let Some((size, backup)) = backup(told) {
            reading.segment_size = reading.segment_size.or(size);
            reading.backups.push(backup);
        }
    }
    let unread = total - reading.backups.len();
    if unread > 0 {
        reading.is_partial = true;
        reading.troubles.push(format!("{unread} of {total} backups of stanza {name} cannot be read: they have no label, type or times as pgBackRest writes them."));
    }
    if versions.len() > 1 && used.len() > 1 {
        let versions: Vec<String> = versions.into_iter().collect();
        reading.troubles.push(format!(
            "The archive of stanza {name} holds backups of PostgreSQL {}: one of another version than the server's cannot be restored into it. Expire those of the version before once they are not needed.",
            versions.join(" and ")
        ));
    }
    Ok(reading)
}

fn backup(told: Told) -> Option<(Option<SegmentSize>, Backup)> {
    let kind = match told.kind.as_str() {
        "full" => BackupKind::Full,
        "diff" => BackupKind::Differential,
        "incr" => BackupKind::Incremental,
        _ => return None,
    };
    let (start, stop) = told.archive.map(|archive| (archive.start, archive.stop)).unwrap_or_default();
    let segment = |name: Option<String>| crate::domain::backup::Segment::read(name.as_deref()?);
    let wal = segment(start).zip(segment(stop)).map(|(start, stop)| WalRange { start, stop });
    let lsn = told.lsn.and_then(|lsn| segments::position(lsn.start.as_deref()?));
    let size = wal.zip(lsn).and_then(|(wal, lsn)| SegmentSize::proven(wal.start, lsn));
    let bytes = told.info.and_then(|info| info.repository.and_then(|of| of.delta).or(info.delta).or(info.size));
    let is_broken = told.error.unwrap_or(false);
    let outcome = if is_broken { Outcome::Bad("page checksums in it are wrong".to_owned()) } else { Outcome::Good };
    let parents: BTreeSet<String> = told.prior.into_iter().chain(told.reference.unwrap_or_default()).collect();
    Some((
        size,
        Backup {
            id: text::clean(&told.label).into(),
            kind,
            outcome,
            began: Some(time::from_seconds(told.timestamp.start)),
            finished: Some(time::from_seconds(told.timestamp.stop)),
            bytes,
            is_physical: true,
            wal,
            parents: parents.iter().map(|parent| text::clean(parent).into()).collect(),
        },
    ))
}

#[cfg(test)]
#[path = "pgbackrest_tests.rs"]
mod tests;
