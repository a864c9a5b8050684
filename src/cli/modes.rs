//! `quarterdeck modes`: which workloads are in maintenance mode, since when, by whom, until when, and what is remembered of them.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use color_eyre::eyre::Result;
use futures_util::future::join_all;
use serde::Serialize;

use super::output::{columns, note, say, say_json};
use super::session::{SETTLE_WITHIN, Session};
use super::{Format, Global, codes};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::maintenance_mode::Memory;
use crate::domain::rollout::{Kind, Rollout};
use crate::domain::time::{self, Instant};

#[derive(Debug, Args)]
pub(super) struct Modes {
    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t)]
    output: Format,
}

/// The document of `modes --output json`: a contract.
#[derive(Debug, Serialize)]
struct Document<'a> {
    observed_at: Instant,
    /// Those that are longest over their end first.
    modes: Vec<ModeLine<'a>>,
    /// What could not be read, as sentences: modes may be missing.
    problems: Vec<String>,
}

/// One workload in maintenance mode.
#[derive(Debug, Serialize)]
struct ModeLine<'a> {
    environment: &'a str,
    namespace: &'a str,
    /// `deployment/api`.
    subject: String,
    /// null: UNMAPPED.
    service: Option<&'a str>,
    /// `on`, `ending`, `by_others` (no pod is asked for, and nothing is remembered), `unreadable`.
    state: &'static str,
    since: Option<Instant>,
    until: Option<Instant>,
    by: Option<&'a str>,
    reason: Option<&'a str>,
    /// null: not over its end.
    overdue_seconds: Option<i64>,
    /// null: nothing that can be read.
    remembered: Option<Remembered>,
    /// Why what is remembered cannot be read.
    problem: Option<&'a str>,
}

/// What comes back.
#[derive(Debug, Serialize)]
struct Remembered {
    replicas: u32,
    extensions: u32,
}

impl Modes {
    pub(super) async fn run(&self, global: &Global) -> Result<ExitCode> {
        let session = Session::prepare(global);
        session.tell_problems();
        if global.environment.is_some()
            && let Some(doubt) = session.doubt()
        {
            note(doubt);
            return Ok(ExitCode::from(3));
        }
        let looking = session.shown().into_iter().map(|session| async move {
            match session.connect().await {
                Ok(connected) => Ok(connected.settled(SETTLE_WITHIN).await),
                Err(error) => Err(format!("{}: {}", session.environment.name, error.sentence)),
            }
        });
        let (mut snapshots, mut problems) = (Vec::new(), Vec::new());
        for found in Box::pin(join_all(looking)).await {
            match found {
                Ok(snapshot) => snapshots.push(snapshot),
                Err(sentence) => problems.push(sentence),
            }
        }
        let snapshot = ClusterSnapshot::together(snapshots.iter());
        problems.extend(snapshot.health.iter().filter_map(|health| {
            let error = health.error.as_deref()?;
            Some(format!("{}: {error}", health.id))
        }));
        let now = session.now();
        let lines = lines(snapshot.rollouts.iter(), now);
        let unknown = if problems.is_empty() { 0 } else { 3 };
        let code = codes::worst(lines.iter().map(code).chain([unknown]));
        match self.output {
            Format::Json => say_json(&Document { observed_at: now, modes: lines, problems })?,
            Format::Table => {
                say(&table(&lines, now))?;
                for problem in &problems {
                    note(problem);
                }
            }
        }
        Ok(ExitCode::from(code))
    }
}

/// The workloads that are in maintenance mode, and those that others took down, the longest overdue first.
fn lines<'a>(rollouts: impl IntoIterator<Item = &'a Arc<Rollout>>, now: Instant) -> Vec<ModeLine<'a>> {
    let mut lines: Vec<ModeLine<'a>> = rollouts.into_iter().filter_map(|row| line(row, now)).collect();
    lines.sort_by(|one, other| {
        let key = |line: &ModeLine<'_>| (std::cmp::Reverse(line.overdue_seconds), line.until, line.subject.clone());
        key(one).cmp(&key(other))
    });
    lines
}

fn line(row: &Rollout, now: Instant) -> Option<ModeLine<'_>> {
    let is_down = row.counts.desired == 0 && row.workload.kind != Kind::DaemonSet;
    let memory = row.maintenance.as_deref();
    let (memory, problem) = match memory {
        Some(Ok(memory)) => (Some(memory), None),
        Some(Err(problem)) => (None, Some(problem.as_str())),
        None if is_down => (None, None),
        None => return None,
    };
    let state = match (memory, problem) {
        (_, Some(_)) => "unreadable",
        (Some(memory), _) if memory.is_ending => "ending",
        (Some(_), _) => "on",
        (None, None) => "by_others",
    };
    let workload = &row.workload;
    Some(ModeLine {
        environment: &workload.environment,
        namespace: &workload.namespace,
        subject: format!("{}/{}", workload.kind.resource(), workload.name),
        service: row.service.as_deref(),
        state,
        since: memory.map(|memory| memory.since),
        until: memory.map(|memory| memory.until),
        by: memory.map(|memory| memory.by.as_str()),
        reason: memory.map(|memory| memory.reason.as_str()),
        overdue_seconds: memory.and_then(|memory| memory.overdue(now)).map(|over| over.num_seconds()),
        remembered: memory
            .map(|Memory { replicas, extensions, .. }| Remembered { replicas: *replicas, extensions: *extensions }),
        problem,
    })
}

/// What is red: over its end, or not to be read. What others took down is amber.
fn code(line: &ModeLine<'_>) -> u8 {
    match line.state {
        "unreadable" => 2,
        _ if line.overdue_seconds.is_some() => 2,
        "by_others" => 1,
        _ => 0,
    }
}

fn table(lines: &[ModeLine<'_>], now: Instant) -> String {
    if lines.is_empty() {
        return "Nothing is in maintenance mode.".to_owned();
    }
    let heads = ["ENVIRONMENT", "NAMESPACE", "WORKLOAD", "STATE", "SINCE", "UNTIL", "BY", "REMEMBERED", "REASON"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let overdue = line.overdue_seconds.map(|seconds| format!(", OVERDUE {}", time::coarse(time::seconds(seconds))));
        let until = line.until.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        vec![
            line.environment.to_owned(),
            line.namespace.to_owned(),
            line.subject.clone(),
            line.state.to_owned(),
            line.since.map_or_else(|| "-".to_owned(), |at| time::coarse(time::age(at, now))),
            until + &overdue.unwrap_or_default(),
            line.by.unwrap_or("-").to_owned(),
            line.remembered.as_ref().map_or_else(|| "-".to_owned(), |kept| kept.replicas.to_string()),
            line.problem.or(line.reason).unwrap_or_default().to_owned(),
        ]
    }));
    columns(&rows)
}
