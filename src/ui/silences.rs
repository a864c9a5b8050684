//! What a draw may read of silences, borrowed, and where the operator is among them.

use std::sync::Arc;

use super::state::Field;
use crate::domain::alert::{Alert, Severity, Silence};

/// Which silence: its environment and its id.
pub type SilenceId = (Arc<str>, Arc<str>);

/// What the operator chose of the silences pane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SilencesState {
    /// The silence under the cursor.
    pub cursor: Option<SilenceId>,
    /// Whether the operator has put the cursor where it is. Until then it rests on the first one.
    pub is_cursor_held: bool,
    /// The filter.
    pub filter: Field,
    /// Only what holds or will.
    pub is_standing_only: bool,
    /// Whether the alerts on the screen are those a silence hides: back leads here.
    pub is_behind: bool,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceLine {
    /// The environment.
    pub environment: Arc<str>,
    /// The silence.
    pub silence: Silence,
    /// How many alerts it hides now.
    pub hides: usize,
    /// The gravest of them.
    pub worst: Option<Severity>,
}

impl SilenceLine {
    /// Which silence it is.
    pub fn id(&self) -> SilenceId {
        (self.environment.clone(), self.silence.id.clone())
    }
}

/// Everything a draw may read of silences.
#[derive(Debug, Clone)]
pub struct SilencesScene<'a> {
    /// Those that pass the filter: what holds, what will, what is over.
    pub lines: &'a [SilenceLine],
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// How many there are without the filter.
    pub total: usize,
    /// How many of them hold, will, and are over.
    pub tally: [usize; 3],
    /// What the one under the cursor hides, the gravest first.
    pub hidden: Vec<&'a Arc<Alert>>,
}
