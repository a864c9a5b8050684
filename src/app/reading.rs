//! Reads for the screen that need nothing but the eyes: a task of its own each, which ends with its answer.
#![expect(clippy::disallowed_methods, reason = "`perform` delegates these here; each ends with its answer")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::message::Message;
use crate::domain::job::JobRef;
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::domain::usage::UsageAsk;
use crate::sources::cluster::Connection;
use crate::sources::jobs::ObserveJobs;
use crate::sources::observe::ObserveCluster;
use crate::sources::usage::ObserveUsage;
use crate::world::News;

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

/// Reads what pods or nodes use.
pub(super) fn usage(connection: Connection, messages: mpsc::Sender<Message>, ask: UsageAsk) {
    tokio::spawn(async move {
        let answer = connection.usage(&ask).await.map_err(|error| error.sentence);
        // The loop is gone only when the process ends.
        let _ = messages.send(News::Usage(ask, answer).into()).await;
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

/// Reads the budgets over pods with these labels. Where that may not be read, or there is no such thing, nothing is told.
pub(super) async fn budgets(
    connection: &Connection,
    messages: &mpsc::Sender<Message>,
    workload: WorkloadRef,
    labels: &Value,
) {
    match ObserveCluster::budgets(connection, &workload.namespace, labels).await {
        Ok(found) => drop(messages.send(Message::Budgets(workload, found)).await),
        Err(error) => tracing::debug!(%error, "which budgets are over it is not known"),
    }
}

/// Writes lines into a file only this user can read, and tells where it is.
pub(super) fn save(state: PathBuf, name: String, lines: Vec<String>, now: Instant, messages: mpsc::Sender<Message>) {
    tokio::task::spawn_blocking(move || {
        let saved = written(&state.join("logs"), &name, &lines, now).map_err(|error| error.to_string());
        // The loop is gone only when the process ends.
        let _ = messages.blocking_send(Message::Saved(saved));
    });
}

fn written(folder: &Path, name: &str, lines: &[String], now: Instant) -> std::io::Result<String> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    let file = folder.join(format!("{name}-{}.log", now.format("%Y%m%dT%H%M%S%3fZ")));
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    to.write_all((lines.join("\n") + "\n").as_bytes())?;
    Ok(file.display().to_string())
}
