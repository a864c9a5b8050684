//! What is polled in an environment: made of its configuration, run for ever, or asked once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::Clock;
use super::prometheus::Downtime;
use crate::config::Environment;
use crate::domain::service::Services;

/// Something that is polled. What it tells is a snapshot; the newest wins.
pub trait Feed: Clone + Send + Sync + Sized + 'static {
    /// What it tells.
    type Snapshot: Default + Clone + Send + Sync + 'static;
    /// What its task is called.
    const NAME: &'static str;
    /// Snapshots so close together are one message.
    const TOGETHER: Duration = Duration::ZERO;

    /// What the configuration of an environment asks for; `None` where it asks for nothing. Sends nothing yet.
    fn of(environment: &Environment, services: &Arc<Services>, clock: &Clock) -> Option<Self>;

    /// The same, that knows what was planned to be down.
    #[must_use]
    fn knowing(self, _downtime: &Downtime) -> Self {
        self
    }

    /// Polls for ever; what is broken is tried at once when `retry` rings.
    fn run(
        self,
        clock: Clock,
        retry: Arc<Notify>,
        snapshots: watch::Sender<Self::Snapshot>,
    ) -> impl Future<Output = ()> + Send;

    /// Whether everything that is asked has answered or failed.
    fn is_settled(snapshot: &Self::Snapshot) -> bool;
}

/// What a feed tells once everything has answered or failed; at most `within` later, as far as it is known then.
pub async fn once<F: Feed>(feed: F, clock: Clock, within: Duration) -> F::Snapshot {
    settled(within, |snapshots| feed.run(clock, Arc::default(), snapshots), F::is_settled).await
}

/// What a source says as soon as it is settled; at most `within` later, as far as it is known then.
pub async fn settled<T: Default + Clone, R: Future>(
    within: Duration,
    run: impl FnOnce(watch::Sender<T>) -> R,
    is_settled: impl FnMut(&T) -> bool,
) -> T {
    let (snapshots, mut seen) = watch::channel(T::default());
    tokio::select! {
        _ = run(snapshots) => {}
        _ = tokio::time::timeout(within, seen.wait_for(is_settled)) => {}
    }
    seen.borrow().clone()
}
