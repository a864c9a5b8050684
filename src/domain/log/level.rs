//! How grave a line is, by what it says of itself, and by nothing else: a level guessed from a word of a sentence would hide the error
//! somebody looks for.

use crate::domain::worded;

worded! {
    /// How grave a line is, by its own word.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
    pub enum Level {
        /// trace, silly.
        Trace = "trace",
        /// debug, verbose.
        Debug = "debug",
        /// info, notice.
        Info = "info",
        /// It does not say. Shown at every level.
        #[default]
        Unknown = "",
        /// warn.
        Warn = "warn",
        /// error.
        Error = "error",
        /// fatal, panic, critical.
        Fatal = "fatal",
    }
}

impl Level {
    /// The levels a filter can start at, the least grave first.
    pub const STEPS: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The level of a word or of pino's number.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "trace" | "silly" | "10" => Self::Trace,
            "debug" | "verbose" | "20" => Self::Debug,
            "info" | "notice" | "information" | "30" => Self::Info,
            "warn" | "warning" | "40" => Self::Warn,
            "error" | "err" | "50" => Self::Error,
            "fatal" | "panic" | "critical" | "crit" | "emerg" | "60" => Self::Fatal,
            _ => return None,
        })
    }

    /// Whether a filter that starts at a level shows it; what does not say its level is never hidden.
    pub fn passes(self, least: Self) -> bool {
        self == Self::Unknown || self >= least
    }

    /// The level a plain line says it has: `ERROR …`, `Error: …`, `[warn] …`, `… level=info …`, `TIME [thread] WARN …`, `TIME - name -
    /// ERROR - …`. A word within a sentence is none.
    pub fn of_text(line: &str) -> Self {
        let mut is_preamble = true;
        let mut before = "";
        let mut words = line.split_whitespace().take(MOST_WORDS).peekable();
        while let Some(word) = words.next() {
            if let Some(level) = is_preamble.then(|| assigned(word)).flatten() {
                return level;
            }
            let bare = word.trim_matches(|letter: char| "[]()<>{}|:;,-\"'".contains(letter));
            // `WARNING:root:message`.
            let bare = bare.split(':').next().unwrap_or(bare);
            let is_between = word != bare && word.starts_with(['[', '(', '<', '|'])
                || is_separator(before) && words.peek().is_some_and(|next| is_separator(next));
            let is_said = if is_preamble {
                is_between || word.get(bare.len()..).is_some_and(|rest| rest.starts_with(':')) || is_capital(bare)
            } else {
                is_between
            };
            if is_said
                && bare.bytes().all(|byte| byte.is_ascii_alphabetic())
                && let Some(level) = Self::named(bare)
            {
                return level;
            }
            // What stands before a level: times, numbers, thread names in brackets, `key=value`, separators.
            is_preamble &= bare.is_empty()
                || is_between
                || word.starts_with(['[', '('])
                || word.contains('=')
                || word.starts_with(|first: char| first.is_ascii_digit())
                || word.bytes().any(|byte| byte.is_ascii_digit()) && !word.contains('/');
            before = word;
        }
        Self::Unknown
    }
}

/// How far into a line its level is looked for, in words.
const MOST_WORDS: usize = 12;

/// The level of `level=warn`, with or without quotes.
fn assigned(word: &str) -> Option<Level> {
    let (key, value) = word.split_once('=')?;
    let is_level = ["level", "lvl", "severity", "levelname"].contains(&key.to_ascii_lowercase().as_str());
    is_level.then(|| Level::named(value.trim_matches(|letter: char| "\"',;".contains(letter)))).flatten()
}

fn is_capital(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_separator(word: &str) -> bool {
    matches!(word, "-" | "|" | "--" | "::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_what_a_line_says_of_itself() {
        for (line, level) in [
            ("2026-11-25 02:00:00 ERROR cannot connect", Level::Error),
            ("2026-11-25T02:00:00.123Z  WARN 1 --- [main] o.s.web : slow", Level::Warn),
            ("02:00:00.123 [main] INFO com.example.Api - started", Level::Info),
            ("2026-11-25 02:00:00,123 - shop.api - ERROR - cannot pay", Level::Error),
            ("2026/11/30 03:00:07 [error] 7#7: *1 upstream closed, request: \"GET / HTTP/1.1\"", Level::Error),
            ("[warn] disk is slow", Level::Warn),
            ("level=info msg=started", Level::Info),
            ("time=\"2026-11-25T02:00:00Z\" level=\"warning\" msg=\"slow\"", Level::Warn),
            ("WARNING:root:slow", Level::Warn),
            ("DEBUG | cache | miss", Level::Debug),
            ("Error: HTTP 502 from payments after 3 tries", Level::Error),
            ("error: cannot bind", Level::Error),
            ("panic: HTTP handler died: index out of range", Level::Fatal),
            ("ERROR HTTP status 503 from search", Level::Error),
        ] {
            assert_eq!(Level::of_text(line), level, "{line}");
        }
    }

    #[test]
    fn a_word_within_a_sentence_is_no_level() {
        for line in [
            "",
            "Unhandled rejection: HTTP request to the ledger timed out",
            "connection to INFO-DB lost, giving up",
            "10.0.3.4 - - \"POST /checkout HTTP/1.1\" 500 17",
            "cannot read section INFO: no such key",
            "upstream failed while DEBUG was on",
            "an error happened, they say",
            "the request was lost, level=info is set",
            "Info about the crash follows",
        ] {
            assert_eq!(Level::of_text(line), Level::Unknown, "{line}");
        }
    }

    #[test]
    fn what_does_not_say_its_level_is_never_hidden() {
        assert!(Level::Unknown.passes(Level::Fatal));
        assert!(Level::Error.passes(Level::Warn) && !Level::Info.passes(Level::Warn));
        assert_eq!(Level::named("http"), None, "a protocol is no level");
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_a_level_or_none(line in "\\PC{0,80}") {
            let _ = Level::of_text(&line);
        }
    }
}
