//! `quarterdeck maintenance tasks|tick`: what is done every day, week, month and quarter.

use std::process::ExitCode;

use color_eyre::eyre::Result;
use serde::Serialize;

use super::Format;
use super::maintenance::{act, heard, read};
use super::output::{columns, say, say_json};
use super::session::Session;
use crate::domain::action::Given;
use crate::domain::maintenance::task;
use crate::domain::store::{Changes, TaskTick};
use crate::domain::time::{self, Instant};

/// A task as JSON: a contract.
#[derive(Debug, Serialize)]
struct TaskLine {
    name: &'static str,
    words: &'static str,
    every: task::Every,
    last_done: Option<Instant>,
    last_by: Option<String>,
    note: Option<String>,
    due: Instant,
    overdue: bool,
}

pub(super) async fn tick(session: &Session, name: &String, said: Option<&String>, output: Format) -> Result<ExitCode> {
    if let Err(code) = act(session, ("tick-task", name), Given::default(), said).await {
        return Ok(code);
    }
    let (changes, trouble) = heard(session).await;
    let found = task_lines(&changes).into_iter().find(|line| line.name == name.as_str());
    // An activity of a window is no periodic task: of it the last tick is told.
    let ticks = changes.of::<TaskTick>().into_iter().filter(|tick| tick.task == *name);
    match (output, found) {
        (Format::Json, Some(line)) => say_json(&line)?,
        (Format::Json, None) => say_json(&ticks.max_by_key(|tick| tick.number))?,
        (Format::Table, Some(line)) => say(&format!("{}: done. Due again by {}.", line.name, time::written(line.due)))?,
        (Format::Table, None) => say(&format!("{name}: done."))?,
    }
    Ok(read(trouble.as_ref()))
}

pub(super) async fn list(session: &Session, output: Format) -> Result<ExitCode> {
    let (changes, trouble) = heard(session).await;
    let found = task_lines(&changes);
    match output {
        Format::Json => say_json(&found)?,
        Format::Table => {
            let mut rows = vec![["TASK", "EVERY", "LAST DONE", "BY", "DUE", "WHAT"].map(str::to_owned).to_vec()];
            rows.extend(found.iter().map(|line| {
                let due = time::written(line.due);
                vec![
                    line.name.to_owned(),
                    line.every.word().to_owned(),
                    line.last_done.map_or_else(|| "not on record".to_owned(), time::written),
                    line.last_by.clone().unwrap_or_else(|| "-".to_owned()),
                    if line.overdue { format!("{due} OVERDUE") } else { due },
                    line.words.to_owned(),
                ]
            }));
            say(&columns(&rows))?;
        }
    }
    Ok(read(trouble.as_ref()))
}

fn task_lines(changes: &Changes) -> Vec<TaskLine> {
    let ticks: Vec<TaskTick> = changes.of();
    let line = |task: &'static task::Task| {
        let last = ticks.iter().filter(|tick| tick.task == task.name).max_by_key(|tick| tick.number);
        let due = task.due(last.map(|last| last.at), changes.now);
        TaskLine {
            name: task.name,
            words: task.words,
            every: task.every,
            last_done: last.map(|last| last.at),
            last_by: last.map(|last| last.by.clone()),
            note: last.map(|last| last.note.clone()).filter(|note| !note.is_empty()),
            due,
            overdue: due <= changes.now,
        }
    };
    task::ALL.iter().map(line).collect()
}
