//! Where what was promised in an environment is counted, as the configuration has it.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::client::Prometheus;
use super::downtime::Downtime;
use super::objectives::SloSource;
use crate::config::{self, Environment};
use crate::domain::service::Services;
use crate::domain::slo::objective::promises;
use crate::domain::slo::{Promise, SloSnapshot};
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::feed::Feed;

/// Where the counts of an environment come from.
#[derive(Debug, Clone)]
pub struct SloFeed {
    /// The environment.
    pub environment: Arc<str>,
    /// Its Prometheus; without one nothing of what was promised can be counted, and that is told.
    pub prometheus: Option<Prometheus>,
    /// What was promised there.
    pub promises: Arc<[Promise]>,
    /// What was planned to be down.
    pub downtime: Downtime,
}

impl Feed for SloFeed {
    type Snapshot = SloSnapshot;
    const NAME: &'static str = "objectives";

    /// `None` when there is no Prometheus and nothing was promised. Its way is its own: a window of a month holds up no signals.
    fn of(environment: &Environment, services: &Arc<Services>, clock: &Clock) -> Option<Self> {
        let way = |settings: &config::Prometheus| {
            let codes = services.code_labels(&environment.name, settings.code_label.clone());
            Prometheus::new(settings, clock.clone()).with_codes(codes)
        };
        let prometheus = environment.prometheus.as_ref().map(way);
        let promises: Arc<[Promise]> = promises(services, &environment.name).into();
        let is_any = prometheus.is_some() || !promises.is_empty();
        let downtime = Downtime::default();
        is_any.then(|| Self { environment: environment.name.clone(), prometheus, promises, downtime })
    }

    fn knowing(self, downtime: &Downtime) -> Self {
        Self { downtime: downtime.clone(), ..self }
    }

    async fn run(self, clock: Clock, retry: Arc<Notify>, snapshots: watch::Sender<SloSnapshot>) {
        SloSource { feed: self, clock, retry, snapshots }.run().await;
    }

    /// Without a Prometheus there is nobody to wait for.
    fn is_settled(snapshot: &SloSnapshot) -> bool {
        snapshot.is_settled() && !(snapshot.health.is_empty() && snapshot.measured.is_empty())
    }
}

impl SloFeed {
    /// Everything that was promised, none of it counted: why.
    pub fn uncounted(&self, why: &str, at: Instant) -> SloSnapshot {
        SloSnapshot::uncounted(&self.environment, &self.promises, why, at)
    }

    /// Why nothing can be counted where there is no Prometheus.
    pub fn without(&self) -> String {
        format!("{} has no Prometheus to count it by.", self.environment)
    }

    /// The Prometheus that counts.
    ///
    /// # Errors
    /// That there is none.
    pub(super) fn way(&self) -> Result<&Prometheus, SourceError> {
        self.prometheus.as_ref().ok_or_else(|| SourceError::new(Trouble::Setup, self.without()))
    }
}
