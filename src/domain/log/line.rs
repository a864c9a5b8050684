//! One line: when, from where, how grave, what it says.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::text;
use crate::domain::time::Instant;

/// The longest text of one field kept, in bytes.
const LONGEST_FIELD: usize = 2_048;
/// The most fields of one line kept.
const MOST_FIELDS: usize = 24;

/// How grave a line is, by its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Level {
    /// trace, silly.
    Trace,
    /// debug, verbose.
    Debug,
    /// info, http, notice.
    Info,
    /// It does not say. Shown at every level.
    #[default]
    Unknown,
    /// warn.
    Warn,
    /// error.
    Error,
    /// fatal, panic, critical.
    Fatal,
}

impl Level {
    /// The levels a filter can start at, the least grave first.
    pub const STEPS: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Unknown => "",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// The level of a word or of pino's number.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "trace" | "silly" | "10" => Self::Trace,
            "debug" | "verbose" | "20" => Self::Debug,
            "info" | "http" | "notice" | "information" | "30" => Self::Info,
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
}

/// The container a line comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The pod.
    pub pod: Arc<str>,
    /// The container.
    pub container: Arc<str>,
}

/// One line, masked and cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When the container wrote it, by the node's clock; `None` for a remark of Quarterdeck's own.
    pub at: Option<Instant>,
    /// Where it comes from.
    pub origin: Arc<Origin>,
    /// How grave it says it is.
    pub level: Level,
    /// What it says.
    pub message: Box<str>,
    /// Further fields of a JSON line, in the order they are worth reading. Values may have several lines.
    pub fields: Box<[(Box<str>, Box<str>)]>,
}

/// Keys that say the level, the message and the time, in the shapes of pino, winston and their kin.
const LEVEL: [&str; 4] = ["level", "severity", "lvl", "levelname"];
const MESSAGE: [&str; 4] = ["msg", "message", "text", "event"];
const TIME: [&str; 5] = ["time", "timestamp", "ts", "@timestamp", "pid"];
/// Fields worth reading first; the others follow by name.
const FIRST: [&str; 22] = [
    "service",
    "name",
    "version",
    "environment",
    "env",
    "requestId",
    "request_id",
    "req.id",
    "sessionId",
    "session",
    "userId",
    "user",
    "ip",
    "userAgent",
    "duration",
    "responseTime",
    "memory",
    "code",
    "err.code",
    "error.code",
    "err.type",
    "err.message",
];

impl Line {
    /// Reads a line that was masked already.
    pub fn read(at: Option<Instant>, origin: Arc<Origin>, raw: &str) -> Self {
        let trimmed = raw.trim();
        if trimmed.starts_with('{')
            && let Ok(Value::Object(members)) = serde_json::from_str(trimmed)
        {
            return Self::of_members(at, origin, &members);
        }
        let level = level_of_text(trimmed);
        Self { at, origin, level, message: text::clean(raw).into(), fields: Box::default() }
    }

    /// A remark about the log itself: a hole, an end, a cut.
    pub fn remark(origin: Arc<Origin>, words: &str) -> Self {
        let message = format!("-- {words} --");
        Self { at: None, origin, level: Level::Unknown, message: text::clean(&message).into(), fields: Box::default() }
    }

    fn of_members(at: Option<Instant>, origin: Arc<Origin>, members: &serde_json::Map<String, Value>) -> Self {
        let first =
            |keys: &[&str]| keys.iter().find_map(|key| Some((members.get_key_value(*key)?.0.as_str(), &members[*key])));
        let level = first(&LEVEL).and_then(|(_, value)| Level::named(&plain(value))).unwrap_or_default();
        let message = first(&MESSAGE).filter(|(_, value)| value.is_string());
        let mut fields = Vec::new();
        for (key, value) in members {
            let is_told = LEVEL.contains(&key.as_str())
                || TIME.contains(&key.as_str())
                || message.is_some_and(|(told, _)| told == key);
            if !is_told && !value.is_null() {
                flatten(key, value, 1, &mut fields);
            }
        }
        let rank = |key: &str| FIRST.iter().position(|known| *known == key).unwrap_or(FIRST.len());
        fields.sort_by(|(one, _), (other, _)| rank(one).cmp(&rank(other)).then_with(|| one.cmp(other)));
        fields.truncate(MOST_FIELDS);
        // An error without a message of its own still says what went wrong.
        let spoken = message.map(|(_, value)| plain(value)).or_else(|| {
            fields
                .iter()
                .find(|(key, _)| &**key == "err.message" || &**key == "error.message")
                .map(|(_, value)| value.to_string())
        });
        let message = text::clean(&spoken.unwrap_or_default()).into();
        Self { at, origin, level, message, fields: fields.into() }
    }

    /// The line as text: its message, then its fields.
    pub fn text(&self) -> String {
        let mut text = self.message.to_string();
        for (key, value) in &self.fields {
            text.push(' ');
            text.push_str(key);
            text.push('=');
            text.push_str(&value.replace('\n', " "));
        }
        text
    }

    /// The line as it is copied, saved and printed: when, where, how grave, what.
    pub fn written(&self) -> String {
        let at = self.at.map(|at| at.format("%Y-%m-%dT%H:%M:%S%.3fZ ").to_string()).unwrap_or_default();
        let level = self.level.word();
        let level = if level.is_empty() { String::new() } else { format!("{level} ") };
        format!("{at}{}/{} {level}{}", self.origin.pod, self.origin.container, self.text())
    }

    /// Whether a text is somewhere in it, in any case.
    pub fn contains(&self, lower: &str) -> bool {
        let has = |text: &str| text.to_lowercase().contains(lower);
        has(&self.message) || has(&self.origin.pod) || self.fields.iter().any(|(key, value)| has(key) || has(value))
    }

    /// Bytes it takes to keep.
    pub fn size(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(key, value)| key.len() + value.len() + 32).sum();
        size_of::<Self>() + self.message.len() + fields
    }
}

/// A value without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A member as fields: objects one level deep, `err.stack`; deeper ones as JSON.
fn flatten(key: &str, value: &Value, depth: u8, fields: &mut Vec<(Box<str>, Box<str>)>) {
    match value {
        Value::Object(members) if depth > 0 => {
            for (inner, value) in members {
                flatten(&format!("{key}.{inner}"), value, depth - 1, fields);
            }
        }
        value => {
            let text = plain(value);
            let mut end = text.len().min(LONGEST_FIELD);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            // A stack keeps its lines.
            let lines: Vec<_> = text[..end].lines().map(text::clean).collect();
            fields.push((text::clean(key).into(), lines.join("\n").into()));
        }
    }
}

/// The level word near the start of a plain line: `ERROR …`, `[warn] …`, `level=info …`, `… WARN …`.
fn level_of_text(raw: &str) -> Level {
    let head: String = raw.chars().take(64).collect();
    let words = head.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| word.len() >= 3);
    words
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .filter(|word| {
            word.bytes().all(|byte| byte.is_ascii_uppercase()) || raw.starts_with('[') || raw.contains("level=")
        })
        .find_map(Level::named)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Line {
        let origin = Origin { pod: "api-1".into(), container: "app".into() };
        Line::read(None, Arc::new(origin), raw)
    }

    fn fields(line: &Line) -> Vec<(&str, &str)> {
        line.fields.iter().map(|(key, value)| (&**key, &**value)).collect()
    }

    #[test]
    fn pino_is_read() {
        let line = read(
            r#"{"level":50,"time":1764000000000,"pid":7,"hostname":"api-1","name":"checkout","req":{"id":"r-9","method":"GET"},"err":{"type":"TypeError","message":"x is undefined","stack":"TypeError: x\n    at f (a.js:1)"},"msg":"request failed"}"#,
        );
        assert_eq!((line.level, &*line.message), (Level::Error, "request failed"));
        assert_eq!(
            fields(&line)[..4],
            [("name", "checkout"), ("req.id", "r-9"), ("err.type", "TypeError"), ("err.message", "x is undefined")]
        );
        assert!(fields(&line).contains(&("err.stack", "TypeError: x\n    at f (a.js:1)")), "a stack keeps its lines");
    }

    #[test]
    fn winston_is_read() {
        let line = read(
            r#"{"timestamp":"2026-11-25T02:00:00.000Z","level":"warn","message":"slow query","service":"orders","version":"2.4.1","requestId":"r-1","userId":42,"duration":1834}"#,
        );
        assert_eq!((line.level, &*line.message), (Level::Warn, "slow query"));
        assert_eq!(
            fields(&line),
            [("service", "orders"), ("version", "2.4.1"), ("requestId", "r-1"), ("userId", "42"), ("duration", "1834")]
        );
    }

    #[test]
    fn plain_lines_keep_their_text_and_their_level_word() {
        for (raw, level) in [
            ("2026-11-25 02:00:00 ERROR cannot connect", Level::Error),
            ("[warn] disk is slow", Level::Warn),
            ("level=info msg=started", Level::Info),
            ("an error happened, they say", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(read(raw).level, level, "{raw}");
        }
        assert_eq!(&*read("a\u{1b}[31mred\u{1b}[0m").message, "a[31mred[0m", "no control byte stays");
        assert_eq!(&*read("{not json").message, "{not json");
    }

    #[test]
    fn what_does_not_say_its_level_is_never_hidden() {
        assert!(Level::Unknown.passes(Level::Fatal));
        assert!(Level::Error.passes(Level::Warn) && !Level::Info.passes(Level::Warn));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_become_one_safe_line(raw in ".{0,200}") {
            let line = read(&raw);
            proptest::prop_assert!(!line.message.chars().any(char::is_control));
            for (key, value) in &line.fields {
                proptest::prop_assert!(!key.chars().any(char::is_control));
                proptest::prop_assert!(!value.chars().any(|letter| letter.is_control() && letter != '\n'));
            }
        }
    }
}
