//! All the alerts of an environment, as snapshots: the newest of its replicas, with the health of each.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::sync::{Notify, watch};

use super::board;
use super::client::Client;
use super::hands::{AlertEyes, SilenceHands};
use super::replica::{Replica, Seen};
use crate::config::Environment;
use crate::domain::alert::{AlertSnapshot, History, Silence, Watchdog};
use crate::domain::service::Services;
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::SourceError;

/// After how long without a good word a source is down, not only stale.
const DOWN_AFTER: TimeDelta = TimeDelta::seconds(60);

/// Where the alerts of an environment come from.
#[derive(Debug, Clone)]
pub struct AlertFeed {
    /// The environment.
    pub environment: Arc<str>,
    /// Its Alertmanagers, the replicas of one cluster.
    pub clients: Vec<Client>,
    /// The alert that always fires.
    pub watchdog: Option<Arc<str>>,
    /// The services alerts may be about.
    pub services: Arc<Services>,
}

impl AlertFeed {
    /// The feed an environment's configuration asks for; `None` when it has no Alertmanager. Sends nothing yet.
    pub fn of(environment: &Environment, services: &Arc<Services>, clock: &Clock) -> Option<Self> {
        let managers = &environment.alerts.managers;
        (!managers.is_empty()).then(|| Self {
            environment: environment.name.clone(),
            clients: managers.iter().map(|manager| Client::new(manager.clone(), clock.clone())).collect(),
            watchdog: environment.alerts.watchdog.clone(),
            services: services.clone(),
        })
    }
}

impl AlertFeed {
    /// Eyes on the same Alertmanagers beyond what the poller tells.
    pub fn eyes(&self) -> AlertEyes {
        AlertEyes {
            environment: self.environment.clone(),
            clients: self.clients.clone(),
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

/// What the replicas told so far.
struct Told {
    health: Vec<SourceHealth>,
    seen: Vec<Option<Seen>>,
    history: History,
    watchdog: Watchdog,
}

impl AlertSource {
    /// Polls for ever.
    pub async fn run(self) {
        let loading =
            AlertSnapshot::loading(&self.feed.environment, self.feed.clients.iter().map(|client| &**client.name()));
        let told = Mutex::new(Told {
            health: loading.health.clone(),
            seen: self.feed.clients.iter().map(|_| None).collect(),
            history: History::default(),
            watchdog: Watchdog::Unknown,
        });
        self.snapshots.send_replace(loading);
        let polls = self.feed.clients.iter().enumerate().map(|(place, client)| {
            let (told, source) = (&told, &self);
            async move {
                let replica = Replica {
                    client: client.clone(),
                    environment: source.feed.environment.clone(),
                    services: source.feed.services.clone(),
                    clock: source.clock.clone(),
                    retry: source.retry.clone(),
                };
                replica.run(|outcome, next_try| source.take(told, place, outcome, next_try)).await;
            }
        });
        join_all(polls).await;
    }

    fn take(&self, told: &Mutex<Told>, place: usize, outcome: Result<Seen, SourceError>, next_try: Instant) {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        if let Some(health) = told.health.get_mut(place) {
            note(health, &outcome, next_try, now);
        }
        if let (Ok(seen), Some(known)) = (outcome, told.seen.get_mut(place)) {
            *known = Some(seen);
        }
        let snapshot = self.compose(&mut told, now);
        drop(told);
        self.snapshots.send_replace(snapshot);
    }

    fn compose(&self, told: &mut Told, now: Instant) -> AlertSnapshot {
        let is_fresh = |health: &SourceHealth| health.state == SourceState::Fresh;
        let any_fresh = told.health.iter().any(is_fresh);
        // While one replica is current, an old word of another would only bring back what is over.
        let counted: Vec<&Seen> = told
            .health
            .iter()
            .zip(&told.seen)
            .filter(|(health, _)| !any_fresh || is_fresh(health))
            .filter_map(|(_, seen)| seen.as_ref())
            .collect();
        let mut alerts = board::alerts(counted.iter().map(|seen| seen.alerts.as_slice()));
        let known: Vec<&[Silence]> = counted.iter().filter_map(|seen| seen.silences.as_deref()).collect();
        let silences = (!known.is_empty()).then(|| board::silences(known.into_iter()).into());
        let mut notes: Vec<String> = counted.iter().flat_map(|seen| seen.notes.clone()).collect();
        notes.dedup();
        let watchdog = Watchdog::of(self.feed.watchdog.as_ref(), &mut alerts);
        if any_fresh {
            told.history.observe(&mut alerts, now);
            told.watchdog = watchdog;
        }
        AlertSnapshot {
            environment: self.feed.environment.clone(),
            alerts: alerts.into_iter().map(Arc::new).collect(),
            silences,
            watchdog: told.watchdog.clone(),
            health: told.health.clone(),
            notes,
        }
    }
}

/// What an outcome makes of the health of a replica.
fn note(health: &mut SourceHealth, outcome: &Result<Seen, SourceError>, next_try: Instant, now: Instant) {
    match outcome {
        Ok(seen) => {
            health.state = SourceState::Fresh;
            health.last_good = Some(seen.at);
            health.error = None;
            health.next_try = None;
        }
        Err(error) => {
            let is_recent = health.last_good.is_some_and(|at| now - at < DOWN_AFTER);
            health.state = if is_recent { SourceState::Stale } else { SourceState::Down };
            health.error = Some(error.sentence.clone());
            health.next_try = Some(next_try);
        }
    }
}
