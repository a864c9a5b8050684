//! The store as the console holds it: the last good word of it, its age, and what is wrong right now.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use super::port::{Changes, ReadStore};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::store::{Acknowledgement, AlertNotes, Annotation};
use crate::domain::time::{self, Instant};
use crate::sources::Clock;

/// The name the store goes by among the sources.
const NAME: &str = "store";
/// After how long without an answer it is down rather than stale.
const DOWN_AFTER: TimeDelta = TimeDelta::seconds(30);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is known of the store. While it is down this is the last good word, with its age in `health`.
#[derive(Debug, Clone)]
pub struct StoreSnapshot {
    /// How fresh it is.
    pub health: SourceHealth,
    /// Acknowledgements by environment and fingerprint. Whether one still holds is for its reader to ask.
    pub acknowledgements: Arc<HashMap<(String, String), Acknowledgement>>,
    /// The newest notes on alerts.
    pub notes: Arc<AlertNotes>,
    /// Annotations of the last day, oldest first.
    pub annotations: Arc<Vec<Annotation>>,
    /// How far the store's clock is ahead of ours; negative when it is behind.
    pub ahead: TimeDelta,
    /// The position of the audit up to which this tells.
    pub position: u64,
}

impl Default for StoreSnapshot {
    fn default() -> Self {
        Self {
            health: SourceHealth::loading(NAME),
            acknowledgements: Arc::default(),
            notes: Arc::default(),
            annotations: Arc::default(),
            ahead: TimeDelta::zero(),
            position: 0,
        }
    }
}

impl StoreSnapshot {
    /// The acknowledgement of an alert, if somebody has it now. `now` is this console's time.
    pub fn holder(&self, environment: &str, fingerprint: &str, now: Instant) -> Option<&Acknowledgement> {
        // A tuple of texts is looked up by texts of its own.
        let found = self.acknowledgements.get(&(environment.to_owned(), fingerprint.to_owned()))?;
        found.is_live(now + self.ahead).then_some(found)
    }

    /// Whether a write may be tried: one that is bound to fail is refused before it is typed.
    pub fn is_reachable(&self) -> bool {
        matches!(self.health.state, SourceState::Fresh | SourceState::Loading)
    }

    fn apply(&mut self, changes: Changes, now: Instant) {
        self.ahead = changes.now - now;
        self.position = changes.position;
        if changes.is_whole || !changes.acknowledgements.is_empty() {
            let mut held = if changes.is_whole { HashMap::new() } else { (*self.acknowledgements).clone() };
            for one in changes.acknowledgements {
                held.insert((one.environment.clone(), one.fingerprint.clone()), one);
            }
            held.retain(|_, one| one.withdrawn.is_none() && one.until.is_none_or(|until| changes.now < until));
            self.acknowledgements = Arc::new(held);
        }
        if changes.is_whole || !changes.notes.is_empty() {
            let mut held = if changes.is_whole { AlertNotes::default() } else { (*self.notes).clone() };
            held.take(changes.notes);
            self.notes = Arc::new(held);
        }
        if changes.is_whole || !changes.annotations.is_empty() {
            let mut held = if changes.is_whole { Vec::new() } else { (*self.annotations).clone() };
            held.retain(|one: &Annotation| one.at > changes.now - time::hours(super::HOURS_HELD));
            held.extend(changes.annotations);
            held.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.id.cmp(&other.id)));
            held.dedup_by(|one, other| one.id == other.id);
            self.annotations = Arc::new(held);
        }
    }
}

/// Follows the store.
pub struct StoreSource {
    /// The store.
    pub store: Arc<dyn ReadStore>,
    /// Where its state goes.
    pub snapshots: watch::Sender<StoreSnapshot>,
    /// Somebody wants it to be tried again now.
    pub retry: Arc<Notify>,
    /// This console's clock, for ages.
    pub clock: Clock,
}

impl StoreSource {
    /// Follows it for as long as the console lives.
    pub async fn run(self) {
        let mut wait = Duration::ZERO;
        loop {
            let since = self.snapshots.borrow().position;
            match self.store.changes(since).await {
                Ok(changes) => {
                    let now = (self.clock)();
                    wait = Duration::ZERO;
                    self.snapshots.send_modify(|held| {
                        held.apply(changes, now);
                        held.health.heard(now);
                    });
                }
                Err(error) => {
                    let now = (self.clock)();
                    wait = (wait * 2).clamp(Duration::from_millis(500), LONGEST_WAIT);
                    self.snapshots.send_modify(|held| {
                        let next_try = TimeDelta::from_std(wait).ok().map(|wait| now + wait);
                        held.health.failed(error.sentence, next_try, DOWN_AFTER, now);
                    });
                }
            }
            if self.snapshots.is_closed() {
                return;
            }
            let rest =
                async { if wait.is_zero() { self.store.changed().await } else { tokio::time::sleep(wait).await } };
            tokio::select! {
                () = rest => {}
                () = self.retry.notified() => {}
                () = self.snapshots.closed() => return,
            }
        }
    }
}
