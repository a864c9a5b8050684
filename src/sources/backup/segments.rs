//! A listing of archived WAL, in whichever of its shapes: names of segments one a line, the ranges that `pgbackrest verify` prints at the
//! detail level, and the JSON of WAL-G's `wal-show` and `wal-verify`.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::backup::{Segment, Span};
use crate::domain::text;

/// What is read of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Listing {
    /// What is archived.
    pub(crate) spans: Vec<Span>,
    /// What is said against it, a sentence each.
    pub(crate) troubles: Vec<String>,
}

/// A timeline of `wal-show --detailed-json`.
#[derive(Deserialize)]
struct Timeline {
    start_segment: String,
    end_segment: String,
    #[serde(default)]
    missing_segments: Option<Vec<String>>,
}

/// A stretch of `wal-verify integrity --json`.
#[derive(Deserialize)]
struct Stretch {
    start_segment: String,
    end_segment: String,
    status: String,
}

/// Reads a listing.
///
/// # Errors
/// The sentence to show where there is no WAL in it.
pub(crate) fn read(listing: &[u8]) -> Result<Listing, String> {
    let trimmed = listing.trim_ascii_start();
    if trimmed.starts_with(b"[") || trimmed.starts_with(b"{") {
        let document: Value = serde_json::from_slice(listing).map_err(|error| {
            not_json(listing, &error, "wal-g wal-show --detailed-json", "timelines or a check of them")
        })?;
        return walg(&document);
    }
    let words = String::from_utf8_lossy(listing);
    let mut read = Listing::default();
    for line in words.lines() {
        match range(line) {
            Some(span) => read.spans.push(span),
            None => read.spans.extend(names(line).map(|one| Span { first: one, last: one })),
        }
    }
    read.spans = joined(read.spans);
    if read.spans.is_empty() {
        return Err("It names no segment of WAL: write the names of the archived files into it, one a line, or what pgbackrest verify prints at --log-level-console=detail.".to_owned());
    }
    Ok(read)
}

/// Spans joined where one segment follows another whatever their size: a listing of every file becomes a line for each log of them.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| (span.first, span.last));
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(before) if follows(before.last, span.first) => before.last = before.last.max(span.last),
            _ => joined.push(span),
        }
    }
    joined
}

/// Whether a segment is one that was named already, or the next of the same log.
fn follows(last: Segment, next: Segment) -> bool {
    let is_near = next.number <= last.number.saturating_add(1);
    next.timeline == last.timeline && (next.log < last.log || next.log == last.log && is_near)
}

/// `archiveId: 15-1, wal start: 000000010000000000000001, wal stop: 000000010000000000000006`.
fn range(line: &str) -> Option<Span> {
    let after = |word: &str| names(line.split_once(word)?.1).next();
    let (first, last) = (after("wal start:")?, after("wal stop:")?);
    (first.timeline == last.timeline).then_some(Span { first, last })
}

/// The segments a line names: `000000010000000000000001-e6c1….gz`, with its folder or without. Backup labels and histories are none, and a
/// partial segment is only the end of a timeline.
fn names(line: &str) -> impl Iterator<Item = Segment> {
    let files = line.split(|letter: char| letter.is_whitespace() || matches!(letter, '/' | ',' | '"' | '\''));
    files.filter_map(|file| {
        let name = Segment::read(file.get(..24)?)?;
        let rest = file.get(24..).unwrap_or_default();
        let is_segment = match rest.chars().next() {
            None | Some('-') => true,
            Some('.') => !rest.contains(".backup") && !rest.contains(".history"),
            Some(_) => false,
        };
        is_segment.then_some(name)
    })
}

fn walg(document: &Value) -> Result<Listing, String> {
    let foreign = || {
        "This is JSON, but neither of wal-g wal-show --detailed-json nor of wal-g wal-verify integrity --json."
            .to_owned()
    };
    let mut read = Listing::default();
    if let Some(details) = document.pointer("/integrity/details") {
        let stretches: Vec<Stretch> = Deserialize::deserialize(details).map_err(|_| foreign())?;
        let kept = stretches.into_iter().filter(|stretch| stretch.status == "FOUND");
        read.spans = kept.filter_map(|stretch| span(&stretch.start_segment, &stretch.end_segment)).collect();
        let ids = ["/timeline/details/current_timeline_id", "/timeline/details/highest_storage_timeline_id"];
        if let [Some(current), Some(highest)] = ids.map(|path| document.pointer(path).and_then(Value::as_u64))
            && current != highest
        {
            read.troubles.push(format!(
                "The server is on timeline {current} and the archive holds timeline {highest}: another server may have written into it."
            ));
        }
        return Ok(read);
    }
    let timelines: Vec<Timeline> = Deserialize::deserialize(document).map_err(|_| foreign())?;
    for timeline in timelines {
        let Some(whole) = span(&timeline.start_segment, &timeline.end_segment) else { return Err(foreign()) };
        let missing: Vec<Segment> =
            timeline.missing_segments.iter().flatten().filter_map(|name| Segment::read(name)).collect();
        read.spans.extend(between(whole, missing));
    }
    Ok(read)
}

fn span(first: &str, last: &str) -> Option<Span> {
    let span = Span { first: Segment::read(first)?, last: Segment::read(last)? };
    (span.first.timeline == span.last.timeline).then_some(span)
}

/// What is left of a span without the segments that are missing in it. Their neighbours are named without knowing how large a segment is:
/// the one after number FF of a log is the first of the next only where no higher number is named.
fn between(whole: Span, mut missing: Vec<Segment>) -> Vec<Span> {
    missing.sort_unstable();
    let highest = missing.iter().chain([&whole.first, &whole.last]).map(|one| one.number).max().unwrap_or(0).max(0xFF);
    let after = |one: Segment| {
        if one.number < highest {
            Segment { number: one.number + 1, ..one }
        } else {
            Segment { log: one.log.saturating_add(1), number: 0, ..one }
        }
    };
    let before = |one: Segment| match one.number.checked_sub(1) {
        Some(number) => Segment { number, ..one },
        None => Segment { log: one.log.saturating_sub(1), number: highest, ..one },
    };
    let mut spans = Vec::new();
    let mut first = whole.first;
    for gap in missing.into_iter().filter(|gap| *gap >= whole.first && *gap <= whole.last) {
        if first < gap {
            spans.push(Span { first, last: before(gap) });
        }
        first = after(gap);
    }
    if first <= whole.last {
        spans.push(Span { first, last: whole.last });
    }
    spans
}

/// A position in the WAL.
pub(crate) fn position(text: &str) -> Option<u64> {
    crate::domain::backup::lsn(text)
}

/// Why a document is no JSON of the kind that was expected.
pub(crate) fn not_json(document: &[u8], error: &serde_json::Error, command: &str, what: &str) -> String {
    if document.trim_ascii().is_empty() {
        return format!("It is empty: {command} was to be written into it.");
    }
    if error.is_eof() {
        return format!(
            "It is cut off in the middle of the JSON (line {}): was {command} still being written? Write it to another name and rename it.",
            error.line()
        );
    }
    if error.is_data() {
        return format!("This is JSON, but not of {command}, which is {what}. Is it another program's?");
    }
    let begins = text::clean_bytes(document.get(..40).unwrap_or(document));
    format!(
        "This is no JSON (line {}): it begins with {begins:?}. Write the output of {command} into it.",
        error.line()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(listing: &str) -> Vec<(String, String)> {
        let read = read(listing.as_bytes()).expect("a listing");
        read.spans.iter().map(|span| (span.first.to_string(), span.last.to_string())).collect()
    }

    fn pair(first: &str, last: &str) -> (String, String) {
        (first.to_owned(), last.to_owned())
    }

    #[test]
    fn names_are_read_however_they_are_stored() {
        let listing = "archive/main/15-1/0000000100000000/000000010000000000000001-e6c10f.gz\n000000010000000000000002\n\
             000000010000000000000003.00000028.backup\n000000010000000000000004.partial\n00000002.history\n0000000100000000\n\
             -rw-r----- 1 postgres postgres 16777216 Dec  1 10:00 000000010000000000000005.lz4\n";
        assert_eq!(
            spans(listing),
            [
                pair("000000010000000000000001", "000000010000000000000002"),
                pair("000000010000000000000004", "000000010000000000000005")
            ],
            "what follows one another is one span"
        );
    }

    #[test]
    fn the_ranges_of_verify_are_read() {
        let line = "2026-12-01 10:00:00.000 P00 DETAIL: archiveId: 15-1, wal start: 000000010000000000000001, wal stop: 000000010000000000000006";
        assert_eq!(spans(line), [pair("000000010000000000000001", "000000010000000000000006")]);
    }

    #[test]
    fn wal_g_tells_of_timelines_and_of_a_check() {
        let show = r#"[{"id":1,"start_segment":"0000000100000000000000FE","end_segment":"000000010000000100000003","segments_count":5,
            "missing_segments":["000000010000000100000000"],"status":"LOST_SEGMENTS"}]"#;
        assert_eq!(
            spans(show),
            [
                pair("0000000100000000000000FE", "0000000100000000000000FF"),
                pair("000000010000000100000001", "000000010000000100000003")
            ]
        );
        let verify = r#"{"integrity":{"status":"FAILURE","details":[
            {"timeline_id":1,"start_segment":"000000010000000000000001","end_segment":"000000010000000000000003","segments_count":3,"status":"FOUND"},
            {"timeline_id":1,"start_segment":"000000010000000000000004","end_segment":"000000010000000000000004","segments_count":1,"status":"MISSING_LOST"}]},
            "timeline":{"status":"FAILURE","details":{"current_timeline_id":1,"highest_storage_timeline_id":2}}}"#;
        let read = read(verify.as_bytes()).expect("a check");
        assert_eq!(read.spans.len(), 1);
        assert!(read.troubles[0].contains("timeline 1 and the archive holds timeline 2"), "{:?}", read.troubles);
    }

    #[test]
    fn what_is_no_listing_is_said() {
        for (listing, said) in [
            ("", "names no segment"),
            ("hello", "names no segment"),
            ("{\"a\":1}", "neither of wal-g"),
            ("[{\"start_segment\":", "cut off"),
        ] {
            let why = read(listing.as_bytes()).expect_err(listing);
            assert!(why.contains(said), "{why}");
        }
    }
}
