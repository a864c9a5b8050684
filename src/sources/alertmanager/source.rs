//! All the alerts of an environment, as snapshots: the newest of its replicas and of the rules of its Prometheus, with the health of
//! each.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};

use super::client::Client;
use super::compose::Told;
use super::hands::{AlertEyes, SilenceHands};
use super::replica::Replica;
use crate::config::Environment;
use crate::domain::alert::AlertSnapshot;
use crate::domain::service::Services;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::feed::Feed;
use crate::sources::prometheus::{Prometheus, RulePoller};

/// Where the alerts of an environment come from.
#[derive(Debug, Clone)]
pub struct AlertFeed {
    /// The environment.
    pub environment: Arc<str>,
    /// Its Alertmanagers, the replicas of one cluster; none where only the rules of its Prometheus are read.
    pub clients: Vec<Client>,
    /// The Prometheus whose rules are read.
    pub prometheus: Option<Prometheus>,
    /// The alert that always fires.
    pub watchdog: Option<Arc<str>>,
    /// The services alerts may be about.
    pub services: Arc<Services>,
}

impl Feed for AlertFeed {
    type Snapshot = AlertSnapshot;
    const NAME: &'static str = "alerts";

    /// `None` when there are neither Alertmanagers nor a Prometheus.
    fn of(environment: &Environment, services: &Arc<Services>, clock: &Clock) -> Option<Self> {
        let managers = &environment.alerts.managers;
        let prometheus = environment.prometheus.as_ref().map(|settings| Prometheus::new(settings, clock.clone()));
        (!managers.is_empty() || prometheus.is_some()).then(|| Self {
            environment: environment.name.clone(),
            clients: managers.iter().map(|manager| Client::new(manager.clone(), clock.clone())).collect(),
            prometheus,
            watchdog: environment.alerts.watchdog.clone(),
            services: services.clone(),
        })
    }

    async fn run(self, clock: Clock, retry: Arc<Notify>, snapshots: watch::Sender<AlertSnapshot>) {
        AlertSource { feed: self, clock, retry, snapshots }.run().await;
    }

    fn is_settled(snapshot: &AlertSnapshot) -> bool {
        !snapshot.health.is_empty() && snapshot.is_settled()
    }
}

impl AlertFeed {
    /// Eyes on the same Alertmanagers beyond what the poller tells.
    pub fn eyes(&self) -> AlertEyes {
        AlertEyes {
            environment: self.environment.clone(),
            clients: self.clients.clone(),
            prometheus: self.prometheus.clone(),
            services: self.services.clone(),
        }
    }

    /// Hands for their silences.
    pub fn hands(&self) -> SilenceHands {
        SilenceHands { clients: self.clients.clone() }
    }
}

/// The poller of a feed.
pub struct AlertSource {
    /// What it polls.
    pub feed: AlertFeed,
    /// The clock.
    pub clock: Clock,
    /// Rings when broken ones are to be tried at once.
    pub retry: Arc<Notify>,
    /// Where snapshots go.
    pub snapshots: watch::Sender<AlertSnapshot>,
}

impl AlertSource {
    /// Polls for ever.
    pub async fn run(self) {
        let feed = &self.feed;
        let managers = feed.clients.iter().map(|client| &**client.name());
        let prometheus = feed.prometheus.as_ref().map(|one| &**one.name());
        let mut told = Told::nothing(&feed.environment, feed.watchdog.clone(), managers, prometheus);
        self.snapshots.send_replace(told.compose((self.clock)()));
        let told = Mutex::new(told);
        let polls = feed.clients.iter().enumerate().map(|(place, client)| {
            let (told, source) = (&told, &self);
            async move {
                let replica = Replica {
                    client: client.clone(),
                    environment: source.feed.environment.clone(),
                    services: source.feed.services.clone(),
                    clock: source.clock.clone(),
                    retry: source.retry.clone(),
                };
                let take = |outcome, next_try| {
                    source.tell(told, |told, now| told.replica(place, outcome, next_try, now));
                };
                replica.run(take).await;
            }
        });
        let rules = async {
            let Some(prometheus) = feed.prometheus.clone() else { return };
            let poller = RulePoller {
                prometheus,
                environment: feed.environment.clone(),
                services: feed.services.clone(),
                clock: self.clock.clone(),
                retry: self.retry.clone(),
            };
            poller.run(|outcome, next_try| self.tell(&told, |told, now| told.rules(outcome, next_try, now))).await;
        };
        tokio::join!(join_all(polls), rules);
    }

    fn tell(&self, told: &Mutex<Told>, take: impl FnOnce(&mut Told, Instant)) {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        take(&mut told, now);
        let snapshot = told.compose(now);
        drop(told);
        self.snapshots.send_replace(snapshot);
    }
}
