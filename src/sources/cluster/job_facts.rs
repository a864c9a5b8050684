//! One CronJob or Job, read whole for its detail.

use std::sync::Arc;

use futures_util::future::join_all;

use super::connection::Connection;
use super::facts::{events_about, list, readable, string};
use super::feed::encoded;
use super::page;
use super::wire::{Interner, WirePod};
use crate::domain::job::JobFacts;
use crate::domain::job::{JobKind, JobRef};
use crate::domain::rollout::Pod;
use crate::sources::error::SourceError;
use crate::sources::jobs::ObserveJobs;
use crate::sources::observe::Answer;

/// The most runs whose pods and events are asked for.
const MOST_RUNS: usize = 5;
/// The most pods whose events are asked for.
const MOST_EVENT_PODS: usize = 5;

impl ObserveJobs for Connection {
    fn job<'a>(&'a self, job: &'a JobRef, runs: &'a [(Arc<str>, Arc<str>)]) -> Answer<'a, JobFacts> {
        Box::pin(read(self, job, runs))
    }
}

async fn read(connection: &Connection, job: &JobRef, runs: &[(Arc<str>, Arc<str>)]) -> Result<JobFacts, SourceError> {
    let namespace = encoded(&job.namespace);
    let path = format!("/apis/batch/v1/namespaces/{namespace}/{}/{}", job.kind.plural(), encoded(&job.name));
    let object = connection.get(&path).await?;
    let own: Vec<(Arc<str>, Arc<str>)> = match job.kind {
        JobKind::CronJob => runs.iter().take(MOST_RUNS).cloned().collect(),
        JobKind::Job => {
            vec![(string(&object, "/metadata/uid").unwrap_or_default().into(), job.name.clone())]
        }
    };
    let mut missing = Vec::new();
    let mut pods = Vec::new();
    let lists = join_all(own.iter().map(|(uid, name)| pods_of(connection, &namespace, uid, name))).await;
    for list in lists {
        pods.extend(readable(list, &mut missing)?);
    }
    missing.dedup();
    pods.sort_by(|one, other| other.created_at.cmp(&one.created_at).then_with(|| one.name.cmp(&other.name)));
    let mut uids: Vec<Arc<str>> = vec![string(&object, "/metadata/uid").unwrap_or_default().into()];
    uids.extend(own.into_iter().map(|(uid, _)| uid));
    uids.extend(pods.iter().take(MOST_EVENT_PODS).map(|pod| pod.uid.clone()));
    uids.dedup();
    let events = readable(events_about(connection, &job.namespace, &uids).await, &mut missing)?;
    Ok(JobFacts { object: Arc::new(object), pods, events, missing })
}

/// The pods of one Job: by its label, and by their owner.
async fn pods_of(connection: &Connection, namespace: &str, uid: &str, name: &str) -> Result<Vec<Pod>, SourceError> {
    let selector = encoded(&format!("job-name={name}"));
    let found = list(connection, format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}"), |bytes| {
        let mut interner = Interner::default();
        let page = page::read(bytes, |pod: &WirePod<'_>| {
            (pod.metadata.controller() == Some(uid)).then(|| pod.kept(&mut interner))
        })?;
        Ok((page.items, page.next))
    });
    Ok(found.await?.into_iter().flatten().collect())
}
