//! One CronJob or Job: what is said of it, its runs, pods, events, and the object itself.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{clock, list, notice};
use crate::domain::job::{Job, JobRef};
use crate::domain::rollout::{ContainerState, Pod};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{JobDetail, Scene};
use crate::ui::state::JobTab;
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::widgets::{events, more, tabbed};
use crate::ui::words::{self, column, jobs as said};

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, job: &JobRef, tab: JobTab) -> HitMap {
    let detail = scene.jobs.detail.filter(|detail| detail.job == *job);
    let facts = facts(pen, scene, job, detail, area.width.saturating_sub(2));
    let counts = [
        detail.map(|detail| detail.runs.len()),
        detail.and_then(|detail| detail.pods.as_ref().map(Vec::len)),
        detail.and_then(|detail| detail.events.as_ref().map(Vec::len)),
        None,
    ];
    let body = tabbed::draw(pen, area, &facts, said::TABS.into_iter().zip(counts), tab as usize);
    let Some(detail) = detail else {
        pen.put(body.x, body.y, body.width, words::detail::READING, pen.style(Role::Muted));
        return HitMap::default();
    };
    let cursor = scene.ui.detail_cursor;
    match tab {
        JobTab::Runs => runs(pen, body, &detail.runs, cursor),
        JobTab::Pods => pods(pen, body, detail.pods.as_deref(), cursor),
        JobTab::Events => events::draw(pen, body, detail.events.as_deref(), cursor),
        JobTab::Raw => tabbed::raw(pen, body, detail.raw.as_deref(), cursor),
    }
}

/// What is said of it, from the verdict down.
fn facts(pen: &mut Pen<'_>, scene: &Scene<'_>, job: &JobRef, detail: Option<&JobDetail>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let row = detail.and_then(|detail| detail.row.as_deref());
    let mut head = vec![pen.span(&format!("{job}  "), Role::Title)];
    if let Some(row) = row {
        let (verdict, role) = list::verdict(pen, row);
        head.push(pen.span(&verdict, role));
    }
    page.line(head);
    let old = notice::above(pen, scene, Some(&job.environment), columns);
    if notice::is_old(scene, &job.environment) {
        page.append(old);
    }
    if let Some(error) = detail.and_then(|detail| detail.error.as_deref()) {
        page.marked(pen, 0, pen.glyphs.warning, error, Role::Error);
    }
    let Some(row) = row else {
        if detail.is_some_and(|detail| detail.error.is_none()) {
            page.text(pen, 0, said::GONE, Role::Warning);
        }
        return page;
    };
    if let Some(reason) = &row.reason {
        page.text(pen, 0, reason, Role::Text);
    }
    for note in row.notes.iter() {
        page.marked(pen, 0, pen.glyphs.warning, note, Role::Warning);
    }
    let figures = figures(pen, row).join(&format!(" {} ", pen.glyphs.separator));
    page.text(pen, 0, &figures, Role::Text);
    page
}

/// The schedule, the last run and the next one.
pub(super) fn figures(pen: &mut Pen<'_>, job: &Job) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(job.schedule.as_deref().map(said::schedule));
    facts.extend(job.next_run.map(|at| super::next(pen, at)));
    facts.extend(job.last_run.map(|run| said::last(&clock(run.began), &pen.age(run.began))));
    facts.extend(
        job.last_run.and_then(|run| run.length()).map(|length| said::took(&crate::domain::time::length(length))),
    );
    if job.schedule.is_some() {
        facts.push(
            job.last_success.map_or_else(|| said::NEVER_SUCCEEDED.to_owned(), |at| said::succeeded(&pen.age(at))),
        );
        facts.extend((job.active > 0).then(|| said::active(job.active)));
        facts.extend((job.missed > 0).then(|| said::missed(job.missed)));
    } else {
        facts.push(format!("{} {}", column::PODS.to_lowercase(), pods_of(job)));
    }
    facts
}

fn pods_of(job: &Job) -> String {
    said::pods(job.pods.succeeded, job.pods.wanted, job.pods.failed)
}

/// The runs, newest first.
fn runs(pen: &mut Pen<'_>, area: Rect, runs: &[Arc<Job>], cursor: usize) -> HitMap {
    let Some(runs) = tabbed::lines(pen, area, Some(runs), said::NO_RUNS) else { return HitMap::default() };
    let below = more::rows(area);
    let table = Rect { height: area.height - below, ..area };
    let name = match Room::of(area.width) {
        Room::Narrow => 28,
        Room::Middle => 36,
        Room::Wide => 52,
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::RUN, name, 0, Fit::Middle),
        column(column::VERDICT, 11, 0, Fit::Left),
        column(column::BEGAN, 6, 0, Fit::Right),
        column(column::TOOK, 7, 1, Fit::Right),
        column(column::PODS, 7, 2, Fit::Right),
        column(column::STARTED, 8, 3, Fit::Left),
    ];
    let placed = columns::place(&asked, area.width - 1, 16, Some(Head { words: column::REASON, fit: Fit::Left }));
    let hit = grid::draw(pen, table, &placed, (runs.len(), cursor), |pen, place| {
        let Some(run) = runs.get(place) else { return Vec::new() };
        placed.iter().map(|column| run_cell(pen, column.id.words, run)).collect()
    });
    if let Some(run) = runs.get(cursor.min(runs.len() - 1)) {
        let began = run.last_run.map(|run| clock(run.began)).unwrap_or_default();
        let words = [run.job.name.to_string(), began, run.reason.as_deref().unwrap_or_default().to_owned()];
        more::tell(pen, Rect { y: table.bottom(), height: below, ..area }, &words);
    }
    hit
}

fn run_cell(pen: &mut Pen<'_>, head: &str, run: &Job) -> Cell {
    match head {
        column::RUN => (run.job.name.to_string(), Role::Text),
        column::VERDICT => list::verdict(pen, run),
        column::BEGAN => (run.last_run.map(|run| pen.age(run.began)).unwrap_or_default(), Role::Text),
        column::TOOK => (super::took(pen, run).unwrap_or_default(), Role::Muted),
        column::PODS => (pods_of(run), if run.pods.failed > 0 { Role::Warning } else { Role::Muted }),
        column::STARTED => (said::started_by(run.is_manual).to_owned(), Role::Muted),
        _ => (run.reason.as_deref().unwrap_or_default().to_owned(), Role::Text),
    }
}

/// The pods of its runs, the youngest first.
fn pods(pen: &mut Pen<'_>, area: Rect, pods: Option<&[Pod]>, cursor: usize) -> HitMap {
    let Some(pods) = tabbed::lines(pen, area, pods, said::NO_PODS) else { return HitMap::default() };
    let below = more::rows(area);
    let table = Rect { height: area.height - below, ..area };
    let room = Room::of(area.width);
    let name = match room {
        Room::Narrow => 30,
        Room::Middle => 42,
        Room::Wide => 58,
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::POD, name, 0, Fit::Middle),
        column(column::RESTARTS, 8, 1, Fit::Right),
        column(column::AGE, 6, 0, Fit::Right),
        column(column::NODE, if room == Room::Wide { 30 } else { 16 }, 2, Fit::Middle),
    ];
    let placed = columns::place(&asked, area.width - 1, 22, Some(Head { words: column::STATE, fit: Fit::Left }));
    let hit = grid::draw(pen, table, &placed, (pods.len(), cursor), |pen, place| {
        let Some(pod) = pods.get(place) else { return Vec::new() };
        placed.iter().map(|column| pod_cell(pen, column.id.words, pod)).collect()
    });
    if let Some(pod) = pods.get(cursor.min(pods.len() - 1)) {
        let node = pod.node.as_deref().map(words::detail::on_node).unwrap_or_default();
        let words = [pod.name.to_string(), node, state(pen, pod).0];
        more::tell(pen, Rect { y: table.bottom(), height: below, ..area }, &words);
    }
    hit
}

fn pod_cell(pen: &mut Pen<'_>, head: &str, pod: &Pod) -> Cell {
    match head {
        column::POD => (pod.name.to_string(), Role::Text),
        column::RESTARTS => (pod.restarts().to_string(), Role::Muted),
        column::AGE => (pod.created_at.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted),
        column::NODE => (pod.node.as_deref().unwrap_or_default().to_owned(), Role::Muted),
        _ => state(pen, pod),
    }
}

/// What holds it, how it ended, or its phase.
fn state(pen: &mut Pen<'_>, pod: &Pod) -> Cell {
    if let Some(at) = pod.next_look(pen.now) {
        pen.wake_at(at);
    }
    if let Some(blocked) = pod.blocked(pen.now) {
        return (words::detail::blocked(&blocked.reason, &blocked.message), Role::Error);
    }
    let ended = pod.containers.iter().find_map(|container| match &container.state {
        ContainerState::Terminated(code, reason) if *code != 0 => Some(words::detail::exited(*code, reason)),
        _ => None,
    });
    match ended {
        Some(ended) => (ended, Role::Error),
        None => (pod.phase.to_string(), Role::Text),
    }
}
