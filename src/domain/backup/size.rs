//! Whether a backup weighs, and takes, what its like have. Too small is the dangerous side: a dump that was cut off ends well too.

use chrono::TimeDelta;

use crate::domain::time;

/// How many backups before it one is compared with.
const WINDOW: usize = 14;
/// Fewer than these say nothing about what is usual.
const FEWEST: usize = 3;
/// Fewer bytes are no backup: what `pg_dump | gzip` leaves of a dump that failed.
pub(super) const FLOOR: u64 = 1_024;
/// A level that so many backups hold in a row is the new usual.
const NEW_LEVEL: usize = 3;

/// What its size makes of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weight {
    /// As usual, or nobody knows what is.
    Usual,
    /// Worth a line.
    Odd(String),
    /// Less than 70 % of the usual: as bad as late.
    Light(String),
    /// Less than half of the usual, or almost nothing: it is not believed.
    Hollow(String),
}

/// Weighs the newest of some backups of one kind against those before it. `bytes` is in the order of time.
pub fn weigh(bytes: &[u64]) -> Weight {
    let Some((newest, before)) = bytes.split_last() else { return Weight::Usual };
    let window = before.get(before.len().saturating_sub(WINDOW)..).unwrap_or(before);
    if window.len() < FEWEST || has_new_level(bytes) {
        return Weight::Usual;
    }
    let usual = median(window.iter().map(|bytes| weight(*bytes)).collect());
    let deviation = median(window.iter().map(|bytes| (weight(*bytes) - usual).abs()).collect());
    let ratio = (weight(*newest) - usual).exp();
    let words = || {
        let of = size(round(usual.exp()));
        format!("{}, {} % of the usual {of}, last {}", size(*newest), round(ratio * 100.0), window.len())
    };
    match ratio {
        ratio if ratio < 0.5 => Weight::Hollow(words()),
        ratio if ratio < 0.7 => Weight::Light(words()),
        ratio if ratio > 2.0 => Weight::Odd(words()),
        _ if (0.6745 * (weight(*newest) - usual) / deviation.max(1.05_f64.ln())).abs() > 4.0 => Weight::Odd(words()),
        _ => Weight::Usual,
    }
}

/// How the sizes of the last backups move, in words: the median of the younger half against that of the older. `None` where they are fewer
/// than six. `bytes` is in the order of time.
pub(super) fn trend(bytes: &[u64]) -> Option<String> {
    let window = bytes.get(bytes.len().saturating_sub(WINDOW)..).filter(|window| window.len() >= 2 * FEWEST)?;
    let (older, younger) = window.split_at(window.len() / 2);
    let of = |half: &[u64]| median(half.iter().map(|bytes| weight(*bytes)).collect());
    let ratio = (of(younger) - of(older)).exp();
    let percent = if ratio < 1.0 { round(100.0 - ratio * 100.0) } else { round(ratio * 100.0 - 100.0) };
    Some(match percent {
        0 => format!("steady over the last {}", window.len()),
        percent if ratio < 1.0 => format!("{percent} % smaller over the last {}", window.len()),
        percent => format!("{percent} % larger over the last {}", window.len()),
    })
}

/// How long the newest of some took, where that is more than three times the usual. `took` is in the order of time.
pub(super) fn slow(took: &[TimeDelta]) -> Option<String> {
    let (newest, before) = took.split_last()?;
    let window = before.get(before.len().saturating_sub(WINDOW)..).unwrap_or(before);
    let mut usual: Vec<TimeDelta> = window.to_vec();
    usual.sort_unstable();
    let usual = *usual.get(usual.len() / 2).filter(|_| window.len() >= FEWEST)?;
    let is_slow = *newest > usual * 3 && *newest > TimeDelta::minutes(1);
    is_slow.then(|| format!("the last one took {}, the usual is {}", time::length(*newest), time::length(usual)))
}

/// The length that 19 of 20 backups stay below, of the last 14.
pub(super) fn usual_longest(took: &[TimeDelta]) -> TimeDelta {
    let mut last: Vec<TimeDelta> = took.iter().rev().take(WINDOW).copied().collect();
    last.sort_unstable();
    let place = (last.len() * 95).div_ceil(100).saturating_sub(1);
    last.get(place).copied().unwrap_or_default()
}

/// Whether the last three lie within 5 % of one another.
fn has_new_level(bytes: &[u64]) -> bool {
    let level: Vec<u64> = bytes.iter().rev().take(NEW_LEVEL).copied().collect();
    let (least, most) = (level.iter().min().copied().unwrap_or(0), level.iter().max().copied().unwrap_or(0));
    level.len() == NEW_LEVEL && most - least <= least / 20
}

#[expect(clippy::cast_precision_loss, reason = "a share of sizes needs no 53 bits")]
fn weight(bytes: u64) -> f64 {
    (bytes.max(1) as f64).ln()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from the logarithm of a u64")]
fn round(number: f64) -> u64 {
    number.round() as u64
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = |place: usize| numbers.get(place).copied().unwrap_or_default();
    if numbers.len().is_multiple_of(2) {
        f64::midpoint(at((numbers.len() / 2).saturating_sub(1)), at(numbers.len() / 2))
    } else {
        at(numbers.len() / 2)
    }
}

/// Bytes as an operator reads them: `512 B`, `1.8 GB`.
pub fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut tenths) = (bytes, 0);
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if whole < 1_000 {
            break;
        }
        (tenths, whole, unit) = (whole % 1_000 / 100, whole / 1_000, next);
    }
    if unit == "B" || whole >= 100 { format!("{whole} {unit}") } else { format!("{whole}.{tenths} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    #[test]
    fn what_shrinks_is_told_in_words() {
        let of = |newest: u64| weigh(&[4 * GB, 4 * GB + 1, 4 * GB, newest]);
        assert_eq!(of(18 * GB / 10), Weight::Hollow("1.8 GB, 45 % of the usual 4.0 GB, last 3".to_owned()));
        assert!(matches!(of(26 * GB / 10), Weight::Light(_)));
        assert_eq!(of(41 * GB / 10), Weight::Usual);
        assert!(matches!(of(9 * GB), Weight::Odd(_)));
        assert!(matches!(of(29 * GB / 10), Weight::Odd(_)), "steady until now, and more than a quarter less");
        assert_eq!(weigh(&[4 * GB, 4 * GB, GB]), Weight::Usual, "two say nothing about what is usual");
        assert_eq!(weigh(&[]), Weight::Usual);
    }

    #[test]
    fn a_new_level_is_accepted_after_three() {
        let before = [4 * GB, 4 * GB + 1, 4 * GB + 2, 4 * GB];
        let with = |more: &[u64]| weigh(&[&before[..], more].concat());
        assert!(matches!(with(&[GB, GB]), Weight::Hollow(_)));
        assert_eq!(with(&[GB, GB, GB + GB / 30]), Weight::Usual);
    }

    #[test]
    fn the_younger_half_is_compared_with_the_older() {
        assert_eq!(trend(&[4 * GB; 5]), None, "too few");
        assert_eq!(trend(&[4 * GB; 6]).as_deref(), Some("steady over the last 6"));
        let grows = [GB, GB, GB, 2 * GB, 2 * GB, 2 * GB];
        assert_eq!(trend(&grows).as_deref(), Some("100 % larger over the last 6"));
        let shrinks: Vec<u64> = grows.iter().rev().copied().collect();
        assert_eq!(trend(&shrinks).as_deref(), Some("50 % smaller over the last 6"));
    }

    #[test]
    fn what_takes_three_times_as_long_is_said() {
        let minutes = |list: &[i64]| list.iter().map(|minutes| time::minutes(*minutes)).collect::<Vec<_>>();
        assert_eq!(slow(&minutes(&[10, 11, 10, 29])), None);
        assert_eq!(
            slow(&minutes(&[10, 11, 10, 31])).as_deref(),
            Some("the last one took 31m 00s, the usual is 10m 00s")
        );
        assert_eq!(slow(&minutes(&[10, 60])), None);
        assert_eq!(usual_longest(&minutes(&[500, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7])), time::minutes(7));
        assert_eq!(usual_longest(&[]), TimeDelta::zero());
    }

    #[test]
    fn bytes_are_read_by_people() {
        let words = [0, 999, 1_000, 1_850_000_000, 123_456_789_000, u64::MAX].map(size);
        assert_eq!(words, ["0 B", "999 B", "1.0 kB", "1.8 GB", "123 GB", "18.4 EB"]);
    }
}
