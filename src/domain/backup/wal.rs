//! WAL that is archived: segments, what is missing between them, and what each hole costs.
//!
//! A segment's name is timeline, log and number in the log, eight hexadecimal digits each; how many segments a log has follows from the size
//! of one, which is the server's choice. Taking 16 MiB for granted finds thousands of segments missing that never were (check_pgbackrest#49).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Backup;
use crate::domain::time::Instant;
use crate::domain::worded;

/// Bytes of WAL that the first eight digits of a position count.
const LOG: u64 = 1 << 32;

/// How large a segment is, in bytes: a power of two from 1 MiB to 1 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSize(u64);

impl Default for SegmentSize {
    fn default() -> Self {
        Self(16 << 20)
    }
}

impl SegmentSize {
    /// A size PostgreSQL allows; `None` for any other.
    pub fn of(bytes: u64) -> Option<Self> {
        let is_allowed = bytes.is_power_of_two() && (1 << 20..=1 << 30).contains(&bytes);
        is_allowed.then_some(Self(bytes))
    }

    /// The only size at which a position lies in a segment; `None` where several do, or none.
    pub fn proven(segment: Segment, lsn: u64) -> Option<Self> {
        let low = lsn % LOG;
        let mut fitting = (20..=30)
            .filter_map(|bits| Self::of(1 << bits))
            .filter(|size| u64::from(segment.log) == lsn / LOG && low / size.0 == u64::from(segment.number));
        let found = fitting.next()?;
        fitting.next().is_none().then_some(found)
    }

    /// Segments of a log.
    const fn per_log(self) -> u64 {
        LOG / self.0
    }

    /// The place of a segment among all of its timeline.
    pub fn index(self, segment: Segment) -> u64 {
        u64::from(segment.log) * self.per_log() + u64::from(segment.number)
    }

    /// Whether a segment of that number exists at this size.
    pub fn has(self, segment: Segment) -> bool {
        u64::from(segment.number) < self.per_log()
    }

    /// The segment a position lies in.
    pub fn segment(self, timeline: u32, lsn: u64) -> Segment {
        self.at(timeline, lsn / self.0)
    }

    fn at(self, timeline: u32, index: u64) -> Segment {
        let half = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Segment { timeline, log: half(index / self.per_log()), number: half(index % self.per_log()) }
    }
}

/// A segment of WAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// The timeline.
    pub timeline: u32,
    /// The log.
    pub log: u32,
    /// The number in the log.
    pub number: u32,
}

impl Segment {
    /// Reads a name of 24 hexadecimal digits.
    pub fn read(name: &str) -> Option<Self> {
        let is_name = name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let part = |from: usize| u32::from_str_radix(name.get(from..from + 8)?, 16).ok();
        if !is_name {
            return None;
        }
        Some(Self { timeline: part(0)?, log: part(8)?, number: part(16)? })
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:08X}{:08X}{:08X}", self.timeline, self.log, self.number)
    }
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Segments that are archived, from one to another of the same timeline, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: Segment,
    /// The last.
    pub last: Segment,
}

/// The WAL a backup needs, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalRange {
    /// The segment it began in.
    pub start: Segment,
    /// The segment it ended in.
    pub stop: Segment,
}

worded! {
    /// What a hole costs.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Class {
        /// It lies before everything that a backup needs, or on a branch that was left.
        Harmless = "harmless",
        /// It lies between two backups: the moments from it to the later one cannot be reached.
        KillsSpan = "kills-span",
        /// It lies behind the newest backup: a restore to the latest moment ends there, and opens without an error.
        EndsPitr = "ends-pitr",
        /// It lies in what a backup needs: that backup is none.
        KillsBackup = "kills-backup",
    }
}

/// Segments that are missing, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The first.
    pub first: Segment,
    /// The last.
    pub last: Segment,
    /// What it costs.
    pub class: Class,
    /// The backup it kills; of another class the last one before it, from which WAL leads up to the hole. `None` where there is none.
    pub backup: Option<Arc<str>>,
    /// When that backup ended, from which moments may be out of reach.
    pub since: Option<Instant>,
    /// When the backup after the hole ended, from which moments are in reach again; `None` where there is none.
    pub until: Option<Instant>,
}

impl Hole {
    /// What it is in words: the segments, and the moments that cannot be reached.
    pub fn words(&self) -> String {
        let clock =
            |at: Option<Instant>| at.map_or_else(|| "?".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        let segments =
            if self.first == self.last { self.first.to_string() } else { format!("{} to {}", self.first, self.last) };
        let backup = self.backup.as_deref().unwrap_or("?");
        match self.class {
            Class::Harmless => format!("WAL {segments} is missing; no backup needs it."),
            Class::KillsBackup => {
                format!("WAL {segments} is missing: backup {backup} needs it and cannot be restored.")
            }
            Class::EndsPitr => format!(
                "WAL {segments} is missing: after backup {backup} of {} a restore to the latest moment ends there, without an error.",
                clock(self.since)
            ),
            Class::KillsSpan => format!(
                "WAL {segments} is missing: moments between {} (backup {backup}) and {} cannot be reached.",
                clock(self.since),
                clock(self.until)
            ),
        }
    }
}

/// A gap in one timeline, by places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    timeline: u32,
    first: u64,
    last: u64,
}

/// What is archived: of each timeline the runs without a gap, in order.
struct Archive {
    runs: BTreeMap<u32, Vec<(u64, u64)>>,
}

impl Archive {
    fn of(spans: &[Span], size: SegmentSize) -> Self {
        let mut places: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
        for span in spans.iter().filter(|span| span.first.timeline == span.last.timeline) {
            let (first, last) = (size.index(span.first), size.index(span.last));
            places.entry(span.first.timeline).or_default().push((first.min(last), first.max(last)));
        }
        for runs in places.values_mut() {
            runs.sort_unstable();
            let mut joined: Vec<(u64, u64)> = Vec::new();
            for (first, last) in runs.iter().copied() {
                match joined.last_mut() {
                    Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                    _ => joined.push((first, last)),
                }
            }
            *runs = joined;
        }
        Self { runs: places }
    }

    /// Where a timeline begins.
    fn begins(&self, timeline: u32) -> Option<u64> {
        self.runs.get(&timeline)?.first().map(|(first, _)| *first)
    }

    /// What is missing of a timeline between two places, both included.
    fn missing(&self, timeline: u32, from: u64, to: u64) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut next = from;
        for (first, last) in
            self.runs.get(&timeline).into_iter().flatten().filter(|(first, last)| *last >= from && *first <= to)
        {
            if *first > next {
                gaps.push(Gap { timeline, first: next, last: first - 1 });
            }
            next = next.max(last.saturating_add(1));
        }
        if next <= to {
            gaps.push(Gap { timeline, first: next, last: to });
        }
        gaps
    }

    /// The gaps inside each timeline, and between the end of one and where the next one leaves it.
    fn gaps(&self) -> BTreeSet<Gap> {
        let mut found = BTreeSet::new();
        for (timeline, runs) in &self.runs {
            let (Some((from, _)), Some((_, to))) = (runs.first(), runs.last()) else { continue };
            found.extend(self.missing(*timeline, *from, *to));
        }
        for (parent, child) in self.runs.keys().zip(self.runs.keys().skip(1)) {
            let (Some(runs), Some(left)) = (self.runs.get(parent), self.begins(*child)) else { continue };
            let Some((_, end)) = runs.last() else { continue };
            // The segment of the switch itself is the child's; the parent keeps it as a partial one at most.
            if end.saturating_add(1) < left {
                found.insert(Gap { timeline: *parent, first: end + 1, last: left - 1 });
            }
        }
        found
    }

    /// Whether a place lies on a branch that a later timeline left behind.
    fn is_left(&self, gap: Gap) -> bool {
        self.runs
            .keys()
            .filter(|child| **child > gap.timeline)
            .filter_map(|child| self.begins(*child))
            .any(|left| left <= gap.first)
    }
}

/// What is missing of the WAL that is archived, and what each hole costs, in the order of the WAL. A backup killed by several holes is named
/// by each, a hole that kills several is named once for each.
pub fn holes(archived: &[Span], backups: &[&Backup], size: SegmentSize) -> Vec<Hole> {
    let archive = Archive::of(archived, size);
    let ranges: Vec<(&Backup, u32, u64, u64)> = backups
        .iter()
        .filter_map(|backup| {
            let wal = backup.wal?;
            Some((*backup, wal.start.timeline, size.index(wal.start), size.index(wal.stop)))
        })
        .collect();
    let mut gaps = archive.gaps();
    let mut dead: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    let hole = |gap: Gap, class, backup: Option<&Backup>, until| Hole {
        first: size.at(gap.timeline, gap.first),
        last: size.at(gap.timeline, gap.last),
        class,
        backup: backup.map(|backup| backup.id.clone()),
        since: backup.and_then(|backup| backup.finished),
        until,
    };
    for (backup, timeline, start, stop) in &ranges {
        for missing in archive.missing(*timeline, *start, *stop) {
            dead.insert(&*backup.id);
            // A gap that goes on beyond what the backup needs is told whole.
            let whole = gaps
                .iter()
                .find(|gap| gap.timeline == missing.timeline && gap.first <= missing.first && missing.last <= gap.last);
            found.push(hole(whole.copied().unwrap_or(missing), Class::KillsBackup, Some(*backup), None));
        }
    }
    gaps.retain(|gap| {
        !found.iter().any(|hole| size.index(hole.first) == gap.first && hole.first.timeline == gap.timeline)
    });
    let alive: Vec<_> = ranges.iter().filter(|(backup, ..)| !dead.contains(&*backup.id)).collect();
    for gap in gaps {
        let before = alive.iter().filter(|(_, _, _, stop)| *stop < gap.first).max_by_key(|(_, _, _, stop)| *stop);
        let after = alive.iter().filter(|(_, _, start, _)| *start > gap.last).min_by_key(|(_, _, start, _)| *start);
        let before = before.filter(|_| !archive.is_left(gap)).map(|(backup, ..)| *backup);
        found.push(match (before, after) {
            (None, _) => hole(gap, Class::Harmless, None, None),
            (Some(before), None) => hole(gap, Class::EndsPitr, Some(before), None),
            (Some(before), Some((after, ..))) => hole(gap, Class::KillsSpan, Some(before), after.finished),
        });
    }
    found.sort_by(|one, other| (one.first, &one.backup).cmp(&(other.first, &other.backup)));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{BackupKind, Outcome};
    use super::*;

    const SIZE: SegmentSize = SegmentSize(16 << 20);

    fn segment(timeline: u32, index: u64) -> Segment {
        SIZE.at(timeline, index)
    }

    fn span(timeline: u32, first: u64, last: u64) -> Span {
        Span { first: segment(timeline, first), last: segment(timeline, last) }
    }

    fn backup(id: &str, timeline: u32, start: u64, stop: u64) -> Backup {
        Backup {
            id: id.into(),
            kind: BackupKind::Full,
            outcome: Outcome::Good,
            began: None,
            finished: Some(crate::domain::time::from_seconds(i64::try_from(stop).unwrap_or(0) * 3_600)),
            bytes: None,
            is_physical: true,
            wal: Some(WalRange { start: segment(timeline, start), stop: segment(timeline, stop) }),
            parents: Vec::new(),
        }
    }

    fn told(spans: &[Span], backups: &[Backup]) -> Vec<(u64, u64, Class, Option<String>)> {
        let backups: Vec<&Backup> = backups.iter().collect();
        let found = holes(spans, &backups, SIZE);
        found
            .iter()
            .map(|hole| {
                (SIZE.index(hole.first), SIZE.index(hole.last), hole.class, hole.backup.as_deref().map(str::to_owned))
            })
            .collect()
    }

    #[test]
    fn the_four_classes_are_told_apart() {
        let spans = [span(1, 1, 3), span(1, 5, 20), span(1, 22, 30), span(1, 33, 50), span(1, 52, 60)];
        let backups = [backup("A", 1, 10, 12), backup("B", 1, 20, 23), backup("C", 1, 40, 41)];
        assert_eq!(
            told(&spans, &backups),
            [
                (4, 4, Class::Harmless, None),
                (21, 21, Class::KillsBackup, Some("B".into())),
                (31, 32, Class::KillsSpan, Some("A".into())),
                (51, 51, Class::EndsPitr, Some("C".into())),
            ]
        );
        let found = holes(&spans, &backups.iter().collect::<Vec<_>>(), SIZE);
        assert_eq!(
            found[2].words(),
            "WAL 00000001000000000000001F to 000000010000000000000020 is missing: moments between 1970-01-01 12:00 UTC (backup A) and 1970-01-02 17:00 UTC cannot be reached."
        );
    }

    #[test]
    fn wal_that_is_not_there_at_either_end_kills_whoever_needs_it() {
        let backups = [backup("A", 1, 2, 4), backup("B", 1, 8, 9), backup("C", 2, 9, 9)];
        assert_eq!(
            told(&[span(1, 4, 8)], &backups),
            [
                (2, 3, Class::KillsBackup, Some("A".into())),
                (9, 9, Class::KillsBackup, Some("B".into())),
                (9, 9, Class::KillsBackup, Some("C".into())),
            ]
        );
    }

    #[test]
    fn a_switch_of_the_timeline_is_no_hole_and_what_was_left_behind_harms_nobody() {
        let backups = [backup("A", 1, 1, 2), backup("B", 2, 12, 12)];
        assert_eq!(told(&[span(1, 1, 9), span(2, 10, 20)], &backups), []);
        assert_eq!(told(&[span(1, 1, 7), span(2, 10, 20)], &backups), [(8, 9, Class::KillsSpan, Some("A".into()))]);
        let left = [span(1, 1, 11), span(1, 13, 15), span(2, 10, 20)];
        assert_eq!(told(&left, &backups), [(12, 12, Class::Harmless, None)]);
    }

    #[test]
    fn the_next_segment_follows_from_the_size_of_one() {
        let of = |mebibytes: u64, last: &str, next: &str| {
            let size = SegmentSize::of(mebibytes << 20).expect("a size");
            let [last, next] = [last, next].map(|name| Segment::read(name).expect("a name"));
            holes(&[Span { first: last, last }, Span { first: next, last: next }], &[], size).len()
        };
        assert_eq!(of(16, "0000000100000000000000FF", "000000010000000100000000"), 0);
        assert_eq!(of(64, "00000001000000000000003F", "000000010000000100000000"), 0);
        assert_eq!(of(128, "00000001000000000000001F", "000000010000000100000000"), 0);
        assert_eq!(of(16, "00000001000000000000001F", "000000010000000100000000"), 1);
    }

    #[test]
    fn the_size_is_proven_by_a_position_in_a_segment() {
        let of =
            |name: &str, lsn| SegmentSize::proven(Segment::read(name).expect("a name"), lsn).map(|size| size.0 >> 20);
        assert_eq!(of("000000010000000000000004", 0x0400_0028), Some(16));
        assert_eq!(of("000000010000000000000001", 0x0400_0028), Some(64));
        assert_eq!(of("000000010000000200000000", 0x2_0000_0028), None, "the first of a log proves nothing");
        assert_eq!(of("000000010000000300000004", 0x0400_0028), None, "another log");
        assert!(SegmentSize::of(3 << 20).is_none() && SegmentSize::of(2 << 30).is_none());
    }

    #[test]
    fn names_are_read_and_written() {
        let name = "0000000A00000002000000FE";
        assert_eq!(Segment::read(name).map(|read| read.to_string()).as_deref(), Some(name));
        for bad in ["", "0000000A00000002000000F", "0000000A00000002000000FG", "+000000A00000002000000FE"] {
            assert_eq!(Segment::read(bad), None, "{bad}");
        }
    }

    proptest! {
        /// Taking segments away from a whole archive names exactly those, whatever they are.
        #[test]
        fn what_was_removed_is_what_is_named(removed in proptest::collection::btree_set(1_u64..600, 0..40)) {
            let removed: BTreeSet<u64> = removed;
            let spans: Vec<Span> = (0..=600).filter(|place| !removed.contains(place)).map(|place| span(1, place, place)).collect();
            let backups = [backup("A", 1, 100, 110), backup("B", 1, 300, 300)];
            let mut named = BTreeSet::new();
            for (first, last, class, backup) in told(&spans, &backups) {
                named.extend(first..=last);
                let needs = match backup.as_deref() { Some("A") => 100..=110, _ => 300..=300 };
                prop_assert_eq!(class == Class::KillsBackup, class != Class::Harmless && (first..=last).any(|place| needs.contains(&place)));
            }
            prop_assert_eq!(named, removed);
        }
    }
}
