//! The store as the console holds it: the last good word of it, its age, and what is wrong right now.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use super::port::{Changes, ReadStore};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::store::fact::{Fact, Held, Registered};
use crate::domain::store::facts;
use crate::domain::time::Instant;
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
    /// What is held of each kind of fact, by its table; [`Self::facts`] reads it.
    pub held: HashMap<&'static str, Held>,
    /// How far the store's clock is ahead of ours; negative when it is behind.
    pub ahead: TimeDelta,
    /// The position of the audit up to which this tells.
    pub position: u64,
}

impl Default for StoreSnapshot {
    fn default() -> Self {
        let mut snapshot =
            Self { health: SourceHealth::loading(NAME), held: HashMap::new(), ahead: TimeDelta::zero(), position: 0 };
        snapshot.begin(facts::ALL, Instant::default());
        snapshot
    }
}

impl StoreSnapshot {
    /// What is held of a kind of fact. Whether one still holds is for its reader to ask. `None` for a kind the store does not know.
    pub fn facts<F: Fact>(&self) -> Option<&F::Held> {
        self.held.get(F::TABLE.name)?.downcast_ref()
    }

    /// The same snapshot, holding this.
    #[must_use]
    pub fn with<F: Fact>(mut self, held: F::Held) -> Self {
        self.held.insert(F::TABLE.name, Arc::new(held));
        self
    }

    /// Whether another holds the same of a kind of fact.
    pub fn is_same<F: Fact>(&self, other: &Self) -> bool {
        let held = |of: &Self| of.held.get(F::TABLE.name).cloned();
        held(self).zip(held(other)).is_some_and(|(one, other)| Arc::ptr_eq(&one, &other))
    }

    fn begin(&mut self, known: &[Registered], now: Instant) {
        self.held = known.iter().map(|fact| (fact.table.name, (fact.hold)(None, &[], now))).collect();
    }

    fn apply(&mut self, changes: Changes, known: &[Registered], now: Instant) {
        self.ahead = changes.now - now;
        self.position = changes.position;
        if changes.is_whole {
            self.begin(known, changes.now);
        }
        for (table, rows) in changes.rows.iter().filter(|(_, rows)| !rows.is_empty()) {
            if let Some(fact) = known.iter().find(|fact| fact.table == *table) {
                let held = (fact.hold)(self.held.get(table.name), rows, changes.now);
                self.held.insert(table.name, held);
            }
        }
        self.health.heard(now);
        if changes.trouble.is_some() {
            // Everything is as it is told, and nothing can be written.
            self.health.state = SourceState::Stale;
            self.health.error = changes.trouble;
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
                        held.apply(changes, self.store.registry(), now);
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
