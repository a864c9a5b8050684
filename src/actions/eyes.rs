//! What a planner sees: subjects read through the port that is theirs, once or again and again.

use std::sync::PoisonError;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use super::contract::Action;
use super::observation::Observation;
use super::plan::Planner;
use super::silences;
use crate::domain::action::{Cluster, Given};
use crate::domain::subject::Subject;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ObserveAlerts, ObserveCluster};

impl Planner {
    /// The eyes on the cluster.
    pub(super) fn cluster(&self) -> Result<&dyn ObserveCluster, SourceError> {
        let none = || SourceError::new(Trouble::Setup, format!("there is no connection to {} yet.", self.environment));
        self.observe.as_deref().ok_or_else(none)
    }

    /// The eyes on the Alertmanagers.
    pub(super) fn alerts(&self) -> Result<&dyn ObserveAlerts, SourceError> {
        let none = || SourceError::new(Trouble::Setup, format!("{} has no Alertmanager.", self.environment));
        self.alerts.as_deref().ok_or_else(none)
    }

    /// Reads a subject.
    pub(super) async fn observe(
        &self,
        subject: &Subject,
        given: &Given,
        cluster: &Cluster,
    ) -> Result<Observation, SourceError> {
        match subject {
            Subject::Workload(workload) => {
                let mut facts = self.cluster()?.workload(workload).await?;
                let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.remember(cluster.uid.as_deref(), &mut facts.revisions);
                Ok(Observation::Workload(Box::new(facts)))
            }
            Subject::Silence(silence) => {
                let now = (self.clock)();
                let facts = silences::read(self.alerts()?, &self.replica_labels, &silence.id, given, now).await?;
                Ok(Observation::Silence(Box::new(facts)))
            }
        }
    }

    /// Reads what else an action asks for, each through the eyes of its environment.
    pub(super) async fn beside(
        &self,
        action: &dyn Action,
        subject: &Subject,
        given: &Given,
    ) -> Result<Vec<Observation>, SourceError> {
        let mut beside = Vec::new();
        for subject in action.reads(subject, given) {
            beside.push(self.of(subject.environment())?.observe(&subject, given, &Cluster::default()).await?);
        }
        Ok(beside)
    }

    /// Reads a subject of a run now, as far as its verification needs it.
    pub(super) async fn look_at(&self, subject: &Subject, run: &str) -> Result<Observation, SourceError> {
        match subject {
            Subject::Workload(workload) => {
                Ok(Observation::Workload(Box::new(self.cluster()?.workload(workload).await?)))
            }
            Subject::Silence(silence) => {
                let facts = silences::look(self.alerts()?, &mut silence.id.clone(), run, (self.clock)()).await?;
                Ok(Observation::Silence(Box::new(facts)))
            }
        }
    }

    /// The same, again each time it changes.
    pub(super) fn follow<'a>(
        &'a self,
        subject: &'a Subject,
        run: &'a str,
    ) -> Result<BoxStream<'a, Result<Observation, SourceError>>, SourceError> {
        Ok(match subject {
            Subject::Workload(workload) => {
                let seen = self.cluster()?.follow(workload);
                seen.map(|facts| facts.map(|facts| Observation::Workload(Box::new(facts)))).boxed()
            }
            Subject::Silence(silence) => silences::follow(self.alerts()?, silence.id.clone(), run, || (self.clock)()),
        })
    }

    /// How far the cluster's clock is ahead of ours.
    pub(super) fn ahead(&self) -> TimeDelta {
        self.observe.as_ref().map_or(TimeDelta::zero(), |observe| observe.ahead())
    }
}
