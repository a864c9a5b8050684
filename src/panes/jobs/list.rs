//! The list of CronJobs and of Jobs of their own, worst first.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{alike, notice};
use crate::domain::job::Job;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::widgets::listing::Listing;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, column, jobs as said};

/// Lines that tell more of the row under the cursor.
const MORE: u16 = 3;
/// From how many rows on there is room for them.
const ROOM_FOR_MORE: u16 = 14;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let rows = scene.jobs.visible;
    let mut list = Listing::begin(pen, area, scene, facts(scene), &scene.ui.filter);
    let above = notice::above(pen, scene, None, list.columns());
    list.above(pen, &above, 2);
    if rows.is_empty() {
        let page = notice::instead(pen, scene, list.columns().saturating_sub(2));
        return list.instead(pen, &page);
    }
    let room = Room::of(area.width);
    // A namespace's name has no space: a scope without one is a single namespace.
    let are_several = scene.header.environments > 1;
    let is_one_namespace = !are_several && !scene.header.scope.contains(' ');
    let environment = if are_several && room == Room::Narrow { 11 } else { 14 };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let [name, namespace, schedule] = match room {
        Room::Narrow => [22, 11, 15],
        Room::Middle => [26, 14, 20],
        Room::Wide => [36, 18, 28],
    };
    let asked = [
        column(column::ENVIRONMENT, environment, if are_several { 0 } else { 8 }, Fit::Middle),
        column(column::NAMESPACE, namespace, if is_one_namespace { 7 } else { 0 }, Fit::Middle),
        column(column::NAME, name, 0, Fit::Middle),
        column(column::VERDICT, 11, 0, Fit::Left),
        column(column::SCHEDULE, schedule, 3, Fit::Left),
        column(column::LAST_RUN, 8, 0, Fit::Right),
        column(column::TOOK, 7, 2, Fit::Right),
        column(column::NEXT_RUN, 8, 1, Fit::Right),
    ];
    let reason = Head { words: column::REASON, fit: Fit::Left };
    let rest = if scene.ui.is_wide { 0 } else { 20 };
    let placed = columns::place(&asked, area.width.saturating_sub(1), rest, Some(reason));
    let at = scene.jobs.cursor.unwrap_or(0).min(rows.len() - 1);
    if let Some(job) = rows.get(at).filter(|_| list.height() >= ROOM_FOR_MORE) {
        let foot = list.foot(MORE);
        tell_more(pen, foot, job);
    }
    let is_old = |job: &Arc<Job>| notice::is_old(scene, &job.job.environment);
    list.rows(
        pen,
        &placed,
        (rows.len(), at),
        |place| rows.get(place),
        is_old,
        |pen, column, job| cell(pen, scene, column.id.words, job),
    )
}

/// How many there are, and what hides some of them.
fn facts(scene: &Scene<'_>) -> Vec<String> {
    let mut facts = vec![said::shown(scene.jobs.visible.len(), scene.jobs.total)];
    facts.extend(scene.ui.is_problems_only.then(|| words::list::PROBLEMS_ONLY.to_owned()));
    facts
}

fn cell(pen: &mut Pen<'_>, scene: &Scene<'_>, head: &str, job: &Job) -> Cell {
    match head {
        column::ENVIRONMENT => {
            let guard = scene.guard_of(&job.job.environment);
            let role = if scene.header.environments > 1 { Role::of_guard(guard) } else { Role::Muted };
            (job.job.environment.to_string(), role)
        }
        column::NAMESPACE => (job.job.namespace.to_string(), Role::Muted),
        column::NAME => (job.job.label(), Role::Text),
        column::VERDICT => verdict(pen, job),
        column::SCHEDULE => (job.schedule.as_deref().unwrap_or_default().to_owned(), Role::Muted),
        column::LAST_RUN => (job.last_run.map(|run| pen.age(run.began)).unwrap_or_default(), Role::Text),
        column::TOOK => (super::took(pen, job).unwrap_or_default(), Role::Muted),
        column::NEXT_RUN => (job.next_run.map(|at| super::left(pen, at)).unwrap_or_default(), Role::Text),
        _ => {
            let said = job.reason.as_deref().or_else(|| job.notes.first().map(AsRef::as_ref)).unwrap_or_default();
            (said.to_owned(), if job.verdict.is_trouble() { Role::Text } else { Role::Muted })
        }
    }
}

/// The verdict with its sign.
pub(super) fn verdict(pen: &Pen<'_>, job: &Job) -> Cell {
    let alike = alike(job.verdict);
    (format!("{} {}", pen.glyphs.verdict(alike), job.verdict.word()), Role::of_verdict(alike))
}

/// What the columns have no room for, of the row under the cursor.
fn tell_more(pen: &mut Pen<'_>, area: Rect, job: &Job) {
    let mut page = Page::new(area.width);
    for sentence in job.reason.iter().chain(job.notes.iter()) {
        page.text(pen, 0, sentence, Role::Text);
    }
    let facts = super::detail::figures(pen, job);
    page.text(pen, 0, &facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Muted);
    page.draw(pen, area, 0);
}
