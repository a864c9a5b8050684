//! Keys faster than anybody types are a paste, or a cat on the keyboard.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// More characters than this …
const MOST: usize = 20;
/// … within this time are a burst.
const WITHIN: Duration = Duration::from_millis(30);
/// A burst goes on until nothing came for this long.
const QUIET: Duration = Duration::from_millis(100);

/// Tells typed keys from a burst of them.
#[derive(Debug, Default)]
pub struct Burst {
    recent: VecDeque<Instant>,
    last: Option<Instant>,
    is_on: bool,
}

/// What to do with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Typed: take it.
    Typed,
    /// The first key known to belong to a burst: drop it and say so.
    Begins,
    /// A further key of the burst: drop it.
    GoesOn,
}

impl Burst {
    /// Judges a key that arrived at a time, together with so many others (itself included) that could be read at once.
    ///
    /// A paste usually comes in one piece, and then not even its first key is taken.
    pub fn judge(&mut self, at: Instant, together: usize) -> Verdict {
        let is_quiet = self.last.is_none_or(|last| at.duration_since(last) >= QUIET);
        self.last = Some(at);
        if is_quiet {
            self.is_on = false;
            self.recent.clear();
        }
        if self.is_on {
            return Verdict::GoesOn;
        }
        self.recent.push_back(at);
        while self.recent.front().is_some_and(|first| at.duration_since(*first) > WITHIN) {
            self.recent.pop_front();
        }
        if self.recent.len().max(together) <= MOST {
            return Verdict::Typed;
        }
        self.is_on = true;
        Verdict::Begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(gaps: impl IntoIterator<Item = u64>) -> Vec<Verdict> {
        let mut at = Instant::now();
        let mut burst = Burst::default();
        gaps.into_iter()
            .map(|gap| {
                at += Duration::from_millis(gap);
                burst.judge(at, 1)
            })
            .collect()
    }

    #[test]
    fn a_fast_typist_is_no_burst() {
        assert!(judged(std::iter::repeat_n(15, 200)).iter().all(|verdict| *verdict == Verdict::Typed));
    }

    #[test]
    fn a_paste_is_dropped_from_its_twenty_first_key_until_it_is_quiet() {
        let verdicts = judged(std::iter::repeat_n(0, 60).chain([200]));
        assert_eq!(verdicts[19], Verdict::Typed);
        assert_eq!(verdicts[20], Verdict::Begins);
        assert!(verdicts[21..60].iter().all(|verdict| *verdict == Verdict::GoesOn));
        assert_eq!(verdicts[60], Verdict::Typed);
    }

    #[test]
    fn a_paste_in_one_piece_is_dropped_whole() {
        let (mut burst, at) = (Burst::default(), Instant::now());
        assert_eq!(burst.judge(at, 40), Verdict::Begins);
        assert_eq!(burst.judge(at, 40), Verdict::GoesOn);
        assert_eq!(burst.judge(at + QUIET, 1), Verdict::Typed);
    }
}
