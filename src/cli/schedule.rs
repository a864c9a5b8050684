//! `quarterdeck maintenance list|ical`: which windows come when, what runs, and what meets.

use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::Result;
use serde::Serialize;

use super::Format;
use super::maintenance::{heard, read, usage};
use super::modes::ModeLine;
use super::output::{columns, say, say_json, say_raw};
use super::session::Session;
use crate::actions::maintenance::schedule;
use crate::domain::maintenance::window::LONGEST;
use crate::domain::maintenance::{Occurrence, Overlap, Relation, Schedule, State, ical, overlap};
use crate::domain::time::{self, Instant, Zone};

/// How far ahead the list looks where nobody says it, in days.
const LISTED_DAYS: i64 = 60;
/// How far ahead a calendar looks where nobody says it, in days.
const CALENDAR_DAYS: i64 = 90;
/// The longest time that is listed, in days.
const MOST_DAYS: i64 = 3_660;

/// Between which times.
#[derive(Debug, Clone, Args)]
pub(super) struct Within {
    /// From when; else now.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Until when.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// An occurrence as JSON: a contract.
#[derive(Debug, Serialize)]
pub(super) struct WindowLine {
    name: String,
    start: Instant,
    end: Instant,
    state: State,
    activities: Vec<String>,
    overlaps: Vec<Overlap>,
}

/// The document of `list --output json`: a contract.
#[derive(Debug, Default, Serialize)]
pub(super) struct Listed {
    pub(super) windows: Vec<WindowLine>,
}

/// What `status` says of maintenance: a contract.
#[derive(Debug, Default, Serialize)]
pub(super) struct MaintenanceLine {
    /// What runs, and what each window does next.
    pub(super) windows: Vec<WindowLine>,
    /// What is in maintenance mode, or was taken down by other hands.
    pub(super) modes: Vec<ModeLine>,
}

/// The times that are meant.
fn meant(within: &Within, now: Instant, days: i64) -> Result<(Instant, Instant), String> {
    let read = |text: &Option<String>| text.as_ref().map(|text| Zone::UTC.time(text)).transpose();
    let from = read(&within.from)?.unwrap_or(now);
    let until = read(&within.until)?.unwrap_or(from + time::days(days));
    if until <= from {
        return Err(format!(
            "It ends before it begins: --until {} is not later than --from {}. Give a later end.",
            time::written(until),
            time::written(from)
        ));
    }
    if until - from > time::days(MOST_DAYS) {
        return Err("That is more than ten years. Give an earlier end.".to_owned());
    }
    Ok((from, until))
}

/// Occurrences that are listed, with what each meets, also of those that are not listed.
pub(super) fn lines<'a>(
    schedule: &'a Schedule,
    listed: &[Occurrence<'a>],
    now: Instant,
) -> Vec<(Occurrence<'a>, Vec<Overlap>)> {
    let first = listed.iter().map(|one| one.start).min().unwrap_or(now);
    let last = listed.iter().map(|one| one.end).max().unwrap_or(now);
    let around = schedule.between(first - LONGEST, last + LONGEST, now);
    let overlaps = overlap::overlaps(&around);
    let is = |one: &Occurrence<'_>, other: &Occurrence<'_>| {
        one.window.name == other.window.name && one.scheduled == other.scheduled
    };
    listed
        .iter()
        .map(|one| {
            let met = around.iter().zip(&overlaps).find(|(other, _)| is(one, other));
            (*one, met.map(|(_, met)| met.clone()).unwrap_or_default())
        })
        .collect()
}

pub(super) fn line((one, overlaps): (Occurrence<'_>, Vec<Overlap>)) -> WindowLine {
    WindowLine {
        name: one.window.name.clone(),
        start: one.start,
        end: one.end,
        state: one.state,
        activities: one.window.activities.clone(),
        overlaps,
    }
}

/// What runs and what comes next, for `status`.
pub(super) fn ahead(schedule: &Schedule, now: Instant) -> Vec<WindowLine> {
    lines(schedule, &schedule.ahead(now), now).into_iter().map(line).collect()
}

pub(super) async fn list(session: &Session, within: &Within, output: Format) -> Result<ExitCode> {
    let (changes, trouble) = heard(session).await;
    let now = changes.now;
    let (from, until) = match meant(within, now, LISTED_DAYS) {
        Ok(times) => times,
        Err(words) => return Ok(usage(&words)),
    };
    let schedule = schedule(&changes);
    let found = lines(&schedule, &schedule.between(from, until, now), now);
    match output {
        Format::Json => say_json(&Listed { windows: found.into_iter().map(line).collect() })?,
        Format::Table => say(&table(&schedule, &found, now))?,
    }
    Ok(read(trouble.as_ref()))
}

fn table(schedule: &Schedule, found: &[(Occurrence<'_>, Vec<Overlap>)], now: Instant) -> String {
    let mut lines: Vec<String> = schedule
        .ahead(now)
        .iter()
        .filter(|one| one.state == State::Running)
        .map(|one| match one.overdue(now) {
            Some(over) => {
                format!("{} RUNS {} OVER: nobody has said that it is over.", one.window.name, time::length(over))
            }
            None => format!("{} runs, {} left.", one.window.name, time::left(one.end - now)),
        })
        .collect();
    let next = schedule.ahead(now).into_iter().find(|one| one.state == State::Planned);
    lines.extend(next.map(|one| {
        format!("Next: {}, {}, in {}.", one.window.name, one.window.zone.shown(one.start), time::left(one.start - now))
    }));
    let pairs = overlap::pairs(&found.iter().map(|(_, met)| met.clone()).collect::<Vec<_>>());
    lines.push(format!("{} windows, {pairs} overlaps.", found.len()));
    let mut rows = vec![["START", "END", "WINDOW", "STATE", "SERVICE", "OVERLAPS"].map(str::to_owned).to_vec()];
    rows.extend(found.iter().map(|(one, met)| {
        vec![
            one.start.format("%a %Y-%m-%dT%H:%M:%SZ").to_string(),
            one.end.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            one.window.name.clone(),
            one.state.word().to_owned(),
            one.window.service.clone().unwrap_or_else(|| "-".to_owned()),
            met.iter().map(in_words).collect::<Vec<_>>().join(", "),
        ]
    }));
    lines.push(columns(&rows));
    lines.join("\n")
}

fn in_words(met: &Overlap) -> String {
    match met.relation {
        Relation::Inside => format!("absorbed by {}", met.name),
        relation => format!("{} {}", relation.word(), met.name),
    }
}

pub(super) async fn calendar(session: &Session, within: &Within) -> Result<ExitCode> {
    let (changes, trouble) = heard(session).await;
    let (from, until) = match meant(within, changes.now, CALENDAR_DAYS) {
        Ok(times) => times,
        Err(words) => return Ok(usage(&words)),
    };
    let schedule = schedule(&changes);
    say_raw(&ical::calendar(&schedule.between(from, until, changes.now), changes.now))?;
    Ok(read(trouble.as_ref()))
}
