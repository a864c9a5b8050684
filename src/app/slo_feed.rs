//! Objectives into messages: one supervised poller for each environment that has a Prometheus.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::domain::slo::SloSnapshot;
use crate::sources::Clock;
use crate::sources::prometheus::{SloFeed, SloSource};

/// A poller and what passes its snapshots on; both end with it.
pub(super) struct Counting(AbortHandle, AbortHandle);

impl Drop for Counting {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// One for each feed.
pub(super) fn all(
    feeds: Vec<SloFeed>,
    messages: &mpsc::Sender<Message>,
    retry: &Arc<Notify>,
    clock: &Clock,
) -> Vec<Counting> {
    feeds.into_iter().map(|feed| watch(feed, messages.clone(), retry.clone(), clock.clone())).collect()
}

/// Polls a feed and tells every snapshot.
fn watch(feed: SloFeed, messages: mpsc::Sender<Message>, retry: Arc<Notify>, clock: Clock) -> Counting {
    let (snapshots, mut seen) = watch::channel(SloSnapshot::default());
    let make = move || {
        let source =
            SloSource { feed: feed.clone(), clock: clock.clone(), retry: retry.clone(), snapshots: snapshots.clone() };
        source.run()
    };
    let polling = tokio::spawn(supervise("objectives", make, messages.clone())).abort_handle();
    let telling = tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let newest = Box::new(seen.borrow_and_update().clone());
            if messages.send(Message::Slos(newest)).await.is_err() {
                return;
            }
        }
    });
    Counting(polling, telling.abort_handle())
}
