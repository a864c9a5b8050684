//! Reads for the screen that need nothing but the eyes: a task of its own each, which ends with its answer.
#![expect(clippy::disallowed_methods, reason = "`perform` delegates these here; each ends with its answer")]

use std::sync::Arc;

use tokio::sync::mpsc;

use super::message::Message;
use crate::domain::job::JobRef;
use crate::domain::rollout::WorkloadRef;
use crate::sources::cluster::Connection;
use crate::sources::jobs::ObserveJobs;
use crate::sources::observe::ObserveCluster;

/// Reads a CronJob or a Job whole.
pub(super) fn job(
    connection: Connection,
    messages: mpsc::Sender<Message>,
    job: JobRef,
    runs: Vec<(Arc<str>, Arc<str>)>,
) {
    tokio::spawn(async move {
        let facts = connection.job(&job, &runs).await.map(Box::new).map_err(|error| error.sentence);
        // The loop is gone only when the process ends.
        let _ = messages.send(Message::Job(job, facts)).await;
    });
}

/// Reads what scales a workload. Where that may not be read, or there is no such thing, nothing is told.
pub(super) fn autoscalers(connection: Connection, messages: mpsc::Sender<Message>, workload: WorkloadRef) {
    tokio::spawn(async move {
        match ObserveCluster::autoscalers(&connection, &workload).await {
            Ok(found) => drop(messages.send(Message::Autoscalers(workload, found)).await),
            Err(error) => tracing::debug!(%error, "what scales it is not known"),
        }
    });
}
