//! Polled sources into messages: each is watched by a supervised task, and what it tells is passed on as it changes.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::domain::advice::Released;
use crate::sources::Clock;
use crate::sources::alertmanager::{AlertFeed, AlertSource};
use crate::sources::probe::{HealthFeed, HealthSource};
use crate::sources::prometheus::{SignalFeed, SignalSource, SloFeed, SloSource};

/// Answers of components that come in so close together are one message: every component has its own pace.
const TOGETHER: Duration = Duration::from_millis(250);

/// A source and what passes its snapshots on; both end with it.
pub(super) struct Watching(AbortHandle, AbortHandle);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// What is polled, each in its environment.
#[derive(Debug, Default)]
pub struct Feeds {
    /// Alerts.
    pub alerts: Vec<AlertFeed>,
    /// Signals; releases are compared by them too.
    pub signals: Vec<SignalFeed>,
    /// What was promised.
    pub objectives: Vec<SloFeed>,
    /// Whether components are well.
    pub health: Vec<HealthFeed>,
}

/// Where what is watched is told, and what it is watched with.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) messages: mpsc::Sender<Message>,
    pub(super) retry: Arc<Notify>,
    pub(super) clock: Clock,
}

impl Desk {
    /// Watches everything.
    pub(super) fn all(&self, feeds: Feeds) -> Vec<Watching> {
        let alerts = feeds.alerts.into_iter().map(|feed| self.alerts(feed));
        let signals = feeds.signals.into_iter().map(|feed| self.signals(feed));
        let objectives = feeds.objectives.into_iter().map(|feed| self.objectives(feed));
        let health = feeds.health.into_iter().map(|feed| self.health(feed));
        alerts.chain(signals).chain(objectives).chain(health).collect()
    }

    fn alerts(&self, feed: AlertFeed) -> Watching {
        let Self { clock, retry, .. } = self.clone();
        let run = move |snapshots| {
            AlertSource { feed: feed.clone(), clock: clock.clone(), retry: retry.clone(), snapshots }.run()
        };
        self.watch("alerts", run, Message::Alerts, Duration::ZERO)
    }

    fn signals(&self, feed: SignalFeed) -> Watching {
        let Self { clock, retry, .. } = self.clone();
        let run = move |snapshots| {
            SignalSource { feed: feed.clone(), clock: clock.clone(), retry: retry.clone(), snapshots }.run()
        };
        self.watch("signals", run, Message::Signals, Duration::ZERO)
    }

    fn objectives(&self, feed: SloFeed) -> Watching {
        let Self { clock, retry, .. } = self.clone();
        let run = move |snapshots| {
            SloSource { feed: feed.clone(), clock: clock.clone(), retry: retry.clone(), snapshots }.run()
        };
        self.watch("objectives", run, Message::Slos, Duration::ZERO)
    }

    fn health(&self, feed: HealthFeed) -> Watching {
        let Self { clock, retry, .. } = self.clone();
        let run = move |snapshots| {
            HealthSource { feed: feed.clone(), clock: clock.clone(), retry: retry.clone(), snapshots }.run()
        };
        self.watch("health", run, Message::Health, TOGETHER)
    }

    /// Compares releases by the feed of their environment and tells what was found.
    pub(super) fn compare(&self, feed: SignalFeed, releases: Vec<Released>) {
        let Self { messages, clock, .. } = self.clone();
        tokio::spawn(async move {
            let found = feed.compare(releases, clock()).await;
            // The loop is gone only when the process ends.
            let _ = messages.send(Message::Compared(feed.environment, found)).await;
        });
    }

    /// Runs a source for ever, and tells the newest of its snapshots, never more often than once in `pace`.
    fn watch<S, F>(
        &self,
        name: &'static str,
        run: impl Fn(watch::Sender<S>) -> F + Send + 'static,
        message: fn(Box<S>) -> Message,
        pace: Duration,
    ) -> Watching
    where
        S: Default + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (snapshots, mut seen) = watch::channel(S::default());
        let messages = self.messages.clone();
        let running = tokio::spawn(supervise(name, move || run(snapshots.clone()), messages.clone()));
        let telling = tokio::spawn(async move {
            while seen.changed().await.is_ok() {
                let newest = Box::new(seen.borrow_and_update().clone());
                if messages.send(message(newest)).await.is_err() {
                    return;
                }
                if !pace.is_zero() {
                    tokio::time::sleep(pace).await;
                }
            }
        });
        Watching(running.abort_handle(), telling.abort_handle())
    }
}
