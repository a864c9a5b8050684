//! What the body of a health endpoint says, in the shapes that are common: a verdict, and one of each thing that is needed.
//!
//! They are those of Spring Boot's actuator, ASP.NET's `HealthReport`, MicroProfile, Dropwizard, terminus, health+json, django-health-check,
//! Laravel, Go's health libraries and `healthz?verbose`, and what people write by hand. A key counts in whatever case it is written. Of
//! several verdicts the worst counts. What stands where a verdict stands and is not understood is not known, and never well.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::check::{Condition, Part};
use crate::domain::text;

/// The most parts that are kept, the worst of all.
const PARTS_AT_MOST: usize = 50;
/// The longest text that is kept, in bytes.
const LONGEST: usize = 300;
/// How deep a verdict may be wrapped.
const DEEPEST: u8 = 3;
/// Where a word tells how the whole is. All of them count; what the first that is there says has to be understood.
const WORDS: [&str; 9] =
    ["status", "state", "health", "outcome", "result", "overall", "health_status", "overall_status", "condition"];
/// Where a yes is well and a no is not.
const YES: [&str; 13] = [
    "healthy",
    "ok",
    "success",
    "is_healthy",
    "is_ok",
    "alive",
    "ready",
    "up",
    "online",
    "available",
    "reachable",
    "connected",
    "passed",
];
/// Where there is nothing while all is well.
const ERRORS: [&str; 5] = ["errors", "error", "failures", "failed", "problems"];
/// Where the parts stand, the first that is there counts.
const PARTS: [&str; 9] = [
    "components",
    "checks",
    "entries",
    "results",
    "check_results",
    "services",
    "dependencies",
    "details",
    "health_checks",
];
/// What the whole may be wrapped in.
const WRAPPERS: [&str; 3] = ["data", "response", "payload"];
/// What is wrong with a part.
const REASONS: [&str; 6] = ["error", "errors", "message", "output", "description", "notification_message"];

/// What a body says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// How the whole is; `None` where it does not say, or in a word that is not known.
    pub condition: Option<Condition>,
    /// What stands where a verdict does and is not understood, cleaned.
    pub strange: Option<String>,
    /// The first error it names, cleaned.
    pub error: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Since when it runs, in seconds.
    pub uptime_seconds: Option<u64>,
    /// What it needs.
    pub parts: Vec<Part>,
}

/// Reads a body. One that is no JSON says nothing but what its first word may mean.
pub fn read(body: &[u8]) -> Said {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => object(&fields),
        Ok(Value::Array(list)) => Said { parts: parts(&Value::Array(list)), ..Said::default() },
        Ok(word @ (Value::String(_) | Value::Bool(_))) => Verdict::of_word(&word, 0).said(),
        Ok(Value::Null | Value::Number(_)) => Said::default(),
        Err(_) => plain(std::str::from_utf8(body).unwrap_or_default().trim()),
    }
}

/// A text that is no JSON.
fn plain(text: &str) -> Said {
    if text.starts_with('{') {
        // It was meant to be JSON, and may say anything.
        return Said { strange: Some(kept(text)), ..Said::default() };
    }
    let check = |line: &str| {
        let (is_well, rest) = match line.strip_prefix("[+]") {
            Some(rest) => (true, rest),
            None => (false, line.strip_prefix("[-]")?),
        };
        let (name, why) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Part {
            name: Arc::from(kept(name)),
            condition: if is_well { Condition::Healthy } else { Condition::Unhealthy },
            is_critical: None,
            took_ms: None,
            error: Some(kept(why)).filter(|why| !is_well && !why.is_empty()),
        })
    };
    let mut parts: Vec<Part> = text.lines().filter_map(check).collect();
    parts.sort_by_key(|part| Reverse(part.condition));
    parts.truncate(PARTS_AT_MOST);
    Said { condition: Condition::begun(text), parts, ..Said::default() }
}

fn object(fields: &Map<String, Value>) -> Said {
    let mut verdict = Verdict::of(fields, 0);
    let word = |name: &str| field(fields, name).and_then(texted);
    let version = word("version").or_else(|| {
        let build = field(fields, "build").or_else(|| field(fields, "info"))?;
        build.get("version").and_then(texted)
    });
    let listed =
        PARTS.iter().filter_map(|name| field(fields, name)).find(|value| value.is_object() || value.is_array());
    let mut found = listed.map_or_else(|| loose(fields, verdict.is_silent()), parts);
    // The parts under the name of the whole: `{"health":{"db":"down"}}`.
    if let (true, None, Some(Value::Object(inner))) =
        (found.is_empty(), verdict.condition, WORDS.iter().find_map(|name| field(fields, name)))
    {
        found = loose(inner, true);
        verdict.strange = verdict.strange.filter(|_| found.is_empty());
    }
    if found.is_empty() && verdict.is_silent() {
        verdict.strange = yes_or_no(fields);
    }
    Said { version, uptime_seconds: field(fields, "uptime").and_then(seconds), parts: found, ..verdict.said() }
}

/// Parts that stand beside each other without a name for all: objects with a verdict of their own and, where there is none of the whole,
/// words that are one.
fn loose(fields: &Map<String, Value>, is_silent: bool) -> Vec<Part> {
    let is_verdict = |name: &str| {
        let name = plain_key(name);
        [&WORDS[..], &YES, &ERRORS, &WRAPPERS].iter().any(|known| known.iter().any(|known| squeezed(known) == name))
    };
    let is_part = |(name, value): &(&String, &Value)| match value {
        Value::Object(inner) if !is_verdict(name) => {
            let inner = Verdict::of(inner, DEEPEST);
            inner.condition.is_some() || (is_silent && inner.strange.is_some())
        }
        Value::String(word) => is_silent && Condition::begun(word).is_some(),
        _ => false,
    };
    let found = fields.iter().filter(is_part).map(|(name, value)| part(name, value)).collect();
    worst_first(found)
}

/// A body of nothing but yes and no, of which one is no: whether that is bad is not known.
fn yes_or_no(fields: &Map<String, Value>) -> Option<String> {
    let no = fields.iter().find(|(_, value)| **value == Value::Bool(false))?;
    fields.values().all(Value::is_boolean).then(|| kept(&format!("{}: false", no.0)))
}

/// What some fields say of how the thing is that they are of.
#[derive(Debug, Default)]
struct Verdict {
    condition: Option<Condition>,
    strange: Option<String>,
    error: Option<String>,
}

impl Verdict {
    /// The worst of everything that tells.
    fn of(fields: &Map<String, Value>, depth: u8) -> Self {
        let mut found = Self::default();
        let mut is_first = true;
        for value in WORDS.iter().filter_map(|name| field(fields, name)) {
            let word = Self::of_word(value, depth);
            // A leader and a follower are states, too.
            found.take(if is_first { word } else { Self { strange: None, ..word } });
            is_first = false;
        }
        for value in YES.iter().filter_map(|name| field(fields, name)) {
            let is_well = match value {
                Value::Number(number) => number.as_u64().filter(|number| *number <= 1).map(|number| number == 1),
                Value::String(word) => match word.trim().to_ascii_lowercase().as_str() {
                    "true" | "yes" | "1" => Some(true),
                    "false" | "no" | "0" => Some(false),
                    _ => None,
                },
                _ => None,
            };
            found.take(Self::of_word(&is_well.map_or_else(|| value.clone(), Value::Bool), depth));
        }
        for value in ["code", "status_code"].iter().filter_map(|name| field(fields, name)) {
            // A number that is no error of HTTP may mean anything.
            if value.as_u64().is_some_and(|code| (400..600).contains(&code)) {
                found.take(Self { condition: Some(Condition::Unhealthy), ..Self::default() });
            }
        }
        if depth < DEEPEST {
            for inner in WRAPPERS.iter().filter_map(|name| field(fields, name)?.as_object()) {
                let inner = Self::of(inner, depth + 1);
                found.take(if found.is_silent() { inner } else { Self { strange: None, ..inner } });
            }
        }
        let mut errors = ERRORS.iter().filter_map(|name| field(fields, name)).peekable();
        let is_told = errors.peek().is_some();
        if let Some(trouble) = errors.find(|value| is_anything(value)) {
            // What says how it is and names an error is not simply well.
            let condition = if found.condition.is_some() { Condition::Degraded } else { Condition::Unhealthy };
            found.take(Self { condition: Some(condition), strange: None, error: named(trouble) });
        } else if is_told {
            found.take(Self { condition: Some(Condition::Healthy), ..Self::default() });
        }
        found
    }

    /// What stands where a verdict does.
    fn of_word(value: &Value, depth: u8) -> Self {
        let known = |condition: Condition| Self { condition: Some(condition), ..Self::default() };
        let strange = || Self { strange: Some(kept(&value.to_string())), ..Self::default() };
        match value {
            Value::String(word) => match Condition::of(word) {
                Some(condition) => known(condition),
                None => Self { strange: Some(kept(word)), ..Self::default() },
            },
            Value::Bool(is_well) => known(if *is_well { Condition::Healthy } else { Condition::Unhealthy }),
            Value::Number(number) => match number.as_u64() {
                Some(200..300) => known(Condition::Healthy),
                Some(400..600) => known(Condition::Unhealthy),
                _ => strange(),
            },
            Value::Object(fields) if depth < DEEPEST => {
                let inner = Self::of(fields, depth + 1);
                // Spring Boot 1 has the word of a status in its code.
                let code = || field(fields, "code").map_or_else(strange, |code| Self::of_word(code, DEEPEST));
                if inner.is_silent() { code() } else { inner }
            }
            Value::Array(_) | Value::Object(_) | Value::Null => strange(),
        }
    }

    /// Whether nothing tells.
    fn is_silent(&self) -> bool {
        self.condition.is_none() && self.strange.is_none()
    }

    fn take(&mut self, other: Self) {
        self.condition = self.condition.max(other.condition);
        self.strange = self.strange.take().or(other.strange);
        self.error = self.error.take().or(other.error);
    }

    /// The verdict of a whole: a bad word counts, whatever else is not understood; a good one does not.
    fn said(self) -> Said {
        let is_bad = self.condition.is_some_and(|condition| condition > Condition::Unknown);
        let strange = self.strange.filter(|_| !is_bad);
        Said { condition: self.condition.filter(|_| strange.is_none()), strange, error: self.error, ..Said::default() }
    }
}

/// The worst first; of equals in their order.
fn parts(value: &Value) -> Vec<Part> {
    worst_first(match value {
        Value::Object(parts) => parts.iter().map(|(name, value)| worst(name, value)).collect(),
        Value::Array(parts) => {
            let name = |fields: &Map<String, Value>, place: usize| {
                let named = ["name", "id", "component"].iter().find_map(|name| field(fields, name)?.as_str());
                named.map_or_else(|| format!("{}", place + 1), str::to_owned)
            };
            let objects =
                parts.iter().enumerate().filter_map(|(place, value)| Some((value.as_object()?, place, value)));
            objects.map(|(fields, place, value)| part(&name(fields, place), value)).collect()
        }
        _ => Vec::new(),
    })
}

fn worst_first(mut parts: Vec<Part>) -> Vec<Part> {
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
    let said = match value {
        Value::Object(fields) => Verdict::of(fields, 1).said(),
        Value::String(word) => Said { condition: Condition::begun(word), error: Some(kept(word)), ..Said::default() },
        word => Verdict::of_word(word, 1).said(),
    };
    let of = |name: &str| field(value.as_object()?, name);
    let number = |names: &[&str]| names.iter().find_map(|name| of(name)).and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time that is not negative")]
    let took = number(&["response_time", "response_time_ms", "latency_ms", "duration_ms"])
        .filter(|took| (0.0..1e12).contains(took))
        .map(|took| took as u64);
    let error = REASONS.iter().find_map(|name| of(name).and_then(texted)).or(said.error);
    let is_well = said.condition == Some(Condition::Healthy);
    Part {
        name: Arc::from(kept(name)),
        condition: said.condition.unwrap_or(Condition::Unknown),
        is_critical: of("critical").and_then(Value::as_bool),
        took_ms: took,
        error: error.filter(|error| !error.is_empty() && !is_well),
    }
}

/// Whether there is anything in what holds errors: no zero, no nothing, and no list of these.
fn is_anything(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "none" | "null" | "0" | "false")
        }
        Value::Array(list) => list.iter().any(is_anything),
        Value::Object(fields) => fields.values().any(is_anything),
    }
}

/// The first of some errors in words.
fn named(value: &Value) -> Option<String> {
    match value {
        Value::Array(list) => list.iter().find(|value| is_anything(value)).and_then(named),
        Value::Object(fields) => {
            let own = REASONS.iter().find_map(|name| field(fields, name).and_then(texted));
            let first = || {
                let (name, value) = fields.iter().find(|(_, value)| is_anything(value))?;
                Some(named(value).map_or_else(|| kept(name), |words| kept(&format!("{name}: {words}"))))
            };
            own.or_else(first)
        }
        value => texted(value),
    }
}

/// A field, in whatever case its name is written: `isHealthy`, `IsHealthy`, `is_healthy` and `is-healthy` are one.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let name = squeezed(name);
    fields.get(&name).or_else(|| fields.iter().find(|(key, _)| plain_key(key) == name).map(|(_, value)| value))
}

fn plain_key(key: &str) -> String {
    squeezed(&key.to_ascii_lowercase())
}

fn squeezed(name: &str) -> String {
    name.replace(['_', '-', ' '], "")
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
