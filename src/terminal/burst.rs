//! Which keys somebody typed one by one, and which came together: of a slow line, of a held key, or of a paste.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::keys::{Chord, Key};

/// More keys of text than this, a held key counted once …
const MOST: usize = 6;
/// … within this time are a burst: nobody types as fast, and a line that stalls for half a second brings no more.
const WITHIN: Duration = Duration::from_millis(30);
/// A burst goes on until nothing came for this long.
const QUIET: Duration = Duration::from_millis(100);
/// Keys less than this apart came together: a finger needs longer from one to the next.
pub(super) const TOGETHER: Duration = Duration::from_millis(10);

/// Tells typed keys from those that came together.
#[derive(Debug, Default)]
pub struct Burst {
    /// Keys of text within [`WITHIN`] of the newest.
    recent: VecDeque<(Instant, Chord)>,
    last: Option<Instant>,
    is_on: bool,
}

/// What keys are that could be read at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// One key by itself: typed.
    Typed(Chord),
    /// Keys of a slow line, or a short paste; nobody can tell. Each is taken, and enter among them confirms nothing.
    Together(Vec<Chord>),
    /// More than anybody types: a text, and no commands.
    Burst(Vec<Chord>),
}

impl Burst {
    /// Judges the keys of one read, by the time they were read at.
    pub fn judge(&mut self, keys: Vec<Chord>, at: Instant) -> Verdict {
        let since = self.last.replace(at).map(|last| at.duration_since(last));
        let is_within = |time: Duration| since.is_some_and(|since| since < time);
        let text = keys.iter().filter(|chord| is_text(**chord));
        let has_text = text.clone().next().is_some();
        self.is_on &= is_within(QUIET);
        self.recent.retain(|(then, _)| at.duration_since(*then) <= WITHIN);
        self.recent.extend(text.map(|chord| (at, *chord)));
        self.is_on |= self.runs() > MOST;
        if self.is_on && has_text {
            return Verdict::Burst(keys);
        }
        match keys.as_slice() {
            [only] if !is_within(TOGETHER) => Verdict::Typed(*only),
            _ => Verdict::Together(keys),
        }
    }

    /// How many keys of text are among the recent ones, each counted once however long it is held.
    fn runs(&self) -> usize {
        let newer = self.recent.iter().skip(1);
        usize::from(!self.recent.is_empty())
            + self.recent.iter().zip(newer).filter(|((_, one), (_, next))| one != next).count()
    }
}

/// Whether a text may bring this key: arrows that pile up on a slow line are no paste.
fn is_text(chord: Chord) -> bool {
    chord.typed().is_some() || matches!(chord.key(), Key::Enter | Key::Tab)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(letter: char) -> Chord {
        Chord::plain(match letter {
            '\r' => Key::Enter,
            '\t' => Key::Tab,
            '↓' => Key::Down,
            letter => Key::Char(letter),
        })
    }

    fn keys(text: &str) -> Vec<Chord> {
        text.chars().map(chord).collect()
    }

    /// What the pieces are, each so many milliseconds after the one before.
    fn judged(pieces: &[(u64, &str)]) -> Vec<&'static str> {
        let (mut at, mut burst) = (Instant::now(), Burst::default());
        let said = pieces.iter().map(|(gap, text)| {
            at += Duration::from_millis(*gap);
            match burst.judge(keys(text), at) {
                Verdict::Typed(only) => {
                    assert_eq!(vec![only], keys(text));
                    "typed"
                }
                Verdict::Together(all) => {
                    assert_eq!(all, keys(text), "nothing is thrown away");
                    "together"
                }
                Verdict::Burst(all) => {
                    assert_eq!(all, keys(text), "nothing is thrown away");
                    "burst"
                }
            }
        });
        said.collect()
    }

    #[test]
    fn a_fast_typist_types() {
        let typed: Vec<(u64, &str)> =
            "ROLLBACK\r".split("").filter(|key| !key.is_empty()).map(|key| (15, key)).collect();
        assert!(judged(&typed).iter().all(|verdict| *verdict == "typed"));
    }

    #[test]
    fn a_word_and_a_line_break_in_one_read_are_no_typing() {
        assert_eq!(judged(&[(0, "ROLLBACK\r")]), ["burst"]);
        assert_eq!(judged(&[(0, "yes\r")]), ["together"], "of a slow line, perhaps");
        assert_eq!(judged(&[(0, "\r")]), ["typed"]);
        assert_eq!(judged(&[(0, "s"), (9, "\r"), (10, "\r")]), ["typed", "together", "typed"], "in two reads");
    }

    #[test]
    fn a_slow_line_and_a_held_key_are_no_burst() {
        assert_eq!(judged(&[(0, "!b"), (50, "jjk\r")]), ["together", "together"]);
        assert_eq!(judged(&[(0, &"j".repeat(500)), (5, &"jk".repeat(2))]), ["together", "together"]);
        assert_eq!(judged(&[(0, &"↓".repeat(500))]), ["together"]);
    }

    #[test]
    fn a_paste_in_many_reads_goes_on_until_it_is_quiet() {
        let pieces = [(0, "payments and"), (99, " q"), (99, "↓"), (99, "\r"), (100, "q")];
        assert_eq!(judged(&pieces), ["burst", "burst", "typed", "burst", "typed"]);
        let slowly: Vec<(u64, &str)> = "abcdefgh".split("").filter(|key| !key.is_empty()).map(|key| (1, key)).collect();
        assert_eq!(judged(&slowly)[5..], ["together", "burst", "burst"]);
    }
}
