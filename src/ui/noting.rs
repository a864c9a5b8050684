//! What the screen is told of a note that is being written.

use std::sync::Arc;

use crate::domain::alert::Noting;
use crate::domain::store::Note;
use crate::domain::time::Instant;

/// A note on its way: typed, confirmed, written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotingScene {
    /// The plan, still without its text.
    pub plan: Arc<Noting>,
    /// What was written down about the alert before, the newest first.
    pub notes: Vec<Note>,
    /// When enter counts.
    pub armed_at: Option<Instant>,
    /// Whether it is being written.
    pub is_writing: bool,
    /// Why it was not written the last time, or what is wrong with what was typed.
    pub error: Option<String>,
}
