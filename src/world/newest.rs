//! The newest snapshot of each environment.

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
pub struct Newest<S>(Vec<S>);

impl<S> Default for Newest<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: OfEnvironment> Newest<S> {
    /// Takes a newer one in the place of the one before.
    pub fn take(&mut self, snapshot: S) {
        match self.0.iter_mut().find(|known| known.environment() == snapshot.environment()) {
            Some(known) => *known = snapshot,
            None => self.0.push(snapshot),
        }
    }

    /// The newest of an environment; `None` when it has no source of them.
    pub fn of(&self, environment: &str) -> Option<&S> {
        self.0.iter().find(|snapshot| **snapshot.environment() == *environment)
    }
}
