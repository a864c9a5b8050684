//! What somebody wants to read of a log, and how the reading stands.

use std::sync::Arc;

use super::{Line, Origin};
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// With so many of the newest lines of each container.
    Tail(u32),
    /// With what was written after this.
    Time(Instant),
}

/// What somebody wants to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAsk {
    /// Whose pods.
    pub workload: WorkloadRef,
    /// One of them only.
    pub pod: Option<Arc<str>>,
    /// One container of each pod; all of them when not said.
    pub container: Option<Arc<str>>,
    /// The instance before the present one, instead of the present one.
    pub is_previous: bool,
    /// Where to begin.
    pub since: Since,
    /// Whether to go on with what is written from now on.
    pub is_followed: bool,
}

/// How the log of one container stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Lines come as they are written.
    Following,
    /// It was read to its end.
    Ended,
    /// It cannot be read now: the sentence. Tried again.
    Waiting(String),
}

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
