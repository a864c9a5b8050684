//! Health into messages: one supervised source for each environment in which something is asked.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::domain::health::HealthSnapshot;
use crate::sources::Clock;
use crate::sources::probe::{HealthFeed, HealthSource};

/// Answers that come in so close together are one message: every component has its own pace.
const TOGETHER: Duration = Duration::from_millis(250);

/// A source and what passes its snapshots on; both end with it.
pub(super) struct Asking(AbortHandle, AbortHandle);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// One for each feed.
pub(super) fn all(
    feeds: Vec<HealthFeed>,
    messages: &mpsc::Sender<Message>,
    retry: &Arc<Notify>,
    clock: &Clock,
) -> Vec<Asking> {
    feeds.into_iter().map(|feed| watch(feed, messages.clone(), retry.clone(), clock.clone())).collect()
}

/// Asks for ever and tells what was answered.
fn watch(feed: HealthFeed, messages: mpsc::Sender<Message>, retry: Arc<Notify>, clock: Clock) -> Asking {
    let (snapshots, mut seen) = watch::channel(HealthSnapshot::default());
    let make = move || {
        let source = HealthSource {
            feed: feed.clone(),
            clock: clock.clone(),
            retry: retry.clone(),
            snapshots: snapshots.clone(),
        };
        source.run()
    };
    let asking = tokio::spawn(supervise("health", make, messages.clone())).abort_handle();
    let telling = tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let newest = Box::new(seen.borrow_and_update().clone());
            if messages.send(Message::Health(newest)).await.is_err() {
                return;
            }
            tokio::time::sleep(TOGETHER).await;
        }
    });
    Asking(asking, telling.abort_handle())
}
