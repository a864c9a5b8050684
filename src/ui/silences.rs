//! What a draw may read of silences, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::{Alert, Severity, Silence};
use crate::ui::lines::{Line, Lines};

/// Which silence: its environment and its id.
pub type SilenceId = (Arc<str>, Arc<str>);

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

impl Line for SilenceLine {
    type Place = SilenceId;

    fn place(&self) -> SilenceId {
        (self.environment.clone(), self.silence.id.clone())
    }
}

/// Everything a draw may read of silences.
#[derive(Debug, Clone)]
pub struct SilencesScene<'a> {
    /// What holds, what will, what is over; of all, how many hold, will, and are over.
    pub lines: &'a Lines<SilenceLine, 3>,
    /// The place of the cursor among them.
    pub cursor: Option<usize>,
    /// What the one under the cursor hides, the gravest first.
    pub hidden: Vec<&'a Arc<Alert>>,
}
