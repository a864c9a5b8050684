//! Where an escalation stands, and who was asked to help beside it.

use serde::{Deserialize, Serialize};

use crate::domain::time::{self, Instant};

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It climbs: the next level is due at this time, or nobody is left then.
    Running {
        /// When.
        #[serde(deserialize_with = "time::clamped")]
        next_at: Instant,
    },
    /// Somebody has it.
    Stopped {
        /// Who.
        by: String,
        /// When the acknowledgement runs out unless they do something; `None`: never.
        #[serde(deserialize_with = "time::clamped_or_none")]
        again_at: Option<Instant>,
        /// Whether they were nudged.
        is_nudged: bool,
    },
    /// Somebody put it off.
    Paused {
        /// Until when.
        #[serde(deserialize_with = "time::clamped")]
        until: Instant,
    },
    /// Its alerts are over and nobody had acknowledged it: it stays open and pages nobody.
    Cooling,
    /// Nobody is left to page, and nobody answered.
    Exhausted {
        /// When that is said again.
        #[serde(deserialize_with = "time::clamped")]
        post_at: Instant,
    },
    /// It was left alone for so long that a human has to say whether it still pages.
    Held,
    /// The incident is over.
    Ended,
}

impl RunState {
    /// Its word: a contract.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Stopped { .. } => "stopped",
            Self::Paused { .. } => "snoozed",
            Self::Cooling => "cooling",
            Self::Exhausted { .. } => "exhausted",
            Self::Held => "held",
            Self::Ended => "ended",
        }
    }

    /// Until when it is put off; `None`: it is not.
    pub const fn snoozed_until(&self) -> Option<Instant> {
        match self {
            Self::Paused { until } => Some(*until),
            _ => None,
        }
    }
}

/// Somebody who was asked to help: their page stops with their own acknowledgement alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responder {
    /// Who.
    pub person: String,
    /// Whether they have acknowledged.
    pub has_acknowledged: bool,
}
