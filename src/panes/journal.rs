//! What this console did: the newest first.

use ratatui::layout::Rect;

use super::{GroupId, Opens, Pane};
use crate::domain::timeline::JournalLine;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::View;
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::words::overview as told;
use crate::ui::words::{self, column};

/// The pane.
pub const PANE: Pane = Pane {
    id: "journal",
    command: "view.journal",
    group: GroupId::Record,
    title: words::JOURNAL,
    sentence: "show the journal",
    hints: &[],
    headline: Some(HEADLINE),
    opens: Opens::Own(|| View::Journal),
};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 10;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    if scene.journal.is_empty() {
        let columns = area.width.saturating_sub(2);
        pen.put(area.x + 1, area.y, columns, words::NO_JOURNAL, pen.style(Role::Text));
        return HitMap::default();
    }
    let is_narrow = Room::of(area.width) == Room::Narrow;
    let (time, format) = if is_narrow { (8, "%H:%M:%S") } else { (19, "%Y-%m-%d %H:%M:%S") };
    let column = |words, width| Column { id: Head { words, fit: Fit::Left }, width, rank: 0 };
    let about = if is_narrow { 26 } else { 40 };
    let asked = [column(column::TIME, time), column(column::WHAT, 10), column(column::ABOUT, about)];
    let last = Head { words: column::MESSAGE, fit: Fit::Left };
    let placed = columns::place(&asked, area.width.saturating_sub(2), 20, Some(last));
    let at = scene.ui.detail_cursor.min(scene.journal.len() - 1);
    let told = scene.journal.get(at).filter(|_| area.height >= ROOM_FOR_MORE);
    let told = told.map(|line| more(pen, area.width.saturating_sub(2), line));
    let rows = |page: &Page| page.rows().saturating_add(1).min(area.height / 2);
    let told_rows = told.as_ref().map_or(0, rows);
    let table = Rect { height: area.height - told_rows, ..area };
    let hit = grid::draw(pen, table, &placed, (scene.journal.len(), at), |_, place| {
        let Some(line) = scene.journal.get(place) else { return Vec::new() };
        vec![
            (line.at.format(format).to_string(), Role::Muted),
            (line.what.clone(), Role::Title),
            (line.about.clone(), Role::Text),
            (line.words.clone(), Role::Text),
        ]
    });
    if let Some(page) = told {
        page.under_rule(
            pen,
            Rect { x: area.x + 1, y: table.bottom(), width: area.width.saturating_sub(2), height: told_rows },
        );
    }
    hit
}

/// The whole of the line under the cursor.
fn more(pen: &Pen<'_>, columns: u16, line: &JournalLine) -> Page {
    let mut page = Page::new(columns);
    let JournalLine { environment, at, what, about, .. } = line;
    let about = format!("{} {what} {about} in {environment}", at.format("%Y-%m-%d %H:%M:%S UTC"));
    page.text(pen, 0, &about, Role::Muted);
    page.text(pen, 0, &line.words, Role::Text);
    page
}

/// Actions under way or unfinished.
const HEADLINE: Headline = Headline { title: told::ACTIONS, parts: &[], gravity, words: first, standing: None };

fn gravity(glance: &Glance<'_>) -> Gravity {
    if !glance.unfinished.is_empty() || glance.ended_badly.is_some() {
        Gravity::Bad
    } else if glance.running.is_some() {
        Gravity::Look
    } else {
        Gravity::Well
    }
}

fn first(_pen: &mut Pen<'_>, glance: &Glance<'_>, _gravity: Gravity) -> (String, Option<String>) {
    if let Some((_, words)) = glance.unfinished.first() {
        return (told::unfinished(glance.unfinished.len()), Some(words.clone()));
    }
    let one = glance.ended_badly.or(glance.running);
    (one.map_or_else(|| told::NO_RUN.to_owned(), str::to_owned), None)
}
