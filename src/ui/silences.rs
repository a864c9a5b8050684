//! What a draw may read of silences, borrowed, and where the operator is among them.

use std::sync::Arc;

use crate::domain::alert::{Alert, Severity, Silence};

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
