//! What the screen is told of reaching into a pod: a command in a container, a port of the pod on this machine.

use std::sync::Arc;

use super::words::reaching as said;
use crate::domain::action::{Confirmation, Gesture};
use crate::domain::time::Instant;

/// How a pod is reached into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A command in one of its containers, which gets the whole terminal.
    Exec,
    /// One of its ports, on this machine alone.
    Forward,
}

/// A pod that is to be reached into, until it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachingScene {
    /// The number of this request; answers to others are not for it.
    pub number: u64,
    /// How.
    pub way: Way,
    /// The pod's environment.
    pub environment: Arc<str>,
    /// The pod's namespace.
    pub namespace: Arc<str>,
    /// The pod.
    pub pod: Arc<str>,
    /// Its containers, those that only prepare it left out.
    pub containers: Vec<Arc<str>>,
    /// What confirms it.
    pub confirmation: Confirmation,
    /// Why it cannot be done here, as a sentence.
    pub refusal: Option<String>,
    /// When enter counts.
    pub armed_at: Instant,
    /// Whether it has been sent and no answer is there yet.
    pub is_starting: bool,
    /// Why it came to nothing the last time.
    pub error: Option<String>,
}

impl ReachingScene {
    /// The labels of its fields, in order.
    pub fn labels(&self) -> &'static [&'static str] {
        match (self.way, self.confirmation.gesture) {
            (Way::Exec, Gesture::Enter) => &[said::CONTAINER, said::COMMAND],
            (Way::Exec, _) => &[said::CONTAINER, said::COMMAND, said::WORD],
            (Way::Forward, _) => &[said::PORTS],
        }
    }
}
