//! What an instant reads on a clock in another time zone. Only this file and its neighbours `civil.rs` and `clock.rs` name `jiff`.
//!
//! The rules of every zone are compiled in: the same configuration means the same instants on every machine.

use std::sync::LazyLock;

use chrono::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};

use super::Instant;

pub(super) static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(pub(super) TimeZone);

/// What a clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The year.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The day of the week: 0 is Sunday.
    pub weekday: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
}

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone of a name such as `Asia/Tokyo`; `None` for one the database does not hold.
    pub fn named(name: &str) -> Option<Self> {
        RULES.get(name).ok().map(Self)
    }

    /// What the zone's clock shows at an instant; `None` outside the years the calendar reaches.
    pub fn read(&self, at: Instant) -> Option<Reading> {
        let shown = self.0.to_datetime(Timestamp::from_second(at.timestamp()).ok()?);
        let unsigned = |number: i8| u8::try_from(number).unwrap_or(0);
        Some(Reading {
            year: shown.year(),
            month: unsigned(shown.month()),
            day: unsigned(shown.day()),
            weekday: unsigned(shown.weekday().to_sunday_zero_offset()),
            hour: unsigned(shown.hour()),
            minute: unsigned(shown.minute()),
        })
    }

    /// The first instant of the day after the one the clock shows: midnight, or where the clock skips it, the moment it shows instead.
    pub fn next_day(&self, shown: Reading) -> Option<Instant> {
        let signed = |number: u8| i8::try_from(number).ok();
        let day = civil::Date::new(shown.year, signed(shown.month)?, signed(shown.day)?).ok()?.tomorrow().ok()?;
        let begins = self.0.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok()?;
        DateTime::from_timestamp(begins.as_second(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    #[test]
    fn a_clock_elsewhere_shows_its_own_hour() {
        let tokyo = Zone::named("Asia/Tokyo").expect("a zone");
        let shown = tokyo.read(at("2026-11-24T15:30:00Z")).expect("within the calendar");
        assert_eq!((shown.day, shown.hour, shown.minute, shown.weekday), (25, 0, 30, 3));
        assert_eq!(tokyo.next_day(shown), Some(at("2026-11-25T15:00:00Z")));
        assert_eq!(Zone::named("Mars/Olympus"), None);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_later() {
        let cairo = Zone::named("Africa/Cairo").expect("a zone");
        let before = cairo.read(at("2026-04-23T20:00:00Z")).expect("within the calendar");
        assert_eq!(
            cairo.next_day(before),
            Some(at("2026-04-23T22:00:00Z")),
            "00:00 does not exist: the clock goes to 01:00"
        );
    }
}
