//! Ages, in steps coarse enough that an idle screen is a silent line; and what an instant reads on a clock elsewhere.

mod bounds;
mod civil;
mod clock;
mod zone;

pub use bounds::{
    FIRST, LAST, LONGEST, clamped, clamped_or_none, days, from_microseconds, from_milliseconds, from_seconds, hours,
    milliseconds, minutes, read, read_date, seconds, within,
};
pub use clock::{NamedZone, read_civil, read_minute, zone_name};
pub use zone::{Reading, Zone};

use chrono::{DateTime, TimeDelta, Utc};

/// An instant of the world, always UTC; one from outside comes in by [`read`] and its like, which keep it within bounds.
pub type Instant = DateTime<Utc>;

/// How far ahead of ours the clock may be that a document was made by: one minute, more than two clocks of one room differ.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

/// Whether a document says that it was made later than now.
pub fn is_of_the_future(made_at: Instant, now: Instant) -> bool {
    made_at.signed_duration_since(now) > CLOCKS_DIFFER
}

/// A time as documents and command lines write it, to the second: `2026-11-24T03:07:00Z`.
pub fn written(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// The same time without its part of a second.
pub fn to_the_second(at: Instant) -> Instant {
    from_seconds(at.timestamp())
}

/// How long ago `then` was, never negative: a clock ahead of ours reads as "now".
pub fn age(then: Instant, now: Instant) -> TimeDelta {
    (now - then).max(TimeDelta::zero())
}

/// An age as an operator reads it: 5-second steps below a minute, whole minutes below an hour, then `3h 10m` and `4d`.
pub fn coarse(age: TimeDelta) -> String {
    let seconds = age.num_seconds().max(0);
    match seconds {
        0..60 => format!("{}s", seconds - seconds % 5),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => {
            // Ten-minute steps: the exact minute of something hours old helps nobody.
            let tens = seconds % 3_600 / 600 * 10;
            if tens == 0 { format!("{}h", seconds / 3_600) } else { format!("{}h {tens}m", seconds / 3_600) }
        }
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A duration that is about to end, rounded up so that it never reads zero too early: `45s`, `5m`, `2h`.
pub fn left(remaining: TimeDelta) -> String {
    let seconds = remaining.num_seconds().max(0);
    match seconds {
        0..60 => format!("{}s", (seconds + 4) / 5 * 5),
        60..3_600 => format!("{}m", (seconds + 59) / 60),
        _ => format!("{}h", (seconds + 3_599) / 3_600),
    }
}

/// How long something took: `45s`, `7m 12s`, `1h 03m`, `2d 04h`.
pub fn length(took: TimeDelta) -> String {
    let seconds = took.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// The next moment at which [`coarse`] of an age counted from `then` reads differently.
pub fn next_step(then: Instant, now: Instant) -> Instant {
    let age = age(then, now).num_seconds();
    let step = match age {
        0..60 => 5,
        60..3_600 => 60,
        3_600..86_400 => 600,
        _ => 86_400,
    };
    then.max(now - seconds(age)) + seconds((age / step + 1) * step)
}

/// Reads a length of time as people type one: `90s`, `5m`, `2h`, `1d`; above zero and at most 1,000 years.
///
/// # Errors
/// When it is none; what to write, without a full stop.
pub fn span(word: &str) -> Result<TimeDelta, String> {
    let bad = || format!("{word:?} is no length of time: write 90s, 5m, 2h or 1d");
    let unit = word.chars().last().ok_or_else(bad)?;
    let number: i64 =
        word.get(..word.len() - unit.len_utf8()).and_then(|number| number.parse().ok()).ok_or_else(bad)?;
    let unit = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    let most = 1..=LONGEST.num_seconds();
    number.checked_mul(unit).filter(|length| most.contains(length)).map(seconds).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    #[test]
    fn ages_move_in_coarse_steps() {
        for (seconds, text) in [
            (0, "0s"),
            (4, "0s"),
            (59, "55s"),
            (60, "1m"),
            (3_599, "59m"),
            (3_600, "1h"),
            (4_300, "1h 10m"),
            (90_000, "1d"),
        ] {
            assert_eq!(coarse(TimeDelta::seconds(seconds)), text, "{seconds} s");
        }
    }

    #[test]
    fn an_age_from_a_clock_ahead_of_ours_is_zero() {
        assert_eq!(coarse(age(at(500), at(0))), "0s");
    }

    #[test]
    fn the_text_stays_the_same_until_the_next_step() {
        for start in [0, 3, 58, 61, 3_700, 90_001] {
            let next = next_step(at(0), at(start));
            let before = coarse(age(at(0), next - TimeDelta::seconds(1)));
            assert_eq!(before, coarse(age(at(0), at(start))), "{start}");
            assert_ne!(before, coarse(age(at(0), next)), "{start}");
        }
    }

    #[test]
    fn what_took_its_time_is_told_to_the_second_while_that_matters() {
        for (seconds, text) in [(45, "45s"), (432, "7m 12s"), (3_780, "1h 03m"), (187_200, "2d 04h"), (-3, "0s")] {
            assert_eq!(length(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn time_left_never_reads_zero_early() {
        assert_eq!(left(TimeDelta::seconds(1)), "5s");
        assert_eq!(left(TimeDelta::seconds(61)), "2m");
        assert_eq!(left(TimeDelta::seconds(-4)), "0s");
    }

    #[test]
    fn a_length_of_time_is_read() {
        assert_eq!(span("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(span("2h"), Ok(TimeDelta::hours(2)));
        for bad in ["", "5", "m", "-5m", "5w", "99999999999999999d", "365251d", "5é"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
