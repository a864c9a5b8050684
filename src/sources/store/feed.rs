//! The store as the console holds it: the last good word of it, its age, and what is wrong right now.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};

use super::port::ReadStore;
use crate::domain::store::StoreSnapshot;
use crate::sources::Clock;

/// After how long without an answer it is down rather than stale.
const DOWN_AFTER: TimeDelta = TimeDelta::seconds(30);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

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
