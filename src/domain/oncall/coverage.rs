//! What a schedule comes to over a while: gaps, people in two roles at once, how evenly it falls, and when somebody on call is awake.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::hours::Hours;
use super::schedule::Shift;
use super::spans::{Span, Spans};
use crate::domain::time::Zone;

/// Waking hours, on the clock of whoever is on call.
const AWAKE: Hours = Hours::daily(7 * 60, 23 * 60);
/// The hours of a day at which most of a zone works.
const DAY: Hours = Hours::daily(9 * 60, 18 * 60);
/// Saturday and Sunday.
const WEEKEND: Hours = Hours { days: [false, false, false, false, false, true, false], from: 0, minutes: 2 * 24 * 60 };

/// How much somebody is on call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// In all.
    pub total: TimeDelta,
    /// Of it outside their waking hours, 07:00 to 23:00 on their own clock.
    pub night: TimeDelta,
    /// Of it on Saturdays and Sundays of their own calendar.
    pub weekend: TimeDelta,
}

/// Somebody who has two roles at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Who.
    pub person: String,
    /// The two roles.
    pub roles: [String; 2],
    /// When.
    pub span: Span,
}

/// What the shifts of some roles come to over a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Where nobody has a role.
    pub gaps: Vec<Shift>,
    /// Who has two roles at once.
    pub clashes: Vec<Clash>,
    /// How much everybody is on call, by handle.
    pub loads: BTreeMap<String, Load>,
    /// The share of the time, from 0 to 1, at which somebody has a role; the least of the roles.
    pub covered: f64,
    /// How evenly it falls, from 0 to 1: over every two people the smaller load by the larger one, in the mean. `None` below two people.
    pub balance: Option<f64>,
}

/// What the shifts of each role of a schedule come to within a span.
pub fn coverage(shifts: &[Vec<Shift>], within: Span, zone_of: impl Fn(&str) -> Zone) -> Coverage {
    let every = || shifts.iter().flatten();
    let gaps: Vec<Shift> = every().filter(|shift| shift.person.is_none()).cloned().collect();
    let whole = seconds(within.1 - within.0);
    let shares = shifts.iter().map(|role| seconds(held(role.iter()).length()) / whole);
    let covered = shares.fold(1.0, f64::min);
    let mut of_people: BTreeMap<&str, Vec<&Shift>> = BTreeMap::new();
    for shift in every() {
        if let Some(person) = shift.person.as_deref() {
            of_people.entry(person).or_default().push(shift);
        }
    }
    let loads: BTreeMap<String, Load> = of_people
        .iter()
        .map(|(person, shifts)| ((*person).to_owned(), load(&held(shifts.iter().copied()), within, &zone_of(person))))
        .collect();
    let clashes = of_people.iter().flat_map(|(person, shifts)| clashes(person, shifts)).collect();
    Coverage { gaps, clashes, balance: balance(&loads), loads, covered }
}

/// The share of 09:00 to 18:00 in a zone, from 0 to 1, at which somebody who is awake has any of the roles; `None` where there is none of it
/// within the span.
pub fn awake(shifts: &[Vec<Shift>], within: Span, zone: &Zone, zone_of: impl Fn(&str) -> Zone) -> Option<f64> {
    let day = DAY.spans(zone, within, |_| false);
    let awake: Spans = shifts
        .iter()
        .flatten()
        .filter_map(|shift| Some((shift, shift.person.as_deref()?)))
        .flat_map(|(shift, person)| {
            let waking = AWAKE.spans(&zone_of(person), (shift.from, shift.until), |_| false);
            waking.iter().collect::<Vec<_>>()
        })
        .collect();
    (!day.is_empty()).then(|| seconds(day.common(&awake).length()) / seconds(day.length()))
}

fn held<'s>(shifts: impl Iterator<Item = &'s Shift>) -> Spans {
    shifts.filter(|shift| shift.person.is_some()).map(|shift| (shift.from, shift.until)).collect()
}

fn load(held: &Spans, within: Span, zone: &Zone) -> Load {
    let waking = AWAKE.spans(zone, within, |_| false);
    let weekend = WEEKEND.spans(zone, within, |_| false);
    let total = held.length();
    Load { total, night: total - held.common(&waking).length(), weekend: held.common(&weekend).length() }
}

/// Where shifts of one person in different roles overlap.
fn clashes(person: &str, shifts: &[&Shift]) -> Vec<Clash> {
    let mut found = Vec::new();
    for (place, one) in shifts.iter().enumerate() {
        for other in shifts.iter().skip(place + 1).filter(|other| other.role != one.role) {
            let span = (one.from.max(other.from), one.until.min(other.until));
            if span.0 < span.1 {
                found.push(Clash { person: person.to_owned(), roles: [one.role.clone(), other.role.clone()], span });
            }
        }
    }
    found.sort_by_key(|clash| clash.span);
    found
}

fn balance(loads: &BTreeMap<String, Load>) -> Option<f64> {
    let totals: Vec<f64> = loads.values().map(|load| seconds(load.total)).collect();
    let mut pairs = Vec::new();
    for (place, one) in totals.iter().enumerate() {
        pairs.extend(totals.iter().skip(place + 1).map(|other| one.min(*other) / one.max(*other)));
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody counts pairs of people beyond 2^52")]
    let count = pairs.len() as f64;
    (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / count)
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand years are below 2^52 seconds")]
fn seconds(length: TimeDelta) -> f64 {
    length.num_seconds() as f64
}

#[cfg(test)]
mod tests {
    use super::super::schedule::Schedule;
    use super::super::{Advance, Layer, Rotation, Turn};
    use super::*;
    use crate::domain::time::{Instant, NamedZone, read_civil};

    fn at(text: &str) -> Instant {
        format!("{text}T00:00:00Z").parse().expect("a time")
    }

    fn zone(name: &str) -> Zone {
        NamedZone::read(name).expect("a zone").zone
    }

    fn shifts(role: &str, every: &str, people: &[&str], from: &str, until: &str) -> Vec<Shift> {
        let rotation = Rotation {
            zone: zone("UTC"),
            anchor: read_civil("2026-10-19T00:00").expect("a Monday"),
            every: Turn::read(every).expect("a length"),
            roster: people.iter().map(|who| (!who.is_empty()).then(|| (*who).to_owned())).collect(),
            start: 0,
        };
        let layer = Layer {
            role: role.into(),
            order: 0,
            rotation,
            first: None,
            hours: Vec::new(),
            advance: Advance::Calendar,
            from: None,
            until: None,
        };
        let schedule =
            Schedule { name: "shop".into(), team: String::new(), zone: zone("UTC"), layers: vec![layer], version: 1 };
        schedule.shifts(role, &[], at(from), at(until))
    }

    fn home(person: &str) -> Zone {
        zone(if person == "ada" { "JST" } else { "EST" })
    }

    fn hours(length: TimeDelta) -> i64 {
        length.num_hours()
    }

    #[test]
    fn loads_nights_and_weekends_are_those_of_the_person() {
        let (from, until) = ("2026-10-19", "2026-11-02");
        let of = [shifts("primary", "1 week", &["ada", "ben"], from, until)];
        let found = coverage(&of, (at(from), at(until)), home);
        assert_eq!((found.covered, found.balance, found.gaps.len()), (1.0, Some(1.0), 0));
        let ada = found.loads["ada"];
        assert_eq!((hours(ada.total), hours(ada.night)), (168, 56));
        // Her week ends on Monday at nine in Tokyo, so both days are hers whole.
        assert_eq!(hours(ada.weekend), 48);
        assert_eq!(
            hours(found.loads["ben"].weekend),
            4 + 24 + 20,
            "a Sunday evening, a Saturday, and a Sunday of 25 hours up to its evening"
        );
    }

    #[test]
    fn gaps_and_people_in_two_roles_are_found() {
        let (from, until) = ("2026-10-19", "2026-11-09");
        let of = [
            shifts("primary", "1 week", &["ada", "ben", ""], from, until),
            shifts("secondary", "1 week", &["ben"], from, until),
        ];
        let found = coverage(&of, (at(from), at(until)), home);
        assert_eq!(found.gaps.iter().map(|gap| gap.from).collect::<Vec<_>>(), [at("2026-11-02")]);
        assert!((found.covered - 2.0 / 3.0).abs() < 1e-9, "{}", found.covered);
        let [clash] = &found.clashes[..] else { panic!("{:?}", found.clashes) };
        assert_eq!((clash.person.as_str(), clash.span), ("ben", (at("2026-10-26"), at("2026-11-02"))));
        assert_eq!(hours(found.loads["ben"].total), 21 * 24, "an hour in two roles is one hour");
    }

    #[test]
    fn somebody_awake_is_on_call_in_the_hours_of_each_zone() {
        let (from, until) = ("2026-11-09", "2026-11-16");
        let share = |people: &[&str], zone: &str| {
            let of = [shifts("primary", "1 week", people, from, until)];
            awake(&of, (at(from), at(until)), &self::zone(zone), home).map(|share| (share * 1_000.0).round() / 1_000.0)
        };
        assert_eq!(share(&["ada"], "JST"), Some(1.0));
        // 09:00 to 18:00 in New York is 23:00 to 08:00 in Tokyo: one hour of nine is awake.
        assert_eq!(share(&["ada"], "EST"), Some(0.111));
        assert_eq!(share(&["ben"], "EST"), Some(1.0));
        assert_eq!(share(&[""], "UTC"), Some(0.0));
    }

    #[test]
    fn one_person_alone_has_no_balance() {
        let of = [shifts("primary", "1 week", &["ada"], "2026-10-19", "2026-10-26")];
        assert_eq!(coverage(&of, (at("2026-10-19"), at("2026-10-26")), home).balance, None);
    }
}
