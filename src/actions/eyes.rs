//! What a planner sees: subjects read through the port that is theirs, once or again and again.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::alerts::StoreEyes;
use super::contract::Action;
use super::observation::{ObjectFacts, Observation};
use super::plan::Planner;
use super::silences;
use crate::config::{Act, Making};
use crate::domain::action::{Cluster, Given};
use crate::domain::subject::Subject;
use crate::sources::address;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{ObjectPath, ObserveAlerts, ObserveCluster};

/// How long the reading at a deadline may take.
const LAST_LOOK: Duration = Duration::from_secs(10);
/// How long between two attempts at it.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

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

    /// The eyes on the store.
    pub(super) fn store(&self) -> Result<&StoreEyes, SourceError> {
        let none = || SourceError::new(Trouble::Setup, "there is no store here.");
        self.store.as_ref().ok_or_else(none)
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
            Subject::Alert(alert) => {
                let facts = self.store()?.read(alert, given, (self.clock)()).await?;
                Ok(Observation::Alert(Box::new(facts)))
            }
            Subject::Incident(incident) => {
                let facts = self.store()?.read_incident(incident, given, &self.services, (self.clock)()).await?;
                Ok(Observation::Incident(Box::new(facts)))
            }
            Subject::Schedule(schedule) => {
                let facts = self.store()?.read_schedule(schedule, (self.clock)()).await?;
                Ok(Observation::Schedule(Box::new(facts)))
            }
            Subject::Backup(backup) => {
                let mut facts = self.store()?.backup(backup, (self.clock)()).await;
                if let Some(declared) = self.backups.iter().find(|one| one.set.name == backup.set) {
                    (facts.run, facts.verify) = (declared.run.clone(), declared.verify.clone());
                }
                if backup.namespace.is_some() {
                    facts.makers = [self.maker(facts.run.as_ref()).await?, self.maker(facts.verify.as_ref()).await?];
                }
                Ok(Observation::Backup(Box::new(facts)))
            }
            Subject::Database(database) => self.database(database, "").await,
            Subject::Pod(pod) => Ok(Observation::Pod(Box::new(self.cluster()?.pod(pod).await?))),
            Subject::Object(_) | Subject::Address(_) => self.object(subject).await,
            Subject::Job(_) | Subject::Made(_) => match self.object(subject).await? {
                seen if seen.uid().is_empty() => {
                    Err(SourceError::new(Trouble::NotFound, format!("There is no {subject}.")))
                }
                seen => Ok(seen),
            },
            Subject::Window(_) | Subject::Task(_) | Subject::Freeze(_) => {
                let facts = self.store()?.maintenance(subject, given, (self.clock)()).await;
                Ok(Observation::Maintenance(Box::new(facts)))
            }
        }
    }

    /// Reads what else an action asks for, each through the eyes of its environment.
    pub(super) async fn beside(
        &self,
        action: &dyn Action,
        (subject, seen): (&Subject, &Observation),
        given: &Given,
    ) -> Result<Vec<Observation>, SourceError> {
        let mut beside = Vec::new();
        for subject in action.reads(subject, given) {
            beside.push(self.of(subject.environment())?.observe(&subject, given, &Cluster::default()).await?);
        }
        let all: Vec<&Observation> = std::iter::once(seen).chain(&beside).collect();
        for subject in action.reads_more(&all, given, &self.services) {
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
            Subject::Pod(_) => Err(over()),
            Subject::Job(_) | Subject::Made(_) | Subject::Object(_) | Subject::Address(_) => self.object(subject).await,
            Subject::Database(database) => self.database(database, run).await,
            _ => self.store()?.look(subject, run, (self.clock)()).await,
        }
    }

    /// The same for a last time: only a reading of now counts. A connection that broke, while this machine slept or in this very moment, is
    /// no answer: it is asked again, for 10 seconds at most.
    pub(super) async fn last_look(&self, subject: &Subject, run: &str) -> Result<Observation, SourceError> {
        let mut trouble = None;
        let asking = async {
            loop {
                match self.look_at(subject, run).await {
                    Err(error)
                        if matches!(error.trouble, Trouble::Unreachable | Trouble::Timeout | Trouble::Malformed) =>
                    {
                        trouble = Some(error);
                        tokio::time::sleep(BETWEEN_LOOKS).await;
                    }
                    answer => return answer,
                }
            }
        };
        let answer = tokio::time::timeout(LAST_LOOK, asking).await;
        let silence = || SourceError::new(Trouble::Timeout, format!("no answer within {}s.", LAST_LOOK.as_secs()));
        answer.unwrap_or_else(|_| Err(trouble.unwrap_or_else(silence)))
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
            Subject::Pod(_) => return Err(over()),
            Subject::Job(_) | Subject::Made(_) | Subject::Object(_) | Subject::Address(_) => {
                self.follow_object(subject)
            }
            Subject::Database(database) => self.follow_database(database, run),
            _ => self.store()?.follow(subject, run, || (self.clock)()),
        })
    }

    /// What in a cluster makes or proves a backup, as it is now; `None` where that is done elsewhere, or it is not there.
    async fn maker(&self, act: Option<&Act>) -> Result<Option<Arc<Value>>, SourceError> {
        let Some(Act::InCluster { namespace, maker, name, .. }) = act else { return Ok(None) };
        let (api, resource) = match maker {
            Making::CronJob => ("apis/batch/v1", "cronjobs"),
            Making::CloudNativePg => ("apis/postgresql.cnpg.io/v1", "clusters"),
            Making::Velero => ("apis/velero.io/v1", "schedules"),
        };
        self.cluster()?.object(&ObjectPath { api, namespace, resource, name }).await
    }

    /// Reads an object that is no workload; that it is not there is an answer too.
    async fn object(&self, subject: &Subject) -> Result<Observation, SourceError> {
        let facts = |object| ObjectFacts::new(subject.clone(), object, (self.clock)());
        let of = |facts: ObjectFacts| Ok(Observation::Object(Box::new(facts)));
        if let Subject::Address(asked) = subject {
            // Nobody who answers is an answer too.
            let told = address::ask(&asked.address, &self.clock).await;
            return of(facts(Some(Arc::new(told.unwrap_or_else(|error| json!({"error": error.sentence}))))));
        }
        let nowhere = || SourceError::new(Trouble::Setup, format!("{subject} is no object of a cluster."));
        let at = path_of(subject).ok_or_else(nowhere)?;
        match self.cluster()?.object(&at).await {
            Ok(object) => of(facts(object)),
            // Who may not list what could be in the way acts on what they may see, and is told so.
            Err(error) if at.name.is_empty() && error.trouble == Trouble::Forbidden => {
                of(ObjectFacts { missing: vec![error.sentence], ..facts(None) })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads it now, and again every [`BETWEEN_LOOKS`]: such an object is one of few, and looked at for seconds.
    fn follow_object<'a>(&'a self, subject: &'a Subject) -> BoxStream<'a, Result<Observation, SourceError>> {
        let looks = stream::unfold(Some(Duration::ZERO), move |pause| async move {
            tokio::time::sleep(pause?).await;
            let seen = self.object(subject).await;
            let next = seen.is_ok().then_some(BETWEEN_LOOKS);
            Some((seen, next))
        });
        looks.boxed()
    }

    /// How far the cluster's clock is ahead of ours.
    pub(super) fn ahead(&self) -> TimeDelta {
        self.observe.as_ref().map_or(TimeDelta::zero(), |observe| observe.ahead())
    }
}

/// Where an object stands in its cluster; `None` of what is read in another way, or is in none.
fn path_of(subject: &Subject) -> Option<ObjectPath<'_>> {
    match subject {
        Subject::Job(job) => Some(ObjectPath {
            api: "apis/batch/v1",
            namespace: &job.namespace,
            resource: job.kind.plural(),
            name: &job.name,
        }),
        Subject::Object(object) => {
            let (api, resource) = object.named.kind.resource();
            Some(ObjectPath { api, namespace: &object.namespace, resource, name: &object.named.name })
        }
        Subject::Made(made) => {
            let (api, resource) = made.kind.place();
            Some(ObjectPath { api, namespace: &made.namespace, resource, name: &made.name })
        }
        _ => None,
    }
}

/// A session is over with the process that held it: nothing tells afterwards how it ended.
fn over() -> SourceError {
    SourceError::new(
        Trouble::NotFound,
        "its session is over with the process that held it, and is not resumed: how it ended, and what it did there, is not known.",
    )
}
