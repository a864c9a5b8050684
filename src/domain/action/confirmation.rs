//! What confirms a plan, and what was given to confirm it.

use serde::{Deserialize, Serialize};

use super::tier::Gesture;

/// What confirms the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The gesture.
    pub gesture: Gesture,
    /// The word to type, or to give to `apply --confirm`.
    pub word: String,
    /// Whether a reason is asked for.
    pub needs_reason: bool,
    /// What is written as the reason where none is asked for and none is given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub otherwise: String,
}

impl Confirmation {
    /// What is typed after the word where something is UNKNOWN and has to be taken upon oneself.
    pub const UNKNOWN: &'static str = "unknown";

    /// The word as a command line takes it.
    pub fn said(&self) -> String {
        match self.word.split_once(' ') {
            Some((word, what)) if what == Self::UNKNOWN => format!("{word} --accept {what}"),
            _ => self.word.clone(),
        }
    }

    /// The same, where that is so.
    #[must_use]
    pub fn accepting(self, is_unknown: bool) -> Self {
        if !is_unknown {
            return self;
        }
        let word = format!("{} {}", self.word, Self::UNKNOWN);
        Self { gesture: Gesture::TypeNameAndReason, word, needs_reason: true, ..self }
    }
}

/// What the operator gave to confirm a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// The word or name.
    pub typed: String,
    /// The reason.
    pub reason: Option<String>,
}
