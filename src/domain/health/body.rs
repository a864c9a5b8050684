//! What the body of a health endpoint says, in the shapes that are common: one status, and one of each thing that is needed.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use super::check::{Condition, Part};
use crate::domain::text;

/// The most parts that are kept, the worst of all.
const PARTS_AT_MOST: usize = 50;
/// The longest text that is kept, in bytes.
const LONGEST: usize = 300;
/// Where the parts stand, the first that is there counts.
const PARTS: [&str; 5] = ["components", "checks", "services", "dependencies", "details"];

/// What a body says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// How the whole is; `None` where it does not say, or in a word that is not known.
    pub condition: Option<Condition>,
    /// A status in a word that is not known, cleaned.
    pub strange: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Since when it runs, in seconds.
    pub uptime_seconds: Option<u64>,
    /// What it needs.
    pub parts: Vec<Part>,
}

/// Reads a body. One that is no JSON object says nothing but what its only word may mean.
pub fn read(body: &[u8]) -> Said {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let word = std::str::from_utf8(body).unwrap_or_default().trim();
        return Said { condition: Condition::of(word).filter(|_| word.len() <= 20), ..Said::default() };
    };
    let Value::Object(fields) = &value else { return Said::default() };
    let status = fields.get("status").or_else(|| fields.get("state")).or_else(|| fields.get("health"));
    let (condition, strange) = condition(status);
    let word = |name: &str| fields.get(name).and_then(texted);
    let version = word("version").or_else(|| {
        let build = fields.get("build").or_else(|| fields.get("info"))?;
        build.get("version").and_then(texted)
    });
    let parts = PARTS.iter().find_map(|name| fields.get(*name));
    Said {
        condition,
        strange,
        version,
        uptime_seconds: fields.get("uptime").and_then(seconds),
        parts: parts.map(self::parts).unwrap_or_default(),
    }
}

fn condition(status: Option<&Value>) -> (Option<Condition>, Option<String>) {
    match status {
        Some(Value::String(word)) => match Condition::of(word) {
            Some(condition) => (Some(condition), None),
            None => (None, Some(kept(word))),
        },
        Some(Value::Bool(is_well)) => (Some(if *is_well { Condition::Healthy } else { Condition::Unhealthy }), None),
        _ => (None, None),
    }
}

/// The worst first; of equals in their order.
fn parts(value: &Value) -> Vec<Part> {
    let mut parts: Vec<Part> = match value {
        Value::Object(parts) => parts.iter().map(|(name, value)| worst(name, value)).collect(),
        Value::Array(parts) => {
            let name = |part: &Value| part.get("name").and_then(Value::as_str).map(str::to_owned);
            parts.iter().filter_map(|value| Some(part(&name(value)?, value))).collect()
        }
        _ => Vec::new(),
    };
    parts.sort_by_key(|part| Reverse(part.condition));
    parts.truncate(PARTS_AT_MOST);
    parts
}

/// A part, which in health+json is a list of its instances: the worst of them, of equals the first.
fn worst(name: &str, value: &Value) -> Part {
    let instances = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let worst = instances.iter().map(|value| part(name, value)).min_by_key(|part| Reverse(part.condition));
    worst.unwrap_or_else(|| part(name, value))
}

fn part(name: &str, value: &Value) -> Part {
    let (condition, _) = match value {
        Value::Object(fields) => condition(fields.get("status").or_else(|| fields.get("state"))),
        word => condition(Some(word)),
    };
    let number = |names: &[&str]| names.iter().find_map(|name| value.get(name)).and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time that is not negative")]
    let took = number(&["responseTime", "response_time", "responseTimeMs", "latency_ms", "durationMs"])
        .filter(|took| (0.0..1e12).contains(took))
        .map(|took| took as u64);
    let error = ["error", "message", "output"].iter().find_map(|name| value.get(name)).and_then(texted);
    Part {
        name: Arc::from(kept(name)),
        condition: condition.unwrap_or(Condition::Unknown),
        is_critical: value.get("critical").and_then(Value::as_bool),
        took_ms: took,
        error: error.filter(|error| !error.is_empty() && condition != Some(Condition::Healthy)),
    }
}

fn texted(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(kept(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kept(words: &str) -> String {
    let end = (0..=words.len().min(LONGEST)).rev().find(|end| words.is_char_boundary(*end)).unwrap_or(0);
    text::clean(words.get(..end).unwrap_or_default()).into_owned()
}

fn seconds(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time that is not negative")]
    value.as_f64().filter(|seconds| (0.0..1e12).contains(seconds)).map(|seconds| seconds as u64)
}
