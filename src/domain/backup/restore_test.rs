//! Restore tests: how much one proves, and when the last one that proves something was.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// How long a verified restore holds: a week and a day of grace; twice that is late, beyond it is missed.
pub const VERIFIED_WITHIN: TimeDelta = TimeDelta::days(8);
const LATE_WITHIN: TimeDelta = TimeDelta::days(15);

worded! {
    /// What is proven, the least first.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Level {
        /// Nothing.
        None = "nothing",
        /// It is listed.
        Listed = "listed",
        /// Its checksums are right.
        Checksums = "checksums",
        /// It was restored and the server started: it may hold less than was asked for.
        Started = "started",
        /// It was restored and reached what was asked for.
        Reached = "reached its target",
        /// And the application's own checks passed.
        Checked = "checked by the application",
    }
}

/// A restore that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreTest {
    /// When it ended.
    pub at: Instant,
    /// Whether it succeeded.
    pub is_ok: bool,
    /// What it was to reach, as whoever ran it wrote it. Cleaned.
    pub target: Option<Arc<str>>,
    /// The position in the WAL that it reached. Cleaned.
    pub reached: Option<Arc<str>>,
    /// How long it took.
    pub took: Option<TimeDelta>,
    /// Bytes that were restored.
    pub bytes: Option<u64>,
    /// Whether the application's own checks passed.
    pub is_checked: bool,
    /// Whether nothing was restored: checksums alone were verified.
    pub only_checksums: bool,
}

worded! {
    /// How the last verified restore stands. Declared from the best to the worst.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Verification {
        /// Within a week and a day.
        Ok = "ok",
        /// Within fifteen days.
        Late = "late",
        /// Longer ago.
        Missed = "missed",
        /// None ever proved anything.
        Never = "never",
    }
}

impl RestoreTest {
    /// What it proves. A server that starts proves little: PostgreSQL ends recovery at a hole without an error.
    pub fn level(&self) -> Level {
        let is_evidenced = self.target.is_some() && self.reached.is_some() && self.took.is_some();
        match (self.is_ok, is_evidenced && self.has_reached()) {
            (false, _) => Level::None,
            (true, _) if self.only_checksums => Level::Checksums,
            (true, false) => Level::Started,
            (true, true) if self.is_checked => Level::Checked,
            (true, true) => Level::Reached,
        }
    }

    /// Whether a target that is a position lies at or before the one reached. Any other target is the word of whoever ran it.
    fn has_reached(&self) -> bool {
        match (self.target.as_deref().and_then(lsn), self.reached.as_deref().map(lsn)) {
            (Some(target), Some(Some(reached))) => reached >= target,
            (_, Some(reached)) => reached.is_some(),
            (_, None) => false,
        }
    }

    /// Whether it counts as verified.
    pub fn is_verified(&self) -> bool {
        self.level() >= Level::Reached
    }

    /// Bytes a second, where both are known.
    pub fn rate(&self) -> Option<u64> {
        let seconds = u64::try_from(self.took?.num_seconds()).ok().filter(|seconds| *seconds > 0)?;
        self.bytes.map(|bytes| bytes / seconds)
    }

    /// The newest of some that counts as verified.
    pub fn last_verified(tests: &[Self]) -> Option<&Self> {
        tests.iter().filter(|test| test.is_verified()).max_by_key(|test| test.at)
    }
}

impl Verification {
    /// How it stands, given when the last verified restore was.
    pub fn of(verified_at: Option<Instant>, now: Instant) -> Self {
        let Some(at) = verified_at else { return Self::Never };
        match time::age(at, now) {
            age if age <= VERIFIED_WITHIN => Self::Ok,
            age if age <= LATE_WITHIN => Self::Late,
            _ => Self::Missed,
        }
    }
}

/// A position in the WAL as PostgreSQL writes it: `16/B374D848`.
pub fn lsn(text: &str) -> Option<u64> {
    let (high, low) = text.trim().split_once('/')?;
    let half = |text: &str| {
        let is_hex = !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten()
    };
    Some(half(high)? << 32 | half(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test() -> RestoreTest {
        RestoreTest {
            at: Instant::default(),
            is_ok: true,
            target: Some("latest".into()),
            reached: Some("0/5000028".into()),
            took: Some(TimeDelta::seconds(100)),
            bytes: Some(1_000),
            is_checked: false,
            only_checksums: false,
        }
    }

    #[test]
    fn it_counts_only_with_target_position_and_seconds() {
        assert_eq!((test().level(), test().rate()), (Level::Reached, Some(10)));
        for less in [
            RestoreTest { target: None, ..test() },
            RestoreTest { reached: None, ..test() },
            RestoreTest { took: None, ..test() },
            RestoreTest { reached: Some("somewhere".into()), ..test() },
        ] {
            assert_eq!(less.level(), Level::Started, "{less:?}");
        }
        assert_eq!(RestoreTest { is_ok: false, ..test() }.level(), Level::None);
        assert_eq!(RestoreTest { is_checked: true, ..test() }.level(), Level::Checked);
        assert_eq!(RestoreTest { only_checksums: true, ..test() }.level(), Level::Checksums, "nothing was restored");
    }

    #[test]
    fn a_target_that_was_not_reached_proves_nothing() {
        let to = |target: &str| RestoreTest { target: Some(target.into()), ..test() }.is_verified();
        assert!(to("0/5000028") && to("0/4FFFFFF") && to("2026-12-01 10:00:00+00"));
        assert!(!to("0/5000029") && !to("1/0"));
    }

    #[test]
    fn the_clock_of_a_week_has_a_day_of_grace() {
        let now = Instant::default() + TimeDelta::days(100);
        let of = |days| Verification::of(Some(now - time::days(days)), now);
        assert_eq!(
            [of(8), of(9), of(15), of(16)],
            [Verification::Ok, Verification::Late, Verification::Late, Verification::Missed]
        );
        assert_eq!(Verification::of(None, now), Verification::Never);
    }

    #[test]
    fn positions_are_read() {
        assert_eq!(lsn("16/B374D848"), Some(0x0016_B374_D848));
        for bad in ["", "/", "1", "1/", "x/1", "1/123456789", "+1/1"] {
            assert_eq!(lsn(bad), None, "{bad}");
        }
    }
}
