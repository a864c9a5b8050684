//! Times on a clock on the wall, and the instants at which a zone's clock shows them; and which zones a person may be asked to live in.
//!
//! A recurrence that people keep (every Monday at nine) is a matter of the calendar and the clock, never of seconds: between two Mondays
//! at nine lie 167, 168 or 169 hours.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use jiff::tz::{AmbiguousOffset, Offset};
use jiff::{Timestamp, civil};

use super::zone::Zone;
use super::{FIRST, Instant, LAST, seconds, within};

/// Short names that people say, and the zone of the database that is meant. `EST` there is a fixed −05:00 that nobody lives in.
const ALIASES: [(&str, &str); 3] = [("UTC", "Etc/UTC"), ("JST", "Asia/Tokyo"), ("EST", "America/New_York")];

/// A zone as an operator names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedZone {
    /// Its name in the IANA database: what is stored.
    pub name: String,
    /// The zone.
    pub zone: Zone,
    /// What is to be said where another name is stored than was written.
    pub said: Option<String>,
}

impl NamedZone {
    /// Reads a zone's name. `UTC`, `JST` and `EST` mean Etc/UTC, Asia/Tokyo and America/New_York.
    ///
    /// # Errors
    /// Two sentences, what is wrong and the fix, for a fixed offset, another abbreviation and a name that the database does not hold.
    pub fn read(written: &str) -> Result<Self, (String, String)> {
        let written = written.trim();
        let fix = "Write the name of a region and a city, such as Asia/Tokyo or America/New_York.".to_owned();
        if let Some((short, name)) = ALIASES.into_iter().find(|(short, _)| short.eq_ignore_ascii_case(written)) {
            let zone = Zone::named(name).unwrap_or(Zone::UTC);
            let said = (short != "UTC").then(|| format!("{short} is stored as {name}."));
            return Ok(Self { name: name.to_owned(), zone, said });
        }
        let is_offset =
            written.starts_with(['+', '-']) || written.chars().next().is_some_and(|one| one.is_ascii_digit());
        let is_fixed = written.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("etc/"))
            && written.bytes().any(|byte| byte.is_ascii_digit());
        if is_offset || is_fixed {
            return Err((format!("{written:?} is a fixed offset: it knows no summer time."), fix));
        }
        let found = Zone::named(written).and_then(|zone| Some((zone.iana_name()?.to_owned(), zone)));
        let Some((name, zone)) = found else {
            return Err((format!("There is no time zone {written:?} in the IANA database."), fix));
        };
        if !name.contains('/') && !name.chars().any(|letter| letter.is_ascii_lowercase()) {
            return Err((
                format!("{written:?} is an abbreviation: it may mean several zones, or one without summer time."),
                fix,
            ));
        }
        Ok(Self { name, zone, said: None })
    }
}

/// Reads a time of the clock on the wall: `2026-10-19T09:00`, `2026-10-19 09:00:00`, or a date alone for its midnight. `None` for what is
/// none, and for one with an offset.
pub fn read_civil(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// Reads a time of day such as `09:00` as minutes from midnight, 0 to 1,440: `24:00` is the end of the day.
pub fn read_minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_plain = [hour, minute].iter().all(|part| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let of_day = hour * 60 + minute;
    (is_plain && minute < 60 && of_day <= 24 * 60).then_some(of_day)
}

/// By its name: `Asia/Tokyo`.
impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.iana_name().unwrap_or("Etc/UTC"))
    }
}

impl<'de> serde::Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no zone {name:?}")))
    }
}

impl Zone {
    /// Its name in the IANA database.
    pub fn iana_name(&self) -> Option<&str> {
        self.0.iana_name()
    }

    /// What the zone's clock shows at an instant, to the second.
    pub fn clock(&self, at: Instant) -> NaiveDateTime {
        let offset = Timestamp::from_second(at.timestamp()).map_or(Offset::UTC, |at| self.0.to_offset(at));
        at.naive_utc() + seconds(i64::from(offset.seconds()))
    }

    /// What the zone calls its clock at an instant: `JST`, `EST`, `EDT`; where it has no letters for it, its offset.
    pub fn abbreviation(&self, at: Instant) -> String {
        let read = Timestamp::from_second(at.timestamp());
        read.map_or_else(|_| "UTC".to_owned(), |at| self.0.to_offset_info(at).abbreviation().to_owned())
    }

    /// The instant of a time of the clock: where the clock skips it, it is moved on by what is skipped; where the clock shows it twice, the
    /// first.
    pub fn at_clock(&self, shown: NaiveDateTime) -> Instant {
        match self.offsets(shown) {
            Some(AmbiguousOffset::Unambiguous { offset }) => less(shown, offset),
            Some(AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. }) => less(shown, before),
            None => nearest(shown),
        }
    }

    /// The first instant at which the clock shows a time or one after it: where the clock skips it, the end of the gap.
    pub fn earliest(&self, shown: NaiveDateTime) -> Instant {
        match self.offsets(shown) {
            Some(AmbiguousOffset::Gap { after, .. }) => self.change_after(less(shown, after)),
            _ => self.at_clock(shown),
        }
    }

    /// The last instant at which the clock shows a time: where the clock shows it twice, the second; where it skips it, the end of the gap.
    pub fn latest(&self, shown: NaiveDateTime) -> Instant {
        match self.offsets(shown) {
            Some(AmbiguousOffset::Fold { after, .. }) => less(shown, after),
            _ => self.earliest(shown),
        }
    }

    fn offsets(&self, shown: NaiveDateTime) -> Option<AmbiguousOffset> {
        use chrono::{Datelike, Timelike};
        let signed = |number: u32| i8::try_from(number).ok();
        let shown = civil::DateTime::new(
            i16::try_from(shown.year()).ok()?,
            signed(shown.month())?,
            signed(shown.day())?,
            signed(shown.hour())?,
            signed(shown.minute())?,
            signed(shown.second())?,
            0,
        );
        Some(self.0.to_ambiguous_timestamp(shown.ok()?).offset())
    }

    /// When the clock is next put forward or back after an instant that is known to have such a change near it.
    fn change_after(&self, at: Instant) -> Instant {
        let read = Timestamp::from_second(at.timestamp()).ok();
        let change = read.and_then(|at| self.0.following(at).next());
        change.map_or(at, |change| super::from_seconds(change.timestamp().as_second()))
    }
}

/// The instant at which a clock with this offset shows a time.
fn less(shown: NaiveDateTime, offset: Offset) -> Instant {
    within(shown.and_utc() - seconds(i64::from(offset.seconds())))
}

/// A time beyond the years the calendar reaches.
fn nearest(shown: NaiveDateTime) -> Instant {
    if shown.and_utc() < FIRST { FIRST } else { LAST }
}

/// A zone by its name in a document: `#[serde(with = "time::zone_name")]`.
pub mod zone_name {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::Zone;

    /// Writes the name.
    ///
    /// # Errors
    /// Those of the document.
    pub fn serialize<S: Serializer>(zone: &Zone, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.iana_name().unwrap_or("Etc/UTC"))
    }

    /// Reads the name.
    ///
    /// # Errors
    /// When the database holds no such zone.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Zone, D::Error> {
        let name = String::deserialize(from)?;
        Zone::named(&name).ok_or_else(|| de::Error::custom(format!("the time zone {name:?} is not known here")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn shown(text: &str) -> NaiveDateTime {
        read_civil(text).expect("a time of the clock")
    }

    fn zone(name: &str) -> Zone {
        NamedZone::read(name).expect("a zone").zone
    }

    #[test]
    fn a_time_that_is_skipped_or_shown_twice_is_one_instant() {
        let york = zone("America/New_York");
        assert_eq!(york.at_clock(shown("2027-03-14T02:30")), at("2027-03-14T07:30:00Z"));
        assert_eq!(york.earliest(shown("2027-03-14T02:30")), at("2027-03-14T07:00:00Z"));
        assert_eq!(york.latest(shown("2027-03-14T02:30")), at("2027-03-14T07:00:00Z"));
        assert_eq!(york.at_clock(shown("2026-11-01T01:30")), at("2026-11-01T05:30:00Z"));
        assert_eq!(york.earliest(shown("2026-11-01T01:30")), at("2026-11-01T05:30:00Z"));
        assert_eq!(york.latest(shown("2026-11-01T01:30")), at("2026-11-01T06:30:00Z"));
        assert_eq!(york.clock(at("2026-11-01T06:30:00Z")), shown("2026-11-01T01:30"));
        assert_eq!(
            (york.abbreviation(at("2026-11-01T05:30:00Z")), york.abbreviation(at("2026-11-01T06:30:00Z"))),
            ("EDT".into(), "EST".into())
        );
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_the_next() {
        let apia = zone("Pacific/Apia");
        assert_eq!(apia.at_clock(shown("2011-12-30T09:00")), at("2011-12-30T19:00:00Z"));
        assert_eq!(apia.at_clock(shown("2011-12-31T09:00")), at("2011-12-30T19:00:00Z"));
    }

    #[test]
    fn est_and_jst_are_the_zones_people_live_in_and_it_is_said() {
        let est = NamedZone::read("EST").expect("an alias");
        assert_eq!(
            (est.name.as_str(), est.said.as_deref()),
            ("America/New_York", Some("EST is stored as America/New_York."))
        );
        assert_eq!(est.zone.clock(at("2026-07-01T12:00:00Z")), shown("2026-07-01T08:00"));
        assert_eq!(NamedZone::read("jst").map(|zone| zone.name), Ok("Asia/Tokyo".to_owned()));
        assert_eq!(NamedZone::read("UTC").map(|zone| (zone.name, zone.said)), Ok(("Etc/UTC".to_owned(), None)));
        assert_eq!(
            NamedZone::read("asia/tokyo").map(|zone| zone.name),
            Ok("Asia/Tokyo".to_owned()),
            "as the database writes it"
        );
    }

    #[test]
    fn fixed_offsets_abbreviations_and_unknown_names_are_refused() {
        for (written, words) in [
            ("+09:00", "fixed offset"),
            ("-5", "fixed offset"),
            ("09:00", "fixed offset"),
            ("Etc/GMT+5", "fixed offset"),
            ("MST", "abbreviation"),
            ("EST5EDT", "abbreviation"),
            ("PST", "no time zone"),
            ("Mars/Olympus", "no time zone"),
            ("", "no time zone"),
            ("UTC+9", "no time zone"),
            ("é", "no time zone"),
        ] {
            let (said, fix) = NamedZone::read(written).expect_err(written);
            assert!(said.contains(words) && fix.contains("Asia/Tokyo"), "{written}: {said}");
        }
    }

    #[test]
    fn a_time_of_the_clock_has_no_offset() {
        assert_eq!(shown("2026-10-19"), shown("2026-10-19T00:00:00"));
        assert_eq!(shown("2028-02-29 09:00"), shown("2028-02-29T09:00"));
        for bad in ["2026-10-19T09:00Z", "2026-10-19T09:00+09:00", "2026-02-29T09:00", "09:00", "soon"] {
            assert_eq!(read_civil(bad), None, "{bad}");
        }
        assert_eq!(
            (read_minute("09:05"), read_minute("24:00"), read_minute("0:00")),
            (Some(545), Some(1_440), Some(0))
        );
        for bad in ["24:01", "9", "09:60", "+9:00", "009:00", ""] {
            assert_eq!(read_minute(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_reached_and_not_passed() {
        let tokyo = zone("Asia/Tokyo");
        assert_eq!(tokyo.at_clock(shown("1960-01-01")), FIRST);
        assert_eq!(tokyo.at_clock(NaiveDateTime::MAX), LAST);
        assert_eq!(tokyo.at_clock(NaiveDateTime::MIN), FIRST);
        assert!(tokyo.clock(LAST) > shown("9999-12-31"));
    }
}
