//! When a CronJob runs: the five fields, the macros and the intervals of cron, as the CronJob controller reads them.
//!
//! The controller uses the library robfig/cron; where other crons differ (7 is no Sunday here, `*/2` counts as a restriction of the
//! day), its reading is ours. The table in the tests was made by it.

use chrono::TimeDelta;

use crate::domain::time::{self, Instant, Reading, Zone};

/// How many years ahead a run is looked for: 29 February is at most eight years away, and the controller looks five ahead.
const YEARS_AHEAD: i16 = 5;

/// The values of one field: a bit for each, and whether the field restricts nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    is_star: bool,
}

impl Field {
    const fn has(self, value: u8) -> bool {
        self.bits & (1 << value) != 0
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// minute, hour, day of the month, month, day of the week.
    Calendar { minute: Field, hour: Field, day: Field, month: Field, weekday: Field },
    /// `@every`: so long after the run before.
    Every(TimeDelta),
}

/// A schedule with the clock it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    rule: Rule,
    zone: Zone,
}

/// Bounds of a field and the names of its values.
struct Bounds {
    least: u8,
    most: u8,
    names: &'static [&'static str],
}

const MINUTE: Bounds = Bounds { least: 0, most: 59, names: &[] };
const HOUR: Bounds = Bounds { least: 0, most: 23, names: &[] };
const DAY: Bounds = Bounds { least: 1, most: 31, names: &[] };
const MONTH: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Bounds = Bounds { least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Schedule {
    /// Reads `spec.schedule` and `spec.timeZone`. Without a zone the controller uses its own, which is UTC nearly everywhere.
    ///
    /// # Errors
    /// A sentence that says what cannot be read.
    pub fn read(expression: &str, zone: Option<&str>) -> Result<Self, String> {
        let expression = expression.trim();
        // Before there was a field for it, the zone was written into the schedule.
        let prefixed = ["TZ=", "CRON_TZ="].into_iter().find_map(|prefix| expression.strip_prefix(prefix));
        let (own_zone, expression) = match prefixed.and_then(|rest| rest.split_once(' ')) {
            Some((zone, rest)) => (Some(zone), rest.trim()),
            None => (None, expression),
        };
        let zone = match own_zone.or(zone).filter(|name| !name.is_empty()) {
            Some(name) => Zone::named(name).ok_or_else(|| format!("the time zone {name:?} is not known here"))?,
            None => Zone::UTC,
        };
        let rule = match expression.strip_prefix("@every ") {
            Some(length) => Rule::Every(interval(length).ok_or_else(|| format!("{length:?} is no length of time"))?),
            None => calendar(expanded(expression))?,
        };
        Ok(Self { rule, zone })
    }

    /// The first run after an instant; `None` when there is none within five years.
    ///
    /// It is the first minute whose reading on the zone's clock fits: an hour the clock skips has no run, and one it shows twice has two.
    pub fn next(&self, after: Instant) -> Option<Instant> {
        let Rule::Calendar { minute, hour, day, month, weekday } = &self.rule else {
            return self.later(after);
        };
        let mut at = time::from_seconds(after.timestamp().div_euclid(60) * 60) + TimeDelta::minutes(1);
        let last_year = self.zone.read(at)?.year + YEARS_AHEAD;
        loop {
            let shown = self.zone.read(at)?;
            if shown.year > last_year {
                return None;
            }
            if !month.has(shown.month) || !is_day(*day, *weekday, shown) {
                at = self.zone.next_day(shown)?;
            } else if !hour.has(shown.hour) {
                at += time::minutes(i64::from(60 - shown.minute));
            } else if minute.has(shown.minute) {
                return Some(at);
            } else {
                at += TimeDelta::minutes(1);
            }
        }
    }

    fn later(&self, after: Instant) -> Option<Instant> {
        match self.rule {
            Rule::Every(length) => Some(time::from_seconds(after.timestamp()) + length),
            Rule::Calendar { .. } => None,
        }
    }

    /// The first run after now. An interval counts from the run before, so that it is the same whenever somebody looks; as the controller
    /// does, from the last one that was scheduled, else from the creation of the `CronJob`.
    pub fn upcoming(&self, since: Option<Instant>, now: Instant) -> Option<Instant> {
        match (&self.rule, since) {
            (Rule::Every(length), Some(since)) if since <= now => {
                let since = time::from_seconds(since.timestamp());
                let passed = (now - since).num_seconds() / length.num_seconds().max(1);
                Some(since + time::seconds(length.num_seconds().saturating_mul(passed.saturating_add(1))))
            }
            (Rule::Every(_), Some(since)) => self.later(since),
            _ => self.next(now),
        }
    }

    /// The newest run after one instant and not after another; `None` where there is none.
    pub fn newest(&self, after: Instant, until: Instant) -> Option<Instant> {
        if let Rule::Every(length) = self.rule {
            let next = self.upcoming(Some(after), until)?;
            return Some(next - length).filter(|run| *run > after);
        }
        // The nearer past first: a schedule of every minute has one in the last hour, and one of a leap day in the last nine years.
        let windows = [TimeDelta::hours(1), TimeDelta::days(1), TimeDelta::days(32), time::days(9 * 366)];
        windows.into_iter().find_map(|window| {
            let from = after.max(until - window);
            self.between(from, until, usize::MAX).last().copied()
        })
    }

    /// The runs after one instant and not after another, at most so many of them, oldest first.
    pub fn between(&self, after: Instant, until: Instant, most: usize) -> Vec<Instant> {
        std::iter::successors(self.next(after), |run| self.next(*run))
            .take_while(|run| *run <= until)
            .take(most)
            .collect()
    }
}

/// Where both fields of the day restrict it, one of them is enough.
const fn is_day(day: Field, weekday: Field, shown: Reading) -> bool {
    let (fits, fits_week) = (day.has(shown.day), weekday.has(shown.weekday));
    if day.is_star || weekday.is_star { fits && fits_week } else { fits || fits_week }
}

/// A macro written out.
fn expanded(expression: &str) -> &str {
    match expression {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

fn calendar(expression: &str) -> Result<Rule, String> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(format!("{expression:?} has {} fields, a schedule has 5", fields.len()));
    };
    let read = |text: &str, bounds: &Bounds| {
        field(text, bounds).ok_or_else(|| format!("{text:?} in {expression:?} cannot be read"))
    };
    Ok(Rule::Calendar {
        minute: read(minute, &MINUTE)?,
        hour: read(hour, &HOUR)?,
        day: read(day, &DAY)?,
        month: read(month, &MONTH)?,
        weekday: read(weekday, &WEEKDAY)?,
    })
}

/// A list of ranges.
fn field(text: &str, bounds: &Bounds) -> Option<Field> {
    let parts = text.split(',').filter(|part| !part.is_empty()).map(|part| range(part, bounds));
    parts.reduce(|all, part| {
        let (all, part) = (all?, part?);
        Some(Field { bits: all.bits | part.bits, is_star: all.is_star || part.is_star })
    })?
}

/// `*`, `7`, `1-5`, each with `/STEP` or without.
fn range(text: &str, bounds: &Bounds) -> Option<Field> {
    let (span, step) = text.split_once('/').map_or((text, None), |(span, step)| (span, Some(step)));
    let step: u8 = match step {
        // A step beyond the field leaves its beginning alone.
        Some(step) => u8::try_from(step.parse::<u32>().ok()?.min(99)).ok()?,
        None => 1,
    };
    let (from, to) = span.split_once('-').map_or((span, None), |(from, to)| (from, Some(to)));
    let is_whole = matches!(from, "*" | "?");
    let (start, end) = match (is_whole, to) {
        (true, _) => (bounds.least, bounds.most),
        (false, Some(to)) => (value(from, bounds)?, value(to, bounds)?),
        // `7/2` goes on to the end.
        (false, None) if text.contains('/') => (value(from, bounds)?, bounds.most),
        (false, None) => (value(from, bounds)?, value(from, bounds)?),
    };
    if start < bounds.least || end > bounds.most || start > end || step == 0 {
        return None;
    }
    let bits = (start..=end).step_by(usize::from(step)).fold(0, |bits, value| bits | 1 << value);
    Some(Field { bits, is_star: is_whole && step == 1 })
}

fn value(text: &str, bounds: &Bounds) -> Option<u8> {
    let named = bounds.names.iter().position(|name| name.eq_ignore_ascii_case(text));
    named.and_then(|place| u8::try_from(place).ok()).map(|place| place + bounds.least).or_else(|| text.parse().ok())
}

/// `1h30m`, `90s`, `1.5h`: at least a second.
fn interval(text: &str) -> Option<TimeDelta> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|letter: char| letter.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let length = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * length;
        rest = after;
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a century")]
    Some(time::seconds(seconds.clamp(1.0, 3.2e9) as i64))
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
