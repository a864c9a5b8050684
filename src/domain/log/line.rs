//! One line: when, from where, how grave, what it says.

use std::sync::Arc;

use serde_json::Value;

use super::Level;
use super::codes::without_codes;
use crate::domain::text;
use crate::domain::time::Instant;

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
    /// Reads a line that was masked already, without its escape sequences. All of it is kept: whoever reads lines bounds their length.
    pub fn read(at: Option<Instant>, origin: Arc<Origin>, raw: &str) -> Self {
        let raw = &*without_codes(raw);
        let trimmed = raw.trim();
        if trimmed.starts_with('{')
            && let Ok(Value::Object(members)) = serde_json::from_str(trimmed)
        {
            return Self::of_members(at, origin, &members);
        }
        let level = Level::of_text(trimmed);
        Self { at, origin, level, message: text::clean_whole(raw).into(), fields: Box::default() }
    }

    /// A remark about the log itself: a hole, an end, a cut.
    pub fn remark(origin: Arc<Origin>, words: &str) -> Self {
        let message = format!("-- {words} --");
        Self { at: None, origin, level: Level::Unknown, message: text::clean(&message).into(), fields: Box::default() }
    }

    fn of_members(at: Option<Instant>, origin: Arc<Origin>, members: &serde_json::Map<String, Value>) -> Self {
        let first =
            |keys: &[&str]| keys.iter().find_map(|key| Some((members.get_key_value(*key)?.0.as_str(), &members[*key])));
        let level = first(&LEVEL).and_then(|(_, value)| level_of(&plain(value))).unwrap_or_default();
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
        // An error without a message of its own still says what went wrong.
        let spoken = message.map(|(_, value)| plain(value)).or_else(|| {
            fields
                .iter()
                .find(|(key, _)| &**key == "err.message" || &**key == "error.message")
                .map(|(_, value)| value.to_string())
        });
        let message = text::clean_whole(&without_codes(&spoken.unwrap_or_default())).into();
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

/// The level of a level field. winston has one for requests, between info and verbose; a word `http` anywhere else is none.
fn level_of(word: &str) -> Option<Level> {
    Level::named(word).or_else(|| (word == "http").then_some(Level::Info))
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
            // A stack keeps its lines.
            let lines: Vec<_> = text.lines().map(text::clean_whole).collect();
            fields.push((text::clean(key).into(), lines.join("\n").into()));
        }
    }
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
        let line = read("2026-11-25 02:00:00 ERROR cannot connect");
        assert_eq!((line.level, &*line.message), (Level::Error, "2026-11-25 02:00:00 ERROR cannot connect"));
        assert_eq!(&*read("{not json").message, "{not json");
    }

    #[test]
    fn colours_hide_no_level_and_are_no_text() {
        let line = read("\u{1b}[31mERROR\u{1b}[0m HTTP status 503");
        assert_eq!((line.level, &*line.message), (Level::Error, "ERROR HTTP status 503"));
        let line = read(r#"{"level":"\u001b[33mwarn\u001b[39m","msg":"\u001b[1mslow\u001b[0m"}"#);
        assert_eq!((line.level, &*line.message), (Level::Warn, "slow"), "as winston colours them");
    }

    #[test]
    fn nothing_of_a_long_line_is_lost() {
        let frames = "\tat shop.Handler.call(Handler.java:7)\n".repeat(900);
        let stack = format!("java.lang.IllegalStateException: failed\n{frames}Caused by: PoolExhausted");
        let many: serde_json::Map<String, Value> = (0..90).map(|n| (format!("field{n}"), n.into())).collect();
        for line in [
            read(&serde_json::json!({"level": "error", "message": "failed", "stack": stack, "more": many}).to_string()),
            read(&serde_json::json!({"level": "error", "message": stack}).to_string()),
            read(&format!("ERROR {stack}")),
        ] {
            assert!(line.text().contains("Caused by: PoolExhausted") && line.contains("poolexhausted"));
            assert!(line.level == Level::Error && !line.text().contains('…'));
        }
        assert_eq!(read(&serde_json::json!({ "msg": "x", "more": many }).to_string()).fields.len(), 90);
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
