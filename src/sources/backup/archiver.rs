//! What PostgreSQL tells of its archiver: the row of `pg_stat_archiver` with the segment that is written now, as `assets/archiver.sql` prints
//! it. It archives badly now where the last failure is younger than the last success; how often it ever failed says nothing.

use serde::Deserialize;

use super::segments;
use crate::domain::backup::{Reading, Segment, SegmentSize, State, lsn};
use crate::domain::text;
use crate::domain::time::{self, Instant};

/// From how many segments that wait on a backlog is worth a line.
const BACKLOG: u64 = 8;

/// Bytes at the beginning of a segment that say nothing.
const HEADER: u64 = 96;

/// The row.
#[derive(Deserialize)]
struct Archiver {
    last_archived_wal: Option<String>,
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    last_archived_time: Option<Instant>,
    last_failed_wal: Option<String>,
    #[serde(default, deserialize_with = "time::clamped_or_none")]
    last_failed_time: Option<Instant>,
    #[serde(default)]
    archive_mode: String,
    /// Where WAL is written now; null on a standby.
    current_lsn: Option<String>,
    /// Bytes of a segment.
    wal_segment_size: Option<u64>,
    /// Segments that wait to be archived; null where the role may not look.
    ready: Option<u64>,
}

/// Adds what it tells to what is known of a set. What cannot be read leaves nothing green.
pub(super) fn add(reading: &mut Reading, document: &[u8], now: Instant) {
    match serde_json::from_slice::<Archiver>(document) {
        Ok(archiver) => archiver.tell(reading, now),
        Err(error) => {
            let why = segments::not_json(
                document,
                &error,
                "assets/archiver.sql by psql -XAtq",
                "one row of pg_stat_archiver",
            );
            reading.troubles.push(format!("What PostgreSQL says of its archiver cannot be read: {why}"));
        }
    }
}

impl Archiver {
    fn tell(&self, reading: &mut Reading, now: Instant) {
        if self.archive_mode == "off" {
            let words = "archive_mode is off: no WAL is archived, and no moment but those of backups can be reached.";
            return reading.breaches.push((State::Missed, words.to_owned()));
        }
        reading.segment_size = reading.segment_size.or(self.wal_segment_size.and_then(SegmentSize::of));
        let (archived, failed) = (self.last_archived_time, self.last_failed_time);
        if let Some(at) = failed.filter(|at| archived.is_none_or(|archived| archived < *at)) {
            let segment = text::clean(self.last_failed_wal.as_deref().unwrap_or("it")).into_owned();
            let since = archived.map(|at| format!(" The last that was archived is of {}.", time::written(at)));
            let words = format!(
                "WAL is not archived: {segment} failed at {}.{} Look at archive_command in the server's log.",
                time::written(at),
                since.unwrap_or_default()
            );
            reading.breaches.push((State::Missed, words));
        }
        // Nothing is lost with a segment that is not begun: an idle server archives nothing, and its last time grows old.
        let is_idle = self.behind().is_some_and(|behind| behind <= HEADER);
        reading.archived_at = if is_idle && failed <= archived { Some(now) } else { archived };
        if let Some(ready) = self.ready.filter(|ready| *ready > BACKLOG) {
            reading.notes.push(format!("{ready} segments of WAL wait to be archived."));
        }
    }

    /// Bytes that were written behind the last archived segment.
    fn behind(&self) -> Option<u64> {
        let bytes = self.wal_segment_size?;
        let last = Segment::read(self.last_archived_wal.as_deref()?.get(..24)?)?;
        let end = (SegmentSize::of(bytes)?.index(last) + 1).checked_mul(bytes)?;
        Some(lsn(self.current_lsn.as_deref()?)?.saturating_sub(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(row: &str) -> Reading {
        let mut reading = Reading::default();
        add(&mut reading, row.as_bytes(), "2026-12-01T11:00:00Z".parse().expect("a time"));
        reading
    }

    fn row(archived: &str, failed: &str, current: u32) -> String {
        format!(
            r#"{{"archive_mode":"on","archived_count":9,"last_archived_wal":"000000010000000000000009","last_archived_time":"2026-12-01T{archived}:00+00:00",
            "failed_count":3,"last_failed_wal":"00000001000000000000000A","last_failed_time":"2026-12-01T{failed}:00+00:00",
            "current_lsn":"0/{current:X}","wal_segment_size":16777216,"ready":1}}"#
        )
    }

    #[test]
    fn it_fails_now_where_the_last_failure_is_the_younger() {
        let failing = told(&row("10:00", "10:30", 0x0C00_0000));
        assert_eq!(failing.breaches[0].0, State::Missed);
        assert!(
            failing.breaches[0].1.contains("00000001000000000000000A failed at 2026-12-01T10:30:00Z"),
            "{failing:?}"
        );
        assert_eq!(failing.archived_at, time::read("2026-12-01T10:00:00Z"));
        let well = told(&row("10:30", "10:00", 0x0C00_0000));
        assert_eq!(
            (&well.breaches[..], well.archived_at),
            (&[][..], time::read("2026-12-01T10:30:00Z")),
            "it failed once, long ago"
        );
    }

    #[test]
    fn an_idle_server_loses_nothing_however_old_its_last_segment_is() {
        let idle = told(&row("01:00", "00:30", 0x0A00_0028));
        assert_eq!(
            idle.archived_at,
            time::read("2026-12-01T11:00:00Z"),
            "nothing is in the segment behind the last archived one"
        );
        assert_eq!(
            told(&row("01:00", "00:30", 0x0A00_0100)).archived_at,
            time::read("2026-12-01T01:00:00Z"),
            "something is"
        );
    }

    #[test]
    fn off_or_unreadable_is_said() {
        assert!(told(r#"{"archive_mode":"off"}"#).breaches[0].1.contains("archive_mode is off"));
        assert!(told("psql: error").troubles[0].contains("cannot be read: This is no JSON"));
        let bare = told(r#"{"archive_mode":"on","last_archived_wal":null}"#);
        assert_eq!((bare.archived_at, bare.breaches.len()), (None, 0));
    }
}
