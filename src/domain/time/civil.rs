//! What instant a clock elsewhere means when it shows a time, and the zone that somebody means by a name.
//!
//! Where the clock goes forward, a time it skips is the same time later by what was skipped; where it goes back, a time it shows twice is
//! the first of the two. It is what RFC 5545 says of a start, and what people mean who wrote the time down before the change.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use jiff::civil;

use super::zone::RULES;
use super::{Instant, Zone, bounds};

/// What people write for a clock, and the zone whose clock it is. Three letters name different clocks in different places, so there are only
/// those that the requirements settle.
const MEANT: &[(&str, &str)] = &[
    ("UTC", "UTC"),
    ("Z", "UTC"),
    ("GMT", "UTC"),
    ("Etc/UTC", "UTC"),
    ("JST", "Asia/Tokyo"),
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
];

impl Zone {
    /// The zone somebody means, and what to say where it is not the one whose name was written: `EST` means New York, whose clock shows EST
    /// or EDT.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn meant(name: &str) -> Result<(Self, Option<String>), String> {
        let name = name.trim();
        if let Some((written, known)) = MEANT.iter().find(|(written, _)| written.eq_ignore_ascii_case(name)) {
            let zone = if *known == "UTC" { Some(Self::UTC) } else { Self::named(known) };
            let zone = zone.ok_or_else(|| format!("The time zone {known} is not known here."))?;
            let said = match *known {
                "UTC" => None,
                known => Some(format!(
                    "{written} is taken as {known}, and stored so: its clock goes by the daylight saving time of the place."
                )),
            };
            return Ok((zone, said.filter(|_| !name.eq_ignore_ascii_case(known))));
        }
        let is_letters = name.len() <= 5 && name.chars().all(|letter| letter.is_ascii_uppercase());
        if is_letters || name.is_empty() {
            return Err(format!(
                "{name:?} names no one place: several clocks go by letters like these. Write the region and the city, such as Europe/Berlin, or UTC."
            ));
        }
        let zone = RULES.get(name).map(Self);
        zone.map(|zone| (zone, None)).map_err(|_| {
            format!("There is no time zone {name:?} in the IANA database. Write the region and the city, such as Europe/Berlin, or UTC.")
        })
    }

    /// Its name in the IANA database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant at which the clock shows this; `None` outside the years the calendar reaches.
    pub fn instant(&self, shown: NaiveDateTime) -> Option<Instant> {
        let signed = |number: u32| i8::try_from(number).ok();
        let (date, time) = (shown.date(), shown.time());
        let date = civil::Date::new(i16::try_from(date.year()).ok()?, signed(date.month())?, signed(date.day())?);
        let time = civil::Time::new(signed(time.hour())?, signed(time.minute())?, signed(time.second())?, 0);
        let meant = self.0.to_ambiguous_timestamp(date.ok()?.to_datetime(time.ok()?)).compatible().ok()?;
        DateTime::from_timestamp(meant.as_second(), 0).map(bounds::within)
    }

    /// The day the clock shows at an instant; `None` outside the years the calendar reaches.
    pub fn day(&self, at: Instant) -> Option<NaiveDate> {
        let shown = self.read(at)?;
        NaiveDate::from_ymd_opt(i32::from(shown.year), u32::from(shown.month), u32::from(shown.day))
    }

    /// Reads a time as people type one: with its offset as RFC 3339 writes it, else as the zone's clock shows it (`2026-12-13T02:30`,
    /// `2026-12-13 02:30`, or the day alone, which begins at midnight).
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn time(&self, text: &str) -> Result<Instant, String> {
        let text = text.trim();
        if let Some(at) = bounds::read(text) {
            return Ok(at);
        }
        let shown = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .or_else(|| Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN)));
        shown.and_then(|shown| self.instant(shown)).ok_or_else(|| match no_such_day(text) {
            Some(day) => format!("{text:?} is no time: there is no {day}. Write a day of the calendar."),
            None => format!(
                "{text:?} is no time. Write it like 2026-12-13T02:30:00Z, or 2026-12-13T02:30 on the zone's clock."
            ),
        })
    }

    /// An instant as the zone's clock shows it, with the zone: `Sun 2026-12-13 02:30 Europe/Berlin`.
    pub fn shown(&self, at: Instant) -> String {
        let day = self.day(at);
        let Some((reading, day)) = self.read(at).zip(day) else { return super::written(at) };
        format!("{} {:02}:{:02} {}", day.format("%a %Y-%m-%d"), reading.hour, reading.minute, self.name())
    }
}

/// The day that a text names and the calendar lacks: `30 February`.
fn no_such_day(text: &str) -> Option<String> {
    let mut parts = text.get(..10)?.split('-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, 1)?;
    (1..=31).contains(&day).then(|| format!("{day} {} in {year}", first.format("%B")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn zone(name: &str) -> Zone {
        Zone::meant(name).expect("a zone").0
    }

    #[test]
    fn a_skipped_time_moves_on_by_the_gap_and_one_shown_twice_is_the_first() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(berlin.time("2026-03-29T02:30"), Ok(at("2026-03-29T01:30:00Z")), "the clock shows 03:30");
        assert_eq!(berlin.time("2026-10-25T02:30"), Ok(at("2026-10-25T00:30:00Z")), "still summer time");
        let lord_howe = zone("Australia/Lord_Howe");
        assert_eq!(lord_howe.time("2026-10-04 02:15"), Ok(at("2026-10-03T15:45:00Z")), "a gap of half an hour");
    }

    #[test]
    fn letters_are_read_as_the_place_the_requirements_name_and_it_is_said() {
        let (zone, said) = Zone::meant("EST").expect("New York");
        assert_eq!(zone.name(), "America/New_York");
        assert!(said.is_some_and(|said| said.contains("EST") && said.contains("America/New_York")));
        assert_eq!(Zone::meant("JST").map(|(zone, _)| zone.name().to_owned()), Ok("Asia/Tokyo".to_owned()));
        assert_eq!(
            Zone::meant("europe/berlin").map(|(zone, said)| (zone.name().to_owned(), said)),
            Ok(("Europe/Berlin".to_owned(), None))
        );
        assert_eq!(Zone::meant("utc").map(|(zone, said)| (zone.name().to_owned(), said)), Ok(("UTC".to_owned(), None)));
        for unknown in ["CET", "IST", "", "Mars/Olympus"] {
            assert!(Zone::meant(unknown).is_err_and(|why| why.contains("Europe/Berlin")), "{unknown}");
        }
    }

    #[test]
    fn a_day_the_calendar_lacks_is_named() {
        assert!(Zone::UTC.time("2027-02-30T02:00").is_err_and(|why| why.contains("no 30 February in 2027")));
        assert!(Zone::UTC.time("2027-02-30").is_err_and(|why| why.contains("no 30 February in 2027")));
        assert!(Zone::UTC.time("tomorrow").is_err_and(|why| why.contains("2026-12-13T02:30")));
        assert_eq!(Zone::UTC.time("2026-12-13"), Ok(at("2026-12-13T00:00:00Z")));
        assert_eq!(Zone::UTC.shown(at("2026-12-13T02:30:00Z")), "Sun 2026-12-13 02:30 UTC");
    }
}
