//! What this console did: the newest first.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Fit, Head};
use crate::ui::words::{self, column};

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
    grid::draw(pen, area, &placed, (scene.journal.len(), scene.ui.detail_cursor), |_, place| {
        let Some(line) = scene.journal.get(place) else { return Vec::new() };
        vec![
            (line.at.format(format).to_string(), Role::Muted),
            (line.what.clone(), Role::Title),
            (line.about.clone(), Role::Text),
            (line.words.clone(), Role::Text),
        ]
    })
}
