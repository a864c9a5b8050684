//! The components of an environment, each asked at its own pace.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};

use super::ask::Asker;
use crate::config::Environment;
use crate::domain::health::probe::probes;
use crate::domain::health::{HealthSnapshot, Probe};
use crate::domain::service::Services;
use crate::sources::Clock;
use crate::sources::feed::Feed;
use crate::sources::poll::jittered;

/// How often each is asked.
const EVERY: Duration = Duration::from_secs(15);
/// How far apart the first questions are, so that many do not begin at once.
const APART: Duration = Duration::from_millis(20);
/// The longest the first question waits.
const FIRST_WITHIN: Duration = Duration::from_secs(3);

/// What is asked in an environment.
#[derive(Debug, Clone)]
pub struct HealthFeed {
    /// The environment.
    pub environment: Arc<str>,
    /// The service, the probe and the address of each.
    pub probes: Arc<[(Arc<str>, Probe, String)]>,
}

impl HealthFeed {
    /// What is asked in the environment of this name; `None` when nothing is.
    pub fn asked(environment: &Arc<str>, services: &Services) -> Option<Self> {
        let probes = probes(services, environment);
        (!probes.is_empty()).then(|| Self { environment: environment.clone(), probes: probes.into() })
    }
}

impl Feed for HealthFeed {
    type Snapshot = HealthSnapshot;
    const NAME: &'static str = "health";
    /// Every component has its own pace.
    const TOGETHER: Duration = Duration::from_millis(250);

    fn of(environment: &Environment, services: &Arc<Services>, _clock: &Clock) -> Option<Self> {
        Self::asked(&environment.name, services)
    }

    async fn run(self, clock: Clock, retry: Arc<Notify>, snapshots: watch::Sender<HealthSnapshot>) {
        HealthSource { feed: self, clock, retry, snapshots }.run().await;
    }

    fn is_settled(snapshot: &HealthSnapshot) -> bool {
        !snapshot.checks.is_empty() && snapshot.is_settled()
    }
}

/// The poller of a feed.
pub struct HealthSource {
    /// What it asks.
    pub feed: HealthFeed,
    /// The clock.
    pub clock: Clock,
    /// Rings when everything is to be asked at once.
    pub retry: Arc<Notify>,
    /// Where snapshots go.
    pub snapshots: watch::Sender<HealthSnapshot>,
}

impl HealthSource {
    /// Asks for ever: every component by itself, never two questions to one at a time.
    pub async fn run(self) {
        let asker = |(service, probe, address): &(Arc<str>, Probe, String)| {
            Asker::new(service.clone(), probe.clone(), address.clone(), self.clock.clone())
        };
        let askers: Vec<Asker> = self.feed.probes.iter().map(asker).collect();
        self.snapshots.send_replace(HealthSnapshot {
            environment: self.feed.environment.clone(),
            checks: askers.iter().map(Asker::unasked).collect(),
        });
        join_all(askers.iter().enumerate().map(|(place, asker)| self.one(place, asker))).await;
    }

    async fn one(&self, place: usize, asker: &Asker) {
        tokio::time::sleep((APART * u32::try_from(place).unwrap_or(u32::MAX)).min(FIRST_WITHIN)).await;
        loop {
            let check = asker.ask().await;
            self.snapshots.send_modify(|snapshot| {
                if let Some(known) = snapshot.checks.get_mut(place) {
                    *known = check;
                }
            });
            tokio::select! {
                () = tokio::time::sleep(jittered(EVERY)) => {}
                () = self.retry.notified() => {}
            }
        }
    }
}
