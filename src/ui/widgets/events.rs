//! A list of events, newest first.

use ratatui::layout::Rect;

use super::columns::{self, Column};
use super::grid::{self, Cell, Fit, Head};
use super::{more, tabbed};
use crate::domain::cluster::ClusterEvent;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::words::{column, detail as said};

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, known: Option<&[ClusterEvent]>, cursor: usize) -> HitMap {
    let Some(events) = tabbed::lines(pen, area, known, said::NO_EVENTS) else { return HitMap::default() };
    let below = more::rows(area);
    let table = Rect { height: area.height - below, ..area };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::SEEN, 6, 0, Fit::Right),
        column(column::COUNT, 5, 2, Fit::Right),
        column(column::REASON, 18, 0, Fit::Left),
        column(column::ABOUT, if Room::of(area.width) == Room::Wide { 48 } else { 30 }, 1, Fit::Middle),
    ];
    let placed = columns::place(&asked, area.width - 1, 30, Some(Head { words: column::MESSAGE, fit: Fit::Left }));
    let hit = grid::draw(pen, table, &placed, (events.len(), cursor), |pen, place| {
        let Some(event) = events.get(place) else { return Vec::new() };
        placed.iter().map(|column| cell(pen, column.id.words, event)).collect()
    });
    if let Some(event) = events.get(cursor.min(events.len() - 1)) {
        let words = [event.about.clone(), event.note.clone()];
        more::tell(pen, Rect { y: table.bottom(), height: below, ..area }, &words);
    }
    hit
}

fn cell(pen: &mut Pen<'_>, head: &str, event: &ClusterEvent) -> Cell {
    let role = if event.is_warning { Role::Warning } else { Role::Text };
    match head {
        column::SEEN => (event.at.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted),
        column::COUNT => (said::times(event.count), Role::Muted),
        column::REASON => (event.reason.clone(), role),
        column::ABOUT => (event.about.clone(), Role::Muted),
        _ => (event.note.clone(), Role::Text),
    }
}
