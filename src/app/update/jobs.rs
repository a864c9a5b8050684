//! The jobs pane: what its keys do, and what is known of the open job.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::job::JobFacts;
use crate::domain::job::{Job, JobKind, JobRef};
use crate::domain::time::Instant;
use crate::ui::scene::JobDetail;
use crate::ui::state::{JobTab, View};

/// How often an open job is read again: its pods and its events are not watched.
const READ_EVERY: TimeDelta = TimeDelta::seconds(10);

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    if !model.ui.overlays.is_empty() || model.ui.is_filtering {
        return None;
    }
    let open = match &model.ui.view {
        View::Jobs => None,
        View::Job(job, tab) => Some((job.clone(), *tab)),
        _ => return None,
    };
    let step = |tab: JobTab, by: usize| {
        let place = JobTab::ALL.iter().position(|known| *known == tab).unwrap_or(0);
        JobTab::ALL.into_iter().cycle().nth(place + by).unwrap_or_default()
    };
    let tab = match (command, open) {
        (Command::Open | Command::Details | Command::History, None)
        | (Command::Details | Command::History, Some(_)) => JobTab::Runs,
        (Command::Events, _) => JobTab::Events,
        (Command::Raw, _) => JobTab::Raw,
        (Command::NextTab, Some((_, tab))) => step(tab, 1),
        (Command::PreviousTab, Some((_, tab))) => step(tab, JobTab::ALL.len() - 1),
        (Command::Open, Some((job, JobTab::Runs))) => return Some(enter_run(model, &job)),
        (Command::Open | Command::Mark, Some(_)) | (Command::Mark, None) => return Some(Vec::new()),
        (Command::Refresh, Some((job, _))) => return Some(vec![Effect::Retry, read(model, &job)]),
        (Command::Back | Command::Escape | Command::Cancel, Some((job, _))) => return Some(leave(model, &job)),
        _ => return None,
    };
    let job = match &model.ui.view {
        View::Job(job, _) => job.clone(),
        _ => model.jobs.row()?.job.clone(),
    };
    if model.ui.view == View::Jobs {
        model.jobs.is_cursor_held = true;
    }
    Some(show(model, &job, tab))
}

/// Enter on a run of a CronJob opens the run.
fn enter_run(model: &mut Model, job: &JobRef) -> Vec<Effect> {
    let runs = model.jobs.detail.as_ref().map(|detail| detail.runs.as_slice()).unwrap_or_default();
    match runs.get(model.ui.detail_cursor).map(|run| run.job.clone()) {
        Some(run) if job.kind == JobKind::CronJob => show(model, &run, JobTab::Runs),
        _ => Vec::new(),
    }
}

/// One step back: from a run to its CronJob, from there to the list.
fn leave(model: &mut Model, job: &JobRef) -> Vec<Effect> {
    let row = model.world.snapshot.jobs.iter().find(|row| row.job == *job);
    let owner = row.and_then(|row| row.owner.clone()).map(|name| JobRef {
        environment: job.environment.clone(),
        namespace: job.namespace.clone(),
        kind: JobKind::CronJob,
        name,
    });
    match owner.filter(|owner| model.world.snapshot.jobs.iter().any(|row| row.job == *owner)) {
        Some(owner) => show(model, &owner, JobTab::Runs),
        None => {
            model.ui.view = View::Jobs;
            model.jobs.detail_due = None;
            model.refilter();
            Vec::new()
        }
    }
}

fn show(model: &mut Model, job: &JobRef, tab: JobTab) -> Vec<Effect> {
    if !matches!(&model.ui.view, View::Job(open, known) if open == job && *known == tab) {
        model.ui.detail_cursor = 0;
    }
    if model.jobs.detail.as_ref().is_none_or(|detail| detail.job != *job) {
        model.jobs.detail = Some(JobDetail {
            job: job.clone(),
            row: None,
            runs: Vec::new(),
            pods: None,
            events: None,
            raw: None,
            error: None,
        });
    }
    model.ui.view = View::Job(job.clone(), tab);
    observed(model);
    vec![Effect::Focus(None), read(model, job)]
}

fn read(model: &Model, job: &JobRef) -> Effect {
    let runs = model.jobs.detail.as_ref().map(|detail| detail.runs.as_slice()).unwrap_or_default();
    Effect::ReadJob(job.clone(), runs.iter().map(|run| (run.uid.clone(), run.job.name.clone())).collect())
}

/// A new snapshot: the row and the runs of the open one.
pub(super) fn observed(model: &mut Model) {
    let all = &model.world.snapshot.jobs;
    let Some(detail) = model.jobs.detail.as_mut() else { return };
    let is_run = |row: &&Arc<Job>| match detail.job.kind {
        JobKind::Job => row.job == detail.job,
        JobKind::CronJob => {
            row.owner.as_ref() == Some(&detail.job.name)
                && row.job.namespace == detail.job.namespace
                && row.job.environment == detail.job.environment
        }
    };
    let mut runs: Vec<Arc<Job>> = all.iter().filter(is_run).cloned().collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.last_run.map(|run| run.began), run.job.name.clone())));
    let at = detail.runs.get(model.ui.detail_cursor).map(|run| run.uid.clone());
    if matches!(model.ui.view, View::Job(_, JobTab::Runs))
        && let Some(place) = at.and_then(|uid| runs.iter().position(|run| run.uid == uid))
    {
        // The cursor stays on its run, wherever a newer one has moved it.
        model.ui.detail_cursor = place;
    }
    detail.runs = runs;
    detail.row = all.iter().find(|row| row.job == detail.job).cloned();
}

/// The open job, read whole.
pub(super) fn facts(
    model: &mut Model,
    job: &JobRef,
    facts: Result<Box<JobFacts>, String>,
    now: Instant,
) -> Vec<Effect> {
    model.jobs.detail_due = Some(now + READ_EVERY);
    let Some(detail) = model.jobs.detail.as_mut().filter(|detail| detail.job == *job) else { return Vec::new() };
    match facts {
        Ok(facts) => {
            detail.pods = Some(facts.pods);
            detail.events = Some(facts.events);
            detail.raw = Some(super::menu::raw_lines(&facts.object));
            detail.error = (!facts.missing.is_empty()).then(|| facts.missing.join(" "));
        }
        // What was read before stays; the error says that it is old.
        Err(error) => detail.error = Some(error),
    }
    Vec::new()
}

/// Reads the open job again when it is time.
pub(super) fn read_if_due(model: &mut Model, now: Instant) -> Option<Effect> {
    model.jobs.detail_due.filter(|at| *at <= now)?;
    model.jobs.detail_due = None;
    match model.ui.view.clone() {
        View::Job(job, _) => Some(read(model, &job)),
        _ => None,
    }
}

/// How many lines the open list or tab has.
pub(super) fn lines(model: &Model, tab: JobTab) -> usize {
    let Some(detail) = &model.jobs.detail else { return 0 };
    match tab {
        JobTab::Runs => detail.runs.len(),
        JobTab::Pods => detail.pods.as_ref().map_or(0, Vec::len),
        JobTab::Events => detail.events.as_ref().map_or(0, Vec::len),
        JobTab::Raw => detail.raw.as_ref().map_or(0, Vec::len),
    }
}

/// Puts the cursor on a row of the list; sent to the top it rests there again.
pub(super) fn choose(model: &mut Model, place: usize, command: Command) {
    model.jobs.is_cursor_held = command != Command::Top;
    model.jobs.cursor = model.jobs.visible.get(place).map(|job| job.key());
}
