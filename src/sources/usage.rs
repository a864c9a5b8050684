//! The read port of what pods and nodes use.

use super::observe::Answer;
use crate::domain::usage::{Board, UsageAsk};

/// Reading what a metrics server measured.
pub trait ObserveUsage: Send + Sync {
    /// What was measured last. An error's sentence says whether there is no metrics server, whether it may not be read, or whether it is down.
    fn usage<'a>(&'a self, ask: &'a UsageAsk) -> Answer<'a, Board>;
}
