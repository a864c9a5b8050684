//! The golden vectors of a rotation, and a naive count of minutes beside it in ten zones.

use proptest::prelude::*;

use super::*;
use crate::domain::time::{NamedZone, read_civil};

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

fn rotation(zone: &str, anchor: &str, every: &str, people: &[&str]) -> Rotation {
    Rotation {
        zone: NamedZone::read(zone).expect("a zone").zone,
        anchor: read_civil(anchor).expect("a time of the clock"),
        every: Turn::read(every).expect("a length"),
        roster: people.iter().map(|person| Some((*person).to_owned())).collect(),
        start: 0,
    }
}

/// Zone, anchor, length of a turn, and when turns 0, 1, 2 … begin.
const GOLDEN: &[(&str, &str, &str, &[&str])] = &[
    (
        "America/New_York",
        "2026-10-19T09:00",
        "1 week",
        &["2026-10-19T13:00:00Z", "2026-10-26T13:00:00Z", "2026-11-02T14:00:00Z", "2026-11-09T14:00:00Z"],
    ),
    (
        "America/New_York",
        "2027-03-01T09:00",
        "1 week",
        &["2027-03-01T14:00:00Z", "2027-03-08T14:00:00Z", "2027-03-15T13:00:00Z"],
    ),
    (
        "Asia/Tokyo",
        "2026-10-19T09:00",
        "1 week",
        &["2026-10-19T00:00:00Z", "2026-10-26T00:00:00Z", "2026-11-02T00:00:00Z"],
    ),
    (
        "America/New_York",
        "2027-03-12T02:30",
        "1 day",
        &["2027-03-12T07:30:00Z", "2027-03-13T07:30:00Z", "2027-03-14T07:30:00Z", "2027-03-15T06:30:00Z"],
    ),
    (
        "America/New_York",
        "2026-10-30T01:30",
        "1 day",
        &["2026-10-30T05:30:00Z", "2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
    ),
    (
        "Pacific/Apia",
        "2011-12-28T09:00",
        "1 day",
        &[
            "2011-12-28T19:00:00Z",
            "2011-12-29T19:00:00Z",
            "2011-12-30T19:00:00Z",
            "2011-12-30T19:00:00Z",
            "2011-12-31T19:00:00Z",
        ],
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-02T09:00",
        "1 day",
        &["2026-10-01T22:30:00Z", "2026-10-02T22:30:00Z", "2026-10-03T22:00:00Z"],
    ),
    (
        "America/New_York",
        "2026-10-31T20:00",
        "8 hours",
        &["2026-11-01T00:00:00Z", "2026-11-01T08:00:00Z", "2026-11-01T16:00:00Z", "2026-11-02T00:00:00Z"],
    ),
];

#[test]
fn turns_begin_where_the_golden_vectors_say() {
    for (zone, anchor, every, begin) in GOLDEN {
        let rotation = rotation(zone, anchor, every, &["ada", "ben"]);
        let begins: Vec<Instant> = (0..).zip(begin.iter()).map(|(turn, _)| rotation.boundary(turn)).collect();
        let expected: Vec<Instant> = begin.iter().map(|text| at(text)).collect();
        assert_eq!(begins, expected, "{every} {zone} from {anchor}");
    }
}

#[test]
fn a_week_with_a_change_of_the_clock_is_an_hour_longer_or_shorter() {
    let hours = |rotation: &Rotation, turn| (rotation.boundary(turn + 1) - rotation.boundary(turn)).num_hours();
    let autumn = rotation("EST", "2026-10-19T09:00", "1 week", &["ada"]);
    assert_eq!((hours(&autumn, 0), hours(&autumn, 1), hours(&autumn, 2)), (168, 169, 168));
    let spring = rotation("EST", "2027-03-01T09:00", "1 week", &["ada"]);
    assert_eq!(hours(&spring, 1), 167);
}

#[test]
fn the_right_person_is_on_call_over_a_change_to_winter_time() {
    let weekly = rotation("America/New_York", "2026-10-19T09:00", "1 week", &["ada", "ben", "cy"]);
    for (when, who) in [
        ("2026-10-19T13:00:00Z", "ada"),
        ("2026-10-26T12:59:59Z", "ada"),
        ("2026-10-26T13:00:00Z", "ben"),
        ("2026-11-02T13:59:59Z", "ben"),
        ("2026-11-02T14:00:00Z", "cy"),
        ("2026-11-09T14:00:00Z", "ada"),
        ("2026-10-19T12:59:59Z", "cy"),
    ] {
        assert_eq!(weekly.on_call(at(when)), Some(who), "{when}");
    }
}

#[test]
fn the_day_a_zone_skipped_has_no_turn() {
    let apia = rotation("Pacific/Apia", "2011-12-28T09:00", "1 day", &["ada", "ben", "cy", "dee"]);
    let turns: Vec<_> = apia.turns(at("2011-12-28T19:00:00Z"), at("2012-01-01T00:00:00Z")).collect();
    assert_eq!(turns.iter().map(|(turn, _, _)| *turn).collect::<Vec<_>>(), [0, 1, 3, 4]);
    assert!(turns.windows(2).all(|pair| pair[0].2 == pair[1].1), "no instant is left open: {turns:?}");
    assert_eq!(apia.on_call(at("2011-12-30T19:00:00Z")), Some("dee"), "the third turn was empty");
}

#[test]
fn a_leap_day_is_a_day() {
    let daily = rotation("Asia/Tokyo", "2028-02-28T09:00", "1 day", &["ada", "ben", "cy"]);
    assert_eq!(daily.boundary(2), at("2028-03-01T00:00:00Z"));
    let yearless = rotation("Asia/Tokyo", "2028-02-29T09:00", "1 week", &["ada", "ben"]);
    assert_eq!(yearless.boundary(1), at("2028-03-07T00:00:00Z"));
}

#[test]
fn nobody_is_on_call_where_the_roster_says_so() {
    let mut weekly = rotation("UTC", "2026-10-19T09:00", "1 week", &[]);
    assert_eq!(weekly.on_call(at("2026-10-20T00:00:00Z")), None);
    weekly.roster = vec![Some("ada".into()), None];
    assert_eq!(weekly.on_call(at("2026-10-27T00:00:00Z")), None);
    weekly.start = i64::MAX;
    assert_eq!(weekly.person(i64::MAX), Some("ada"), "two odd numbers are even");
}

#[test]
fn a_length_is_read_and_written() {
    for (text, turn) in [
        ("1 week", Turn::Weeks(1)),
        ("2 weeks", Turn::Weeks(2)),
        ("1w", Turn::Weeks(1)),
        ("10 days", Turn::Days(10)),
        ("8h", Turn::Hours(8)),
        (" 12 hours ", Turn::Hours(12)),
    ] {
        assert_eq!(Turn::read(text), Ok(turn), "{text}");
        assert_eq!(Turn::read(&turn.words()), Ok(turn));
    }
    for bad in
        ["", "week", "0 weeks", "-1 week", "1 month", "1.5 days", "521 weeks", "99999999999 days", "１ week", "1"]
    {
        assert!(Turn::read(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_end_of_the_calendar_ends_the_turns() {
    let weekly = rotation("Asia/Tokyo", "2026-10-19T09:00", "1 week", &["ada", "ben"]);
    assert!(weekly.turns(LAST - time::days(30), LAST).count() < 7);
    assert!(weekly.on_call(LAST).is_some() && weekly.on_call(time::FIRST).is_some());
    assert_eq!(weekly.boundary(i64::MAX), LAST);
    assert_eq!(weekly.boundary(i64::MIN), time::FIRST);
}

const ZONES: [&str; 10] = [
    "Etc/UTC",
    "Asia/Tokyo",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/Cairo",
    "America/St_Johns",
    "Asia/Kathmandu",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The naive count: walk minute by minute; a new turn begins whenever the clock shows (or has just skipped) the time of day of the
    /// hand-over on a day of the calendar that is a whole number of turns from the anchor, the first time it shows it.
    #[test]
    fn it_is_what_a_naive_count_of_minutes_says(
        zone in 0_usize..10, year in 2008_i32..2034, day in 0_u32..364, hour in 0_u32..24, half in any::<bool>(), days in 1_u32..9, offset in -40_i64..40,
    ) {
        let zone = NamedZone::read(ZONES[zone]).expect("a zone").zone;
        let anchor = chrono::NaiveDate::from_yo_opt(year, day + 1).expect("a day").and_hms_opt(hour, if half { 30 } else { 0 }, 0).expect("a time");
        let people = ["ada", "ben", "cy"].map(|person| Some(person.to_owned())).to_vec();
        let rotation = Rotation { zone: zone.clone(), anchor, every: Turn::Days(days), roster: people, start: 0 };
        let from = zone.at_clock(anchor) + time::days(offset);
        // Which turn it is: the number of hand-overs on days up to this one that are no later than this instant.
        let due = |at: Instant| {
            let mut turn = (zone.clock(at).date() - anchor.date()).num_days().div_euclid(i64::from(days)) + 2;
            loop {
                let (shown, moved) = (anchor + time::days(turn * i64::from(days)), turn);
                // The first minute around that day whose clock shows it; where none does, it is moved on by what is skipped.
                let around = shown.and_utc();
                let minutes = (-15 * 60..=27 * 60).map(|minute| around - time::minutes(14 * 60) + time::minutes(minute));
                let mut minutes = minutes.filter(|minute| *minute > time::FIRST);
                let begins = minutes.find(|minute| zone.clock(*minute) == shown).unwrap_or_else(|| zone.at_clock(shown));
                if begins <= at {
                    return moved;
                }
                turn -= 1;
            }
        };
        for step in 0..4 {
            let at = from + time::minutes(step * 367);
            prop_assert_eq!(rotation.turn_at(at), due(at), "{} in {:?}", at, zone.iana_name());
        }
    }

    /// Every instant lies in exactly the turn that is said to be on, whatever the zone does.
    #[test]
    fn every_instant_is_within_its_turn(zone in 0_usize..10, minute in 0_i64..19_000_000, number in 1_u32..5, unit in 0_u8..3, hour in 0_u32..24) {
        let zone = NamedZone::read(ZONES[zone]).expect("a zone").zone;
        let every = match unit { 0 => Turn::Hours(number * 4), 1 => Turn::Days(number), _ => Turn::Weeks(number) };
        let anchor = chrono::NaiveDate::from_ymd_opt(2011, 12, 28).and_then(|day| day.and_hms_opt(hour, 30, 0)).expect("a time");
        let rotation = Rotation { zone, anchor, every, roster: vec![Some("ada".into())], start: 0 };
        let at = at("1999-01-01T00:00:00Z") + time::minutes(minute);
        let turn = rotation.turn_at(at);
        prop_assert!(rotation.boundary(turn) <= at && at < rotation.boundary(turn + 1), "turn {} at {}", turn, at);
    }
}
