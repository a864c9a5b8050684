//! A pause of what governs a database: who asked for it, and until when it was meant to last.
//!
//! Patroni remembers that it is paused and nothing else: no author, no reason, no end. What a console wrote beside it tells; a pause without
//! that was made by other hands.

use serde::{Deserialize, Serialize};

use crate::domain::text;
use crate::domain::time::{self, Instant};

/// The key of the dynamic configuration under which it is written down.
pub const PAUSE_KEY: &str = "quarterdeck.dev/pause";

/// What was written down about a pause. It ends nothing by itself: it tells when it is overdue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The run that asked for it.
    pub run: String,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    #[serde(deserialize_with = "time::clamped")]
    pub since: Instant,
    /// Until when it was meant to last.
    #[serde(deserialize_with = "time::clamped")]
    pub until: Instant,
    /// Why. Cleaned when it is shown.
    pub reason: String,
}

impl Pause {
    /// Whether it lasts longer than it was meant to.
    pub fn is_overdue(&self, now: Instant) -> bool {
        now > self.until
    }

    /// In words: `paused by mori since 10:00 UTC until 11:00 UTC: upgrade`, with how overdue it is.
    pub fn sentence(&self, now: Instant) -> String {
        let clock = |at: Instant| at.format("%m-%d %H:%M UTC");
        let overdue = if self.is_overdue(now) {
            format!(", OVERDUE for {}", time::coarse(time::age(self.until, now)))
        } else {
            String::new()
        };
        format!(
            "paused by {} since {} until {}{overdue}: {}",
            text::clean(&self.by),
            clock(self.since),
            clock(self.until),
            text::clean(&self.reason)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_overdue_from_its_end_on_and_says_so() {
        let at = time::from_seconds;
        let pause = Pause {
            run: "r".into(),
            by: "mori\u{1b}".into(),
            since: at(1_800_000_000),
            until: at(1_800_003_600),
            reason: "upgrade".into(),
        };
        assert!(!pause.is_overdue(at(1_800_003_600)) && pause.is_overdue(at(1_800_003_601)));
        let words = pause.sentence(at(1_800_007_200));
        assert!(
            words.starts_with("paused by mori since 01-15 08:00 UTC until 01-15 09:00 UTC, OVERDUE for 1h"),
            "{words}"
        );
        assert!(words.ends_with(": upgrade"), "{words}");
    }
}
