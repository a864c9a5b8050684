//! Hours of the week: those at which a layer counts, and those at which a team does business.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::spans::Spans;
use crate::domain::time::{self, Instant, Zone};

/// Minutes of a day.
const DAY: u32 = 24 * 60;
/// Minutes of a week: the longest that hours last from one beginning.
const WEEK: u32 = 7 * DAY;
/// The days of the week as they are written, Monday first.
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Hours that begin at one time of the clock on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The days on which they begin, Monday first.
    pub days: [bool; 7],
    /// When they begin, in minutes from midnight.
    pub from: u32,
    /// How long they last on the clock, in minutes: 1 to a week.
    pub minutes: u32,
}

impl Hours {
    /// 09:00 to 18:00 from Monday to Friday.
    pub const BUSINESS: Self =
        Self { days: [true, true, true, true, true, false, false], from: 9 * 60, minutes: 9 * 60 };

    /// The same hours every day.
    pub const fn daily(from: u32, until: u32) -> Self {
        Self { days: [true; 7], from, minutes: until.saturating_sub(from) }
    }

    /// Reads hours as they are written: days such as `Mon-Fri` or `Sat, Sun` (none: every day), and two times of day. Those that end before
    /// they begin end on the next day. With a day before each time (`Fri 18:00` to `Mon 09:00`) they last from the one to the other.
    ///
    /// # Errors
    /// What is wrong, without its full stop.
    pub fn read(days: Option<&str>, from: &str, until: &str) -> Result<Self, String> {
        let ((from_day, from), (until_day, until)) = (point(from)?, point(until)?);
        match (from_day, until_day, days) {
            (Some(begins), Some(ends), None) => {
                let day = |day: usize| u32::try_from(day).unwrap_or(0) * DAY;
                let minutes = (WEEK + day(ends) + until - day(begins) - from) % WEEK;
                let mut days = [false; 7];
                days.iter_mut().skip(begins).take(1).for_each(|day| *day = true);
                Ok(Self { days, from, minutes: if minutes == 0 { WEEK } else { minutes } })
            }
            (None, None, days) => {
                let days = days.map_or(Ok([true; 7]), read_days)?;
                let minutes = if until > from { until - from } else { until + DAY - from };
                Ok(Self { days, from, minutes })
            }
            _ => Err("Days stand before both times or in a list of their own".to_owned()),
        }
    }

    /// Whether they begin on a day.
    pub fn begin_on(&self, day: NaiveDate) -> bool {
        self.days.get(day.weekday().num_days_from_monday() as usize).copied().unwrap_or(false)
    }

    /// When they are, on the clock of a zone, as far as they reach into a span. Where the clock shows their end twice, the second counts, so
    /// that nothing is left open; days without them are left out.
    pub fn spans(&self, zone: &Zone, within: (Instant, Instant), is_without: impl Fn(NaiveDate) -> bool) -> Spans {
        let first = zone.clock(within.0).date().checked_sub_days(Days::new(8)).unwrap_or(NaiveDate::MIN);
        let last = zone.clock(within.1).date();
        let days =
            first.iter_days().take_while(|day| *day <= last).filter(|day| self.begin_on(*day) && !is_without(*day));
        let spans = days.filter_map(|day| {
            let begin = day.and_hms_opt(0, 0, 0)?.checked_add_signed(time::minutes(i64::from(self.from)))?;
            let end = begin.checked_add_signed(time::minutes(i64::from(self.minutes)))?;
            Some((zone.earliest(begin).max(within.0), zone.latest(end).min(within.1)))
        });
        spans.collect()
    }

    /// As a file writes them: one table for each day on which they begin, where they last longer than a day.
    pub fn written(&self) -> Vec<toml::Value> {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let table = |days: Option<String>, from: String, until: String| {
            let mut table = toml::Table::new();
            table.extend(days.map(|days| ("days".to_owned(), days.into())));
            table.insert("from".to_owned(), from.into());
            table.insert("until".to_owned(), until.into());
            toml::Value::Table(table)
        };
        let begin = NAMES.iter().enumerate().zip(self.days).filter(|(_, is_in)| *is_in).map(|(day, _)| day);
        if self.minutes <= DAY {
            let days: Vec<&str> = begin.map(|(_, name)| *name).collect();
            return vec![table(Some(days.join(",")), clock(self.from), clock((self.from + self.minutes) % DAY))];
        }
        let of_day = |(place, name): (usize, &&str)| {
            let end = self.from + self.minutes;
            let last = NAMES.get((place + (end / DAY) as usize) % 7).copied().unwrap_or_default();
            table(None, format!("{name} {}", clock(self.from)), format!("{last} {}", clock(end % DAY)))
        };
        begin.map(of_day).collect()
    }

    /// As they are written: `Mon-Fri 09:00-18:00`.
    pub fn words(&self) -> String {
        let named: Vec<&str> = NAMES.iter().zip(self.days).filter(|(_, is_in)| *is_in).map(|(name, _)| *name).collect();
        let days = match self.days {
            [true, true, true, true, true, true, true] => "daily".to_owned(),
            [true, true, true, true, true, false, false] => "Mon-Fri".to_owned(),
            _ => named.join(", "),
        };
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        if self.minutes > DAY {
            return format!("{days} {} for {}h {:02}m", clock(self.from), self.minutes / 60, self.minutes % 60);
        }
        format!("{days} {}-{}", clock(self.from), clock((self.from + self.minutes) % DAY))
    }
}

/// A time of day with or without the day of the week before it.
fn point(text: &str) -> Result<(Option<usize>, u32), String> {
    let text = text.trim();
    let (day, minute) = match text.split_once(' ') {
        Some((day, minute)) => (Some(weekday(day)?), minute),
        None => (None, text),
    };
    let minute = time::read_minute(minute).ok_or_else(|| format!("{text:?} is no time of day: write 09:00"))?;
    Ok((day, minute))
}

fn weekday(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let is_day = text.parse::<chrono::Weekday>().is_ok();
    let head = text.get(..3).unwrap_or_default();
    NAMES
        .iter()
        .position(|name| is_day && head.eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("{text:?} is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun"))
}

/// Reads days of the week such as `Mon-Fri` or `Sat, Sun`, Monday first. A range may go over Sunday.
///
/// # Errors
/// What is wrong, without its full stop.
pub fn read_days(text: &str) -> Result<[bool; 7], String> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        let length = (last + 7 - first) % 7 + 1;
        (first..first + length).for_each(|day| days.iter_mut().skip(day % 7).take(1).for_each(|day| *day = true));
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{NamedZone, read_civil};
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn zone(name: &str) -> Zone {
        NamedZone::read(name).expect("a zone").zone
    }

    fn spans(hours: &Hours, zone: &str, from: &str, until: &str) -> Vec<(Instant, Instant)> {
        hours.spans(&self::zone(zone), (at(from), at(until)), |_| false).iter().collect()
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (days, from, until, words) in [
            (Some("Mon-Fri"), "09:00", "18:00", "Mon-Fri 09:00-18:00"),
            (None, "18:00", "09:00", "daily 18:00-09:00"),
            (Some("Sat,sunday"), "00:00", "24:00", "Sat, Sun 00:00-00:00"),
            (Some("Fri-Mon"), "08:00", "08:00", "Mon, Fri, Sat, Sun 08:00-08:00"),
            (None, "Fri 18:00", "Mon 09:00", "Fri 18:00 for 63h 00m"),
        ] {
            assert_eq!(Hours::read(days, from, until).map(|hours| hours.words()), Ok(words.to_owned()));
        }
        for (days, from, until) in [
            (Some("Mon-Fry"), "09:00", "18:00"),
            (Some(""), "09:00", "18:00"),
            (None, "9", "18:00"),
            (None, "Fri 18:00", "09:00"),
            (Some("Mon"), "Fri 18:00", "Mon 09:00"),
            (Some("Monster"), "09:00", "18:00"),
        ] {
            assert!(Hours::read(days, from, until).is_err(), "{days:?} {from} {until}");
        }
    }

    #[test]
    fn a_clock_that_shows_the_end_twice_leaves_nothing_open() {
        let night = Hours::daily(60, 90);
        assert_eq!(
            spans(&night, "EST", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
            [(at("2026-11-01T05:00:00Z"), at("2026-11-01T06:30:00Z"))]
        );
        let skipped = Hours::daily(150, 190);
        assert_eq!(
            spans(&skipped, "EST", "2027-03-14T00:00:00Z", "2027-03-15T00:00:00Z"),
            [(at("2027-03-14T07:00:00Z"), at("2027-03-14T07:10:00Z"))],
            "02:30 to 03:10: the clock goes from 02:00 to 03:00"
        );
    }

    #[test]
    fn a_weekend_is_one_span_in_whatever_week_it_begins() {
        let weekend = Hours::read(None, "Fri 18:00", "Mon 09:00").expect("hours");
        assert_eq!(
            spans(&weekend, "JST", "2026-10-24T00:00:00Z", "2026-10-25T00:00:00Z"),
            [(at("2026-10-24T00:00:00Z"), at("2026-10-25T00:00:00Z"))]
        );
    }

    proptest! {
        /// Minute by minute: whatever the clock shows within the hours is covered; where the clock does not change, nothing else is.
        #[test]
        fn it_is_what_the_clock_shows(day in 0_i64..3_000, from in 0_u32..1_440, length in 1_u32..1_440, place in 0_usize..4) {
            let zone = zone(["Etc/UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"][place]);
            let hours = Hours { days: [true; 7], from, minutes: length };
            let begin = at("2024-01-01T00:00:00Z") + time::days(day);
            let spans = hours.spans(&zone, (begin, begin + time::days(1)), |_| false);
            let is_steady = zone.clock(begin) - begin.naive_utc() == zone.clock(begin + time::days(1)) - (begin + time::days(1)).naive_utc()
                && zone.clock(begin - time::days(2)) - (begin - time::days(2)).naive_utc() == zone.clock(begin) - begin.naive_utc();
            for minute in (0..1_440).step_by(7) {
                let at = begin + time::minutes(minute);
                let shown = zone.clock(at);
                let shows = (shown - read_civil(&shown.date().to_string()).expect("midnight")).num_minutes();
                let end = i64::from(from + length);
                let is_meant = (i64::from(from)..end).contains(&shows) || (i64::from(from)..end).contains(&(shows + 1_440));
                let is_in = spans.iter().any(|(from, until)| from <= at && at < until);
                prop_assert!(is_in || !is_meant, "{at} shows {shown}, left open");
                prop_assert!(!is_steady || is_in == is_meant, "{at} shows {shown}");
            }
        }
    }
}
