//! What Barman tells: `barman -f json list-backups SERVER`, of versions 3.4 to 3.19.
//!
//! `end_time` has no zone, so times come from `end_time_timestamp` alone; a row that failed has neither.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::segments;
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading};
use crate::domain::text;
use crate::domain::time;

#[derive(Deserialize)]
struct Told {
    backup_id: String,
    status: String,
    backup_type: Option<String>,
    end_time_timestamp: Option<Value>,
    size_bytes: Option<u64>,
    encryption: Option<String>,
}

/// Reads what it told of a server; the only one there is where none is named.
///
/// # Errors
/// The sentence to show where nothing of the server can be known.
pub(crate) fn read(document: &[u8], server: Option<&str>) -> Result<Reading, String> {
    let command = "barman -f json list-backups SERVER";
    let servers: BTreeMap<String, Value> = serde_json::from_slice(document).map_err(|error| {
        segments::not_json(document, &error, command, "a list of backups under the name of each server")
    })?;
    let names: Vec<String> = servers.keys().map(|name| text::clean(name).into_owned()).collect();
    let (name, rows) = match server {
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
    let Some(rows) = rows.as_array() else {
        return Err(format!(
            "What Barman tells of {name} is no list of backups: write the output of {command} into it."
        ));
    };
    let mut reading = Reading::default();
    for row in rows {
        let Ok(told) = Told::deserialize(row) else { continue };
        if let Some(encryption) = told.encryption.as_deref().filter(|word| !word.is_empty()) {
            reading.encryption = Some(text::clean(encryption).into());
        }
        reading.backups.push(backup(told));
    }
    let unread = rows.len() - reading.backups.len();
    if unread > 0 {
        reading.is_partial = true;
        reading.troubles.push(format!(
            "{unread} of {} backups of server {name} cannot be read: they have no backup_id or status.",
            rows.len()
        ));
    }
    Ok(reading)
}

fn backup(told: Told) -> Backup {
    let kind = match told.backup_type.as_deref() {
        Some("incremental") => BackupKind::Incremental,
        _ => BackupKind::Full,
    };
    let outcome = match told.status.as_str() {
        "DONE" => Outcome::Good,
        "STARTED" | "EMPTY" | "WAITING_FOR_WALS" | "SYNCING" => Outcome::Running,
        "FAILED" => Outcome::Bad("it failed".to_owned()),
        other => Outcome::Bad(format!("Barman calls it {}", text::clean(other))),
    };
    let ended = match &told.end_time_timestamp {
        Some(Value::String(seconds)) => seconds.parse().ok(),
        Some(Value::Number(seconds)) => seconds.as_i64(),
        _ => None,
    };
    Backup {
        id: text::clean(&told.backup_id).into(),
        kind,
        outcome,
        began: None,
        finished: ended.map(time::from_seconds),
        bytes: told.size_bytes,
        is_physical: true,
        wal: None,
        parents: Vec::new(),
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
