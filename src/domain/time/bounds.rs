//! Times and lengths of time from outside, brought within bounds where they enter.
//!
//! The calendar of the library reaches to the year 262142 and its `+` panics beyond. Every instant here lies within [`FIRST`] and
//! [`LAST`], and every length within [`LONGEST`] either way, so that no sum this program makes comes near: adding is safe everywhere because
//! nothing else is let in. `tests/house/tidy.rs` holds that nobody reads a time, or makes a length of a number, past these functions.

use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Deserializer};

use super::Instant;

/// The first instant that is let in: 1970 began. Zero times, as some servers write for "never", read as this.
pub const FIRST: Instant = DateTime::UNIX_EPOCH;
/// The last instant that is let in: the end of the year 9999, the last that RFC 3339 can write.
pub const LAST: Instant = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(last) => last,
    None => DateTime::UNIX_EPOCH,
};
/// The longest length of time that is let in: 1,000 years.
pub const LONGEST: TimeDelta = TimeDelta::days(365_250);

/// The instant itself, or the nearest that is let in.
pub fn within(at: Instant) -> Instant {
    at.clamp(FIRST, LAST)
}

/// Reads a time as RFC 3339 writes it.
pub fn read(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| within(at.to_utc()))
}

/// Reads a time as HTTP writes it.
pub fn read_date(text: &str) -> Option<Instant> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| within(at.to_utc()))
}

/// Seconds since 1970, or the nearest instant that is let in.
pub fn from_seconds(seconds: i64) -> Instant {
    DateTime::from_timestamp(seconds.clamp(0, LAST.timestamp()), 0).unwrap_or(FIRST)
}

/// Milliseconds since 1970, or the nearest instant that is let in.
pub fn from_milliseconds(milliseconds: i64) -> Instant {
    DateTime::from_timestamp_millis(milliseconds.clamp(0, LAST.timestamp_millis())).unwrap_or(FIRST)
}

/// Microseconds since 1970, or the nearest instant that is let in.
pub fn from_microseconds(microseconds: i64) -> Instant {
    DateTime::from_timestamp_micros(microseconds.clamp(0, LAST.timestamp_micros())).unwrap_or(FIRST)
}

/// So many milliseconds, at most [`LONGEST`] either way.
pub fn milliseconds(number: i64) -> TimeDelta {
    let most = LONGEST.num_milliseconds();
    TimeDelta::milliseconds(number.clamp(-most, most))
}

/// So many seconds, at most [`LONGEST`] either way.
pub fn seconds(number: i64) -> TimeDelta {
    let most = LONGEST.num_seconds();
    TimeDelta::seconds(number.clamp(-most, most))
}

/// So many minutes, at most [`LONGEST`] either way.
pub fn minutes(number: i64) -> TimeDelta {
    seconds(number.saturating_mul(60))
}

/// So many hours, at most [`LONGEST`] either way.
pub fn hours(number: i64) -> TimeDelta {
    seconds(number.saturating_mul(3_600))
}

/// So many days, at most [`LONGEST`] either way.
pub fn days(number: i64) -> TimeDelta {
    seconds(number.saturating_mul(86_400))
}

/// An instant of a document: `#[serde(deserialize_with = "time::clamped")]`.
///
/// # Errors
/// When it is no time at all.
pub fn clamped<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
    Instant::deserialize(from).map(within)
}

/// An instant of a document that may lack it: `#[serde(default, deserialize_with = "time::clamped_or_none")]`.
///
/// # Errors
/// When it is no time at all.
pub fn clamped_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Instant>, D::Error> {
    Ok(Option::<Instant>::deserialize(from)?.map(within))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{age, coarse, left, length, next_step, span};
    use super::*;

    #[test]
    fn what_is_outside_reads_as_the_nearest_inside() {
        assert_eq!(read("+262142-12-31T23:59:59Z"), None, "RFC 3339 has four digits");
        assert_eq!(read("0001-01-01T00:00:00Z"), Some(FIRST));
        assert_eq!(read("9999-12-31T23:59:59-14:00"), Some(LAST));
        assert_eq!(
            read("2026-11-24T03:00:00+09:00").map(|at| at.to_rfc3339()),
            Some("2026-11-23T18:00:00+00:00".into())
        );
        assert_eq!(read("yesterday"), None);
        assert_eq!(LAST.to_rfc3339(), "9999-12-31T23:59:59+00:00");
        assert_eq!((from_seconds(i64::MIN), from_milliseconds(i64::MAX)), (FIRST, LAST));
        assert_eq!(from_microseconds(1_500_000).timestamp_millis(), 1_500);
        assert_eq!(days(i64::MAX), LONGEST);
    }

    #[test]
    fn a_document_holds_no_time_beyond() {
        #[derive(Deserialize)]
        struct Document {
            #[serde(deserialize_with = "clamped")]
            at: Instant,
            #[serde(default, deserialize_with = "clamped_or_none")]
            until: Option<Instant>,
        }
        let read = |text: &str| serde_json::from_str::<Document>(text).map(|read| (read.at, read.until));
        assert_eq!(read(r#"{"at":"+262142-12-31T23:59:59Z"}"#).ok(), Some((LAST, None)));
        assert_eq!(read(r#"{"at":"-262143-01-01T00:00:00Z","until":null}"#).ok(), Some((FIRST, None)));
        assert!(read(r#"{"at":"soon"}"#).is_err());
    }

    proptest! {
        /// Whatever numbers and texts come, no sum of what was let in leaves the calendar.
        #[test]
        fn adding_never_leaves_the_calendar(one in any::<i64>(), other in any::<i64>(), number in any::<i64>(), year in -262_142_i32..262_142) {
            let texts = [format!("{year:+07}-01-01T00:00:00Z"), format!("{:04}-06-30T12:00:00Z", year.unsigned_abs() % 10_000)];
            let mut instants = vec![from_seconds(one), from_milliseconds(one), from_microseconds(one)];
            instants.extend(texts.iter().filter_map(|text| read(text)));
            let now = from_seconds(other);
            for at in instants {
                for length_of in [milliseconds(number), seconds(number), minutes(number), hours(number), days(number)] {
                    let (later, earlier) = (at + length_of + LONGEST, at - length_of - LONGEST);
                    prop_assert!(later.checked_add_signed(LONGEST).is_some() && earlier.checked_sub_signed(LONGEST).is_some());
                    let _ = (coarse(age(at, now)), left(later - now), length(earlier - now), next_step(at, now));
                }
            }
            if let Ok(read) = span(&format!("{number}d")) {
                prop_assert!(read <= LONGEST);
            }
        }
    }
}
