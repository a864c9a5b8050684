//! The hours at which a team does business, and how time passes within them.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::spans::Spans;
use crate::domain::people::Team;
use crate::domain::time::{self, Instant, Zone};

/// How far ahead business is looked for: a team that has none for longer never has any.
const FURTHEST: i64 = 400;
/// How many days are looked at in one go.
const STRIDE: i64 = 20;

/// The hours at which a team does business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessHours {
    /// Whose clock they go by.
    pub zone: Zone,
    /// The hours of the week.
    pub hours: Hours,
    /// Days without business.
    pub holidays: Vec<NaiveDate>,
}

impl BusinessHours {
    /// Those of a team; `None` where its zone is not known here.
    pub fn of(team: &Team) -> Option<Self> {
        let mut days = [false; 7];
        for day in &team.hours.days {
            // Theirs begin with Sunday.
            days.iter_mut().skip((usize::from(*day) + 6) % 7).take(1).for_each(|is_in| *is_in = true);
        }
        let minutes = team.hours.until.saturating_sub(team.hours.from);
        let hours = Hours { days, from: team.hours.from.into(), minutes: minutes.into() };
        let holidays = team.holidays.iter().filter_map(|day| day.parse().ok()).collect();
        Some(Self { zone: Zone::named(&team.zone)?, hours, holidays })
    }

    /// When business is done, within a span.
    pub fn spans(&self, from: Instant, until: Instant) -> Spans {
        self.hours.spans(&self.zone, (from, until), |day| self.holidays.contains(&day))
    }

    /// Whether business is done at an instant.
    pub fn are_on(&self, at: Instant) -> bool {
        !self.spans(at, at + TimeDelta::seconds(1)).is_empty()
    }

    /// The first instant within business hours by which so much business time has passed since another; `None` where there is no business
    /// for more than a year.
    pub fn after(&self, from: Instant, passed: TimeDelta) -> Option<Instant> {
        let mut left = passed.max(TimeDelta::zero());
        for day in (0..FURTHEST / STRIDE).map(|stride| stride * STRIDE) {
            let begin = from + time::days(day);
            for (opens, closes) in self.spans(begin, begin + time::days(STRIDE)).iter() {
                let open = closes - opens;
                if left < open {
                    return Some(opens + left);
                }
                left -= open;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::NamedZone;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn tokyo() -> BusinessHours {
        let zone = NamedZone::read("JST").expect("a zone").zone;
        BusinessHours { zone, hours: Hours::BUSINESS, holidays: vec!["2026-11-03".parse().expect("a day")] }
    }

    #[test]
    fn time_passes_only_while_business_is_done() {
        for (from, minutes, then) in [
            // A Saturday in Tokyo: Monday at nine.
            ("2026-10-24T03:00:00Z", 0, "2026-10-26T00:00:00Z"),
            ("2026-10-24T03:00:00Z", 15, "2026-10-26T00:15:00Z"),
            // Friday ten to six.
            ("2026-10-23T08:50:00Z", 0, "2026-10-23T08:50:00Z"),
            ("2026-10-23T08:50:00Z", 9, "2026-10-23T08:59:00Z"),
            ("2026-10-23T08:50:00Z", 10, "2026-10-26T00:00:00Z"),
            ("2026-10-23T08:50:00Z", 15, "2026-10-26T00:05:00Z"),
            // The third of November is a holiday.
            ("2026-11-02T09:00:00Z", 0, "2026-11-04T00:00:00Z"),
            // Six working weeks of 45 hours.
            ("2026-10-26T00:00:00Z", 5 * 45 * 60, "2026-12-01T00:00:00Z"),
        ] {
            assert_eq!(
                tokyo().after(at(from), TimeDelta::minutes(minutes)),
                Some(at(then)),
                "{from} and {minutes} min"
            );
        }
        assert!(tokyo().are_on(at("2026-10-26T00:00:00Z")) && !tokyo().are_on(at("2026-10-26T09:00:00Z")));
    }

    #[test]
    fn a_team_works_from_monday_to_friday_where_nobody_says_more() {
        let team = Team {
            name: "shop".into(),
            zone: "Asia/Tokyo".into(),
            hours: crate::domain::people::Hours::default(),
            holidays: vec!["2026-11-03".into()],
            members: Vec::new(),
            owners: Vec::new(),
            version: 1,
        };
        assert_eq!(BusinessHours::of(&team), Some(tokyo()));
        assert_eq!(BusinessHours::of(&Team { zone: "Mars/Olympus".into(), ..team }), None);
    }

    #[test]
    fn a_team_that_never_does_business_is_found_out() {
        let never = BusinessHours { hours: Hours { days: [false; 7], ..Hours::BUSINESS }, ..tokyo() };
        assert_eq!(never.after(at("2026-10-24T03:00:00Z"), TimeDelta::zero()), None);
    }
}
