//! The newest snapshot of each environment, and what came in while the screen was frozen.

use std::sync::Arc;

use crate::domain::health::HealthSnapshot;
use crate::domain::signal::SignalSnapshot;
use crate::domain::slo::SloSnapshot;

/// A snapshot of one environment.
pub trait OfEnvironment {
    /// Which.
    fn environment(&self) -> &Arc<str>;
}

impl OfEnvironment for SignalSnapshot {
    fn environment(&self) -> &Arc<str> {
        &self.environment
    }
}

impl OfEnvironment for SloSnapshot {
    fn environment(&self) -> &Arc<str> {
        &self.environment
    }
}

impl OfEnvironment for HealthSnapshot {
    fn environment(&self) -> &Arc<str> {
        &self.environment
    }
}

/// The newest of each environment.
#[derive(Debug)]
pub struct Newest<S> {
    known: Vec<S>,
    /// What came in while the screen was frozen.
    held: Vec<S>,
}

impl<S> Default for Newest<S> {
    fn default() -> Self {
        Self { known: Vec::new(), held: Vec::new() }
    }
}

impl<S: OfEnvironment> Newest<S> {
    /// Takes a newer one in the place of the one before.
    pub fn take(&mut self, snapshot: S, is_frozen: bool) {
        let to = if is_frozen { &mut self.held } else { &mut self.known };
        match to.iter_mut().find(|known| known.environment() == snapshot.environment()) {
            Some(known) => *known = snapshot,
            None => to.push(snapshot),
        }
    }

    /// Shows what came in while the screen was frozen.
    pub fn release(&mut self) {
        for snapshot in std::mem::take(&mut self.held) {
            self.take(snapshot, false);
        }
    }

    /// The newest of an environment; `None` when it has no source of them.
    pub fn of(&self, environment: &str) -> Option<&S> {
        self.known.iter().find(|snapshot| **snapshot.environment() == *environment)
    }
}
