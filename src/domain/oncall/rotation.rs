//! A rotation: people who take turns of equal length by the clock on the wall, counted from an anchor both ways.

use std::cmp::Ordering;

use chrono::{Days, NaiveDateTime};
use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant, LAST, Zone};

/// How many steps the estimate of a turn may be wrong: zones differ by a day and a bit, and a zone that changed sides of the date line by
/// two.
const STEPS: usize = 8;

/// How long a turn is. Days and weeks keep the time of day whatever the clock does meanwhile; hours are of equal length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// So many hours of 3,600 s, from 1.
    Hours(u32),
    /// So many days, from 1.
    Days(u32),
    /// So many weeks, from 1.
    Weeks(u32),
}

impl Turn {
    /// The longest turn, in its unit: ten years.
    const MOST: [(u32, &'static str); 3] = [(87_600, "hour"), (3_650, "day"), (520, "week")];

    /// Reads a length such as `1 week`, `2 days`, `8 hours`, `1w`.
    ///
    /// # Errors
    /// What is wrong, without its full stop.
    pub fn read(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no length of a turn: write \"1 week\", \"2 days\" or \"8 hours\"");
        let word = text.trim();
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = word.split_at(digits);
        let number: u32 = number.parse().map_err(|_| bad())?;
        let unit = unit.trim();
        let place = Self::MOST
            .iter()
            .position(|(_, name)| unit == *name || unit == format!("{name}s") || name.get(..1) == Some(unit));
        let (most, name) = place.and_then(|place| Self::MOST.get(place)).ok_or_else(bad)?;
        if number == 0 || number > *most {
            return Err(format!("A turn is 1 to {most} {name}s long, not {number}"));
        }
        Ok(match *name {
            "hour" => Self::Hours(number),
            "day" => Self::Days(number),
            _ => Self::Weeks(number),
        })
    }

    /// Its length in days; `None` for hours.
    pub const fn days(self) -> Option<i64> {
        match self {
            Self::Hours(_) => None,
            Self::Days(days) => Some(days as i64),
            Self::Weeks(weeks) => Some(weeks as i64 * 7),
        }
    }

    /// About how long it is: what the clock does is left out.
    pub fn about(self) -> chrono::TimeDelta {
        match self {
            Self::Hours(hours) => time::hours(i64::from(hours)),
            Self::Days(_) | Self::Weeks(_) => time::days(self.days().unwrap_or(1)),
        }
    }

    /// As it is written: `1 week`.
    pub fn words(self) -> String {
        let (number, unit) = match self {
            Self::Hours(hours) => (hours, "hour"),
            Self::Days(days) => (days, "day"),
            Self::Weeks(weeks) => (weeks, "week"),
        };
        format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// A rotation. The anchor is a phase and no beginning: turns are counted from it in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Whose clock it goes by.
    #[serde(with = "time::zone_name")]
    pub zone: Zone,
    /// When turn 0 begins, on that clock.
    pub anchor: NaiveDateTime,
    /// How long each turn is.
    pub every: Turn,
    /// Who takes turns, by handle; `None` for a turn of nobody. Empty: nobody ever.
    pub roster: Vec<Option<String>>,
    /// The place in the roster of whoever has turn 0.
    pub start: i64,
}

impl Rotation {
    /// When a turn begins. Two neighbours begin at the same instant where the zone skipped the day of the first: that turn is empty.
    pub fn boundary(&self, turn: i64) -> Instant {
        let Some(days) = self.every.days() else {
            let hours = self.every.about().num_seconds();
            return time::within(self.zone.at_clock(self.anchor) + time::seconds(turn.saturating_mul(hours)));
        };
        let days = turn.saturating_mul(days);
        let number = Days::new(days.unsigned_abs());
        let (moved, end) = match days.cmp(&0) {
            Ordering::Less => (self.anchor.checked_sub_days(number), NaiveDateTime::MIN),
            _ => (self.anchor.checked_add_days(number), NaiveDateTime::MAX),
        };
        self.zone.at_clock(moved.unwrap_or(end))
    }

    /// The turn that is on at an instant.
    pub fn turn_at(&self, at: Instant) -> i64 {
        let Some(days) = self.every.days() else {
            let passed = (at - self.zone.at_clock(self.anchor)).num_milliseconds();
            return passed.div_euclid(self.every.about().num_milliseconds());
        };
        let passed = (self.zone.clock(at).date() - self.anchor.date()).num_days();
        let mut turn = passed.div_euclid(days);
        for _ in 0..STEPS {
            if at < self.boundary(turn) {
                turn -= 1;
            } else if at >= self.boundary(turn + 1) && at < LAST {
                turn += 1;
            } else {
                break;
            }
        }
        turn
    }

    /// Who has the place that is `places` behind that of turn 0.
    pub fn person(&self, places: i64) -> Option<&str> {
        let number = i64::try_from(self.roster.len()).ok().filter(|number| *number > 0)?;
        let place = self.start.rem_euclid(number).saturating_add(places.rem_euclid(number)).rem_euclid(number);
        self.roster.get(usize::try_from(place).ok()?)?.as_deref()
    }

    /// Who is on at an instant.
    pub fn on_call(&self, at: Instant) -> Option<&str> {
        self.person(self.turn_at(at))
    }

    /// The turns that reach into a span of time, whole, as number, beginning and end; empty ones are left out.
    pub fn turns(&self, from: Instant, until: Instant) -> impl Iterator<Item = (i64, Instant, Instant)> {
        let first = self.turn_at(from);
        let turns =
            std::iter::successors(Some((first, self.boundary(first), self.boundary(first + 1))), |(turn, _, ends)| {
                Some((turn + 1, *ends, self.boundary(turn + 2)))
            });
        turns
            .take_while(move |(_, begins, _)| *begins < until && *begins < LAST)
            .filter(|(_, begins, ends)| begins < ends)
    }
}

#[cfg(test)]
mod tests;
