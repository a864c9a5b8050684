//! When a window comes again: five fields as cron has them, with the weekdays of a month (`SUN#1`, `FRI#L`) and its last day (`L`).
//!
//! A recurrence of ours is not the schedule of a CronJob, which stays its controller's ([`crate::domain::job::Schedule`]). Day of the month and
//! weekday together are refused, because half of all crons take both and half take either. 0 and 7 are Sunday; a weekday is stored by its name,
//! so that no other reader of it begins to count elsewhere.

use std::fmt;

use chrono::{Datelike, NaiveDate};

/// The values of a field: a bit for each.
type Bits = u64;

/// Which weekdays of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Weekdays {
    /// Every one of these; bit 0 is Sunday.
    every: u8,
    /// The first, second … fifth of these, at its place.
    nth: [u8; 5],
    /// The last of these.
    last: u8,
}

/// When a window comes again, on the clock of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    minutes: Bits,
    hours: Bits,
    days: Bits,
    is_last_day: bool,
    months: Bits,
    /// `None`: on whatever weekday.
    weekdays: Option<Weekdays>,
    text: String,
}

struct Field {
    name: &'static str,
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
const WEEKDAY: Field =
    Field { name: "weekday", least: 0, most: 7, names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };

/// How many days each month has at most.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Recurrence {
    /// Reads `minute hour day-of-month month weekday`.
    ///
    /// # Errors
    /// A sentence that says which field cannot be read, and what to write.
    pub fn read(expression: &str) -> Result<Self, String> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let hint = match fields.len() {
                6 => " Leave the seconds out: a window begins on a minute.",
                1 if expression.trim().starts_with('@') => " Write a macro out: @daily is 0 0 * * *.",
                _ => "",
            };
            return Err(format!(
                "{expression:?} has {} fields and a recurrence has 5: minute, hour, day of the month, month, weekday, such as 30 2 * * SUN#2.{hint}",
                fields.len()
            ));
        };
        let (days, is_last_day) = days(day)?;
        let (weekdays, weekday) = weekdays(weekday)?;
        let is_whole = !is_last_day && days == whole(&DAY);
        if !is_whole && weekdays.is_some() {
            return Err(format!(
                "{expression:?} restricts the day of the month and the weekday together, which some read as either and some as both. Leave one of them *: the first Sunday of a month is SUN#1, the last one SUN#L."
            ));
        }
        let (minutes, hours, months) = (list(minute, &MINUTE)?, list(hour, &HOUR)?, list(month, &MONTH)?);
        let is_possible = |month: u8| {
            let length = LENGTHS.get(usize::from(month) - 1).copied().unwrap_or(31);
            is_last_day || (1..=length).any(|day| has(days, day))
        };
        if !(1..=12).any(|month| has(months, month) && is_possible(month)) {
            return Err(format!(
                "{expression:?} never comes: no month of it has such a day. Write a day that the month has, or L for its last one."
            ));
        }
        let text = format!("{minute} {hour} {} {} {weekday}", day.to_uppercase(), month.to_uppercase());
        Ok(Self { minutes, hours, days, is_last_day, months, weekdays, text })
    }

    /// Whether it comes in a month, from 1.
    pub(super) const fn has_month(&self, month: u32) -> bool {
        self.months >> month & 1 == 1
    }

    /// Whether it comes on a day.
    pub(super) fn has_day(&self, day: NaiveDate) -> bool {
        if !self.has_month(day.month()) {
            return false;
        }
        let number = day.day();
        let left = last_day(day) - number;
        let Some(weekdays) = self.weekdays else {
            return self.days >> number & 1 == 1 || self.is_last_day && left == 0;
        };
        let weekday = 1_u8 << day.weekday().num_days_from_sunday();
        let nth = weekdays.nth.get(usize::try_from((number - 1) / 7).unwrap_or(0)).copied().unwrap_or(0);
        (weekdays.every | nth) & weekday != 0 || left < 7 && weekdays.last & weekday != 0
    }

    /// The hours and minutes it begins at, in their order.
    pub(super) fn times(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let hours = (0..24_u32).filter(|hour| self.hours >> hour & 1 == 1);
        hours.flat_map(|hour| {
            (0..60_u32).filter(|minute| self.minutes >> minute & 1 == 1).map(move |minute| (hour, minute))
        })
    }
}

/// The number of the last day of a day's month.
fn last_day(day: NaiveDate) -> u32 {
    match day.month() {
        2 if day.leap_year() => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.text)
    }
}

const fn has(bits: Bits, value: u8) -> bool {
    bits >> value & 1 == 1
}

fn whole(field: &Field) -> Bits {
    (field.least..=field.most).fold(0, |bits, value| bits | 1 << value)
}

fn unread(text: &str, field: &Field, hint: &str) -> String {
    format!("{text:?} is no {}: it goes from {} to {}.{hint}", field.name, field.least, field.most)
}

/// `L`, and otherwise a list of ranges.
fn days(text: &str) -> Result<(Bits, bool), String> {
    let (mut bits, mut is_last) = (0, false);
    for part in text.split(',') {
        if part.eq_ignore_ascii_case("L") {
            is_last = true;
        } else {
            bits |= range(part, &DAY)?;
        }
    }
    Ok((bits, is_last))
}

fn list(text: &str, field: &Field) -> Result<Bits, String> {
    text.split(',').try_fold(0, |bits, part| Ok(bits | range(part, field)?))
}

/// `*`, `7`, `1-5`, each with `/STEP` or without.
fn range(text: &str, field: &Field) -> Result<Bits, String> {
    let (span, step) = text.split_once('/').map_or((text, None), |(span, step)| (span, Some(step)));
    let widest = field.most - field.least + 1;
    let step = match step {
        Some(step) => step.parse::<u8>().ok().filter(|step| (1..=widest).contains(step)).ok_or_else(|| {
            format!("The step of {text:?} is no number from 1 to {widest}, as many as there are of the {}.", field.name)
        })?,
        None => 1,
    };
    let (start, end) = match span.split_once('-') {
        _ if matches!(span, "*" | "?") => (field.least, field.most),
        Some((from, to)) => (value(from, field)?, value(to, field)?),
        None if text.contains('/') => (value(span, field)?, field.most),
        None => (value(span, field)?, value(span, field)?),
    };
    // A week may end with Sunday: FRI-SUN.
    let end = if field.most == 7 && end == 0 && start > 0 { 7 } else { end };
    if start > end {
        return Err(format!("{text:?} goes backwards. Write a {} as two parts, the first up to the end.", field.name));
    }
    Ok((start..=end).step_by(usize::from(step)).fold(0, |bits, value| bits | 1 << value))
}

fn value(text: &str, field: &Field) -> Result<u8, String> {
    let named = field.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let first = u8::from(field.least == 1);
    let number = match named.and_then(|place| u8::try_from(place).ok()) {
        Some(place) => Some(place + first),
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
    };
    let hint = match (field.names.first(), field.names.last()) {
        (Some(first), Some(last)) => format!(" Names go from {first} to {last}."),
        _ => String::new(),
    };
    number.filter(|number| (field.least..=field.most).contains(number)).ok_or_else(|| unread(text, field, &hint))
}

/// The weekdays, and the field with their names in place of numbers.
fn weekdays(text: &str) -> Result<(Option<Weekdays>, String), String> {
    let mut of = Weekdays { every: 0, nth: [0; 5], last: 0 };
    let mut words = Vec::new();
    for part in text.split(',') {
        if part.eq_ignore_ascii_case("L") {
            return Err(
                "L alone is no weekday. The last Friday of a month is FRI#L; the last day of a month is L in the field of the day.".to_owned()
            );
        }
        let is_number = |rest: &str| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit());
        let short = part.strip_suffix(['L', 'l']).filter(|rest| is_number(rest) || value(rest, &WEEKDAY).is_ok());
        let (of_week, place) = match (part.split_once('#'), short) {
            (Some((weekday, place)), _) => (weekday, Some(place)),
            (None, Some(weekday)) => (weekday, Some("L")),
            (None, None) => (part, None),
        };
        let Some(place) = place else {
            let bits = range(part, &WEEKDAY)?;
            of.every |= folded(bits);
            words.push(if matches!(part, "*" | "?") { "*".to_owned() } else { named(part) });
            continue;
        };
        let bit = 1_u8 << (value(of_week, &WEEKDAY)? % 7);
        if place.eq_ignore_ascii_case("L") {
            of.last |= bit;
        } else {
            let nth =
                place.parse::<usize>().ok().filter(|nth| (1..=5).contains(nth)).and_then(|nth| of.nth.get_mut(nth - 1));
            *nth.ok_or_else(|| {
                format!("{part:?} is no weekday of a month: they go from #1 to #5, and #L is the last one.")
            })? |= bit;
        }
        words.push(format!("{}#{}", named(of_week), place.to_uppercase()));
    }
    let is_every = of.every == 0x7f;
    Ok(((!is_every).then_some(of), words.join(",")))
}

/// Bits of a week in which 7 is Sunday too.
fn folded(bits: Bits) -> u8 {
    let bits = bits | bits >> 7;
    u8::try_from(bits & 0x7f).unwrap_or(0)
}

/// A part of the field of weekdays with names: `5-7` is `FRI-SUN`. A step stays a number.
fn named(part: &str) -> String {
    let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
    let name = |text: &str| {
        let place = value(text, &WEEKDAY).map_or(0, |number| usize::from(number % 7));
        let name = WEEKDAY.names.get(place).copied().unwrap_or_default();
        if text == "*" { "*".to_owned() } else { name.to_owned() }
    };
    let words = span.split('-').map(name).collect::<Vec<_>>().join("-");
    step.map_or_else(|| words.clone(), |step| format!("{words}/{step}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// The days of a span on which it comes.
    fn days_of(expression: &str, from: &str, until: &str) -> Vec<String> {
        let recurrence = Recurrence::read(expression).expect("a recurrence");
        let days = day(from).iter_days().take_while(|one| *one < day(until));
        days.filter(|one| recurrence.has_day(*one)).map(|one| one.to_string()).collect()
    }

    #[test]
    fn weekdays_of_a_month_are_counted_from_both_ends() {
        assert_eq!(days_of("0 0 * * SUN#1", "2026-12-01", "2027-02-28"), ["2026-12-06", "2027-01-03", "2027-02-07"]);
        assert_eq!(days_of("0 0 * * 7#1", "2026-12-01", "2027-01-01"), ["2026-12-06"]);
        assert_eq!(days_of("0 0 * * FRI#L", "2026-12-01", "2027-02-28"), ["2026-12-25", "2027-01-29", "2027-02-26"]);
        assert_eq!(days_of("0 0 * * 5L", "2026-12-01", "2027-01-01"), ["2026-12-25"]);
        assert_eq!(days_of("0 0 L * *", "2027-02-01", "2027-04-30"), ["2027-02-28", "2027-03-31"]);
        assert_eq!(days_of("0 0 L * *", "2028-02-01", "2028-03-01"), ["2028-02-29"]);
        assert_eq!(
            days_of("0 4 * 1,4,7,10 SUN#1", "2026-12-01", "2027-12-01"),
            ["2027-01-03", "2027-04-04", "2027-07-04", "2027-10-03"]
        );
        assert_eq!(days_of("0 0 * * MON#2,MON#4", "2026-12-01", "2027-01-01"), ["2026-12-14", "2026-12-28"]);
    }

    #[test]
    fn seven_is_sunday_and_what_is_stored_has_names() {
        assert_eq!(days_of("0 1 * * 7", "2026-12-01", "2026-12-15"), days_of("0 1 * * 0", "2026-12-01", "2026-12-15"));
        assert_eq!(days_of("0 1 * * 5-7", "2026-12-01", "2026-12-08"), ["2026-12-04", "2026-12-05", "2026-12-06"]);
        for (read, stored) in [
            ("0 1 * * 0", "0 1 * * SUN"),
            ("30 2 * * 7#2", "30 2 * * SUN#2"),
            ("0 1 * jan-mar 1-5", "0 1 * JAN-MAR MON-FRI"),
            ("*/15 1 l * *", "*/15 1 L * *"),
            ("0 0 ? * fri-sun,2", "0 0 ? * FRI-SUN,TUE"),
            ("0 0 * * 5l", "0 0 * * FRI#L"),
        ] {
            let once = Recurrence::read(read).expect("a recurrence");
            assert_eq!(once.to_string(), stored);
            assert_eq!(Recurrence::read(stored), Ok(once), "what is stored means the same");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_write() {
        for (expression, hint) in [
            ("0 0 1-7 * SUN", "SUN#1"),
            ("0 0 L * 5", "SUN#1"),
            ("0 0 30 2 *", "never comes"),
            ("0 0 31 4,6,9,11 *", "never comes"),
            ("0 0 * * SUN#6", "#1 to #5"),
            ("0 0 * * SUN#0", "#1 to #5"),
            ("0 0 * * L", "FRI#L"),
            ("0 0 * * 8", "0 to 7"),
            ("0 24 * * *", "0 to 23"),
            ("60 0 * * *", "0 to 59"),
            ("0 0 0 * *", "1 to 31"),
            ("0 0 * 13 *", "JAN to DEC"),
            ("0 0 * NOV-FEB *", "two parts"),
            ("*/0 0 * * *", "1 to 60"),
            ("*/90 0 * * *", "1 to 60"),
            ("0 0 0 1 * SUN", "seconds"),
            ("@daily", "0 0 * * *"),
            ("0 0 15W * *", "1 to 31"),
            ("0 0 +1 * *", "1 to 31"),
            ("", "5"),
        ] {
            let why = Recurrence::read(expression).expect_err(expression);
            assert!(why.contains(hint), "{expression}: {why}");
        }
        for fine in ["0 0 1-31 * SUN", "0 0 29 2 *", "0 0 * 2 SUN#5", "0 0 * * *", "0 0 L 2 *"] {
            assert!(Recurrence::read(fine).is_ok(), "{fine}");
        }
    }
}
