//! The signals the model keeps: the newest snapshot of each environment.

use super::effect::Effect;
use super::model::Model;
use crate::domain::signal::SignalSnapshot;

impl Model {
    /// The signals of an environment; `None` when it has no source of them.
    pub fn signals_of(&self, environment: &str) -> Option<&SignalSnapshot> {
        self.signals.iter().find(|snapshot| &*snapshot.environment == environment)
    }

    /// Takes a newer snapshot in the place of the one before.
    pub(super) fn take_signals(&mut self, snapshot: SignalSnapshot) -> Vec<Effect> {
        match self.signals.iter_mut().find(|known| known.environment == snapshot.environment) {
            Some(known) => *known = snapshot,
            None => self.signals.push(snapshot),
        }
        Vec::new()
    }
}
