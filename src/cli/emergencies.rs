//! `quarterdeck maintenance emergencies`: what is due of what did not wait for a window.

use std::process::ExitCode;

use color_eyre::eyre::Result;
use serde::Serialize;

use super::Format;
use super::maintenance::{heard, read};
use super::output::{columns, say, say_json};
use super::session::Session;
use crate::domain::maintenance::emergency::Trigger;
use crate::domain::store::{Changes, StoredWindow, TaskTick};
use crate::domain::time::{self, Instant};

/// An emergency as JSON: a contract.
#[derive(Debug, Serialize)]
struct EmergencyLine {
    name: String,
    trigger: Trigger,
    declared_at: Instant,
    by: String,
    service: Option<String>,
    clocks: Vec<ClockLine>,
}

#[derive(Debug, Serialize)]
struct ClockLine {
    what: &'static str,
    due: Instant,
    done_at: Option<Instant>,
    done_by: Option<String>,
    overdue: bool,
}

pub(super) async fn list(session: &Session, output: Format) -> Result<ExitCode> {
    let (changes, trouble) = heard(session).await;
    let found = lines(&changes);
    match output {
        Format::Json => say_json(&found)?,
        Format::Table if found.is_empty() => say("There is no emergency.")?,
        Format::Table => {
            let mut rows = vec![["EMERGENCY", "TRIGGER", "WHAT", "DUE", "DONE"].map(str::to_owned).to_vec()];
            for one in &found {
                rows.extend(one.clocks.iter().map(|clock| row(one, clock)));
            }
            say(&columns(&rows))?;
        }
    }
    Ok(read(trouble.as_ref()))
}

fn row(of: &EmergencyLine, clock: &ClockLine) -> Vec<String> {
    let done = match (&clock.done_by, clock.done_at) {
        (Some(by), Some(at)) => format!("{by} {}", time::written(at)),
        _ if clock.overdue => "OVERDUE".to_owned(),
        _ => format!("not yet: quarterdeck maintenance tick '{}/{}'", of.name, clock.what),
    };
    vec![of.name.clone(), of.trigger.word().to_owned(), clock.what.to_owned(), time::written(clock.due), done]
}

/// The emergencies that are on record, the newest first.
fn lines(changes: &Changes) -> Vec<EmergencyLine> {
    let ticks: Vec<TaskTick> = changes.of();
    let mut found: Vec<StoredWindow> = changes.of();
    found.retain(|one| one.withdrawn.is_none());
    found.sort_by_key(|one| std::cmp::Reverse(one.announced));
    let line = |one: &StoredWindow| {
        let window = one.window()?;
        let clock = |due: crate::domain::maintenance::emergency::Clock| {
            let task = format!("{}/{}", window.name, due.what);
            // What was ticked of an earlier one of this name is not done now.
            let mut done = ticks.iter().filter(|tick| tick.task == task && tick.at >= one.announced);
            let done = done.next();
            ClockLine {
                what: due.what,
                due: due.due,
                done_at: done.map(|tick| tick.at),
                done_by: done.map(|tick| tick.by.clone()),
                overdue: done.is_none() && due.due < changes.now,
            }
        };
        Some(EmergencyLine {
            trigger: window.emergency?,
            clocks: window.clocks().into_iter().map(clock).collect(),
            declared_at: one.announced,
            by: one.by.clone(),
            service: window.service.clone(),
            name: window.name,
        })
    };
    found.iter().filter_map(line).collect()
}
