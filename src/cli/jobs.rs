//! CronJobs and Jobs in `quarterdeck status`.

use serde::Serialize;

use super::codes;
use super::output::columns;
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::job::{Job, JobKind, JobVerdict};
use crate::domain::time::{self, Instant};

/// A CronJob in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct CronJobLine<'a> {
    environment: &'a str,
    namespace: &'a str,
    name: &'a str,
    verdict: JobVerdict,
    reason: Option<&'a str>,
    schedule: &'a str,
    active: u32,
    missed: u32,
    last_run: Option<Instant>,
    last_run_ended: Option<Instant>,
    last_run_seconds: Option<i64>,
    last_success: Option<Instant>,
    next_run: Option<Instant>,
    notes: Vec<&'a str>,
}

/// A Job in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct JobLine<'a> {
    environment: &'a str,
    namespace: &'a str,
    name: &'a str,
    verdict: JobVerdict,
    reason: Option<&'a str>,
    cron_job: Option<&'a str>,
    started_by_hand: bool,
    started_at: Option<Instant>,
    ended_at: Option<Instant>,
    seconds: Option<i64>,
    wanted: u32,
    active: u32,
    succeeded: u32,
    failed: u32,
    notes: Vec<&'a str>,
}

/// Every CronJob of a snapshot.
pub(super) fn cron_jobs(snapshot: &ClusterSnapshot) -> Vec<CronJobLine<'_>> {
    of(snapshot, JobKind::CronJob)
        .map(|row| CronJobLine {
            environment: &row.job.environment,
            namespace: &row.job.namespace,
            name: &row.job.name,
            verdict: row.verdict,
            reason: row.reason.as_deref(),
            schedule: row.schedule.as_deref().unwrap_or_default(),
            active: row.active,
            missed: row.missed,
            last_run: row.last_run.map(|run| run.began),
            last_run_ended: row.last_run.and_then(|run| run.ended),
            last_run_seconds: seconds(row),
            last_success: row.last_success,
            next_run: row.next_run,
            notes: row.notes.iter().map(AsRef::as_ref).collect(),
        })
        .collect()
}

/// Every Job of a snapshot, those of CronJobs too.
pub(super) fn jobs(snapshot: &ClusterSnapshot) -> Vec<JobLine<'_>> {
    of(snapshot, JobKind::Job)
        .map(|row| JobLine {
            environment: &row.job.environment,
            namespace: &row.job.namespace,
            name: &row.job.name,
            verdict: row.verdict,
            reason: row.reason.as_deref(),
            cron_job: row.owner.as_deref(),
            started_by_hand: row.is_manual,
            started_at: row.last_run.map(|run| run.began),
            ended_at: row.last_run.and_then(|run| run.ended),
            seconds: seconds(row),
            wanted: row.pods.wanted,
            active: row.pods.active,
            succeeded: row.pods.succeeded,
            failed: row.pods.failed,
            notes: row.notes.iter().map(AsRef::as_ref).collect(),
        })
        .collect()
}

fn of(snapshot: &ClusterSnapshot, kind: JobKind) -> impl Iterator<Item = &Job> {
    snapshot.jobs.iter().map(AsRef::as_ref).filter(move |row| row.job.kind == kind)
}

fn seconds(row: &Job) -> Option<i64> {
    row.last_run.and_then(|run| run.length()).map(|length| length.num_seconds())
}

/// The table of what the jobs pane lists; `None` when there is nothing.
pub(super) fn table(snapshot: &ClusterSnapshot, now: Instant) -> Option<String> {
    let heads = ["ENVIRONMENT", "NAMESPACE", "JOB", "VERDICT", "SCHEDULE", "LAST RUN", "TOOK", "NEXT RUN", "REASON"];
    let listed = || snapshot.jobs.iter().filter(|row| row.is_listed());
    listed().next()?;
    let dash = || "-".to_owned();
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(listed().map(|row| {
        vec![
            row.job.environment.to_string(),
            row.job.namespace.to_string(),
            row.job.label(),
            row.verdict.word().to_owned(),
            row.schedule.as_deref().map_or_else(dash, str::to_owned),
            row.last_run.map_or_else(dash, |run| format!("{} ago", time::coarse(time::age(run.began, now)))),
            row.last_run.and_then(|run| run.length()).map_or_else(dash, time::length),
            row.next_run.map_or_else(dash, |at| format!("in {}", time::left(at - now))),
            row.reason.as_deref().unwrap_or_default().to_owned(),
        ]
    }));
    Some(columns(&rows))
}

/// The runs of a CronJob count through it.
pub(super) fn exit_codes(snapshot: &ClusterSnapshot) -> impl Iterator<Item = u8> {
    snapshot.jobs.iter().filter(|row| row.is_listed()).map(|row| codes::job(row.verdict))
}
