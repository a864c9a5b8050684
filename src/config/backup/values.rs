//! Values as sets of backups are declared with: lengths of time, sizes of segments, lists of words.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::backup::SegmentSize;
use crate::domain::document::{Problems, Table};
use crate::domain::time;

/// A length of time: `15 min`, `1h`, `30 d`.
pub(super) fn length(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<TimeDelta> {
    let (text, place) = table.text(key, problems)?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.parse::<i64>().ok().filter(|number| (1..=1_000_000).contains(number));
    let length = number.and_then(|number| match unit.trim() {
        "s" => Some(time::seconds(number)),
        "m" | "min" => Some(time::minutes(number)),
        "h" => Some(time::hours(number)),
        "d" => Some(time::days(number)),
        _ => None,
    });
    if length.is_none() {
        problems.at(&place, format!("{text:?} is no length of time."), "Write it like \"15 min\", \"1h\" or \"2 d\".");
    }
    length
}

/// As `SHOW wal_segment_size` prints it: `16MB`, `1GB`.
pub(super) fn segment_size(table: &Table<'_, '_>, problems: &mut Problems) -> Option<SegmentSize> {
    let (text, place) = table.text("wal_segment_size", problems)?;
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim() {
        "MB" | "MiB" => Some(1 << 20),
        "GB" | "GiB" => Some(1 << 30),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    let size = bytes.and_then(SegmentSize::of);
    if size.is_none() {
        problems.at(
            &place,
            format!("{text:?} is no size of a WAL segment."),
            "Write what the server's SHOW wal_segment_size prints, like \"16MB\": a power of two from 1MB to 1GB.",
        );
    }
    size
}

/// A list of words; an empty one where it is not there.
pub(super) fn words(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Arc<[Arc<str>]> {
    let words = table.entry(key).and_then(|entry| entry.texts(problems)).unwrap_or_default();
    words.into_iter().map(|(word, _)| Arc::from(word)).collect()
}
