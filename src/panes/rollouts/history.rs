//! The tab of revisions, newest first, with what the template of the chosen one differs in.

use ratatui::layout::Rect;

use super::{detail, image};
use crate::domain::rollout::{Revision, SeenHealthy, changes};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Detail, Scene};
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::widgets::tabbed;
use crate::ui::words::{column, detail as said};

/// Draws it: the revisions above, the differences below; beside each other where there is room.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, detail: &Detail) -> HitMap {
    let Some(revisions) = tabbed::lines(pen, area, detail.revisions.as_deref(), said::NO_REVISIONS) else {
        return HitMap::default();
    };
    let (table, below) = if Room::of(area.width) == Room::Wide {
        let half = area.width / 2;
        let right = Rect { x: area.x + half + 1, width: area.width - half - 1, ..area };
        (Rect { width: half, ..area }, right)
    } else {
        let rows = u16::try_from(revisions.len()).unwrap_or(u16::MAX).saturating_add(1);
        let height = rows.min(area.height / 2).max(2).min(area.height);
        (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
    };
    let at = scene.ui.detail_cursor.min(revisions.len() - 1);
    let against = scene.ui.diff_against.as_deref();
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::REVISION, 5, 0, Fit::Right),
        column(column::IMAGE, if table.width < 90 { 22 } else { 30 }, 0, Fit::Middle),
        column(column::PODS, 5, 3, Fit::Right),
        column(column::AGE, 6, 1, Fit::Right),
        column(column::HEALTH, 21, 0, Fit::Left),
    ];
    let last = Head { words: column::CAUSE, fit: Fit::Left };
    let placed = columns::place(&asked, table.width - 1, 14, Some(last));
    let hit = grid::draw(pen, table, &placed, (revisions.len(), at), |pen, place| {
        let Some(revision) = revisions.get(place) else { return Vec::new() };
        let is_other_side = against == Some(revision.uid.as_ref());
        placed.iter().map(|column| cell(pen, column.id.words, revision, is_other_side)).collect()
    });
    if let Some(chosen) = revisions.get(at) {
        difference(pen, below, revisions, chosen, against, scene.ui.detail_scroll);
    }
    hit
}

fn cell(pen: &mut Pen<'_>, head: &str, revision: &Revision, is_other_side: bool) -> Cell {
    match head {
        column::REVISION => {
            let sign = match (revision.is_current, is_other_side) {
                (true, _) => pen.glyphs.running,
                (false, true) => pen.glyphs.mark,
                (false, false) => "",
            };
            (format!("{sign}{}", revision.number), if revision.is_current { Role::Title } else { Role::Text })
        }
        column::IMAGE => (image::change::<String>(&[], &revision.images, ""), Role::Text),
        column::PODS => (format!("{}/{}", revision.available, revision.replicas), Role::Muted),
        column::AGE => (revision.created_at.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted),
        column::HEALTH => {
            let role = if revision.seen_healthy == SeenHealthy::No { Role::Warning } else { Role::Ok };
            (said::seen(revision.seen_healthy).to_owned(), role)
        }
        _ => (revision.change_cause.clone().unwrap_or_default(), Role::Muted),
    }
}

/// What the template of the chosen revision differs in. On the current one: what it changed from the one before.
fn difference(
    pen: &mut Pen<'_>,
    area: Rect,
    revisions: &[Revision],
    chosen: &Revision,
    against: Option<&str>,
    scroll: usize,
) {
    let mut page = Page::new(area.width);
    let other = revisions.iter().find(|other| match against {
        Some(uid) => other.uid.as_ref() == uid && uid != chosen.uid.as_ref(),
        None => other.is_current && other.uid != chosen.uid,
    });
    let older = || revisions.iter().find(|other| other.number < chosen.number);
    let (before, after) = match (other, older()) {
        (Some(other), _) => (other, chosen),
        (None, Some(older)) => (older, chosen),
        (None, None) => {
            page.text(pen, 0, said::ONLY_REVISION, Role::Muted);
            page.draw(pen, area, 0);
            return;
        }
    };
    let named = |revision: &Revision| said::revision(revision.number, revision.is_current);
    page.heading(pen, &said::between(&named(before), &named(after)));
    let found = changes(&before.template, &after.template);
    if found.is_empty() {
        page.text(pen, 0, said::NO_CHANGES, Role::Muted);
    }
    for change in &found {
        page.text(pen, 0, &change.path, Role::Text);
        page.difference(pen, 2, change);
    }
    let (first, furthest) = page.draw(pen, Rect { y: area.y, ..area }, scroll);
    if first < furthest {
        detail::more_below(pen, area, furthest - first);
    }
}
