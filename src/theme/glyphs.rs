//! The signs beside the words, for terminals with and without Unicode.

use ratatui::symbols::border;

use crate::domain::rollout::Verdict;

/// A set of signs. Every sign is one column wide unless it says otherwise. A sign never stands alone: its word is beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    verdicts: [&'static str; 8],
    /// Before the row under the cursor.
    pub cursor: &'static str,
    /// Before a marked row.
    pub mark: &'static str,
    /// From old to new; one or two columns.
    pub arrow: &'static str,
    /// Where a text was cut; one to three columns.
    pub ellipsis: &'static str,
    /// Between two facts on a line.
    pub separator: &'static str,
    /// The filled part of a bar.
    pub bar_full: &'static str,
    /// The rest of a bar.
    pub bar_empty: &'static str,
    /// A step that is done, a check that passed.
    pub done: &'static str,
    /// A step that failed, a check that refuses.
    pub failed: &'static str,
    /// A step that is running.
    pub running: &'static str,
    /// A step that is still to come.
    pub waiting: &'static str,
    /// A warning.
    pub warning: &'static str,
    /// More above.
    pub above: &'static str,
    /// More below.
    pub below: &'static str,
    /// From low to high, in a line of values over time.
    pub levels: [&'static str; 8],
    /// Where something happened in a line of values over time.
    pub moment: &'static str,
    /// The frame of a pane.
    pub border: border::Set<'static>,
}

impl Glyphs {
    /// Signs of Unicode.
    pub const UNICODE: Self = Self {
        verdicts: ["✗", "■", "▼", "‖", "≈", "?", "↻", "✓"],
        cursor: "▌",
        mark: "●",
        arrow: "→",
        ellipsis: "…",
        separator: "·",
        bar_full: "█",
        bar_empty: "░",
        done: "✓",
        failed: "✗",
        running: "↻",
        waiting: "○",
        warning: "!",
        above: "↑",
        below: "↓",
        levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        moment: "│",
        border: border::PLAIN,
    };

    /// Signs of ASCII.
    pub const ASCII: Self = Self {
        verdicts: ["x", "#", "v", "=", "~", "?", ">", "+"],
        cursor: ">",
        mark: "*",
        arrow: "->",
        ellipsis: "...",
        separator: "|",
        bar_full: "#",
        bar_empty: ".",
        done: "+",
        failed: "x",
        running: ">",
        waiting: "-",
        warning: "!",
        above: "^",
        below: "v",
        levels: ["_", ".", ":", "-", "=", "+", "*", "#"],
        moment: "|",
        border: border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        },
    };

    /// Which set a terminal can show: ASCII when the configuration asks for it, or when the locale (the first of `LC_ALL`,
    /// `LC_CTYPE`, `LANG` that is set) is not UTF-8.
    pub fn of(is_ascii_asked: bool, locale: Option<&str>) -> Self {
        let is_utf8 = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        if is_ascii_asked || !is_utf8 { Self::ASCII } else { Self::UNICODE }
    }

    /// The sign of a verdict.
    pub const fn verdict(&self, verdict: Verdict) -> &'static str {
        let place = match verdict {
            Verdict::Failed => 0,
            Verdict::Stuck => 1,
            Verdict::Degraded => 2,
            Verdict::Paused => 3,
            Verdict::Stale => 4,
            Verdict::Unknown => 5,
            Verdict::Progressing => 6,
            Verdict::Complete => 7,
        };
        self.verdicts[place]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_verdict_has_a_sign_of_its_own_one_column_wide() {
        for glyphs in [Glyphs::UNICODE, Glyphs::ASCII] {
            let signs: BTreeSet<_> = Verdict::ALL.iter().map(|verdict| glyphs.verdict(*verdict)).collect();
            assert_eq!(signs.len(), Verdict::ALL.len());
            assert!(signs.iter().all(|sign| sign.width() == 1), "{signs:?}");
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let set = Glyphs::ASCII;
        let frame = [set.border.top_left, set.border.vertical_left, set.border.horizontal_top, set.border.bottom_right];
        let signs =
            [set.cursor, set.mark, set.arrow, set.ellipsis, set.separator, set.bar_full, set.bar_empty, set.done];
        let others = [set.failed, set.running, set.waiting, set.warning, set.above, set.below];
        assert!(frame.iter().chain(&signs).chain(&others).chain(&set.verdicts).all(|sign| sign.is_ascii()));
    }

    #[test]
    fn a_locale_that_is_not_utf8_gets_ascii() {
        assert_eq!(Glyphs::of(false, Some("C")), Glyphs::ASCII);
        assert_eq!(Glyphs::of(false, Some("en_GB.UTF-8")), Glyphs::UNICODE);
        assert_eq!(Glyphs::of(false, Some("C.utf8")), Glyphs::UNICODE);
        assert_eq!(Glyphs::of(false, None), Glyphs::UNICODE);
        assert_eq!(Glyphs::of(true, Some("C.utf8")), Glyphs::ASCII);
    }
}
