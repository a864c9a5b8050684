//! What WAL-G tells: `wal-g backup-list --json`, with `--detail` or without. Written from its source; not proven against it.

use serde::Deserialize;
use serde_json::Value;

use super::{objects, segments};
use crate::domain::backup::{Backup, BackupKind, Outcome, Reading, Segment, SegmentSize, WalRange};
use crate::domain::text;
use crate::domain::time::{self, Instant};

#[derive(Deserialize)]
struct Told {
    backup_name: String,
    /// When it was uploaded, which is when it ended.
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    time: Option<Instant>,
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    start_time: Option<Instant>,
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    finish_time: Option<Instant>,
    wal_file_name: Option<String>,
    start_lsn: Option<u64>,
    finish_lsn: Option<u64>,
    compressed_size: Option<u64>,
    uncompressed_size: Option<u64>,
    pg_version: Option<u64>,
}

/// Reads its list of backups.
///
/// # Errors
/// The sentence to show where nothing can be known.
pub(crate) fn read(document: &[u8]) -> Result<Reading, String> {
    let rows: Vec<Value> = serde_json::from_slice(document).map_err(|error| {
        segments::not_json(document, &error, "wal-g backup-list --json --detail", "a list of backups")
    })?;
    let mut reading = Reading::default();
    let mut versions: Vec<u64> = Vec::new();
    let told: Vec<Told> = rows.iter().filter_map(|row| Told::deserialize(row).ok()).collect();
    let unread = rows.len() - told.len();
    for one in &told {
        versions.extend(one.pg_version.map(|version| version / 10_000));
        let stored = one.compressed_size.zip(one.uncompressed_size);
        reading.compression =
            stored.and_then(|(stored, read)| objects::compressed(stored, read)).or(reading.compression);
        let (size, backup) = backup(one, &told);
        reading.segment_size = reading.segment_size.or(size);
        reading.backups.push(backup);
    }
    if unread > 0 {
        reading.is_partial = true;
        reading.troubles.push(format!(
            "{unread} of {} backups cannot be read: they have no backup_name or no times as WAL-G writes them.",
            rows.len()
        ));
    }
    versions.sort_unstable();
    versions.dedup();
    if let [first, .., last] = versions.as_slice() {
        reading.troubles.push(format!(
            "The archive holds backups of PostgreSQL {first} and {last}: one of another version than the server's cannot be restored into it."
        ));
    }
    Ok(reading)
}

fn backup(told: &Told, all: &[Told]) -> (Option<SegmentSize>, Backup) {
    // `base_000000010000000000000009_D_000000010000000000000007`: what changed since the one that began in the segment named last.
    let parent = told.backup_name.split_once("_D_").map(|(_, segment)| format!("base_{segment}"));
    let found = parent.as_ref().and_then(|parent| {
        all.iter().map(|one| &one.backup_name).find(|name| *name == parent || name.starts_with(&format!("{parent}_D_")))
    });
    let parents = parent.iter().map(|parent| text::clean(found.unwrap_or(parent)).into()).collect();
    let named = told.backup_name.strip_prefix("base_").and_then(|rest| Segment::read(rest.get(..24)?));
    let start = told.wal_file_name.as_deref().and_then(Segment::read).or(named);
    let size = start.zip(told.start_lsn).and_then(|(segment, lsn)| SegmentSize::proven(segment, lsn));
    let stop = start.zip(told.finish_lsn).map(|(start, lsn)| size.unwrap_or_default().segment(start.timeline, lsn));
    let finished = told.finish_time.or(told.time);
    let backup = Backup {
        id: text::clean(&told.backup_name).into(),
        kind: if parent.is_some() { BackupKind::Incremental } else { BackupKind::Full },
        outcome: Outcome::Good,
        began: told.start_time,
        finished,
        bytes: told.compressed_size,
        is_physical: true,
        wal: start.map(|start| WalRange { start, stop: stop.filter(|stop| *stop >= start).unwrap_or(start) }),
        parents,
    };
    (size, backup)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETAIL: &str = r#"[
        {"backup_name":"base_000000010000000000000007","time":"2026-11-30T02:10:00Z","wal_file_name":"000000010000000000000007","storage_name":"default",
         "start_time":"2026-11-30T02:00:00.5Z","finish_time":"2026-11-30T02:09:58Z","date_fmt":"%Y","hostname":"db","data_dir":"/d","pg_version":150018,
         "start_lsn":117440552,"finish_lsn":134217984,"is_permanent":false,"system_identifier":1,"uncompressed_size":9000,"compressed_size":3000,"user_data":null},
        {"backup_name":"base_000000010000000000000009_D_000000010000000000000007","time":"2026-12-01T02:10:00Z","wal_file_name":"000000010000000000000009","storage_name":"default"}]"#;

    #[test]
    fn a_delta_needs_the_one_it_was_made_from() {
        let reading = read(DETAIL.as_bytes()).expect("a list");
        assert_eq!(reading.troubles, Vec::<String>::new());
        let [full, delta] = reading.backups.as_slice() else { panic!("two: {reading:?}") };
        assert_eq!((full.kind, full.bytes, &full.parents[..]), (BackupKind::Full, Some(3_000), &[][..]));
        assert_eq!((delta.kind, &delta.parents[..]), (BackupKind::Incremental, &[full.id.clone()][..]));
        let wal = full.wal.expect("its WAL");
        assert_eq!(
            (wal.start.to_string(), wal.stop.to_string()),
            ("000000010000000000000007".into(), "000000010000000000000008".into())
        );
        assert_eq!(reading.compression.as_deref(), Some("3.0 kB stored of 9.0 kB"));
        assert_eq!(delta.finished.map(time::written).as_deref(), Some("2026-12-01T02:10:00Z"));
    }

    #[test]
    fn what_is_no_list_of_wal_g_is_said() {
        for (document, said) in
            [("", "It is empty"), ("[{", "cut off"), ("{}", "not of wal-g"), ("No backups found\n", "no JSON")]
        {
            let why = read(document.as_bytes()).expect_err(document);
            assert!(why.contains(said), "{why}");
        }
        let odd = read(br#"[{"backup_name":"base_1","time":"yesterday"}]"#).expect("a list");
        assert!(odd.is_partial && odd.troubles[0].starts_with("1 of 1 backups"), "{odd:?}");
        let mixed =
            DETAIL.replace("\"storage_name\":\"default\"}", "\"storage_name\":\"default\",\"pg_version\":160002}");
        let mixed = read(mixed.as_bytes()).expect("a list");
        assert!(mixed.troubles[0].contains("PostgreSQL 15 and 16"), "{mixed:?}");
    }
}
