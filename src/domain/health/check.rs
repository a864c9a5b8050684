//! What a component answered.

use std::sync::Arc;

use chrono::TimeDelta;
use serde::Serialize;

use super::certificate::Certificate;
use super::probe::Kind;
use crate::domain::time::Instant;
use crate::domain::worded;

/// An answer older than so many rounds says nothing of now.
pub const OLD_AFTER: TimeDelta = TimeDelta::seconds(90);

worded! {
    /// How a component is, from what needs nobody to what needs somebody at once.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Condition {
        /// It answered that it is well, in time.
        Healthy = "healthy",
        /// It did not answer yet or lately, or what it answered is not understood.
        Unknown = "unknown",
        /// It answers, and something of it is not well.
        Degraded = "degraded",
        /// It does not answer, or answers that it is not well.
        Unhealthy = "unhealthy",
    }
}

impl Condition {
    /// The condition a word of a health endpoint means, in whatever case and with whatever between its parts; `None` for a word that is
    /// not known, which is not a bad one.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
            "healthy" | "ok" | "okay" | "up" | "pass" | "passing" | "passed" | "alive" | "ready" | "available"
            | "online" | "operational" | "serving" | "running" | "working" | "success" | "green" | "connected"
            | "reachable" => Self::Healthy,
            "degraded"
            | "warn"
            | "warning"
            | "yellow"
            | "partial"
            | "partially_available"
            | "partially_degraded"
            | "impaired" => Self::Degraded,
            "unhealthy"
            | "down"
            | "fail"
            | "failing"
            | "failed"
            | "failure"
            | "critical"
            | "error"
            | "fatal"
            | "out_of_service"
            | "unavailable"
            | "service_unavailable"
            | "red"
            | "not_ok"
            | "nok"
            | "not_healthy"
            | "not_ready"
            | "notready"
            | "not_serving"
            | "dead"
            | "offline"
            | "stopped"
            | "crashed"
            | "broken"
            | "timeout"
            | "disconnected"
            | "unreachable" => Self::Unhealthy,
            _ => return None,
        })
    }

    /// The condition a text means that begins with such a word: `unavailable: connection refused`.
    pub fn begun(text: &str) -> Option<Self> {
        let line = text.lines().next().unwrap_or_default();
        let line = line.split_once([':', '=']).map_or(line, |(name, word)| {
            let is_name = matches!(name.trim().to_ascii_lowercase().as_str(), "status" | "state" | "health");
            if is_name { word } else { name }
        });
        let mut words = line.split([' ', '\t', ',', ';', '!', '.']).filter(|word| !word.is_empty());
        let (first, second) = (words.next()?, words.next());
        let both = second.and_then(|second| Self::of(&format!("{first} {second}")));
        both.or_else(|| Self::of(line)).or_else(|| Self::of(first))
    }
}

/// What a health endpoint says of something the component needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name, cleaned.
    pub name: Arc<str>,
    /// How it is; without a status not known.
    pub condition: Condition,
    /// Whether the component says it cannot do without it; `None` where it does not say.
    pub is_critical: Option<bool>,
    /// How long it took, in milliseconds, where that is said.
    pub took_ms: Option<u64>,
    /// What is wrong, cleaned.
    pub error: Option<String>,
}

/// The newest of one component in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The service.
    pub service: Arc<str>,
    /// The component.
    pub component: Arc<str>,
    /// How it is asked.
    pub kind: Kind,
    /// Where, as it is shown: host and port, cleaned.
    pub at: Arc<str>,
    /// Whether the service is unhealthy without it.
    pub is_critical: bool,
    /// How it is.
    pub condition: Condition,
    /// Why, where it is not simply well: a sentence.
    pub reason: Option<String>,
    /// How long the answer took.
    pub took: Option<TimeDelta>,
    /// The version it says, cleaned.
    pub version: Option<String>,
    /// The version it should say.
    pub expected: Option<String>,
    /// Since when it runs, in seconds, as it says.
    pub uptime_seconds: Option<u64>,
    /// What it needs, as it says.
    pub parts: Vec<Part>,
    /// Its certificate, where it has one.
    pub certificate: Option<Certificate>,
    /// Why it is not known, where it has one and answers: the end of a sentence.
    pub certificate_missing: Option<&'static str>,
    /// When it was last asked to an end; `None` before it was.
    pub checked_at: Option<Instant>,
}

impl Check {
    /// Before anything was asked.
    pub fn unasked(service: &Arc<str>, component: &Arc<str>, kind: Kind, at: Arc<str>) -> Self {
        Self {
            service: service.clone(),
            component: component.clone(),
            kind,
            at,
            is_critical: true,
            condition: Condition::Unknown,
            reason: None,
            took: None,
            version: None,
            expected: None,
            uptime_seconds: None,
            parts: Vec::new(),
            certificate: None,
            certificate_missing: None,
            checked_at: None,
        }
    }

    /// How it is now, and why: with its version and its certificate, and not known where the answer is old.
    pub fn now(&self, now: Instant) -> (Condition, Option<String>) {
        match self.checked_at {
            None => return (Condition::Unknown, Some("It was not asked yet.".to_owned())),
            Some(at) if now - at > OLD_AFTER => {
                let age = crate::domain::time::coarse(now - at);
                return (Condition::Unknown, Some(format!("It was last asked {age} ago.")));
            }
            Some(_) => {}
        }
        let mut worst = (self.condition, self.reason.clone());
        let mut consider = |condition: Condition, reason: String| {
            if condition > worst.0 {
                worst = (condition, Some(reason));
            }
        };
        for part in &self.parts {
            // What the component itself says of the whole is believed; a part makes it degraded, critical or not.
            let gravity = part.condition.min(Condition::Degraded);
            let error =
                part.error.as_deref().map(|error| format!(": {}", error.trim_end_matches('.'))).unwrap_or_default();
            consider(gravity, format!("{} is {}{error}.", part.name, part.condition.word()));
        }
        if let Some(expected) = &self.expected {
            match &self.version {
                Some(version) if is_version(version, expected) => {}
                Some(version) => {
                    consider(Condition::Degraded, format!("It runs version {version}, not {expected}."));
                }
                None if self.condition == Condition::Healthy => {
                    consider(Condition::Unknown, format!("It does not say its version, which should be {expected}."));
                }
                None => {}
            }
        }
        if let Some(certificate) = &self.certificate
            && let Some((condition, sentence)) = certificate.now(now)
        {
            consider(condition, sentence);
        }
        worst
    }
}

/// Whether a version is the one expected, or begins with it: `1.4` is that of `1.4.2`, not of `1.42`.
fn is_version(version: &str, expected: &str) -> bool {
    let plain = |text: &str| text.trim().trim_start_matches('v').to_owned();
    let (version, expected) = (plain(version), plain(expected));
    version.strip_prefix(&expected).is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric()))
}

/// The components of an environment at one time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HealthSnapshot {
    /// The environment.
    pub environment: Arc<str>,
    /// Every component, in the order of the configuration.
    pub checks: Vec<Check>,
}

impl HealthSnapshot {
    /// Whether every component was asked to an end.
    pub fn is_settled(&self) -> bool {
        self.checks.iter().all(|check| check.checked_at.is_some())
    }
}
