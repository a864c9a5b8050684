//! What the eyes tell of logs.

use std::sync::Arc;

use crate::domain::log::{Line, Origin, Standing};

/// Something about the log of a workload. Lines are masked, cleaned and bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogNews {
    /// Lines of one container, in their order.
    Lines(Vec<Line>),
    /// How one container's log stands now.
    Stands(Arc<Origin>, Standing),
    /// The workload itself cannot be read: the sentence. `None` when it can again.
    Trouble(Option<String>),
}
