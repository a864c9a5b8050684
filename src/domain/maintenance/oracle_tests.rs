//! Every minute of a span is looked at on the zone's clock, and what fits is a start: slow, and nothing to get wrong.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike};
use proptest::prelude::*;

use super::{Recurrence, Rule, Window};
use crate::domain::time::{self, Instant, Zone};

/// Zones with changes of an hour, of half an hour and at midnight, of either hemisphere, with and without any.
const ZONES: [&str; 10] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Pacific/Chatham",
    "America/St_Johns",
];

/// Which days, as a test means them.
#[derive(Debug, Clone)]
enum Days {
    Every,
    Numbers(Vec<u32>),
    Last,
    Weekdays(Vec<u32>),
    Nth(u32, u32),
    LastOf(u32),
}

#[derive(Debug, Clone)]
struct Meant {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    months: Vec<u32>,
    days: Days,
}

fn joined(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

impl Meant {
    fn written(&self) -> String {
        let months = if self.months.is_empty() { "*".to_owned() } else { joined(&self.months) };
        let (day, weekday) = match &self.days {
            Days::Every => ("*".to_owned(), "*".to_owned()),
            Days::Numbers(days) => (joined(days), "*".to_owned()),
            Days::Last => ("L".to_owned(), "*".to_owned()),
            Days::Weekdays(days) => ("*".to_owned(), joined(days)),
            Days::Nth(day, nth) => ("*".to_owned(), format!("{day}#{nth}")),
            Days::LastOf(day) => ("*".to_owned(), format!("{day}#L")),
        };
        format!("{} {} {day} {months} {weekday}", joined(&self.minutes), joined(&self.hours))
    }

    fn fits(&self, shown: NaiveDateTime) -> bool {
        let weekday = shown.weekday().num_days_from_sunday();
        let same_week = |day: &u32| day % 7 == weekday;
        let is_day = match &self.days {
            Days::Every => true,
            Days::Numbers(days) => days.contains(&shown.day()),
            Days::Last => (shown + TimeDelta::days(1)).day() == 1,
            Days::Weekdays(days) => days.iter().any(same_week),
            Days::Nth(day, nth) => same_week(day) && shown.day().div_ceil(7) == *nth,
            Days::LastOf(day) => same_week(day) && (shown + TimeDelta::days(7)).month() != shown.month(),
        };
        is_day
            && self.minutes.contains(&shown.minute())
            && self.hours.contains(&shown.hour())
            && (self.months.is_empty() || self.months.contains(&shown.month()))
    }
}

fn shown(zone: &Zone, at: Instant) -> NaiveDateTime {
    let reading = zone.read(at).expect("within the calendar");
    let day =
        chrono::NaiveDate::from_ymd_opt(i32::from(reading.year), u32::from(reading.month), u32::from(reading.day));
    day.and_then(|day| day.and_hms_opt(u32::from(reading.hour), u32::from(reading.minute), 0)).expect("a time")
}

/// Minute by minute: what the clock shows for the first time and fits; what it skips and fits, as much later as was skipped.
fn oracle(meant: &Meant, zone: &Zone, from: Instant, until: Instant) -> Vec<Instant> {
    let minute = TimeDelta::minutes(1);
    // The clock is watched from a little before, to know what it has shown.
    let mut at = time::from_seconds(from.timestamp() / 60 * 60) - TimeDelta::days(3);
    let mut furthest = shown(zone, at) - minute;
    let mut starts = Vec::new();
    while at < until {
        let now = shown(zone, at);
        let mut skipped = furthest + minute;
        while skipped < now {
            if meant.fits(skipped) {
                starts.push(at + (skipped - (furthest + minute)));
            }
            skipped += minute;
        }
        if now > furthest {
            if meant.fits(now) {
                starts.push(at);
            }
            furthest = now;
        }
        at += minute;
    }
    starts.retain(|start| (from..until).contains(start));
    starts.sort_unstable();
    starts.dedup();
    starts
}

fn some(range: std::ops::Range<u32>, most: usize) -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::btree_set(range, 1..=most).prop_map(|set| set.into_iter().collect())
}

fn meant() -> impl Strategy<Value = Meant> {
    let days = prop_oneof![
        Just(Days::Every),
        some(1..32, 4).prop_map(Days::Numbers),
        Just(Days::Last),
        some(0..8, 3).prop_map(Days::Weekdays),
        (0..8_u32, 1..6_u32).prop_map(|(day, nth)| Days::Nth(day, nth)),
        (0..8_u32).prop_map(Days::LastOf),
    ];
    // Where clocks change, they do so in the first hours of a day.
    let hours = prop_oneof![some(0..5, 3), some(0..24, 3)];
    let months = prop_oneof![Just(Vec::new()), some(1..13, 6)];
    (some(0..60, 3), hours, months, days).prop_map(|(minutes, hours, months, days)| Meant {
        minutes,
        hours,
        months,
        days,
    })
}

pub(super) fn window(expression: &str, zone: &str) -> Window {
    Window {
        name: "test".into(),
        rule: Rule::Again(Recurrence::read(expression).expect(expression)),
        zone: Zone::meant(zone).expect("a zone").0,
        lasts: TimeDelta::minutes(30),
        service: None,
        is_downtime: false,
        announced: None,
        activities: Vec::new(),
        emergency: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// In every zone the starts are those that somebody finds who looks at its clock every minute.
    #[test]
    fn starts_are_what_the_clock_shows(meant in meant(), zone in 0..ZONES.len(), day in 0..1_460_i64, length in 1..45_i64) {
        let from = time::from_seconds(1_735_689_600 + day * 86_400 + 12_345);
        let until = from + TimeDelta::days(length);
        let expression = meant.written();
        prop_assume!(Recurrence::read(&expression).is_ok());
        let window = window(&expression, ZONES[zone]);
        prop_assert_eq!(window.starts(from, until), oracle(&meant, &window.zone, from, until), "{} {}", expression, ZONES[zone]);
    }
}

/// Both changes of the clock of every zone that has any, with a start in every quarter of an hour.
#[test]
fn no_quarter_of_an_hour_is_lost_or_counted_twice_when_a_clock_changes() {
    let meant = Meant { minutes: vec![0, 15, 30, 45], hours: (0..24).collect(), months: Vec::new(), days: Days::Every };
    for zone in ZONES {
        let window = window(&meant.written(), zone);
        let from: Instant = "2026-01-01T00:00:00Z".parse::<DateTime<chrono::Utc>>().expect("a time");
        let until = from + TimeDelta::days(365);
        assert_eq!(window.starts(from, until), oracle(&meant, &window.zone, from, until), "{zone}");
    }
}
