//! What Barman tells: `barman -f json list-backups SERVER`, of versions 3.4 to 3.19, and after it as many `show-backup SERVER ID` as were
//! appended, one document after the other.
//!
//! `end_time` has no zone, so times come from the timestamps alone; a row that failed has neither. Only `show-backup` tells when a backup
//! began and which WAL it needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Deserializer, Value};

use super::segments;
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, Segment, SegmentSize, WalRange};
use crate::domain::text;
use crate::domain::time;

const COMMAND: &str = "barman -f json list-backups SERVER";

/// A row of `list-backups`.
#[derive(Deserialize)]
struct Row {
    backup_id: String,
    status: String,
    backup_type: Option<String>,
    end_time_timestamp: Option<Value>,
    size_bytes: Option<u64>,
}

/// A backup as `show-backup` tells of it.
#[derive(Deserialize)]
struct Shown {
    backup_id: String,
    base_backup_information: Base,
    catalog_information: Option<Catalog>,
    postgresql_version: Option<u64>,
}

#[derive(Deserialize)]
struct Base {
    begin_time_timestamp: Option<Value>,
    begin_wal: Option<String>,
    end_wal: Option<String>,
    begin_lsn: Option<String>,
    encryption: Option<String>,
    compression: Option<Value>,
}

#[derive(Deserialize)]
struct Catalog {
    parent_backup_id: Option<String>,
}

/// Reads what it told of a server; the only one there is where none is named.
///
/// # Errors
/// The sentence to show where nothing of the server can be known.
pub(crate) fn read(document: &[u8], server: Option<&str>) -> Result<Reading, String> {
    let foreign = |error: &serde_json::Error| {
        segments::not_json(document, error, COMMAND, "a list of backups under the name of each server")
    };
    let mut servers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for told in Deserializer::from_slice(document).into_iter::<BTreeMap<String, Value>>() {
        for (name, of) in told.map_err(|error| foreign(&error))? {
            servers.entry(name).or_default().push(of);
        }
    }
    if document.trim_ascii().is_empty() {
        return Err(format!("It is empty: {COMMAND} was to be written into it."));
    }
    let names: Vec<String> = servers.keys().map(|name| text::clean(name).into_owned()).collect();
    let (name, told) = match server {
        Some(name) => servers.get_key_value(name).ok_or_else(|| {
            format!(
                "Barman tells nothing of server {}; it tells of {}. Was it removed or renamed?",
                text::clean(name),
                names.join(", ")
            )
        })?,
        None if servers.len() == 1 => servers.iter().next().ok_or_else(String::new)?,
        None if servers.is_empty() => {
            return Err("Barman knows no server at all: was its configuration moved?".to_owned());
        }
        None => {
            return Err(format!("Barman tells of the servers {}: say which with server = \"NAME\".", names.join(", ")));
        }
    };
    let name = text::clean(name);
    let Some(rows) = told.iter().find_map(Value::as_array) else {
        return Err(format!(
            "What Barman tells of {name} is no list of backups: write the output of {COMMAND} into it."
        ));
    };
    let mut reading = Reading::default();
    let read: Vec<Row> = rows.iter().filter_map(|row| Row::deserialize(row).ok()).collect();
    let unread = rows.len() - read.len();
    reading.backups = read.iter().map(backup).collect();
    let mut versions: Vec<u64> = Vec::new();
    for shown in told.iter().filter_map(|one| Shown::deserialize(one).ok()) {
        versions.extend(shown.postgresql_version.map(|version| version / 10_000));
        add(&mut reading, shown);
    }
    if unread > 0 {
        reading.is_partial = true;
        reading.troubles.push(format!(
            "{unread} of {} backups of server {name} cannot be read: they have no backup_id or status.",
            rows.len()
        ));
    }
    versions.sort_unstable();
    versions.dedup();
    if let [first, .., last] = versions.as_slice() {
        reading.troubles.push(format!(
            "The archive of server {name} holds backups of PostgreSQL {first} and {last}: one of another version than the server's cannot be restored into it."
        ));
    }
    Ok(reading)
}

/// Seconds, which it writes as a text.
fn timestamp(seconds: Option<&Value>) -> Option<i64> {
    match seconds {
        Some(Value::String(seconds)) => seconds.parse().ok(),
        Some(Value::Number(seconds)) => seconds.as_i64(),
        _ => None,
    }
}

fn backup(row: &Row) -> Backup {
    let kind = match row.backup_type.as_deref() {
        Some("incremental") => BackupKind::Incremental,
        _ => BackupKind::Full,
    };
    let outcome = match row.status.as_str() {
        "DONE" => Outcome::Good,
        "STARTED" | "EMPTY" | "WAITING_FOR_WALS" | "SYNCING" => Outcome::Running,
        "FAILED" => Outcome::Bad("it failed".to_owned()),
        other => Outcome::Bad(format!("Barman calls it {}", text::clean(other))),
    };
    Backup {
        id: text::clean(&row.backup_id).into(),
        kind,
        outcome,
        began: None,
        finished: timestamp(row.end_time_timestamp.as_ref()).map(time::from_seconds),
        bytes: row.size_bytes,
        is_physical: true,
        wal: None,
        parents: Vec::new(),
    }
}

/// Adds what `show-backup` tells of a backup that is listed.
fn add(reading: &mut Reading, shown: Shown) {
    let base = shown.base_backup_information;
    let segment = |name: Option<String>| Segment::read(name.as_deref()?);
    let wal = segment(base.begin_wal).zip(segment(base.end_wal)).map(|(start, stop)| WalRange { start, stop });
    let lsn = base.begin_lsn.as_deref().and_then(segments::position);
    let size = wal.zip(lsn).and_then(|(wal, lsn)| SegmentSize::proven(wal.start, lsn));
    reading.segment_size = reading.segment_size.or(size);
    if let Some(encryption) = base.encryption.as_deref().filter(|word| !word.is_empty()) {
        reading.encryption = Some(text::clean(encryption).into());
    }
    let compression = base.compression.as_ref().and_then(Value::as_str).filter(|word| !word.is_empty());
    reading.compression = compression.map(|word| text::clean(word).into()).or(reading.compression.take());
    let id = text::clean(&shown.backup_id);
    if let Some(backup) = reading.backups.iter_mut().find(|backup| *backup.id == *id) {
        backup.began = timestamp(base.begin_time_timestamp.as_ref()).map(time::from_seconds);
        backup.wal = wal;
        let parent = shown.catalog_information.and_then(|catalog| catalog.parent_backup_id);
        let parent = parent.filter(|parent| parent.starts_with(|first: char| first.is_ascii_digit()));
        backup.parents = parent.iter().map(|parent| text::clean(parent).into()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"main":[
        {"backup_id":"20261201T020000","backup_type":"rsync","end_time":"Tue Dec  1 02:10:00 2026","end_time_timestamp":"1796090400","retention_status":"-","size":"1.2 GiB","size_bytes":1288490188,"status":"DONE","tablespaces":[],"wal_size":"0 B","wal_size_bytes":0},
        {"backup_id":"20261130T020000","backup_type":"rsync","status":"FAILED"},
        {"backup_id":"20261129T020000","backup_type":"rsync","end_time_timestamp":"1795917600","size_bytes":1288490188,"status":"WAITING_FOR_WALS"}]}"#;

    #[test]
    fn rows_are_read_by_their_timestamps() {
        let reading = read(LIST.as_bytes(), None).expect("a list");
        let told: Vec<_> = reading
            .backups
            .iter()
            .map(|one| (&*one.id, one.outcome.clone(), one.finished.map(time::written)))
            .collect();
        assert_eq!(
            told,
            [
                ("20261201T020000", Outcome::Good, Some("2026-12-01T02:00:00Z".to_owned())),
                ("20261130T020000", Outcome::Bad("it failed".to_owned()), None),
                ("20261129T020000", Outcome::Running, Some("2026-11-29T02:00:00Z".to_owned())),
            ]
        );
        assert_eq!(reading.backups[0].bytes, Some(1_288_490_188));
        assert_eq!((reading.encryption, reading.troubles.len()), (None, 0));
    }

    #[test]
    fn what_is_shown_of_a_backup_adds_when_it_began_and_which_wal_it_needs() {
        let shown = r#"{"main":{"backup_id":"20261201T020000","base_backup_information":{"begin_time_timestamp":"1796090000",
            "begin_wal":"000000010000000000000003","end_wal":"000000010000000000000004","begin_lsn":"0/3000028"},
            "catalog_information":{"parent_backup_id":"20261129T020000"},"postgresql_version":150018,"status":"DONE"}}"#;
        let reading = read(format!("{LIST}{shown}\n").as_bytes(), Some("main")).expect("both");
        let first = &reading.backups[0];
        assert_eq!(first.took().map(|took| took.num_seconds()), Some(400));
        assert_eq!(first.wal.map(|wal| wal.stop.to_string()).as_deref(), Some("000000010000000000000004"));
        assert_eq!((reading.segment_size, first.parents.len()), (SegmentSize::of(16 << 20), 1));
    }

    #[test]
    fn what_is_no_list_of_barman_is_said() {
        for (document, server, said) in [
            ("", None, "It is empty"),
            ("{\"main\": [", None, "cut off"),
            ("[]", None, "not of barman"),
            ("{}", None, "no server at all"),
            ("{\"main\":{\"a\":1}}", None, "no list of backups"),
            ("{\"main\":[],\"other\":[]}", None, "say which with server"),
            (LIST, Some("gone"), "nothing of server gone; it tells of main"),
            ("ERROR: no\n", None, "This is no JSON (line 1): it begins with \"ERROR: no \""),
        ] {
            let why = read(document.as_bytes(), server).expect_err(document);
            assert!(why.contains(said), "{why}");
        }
        let odd = read(br#"{"main":[{"id":1}]}"#, None).expect("a list");
        assert!(odd.is_partial && odd.troubles[0].starts_with("1 of 1 backups"), "{odd:?}");
    }
}
