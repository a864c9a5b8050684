//! Signals into messages: one supervised poller for each environment that has a Prometheus.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::domain::advice::Released;
use crate::domain::signal::SignalSnapshot;
use crate::sources::Clock;
use crate::sources::prometheus::{SignalFeed, SignalSource};

/// A poller, what passes its snapshots on, and the feed; the tasks end with it.
pub(super) struct Watching(AbortHandle, AbortHandle, SignalFeed);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// Polls a feed and tells every snapshot.
pub(super) fn watch(feed: SignalFeed, messages: mpsc::Sender<Message>, retry: Arc<Notify>, clock: Clock) -> Watching {
    let watched = feed.clone();
    let (snapshots, mut seen) = watch::channel(SignalSnapshot::default());
    let make = move || {
        let source = SignalSource {
            feed: feed.clone(),
            clock: clock.clone(),
            retry: retry.clone(),
            snapshots: snapshots.clone(),
        };
        source.run()
    };
    let polling = tokio::spawn(supervise("signals", make, messages.clone())).abort_handle();
    let telling = tokio::spawn(async move {
        while seen.changed().await.is_ok() {
            let newest = Box::new(seen.borrow_and_update().clone());
            if messages.send(Message::Signals(newest)).await.is_err() {
                return;
            }
        }
    });
    Watching(polling, telling.abort_handle(), watched)
}

/// Compares releases by the feed of their environment and tells what was found.
pub(super) fn compare(
    watching: &[Watching],
    environment: Arc<str>,
    releases: Vec<Released>,
    messages: &mpsc::Sender<Message>,
    clock: &Clock,
) {
    let Some(Watching(.., feed)) = watching.iter().find(|one| one.2.environment == environment) else { return };
    let (feed, messages, now) = (feed.clone(), messages.clone(), clock());
    tokio::spawn(async move {
        let found = feed.compare(releases, now).await;
        // The loop is gone only when the process ends.
        let _ = messages.send(Message::Compared(environment, found)).await;
    });
}
