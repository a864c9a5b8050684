//! How fresh what a source told us is.

use serde::Serialize;

use super::time::{self, Instant};

/// What can be said of a source right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// No answer yet; what is shown so far is incomplete.
    Loading,
    /// Everything shown is current: a watch is open, or the last answer is within its limit.
    Fresh,
    /// The connection is lost for the moment or part of the answer is missing; the last good rows are shown with their age.
    Stale,
    /// The source does not answer and has not for long; the last good rows are shown with their age.
    Down,
}

impl SourceState {
    /// The word shown on the screen and in `status`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Down => "down",
        }
    }
}

/// A source by name with what is known of its freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// For example `production: deployments`.
    pub name: String,
    /// The verdict.
    pub state: SourceState,
    /// When the last good word came from it.
    pub last_good: Option<Instant>,
    /// What is wrong, as a sentence for the operator. Never contains a secret.
    pub error: Option<String>,
    /// When Quarterdeck tries again by itself.
    pub next_try: Option<Instant>,
}

impl SourceHealth {
    /// A source that has not answered yet.
    pub fn loading(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: SourceState::Loading, last_good: None, error: None, next_try: None }
    }

    /// Whole seconds since the last good word; `None` before the first one. A fresh source is 0 s old: its watch is open.
    pub fn age_seconds(&self, now: Instant) -> Option<i64> {
        match self.state {
            SourceState::Fresh => Some(0),
            _ => self.last_good.map(|then| time::age(then, now).num_seconds()),
        }
    }
}
