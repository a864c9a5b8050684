//! `quarterdeck maintenance modes`: which workloads are in maintenance mode, since when, by whom, until when, and what is remembered of them.

use std::process::ExitCode;

use color_eyre::eyre::Result;
use futures_util::future::join_all;
use serde::Serialize;

use super::output::{columns, note, say, say_json};
use super::session::{SETTLE_WITHIN, Session};
use super::{Format, Global, codes};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::maintenance_mode::{Mode, State, Way, modes};
use crate::domain::time::{self, Instant};

/// The document of `modes --output json`: a contract.
#[derive(Debug, Serialize)]
struct Document {
    observed_at: Instant,
    /// Those that are longest over their end first.
    modes: Vec<ModeLine>,
    /// What could not be read, as sentences: modes may be missing.
    problems: Vec<String>,
}

/// One workload in maintenance mode, here and in `status --output json`: a contract.
#[derive(Debug, Serialize)]
pub(super) struct ModeLine {
    environment: String,
    namespace: String,
    /// `deployment/api`.
    subject: String,
    /// null: UNMAPPED.
    service: Option<String>,
    /// `on`, `ending`, `by_others` (no pod is asked for, and nothing is remembered), `unreadable`.
    state: State,
    since: Option<Instant>,
    until: Option<Instant>,
    by: Option<String>,
    reason: Option<String>,
    /// null: not over its end.
    overdue_seconds: Option<i64>,
    /// null: nothing that can be read.
    remembered: Option<Remembered>,
    /// Why what is remembered cannot be read.
    problem: Option<String>,
}

/// What comes back.
#[derive(Debug, Serialize)]
struct Remembered {
    replicas: u32,
    extensions: u32,
    /// By which ways; empty: by scaling alone.
    ways: Vec<Way>,
    /// What was changed beside it, and remembers itself what it was: `httproute/checkout`.
    also: Vec<String>,
}

impl ModeLine {
    fn of(mode: &Mode, now: Instant) -> Self {
        let (workload, memory) = (&mode.workload, mode.remembered());
        Self {
            environment: workload.environment.to_string(),
            namespace: workload.namespace.to_string(),
            subject: format!("{}/{}", workload.kind.resource(), workload.name),
            service: mode.service.as_ref().map(ToString::to_string),
            state: mode.state,
            since: memory.map(|memory| memory.since),
            until: memory.map(|memory| memory.until),
            by: memory.map(|memory| memory.by.clone()),
            reason: memory.map(|memory| memory.reason.clone()),
            overdue_seconds: mode.overdue(now).map(|over| over.num_seconds()),
            remembered: memory.map(|memory| Remembered {
                replicas: memory.replicas,
                extensions: memory.extensions,
                ways: memory.ways.clone(),
                also: memory.also.clone(),
            }),
            problem: mode.problem().map(str::to_owned),
        }
    }
}

/// The lines of a snapshot, those longest over their end first.
pub(super) fn lines(snapshot: &ClusterSnapshot, now: Instant) -> Vec<ModeLine> {
    modes(snapshot.rollouts.iter(), now).iter().map(|mode| ModeLine::of(mode, now)).collect()
}

/// What the modes of a snapshot make of the exit code of `status`.
pub(super) fn exit_codes(snapshot: &ClusterSnapshot, now: Instant) -> Vec<u8> {
    modes(snapshot.rollouts.iter(), now)
        .iter()
        .map(|mode| codes::mode(mode.state, mode.overdue(now).is_some()))
        .collect()
}

/// Those over their end, as `status` says them first.
pub(super) fn notices(snapshot: &ClusterSnapshot, now: Instant) -> Vec<String> {
    let over = |mode: &Mode| {
        let (memory, over) = (mode.remembered()?, mode.overdue(now)?);
        Some(format!(
            "MAINTENANCE OVERDUE {}: {} in {}, by {}",
            time::coarse(over),
            mode.workload,
            mode.workload.environment,
            memory.sentence()
        ))
    };
    modes(snapshot.rollouts.iter(), now).iter().filter_map(over).collect()
}

pub(super) async fn list(session: &Session, global: &Global, output: Format) -> Result<ExitCode> {
    if global.environment.is_some()
        && let Some(doubt) = session.doubt()
    {
        note(doubt);
        return Ok(ExitCode::from(3));
    }
    // A cluster that does not answer takes its own time, and nobody else's.
    let looking = session.shown().into_iter().map(|session| async move {
        let name = &session.environment.name;
        match tokio::time::timeout(SETTLE_WITHIN, session.connect()).await {
            Ok(Ok(connected)) => Ok(connected.settled(SETTLE_WITHIN).await),
            Ok(Err(error)) => Err(format!("{name}: {}", error.sentence)),
            Err(_) => Err(format!("{name}: no connection within {} s.", SETTLE_WITHIN.as_secs())),
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
    let lines = lines(&snapshot, now);
    let unknown = if problems.is_empty() { 0 } else { 3 };
    let by_others = lines.iter().any(|line| line.state == State::ByOthers);
    let code = codes::worst(exit_codes(&snapshot, now).into_iter().chain([unknown, u8::from(by_others)]));
    match output {
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

fn table(lines: &[ModeLine], now: Instant) -> String {
    if lines.is_empty() {
        return "Nothing is in maintenance mode.".to_owned();
    }
    let heads = ["ENVIRONMENT", "NAMESPACE", "WORKLOAD", "STATE", "SINCE", "UNTIL", "BY", "REMEMBERED", "REASON"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let overdue = line.overdue_seconds.map(|seconds| format!(", OVERDUE {}", time::coarse(time::seconds(seconds))));
        let until = line.until.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
        vec![
            line.environment.clone(),
            line.namespace.clone(),
            line.subject.clone(),
            line.state.word().to_owned(),
            line.since.map_or_else(|| "-".to_owned(), |at| time::coarse(time::age(at, now))),
            until + &overdue.unwrap_or_default(),
            line.by.clone().unwrap_or_else(|| "-".to_owned()),
            line.remembered.as_ref().map_or_else(|| "-".to_owned(), |kept| kept.replicas.to_string()),
            line.problem.as_ref().or(line.reason.as_ref()).cloned().unwrap_or_default(),
        ]
    }));
    columns(&rows)
}
