//! What was looked at before a plan is carried out, and what it costs.

use serde::{Deserialize, Serialize};

use super::check::Check;
use crate::domain::database::{Loss, Turn};
use crate::domain::time::Instant;

/// What a change of the primary of a database costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// What would be lost.
    pub loss: Loss,
    /// For how many seconds nobody could write; `None` where that is not known.
    pub gap_seconds: Option<i64>,
    /// Up to which byte of its WAL the last primary was seen to have written; `None` where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_byte: Option<u64>,
}

/// A check of a plan, with how old its reading was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// The check.
    #[serde(flatten)]
    pub check: Check,
    /// How old its reading was, in seconds; `None` where there was none.
    pub age_seconds: Option<i64>,
}

/// What was looked at before a plan is carried out, and what it costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Each look, with what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preflight: Vec<Looked>,
    /// How the primary of a database is changed, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Turn>,
    /// What that costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

impl Cost {
    /// Adds what was looked at of a target, and what its change costs.
    pub fn add(&mut self, checks: &[Check], (kind, expected): (Option<Turn>, Option<Expected>), now: Instant) {
        let looked = |check: &Check| Looked { age_seconds: check.age_seconds(now), check: check.clone() };
        self.preflight.extend(checks.iter().map(looked));
        (self.kind, self.expected) = (kind, expected);
    }

    /// Whether nobody knows something of it that has to be taken upon oneself.
    pub fn is_unknown(&self) -> bool {
        self.preflight.iter().any(|looked| looked.check.has_to_be_accepted())
            || self.expected.is_some_and(|expected| !expected.loss.known)
    }
}
