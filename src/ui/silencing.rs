//! What the screen is told of a silence that is being planned.

use std::sync::Arc;

use super::words::silencing as said;
use crate::domain::action::Gesture;
use crate::domain::alert::{Silence, SilenceDeed, Silencing};
use crate::domain::time::Instant;
use crate::ui::state::Field;

/// A silence on its way: asked for, planned, confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilencingScene {
    /// The number of the newest request; answers to older ones are dropped.
    pub number: u64,
    /// What is done.
    pub action: SilenceDeed,
    /// The environment.
    pub environment: Arc<str>,
    /// The alerts it is meant for, by their keys.
    pub chosen: Vec<Arc<str>>,
    /// The silence that is changed; `None` for a new one.
    pub seen: Option<Silence>,
    /// The plan; `None` while it is being worked out.
    pub plan: Option<Arc<Silencing>>,
    /// Matchers and time as they were typed when the plan was asked for.
    pub planned: (String, String),
    /// Whether the matchers are what the alerts have in common, as nobody has written others.
    pub is_suggested: bool,
    /// When enter counts.
    pub armed_at: Option<Instant>,
    /// Whether it is on its way to the server.
    pub is_sending: bool,
    /// Why it came to nothing the last time, or what is wrong with what was typed.
    pub error: Option<String>,
}

impl SilencingScene {
    /// The labels of its fields, in order.
    pub fn labels(&self) -> &'static [&'static str] {
        let is_typed = self.plan.as_ref().is_some_and(|plan| plan.confirmation.gesture != Gesture::Enter);
        match (self.action, is_typed) {
            (SilenceDeed::ExpireSilence, false) => &[said::REASON],
            (SilenceDeed::ExpireSilence, true) => &[said::REASON, said::WORD],
            (_, false) => &[said::REASON, said::MATCHERS, said::HOLDS],
            (_, true) => &[said::REASON, said::MATCHERS, said::HOLDS, said::WORD],
        }
    }

    /// Whether something else is typed than what was planned.
    pub fn is_changed(&self, fields: &[Field]) -> bool {
        let typed = |place: usize| fields.get(place).map(|field| field.text.as_str()).unwrap_or_default();
        self.action != SilenceDeed::ExpireSilence && (typed(1), typed(2)) != (&*self.planned.0, &*self.planned.1)
    }

    /// The place of the field for the word.
    pub const fn word_at(&self) -> usize {
        if matches!(self.action, SilenceDeed::ExpireSilence) { 1 } else { 3 }
    }
}
