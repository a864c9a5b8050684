//! What this console did: the newest first.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::layout;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::words::{self, column};

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let columns = area.width.saturating_sub(2);
    if scene.journal.is_empty() {
        pen.put(area.x + 2, area.y + 1, columns, words::NO_JOURNAL, pen.style(Role::Text));
        return HitMap::default();
    }
    let about = (columns / 3).clamp(20, 48);
    let xs = [1, 1 + 20, 1 + 20 + 11, 1 + 20 + 11 + about + 1].map(|x| area.x + x);
    let rest = area.right().saturating_sub(xs[3] + 1);
    let widths = [19, 10, about, rest];
    for ((x, width), head) in xs.iter().zip(widths).zip([column::TIME, column::WHAT, column::ABOUT, column::MESSAGE]) {
        pen.put(*x, area.y, width, head, pen.style(Role::ColumnHead));
    }
    let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let page = usize::from(rows.height);
    let total = scene.journal.len();
    let at = scene.ui.detail_cursor.min(total - 1);
    let offset = layout::offset(Some(at), page, total);
    for (y, (place, line)) in (rows.top()..rows.bottom()).zip(scene.journal.iter().enumerate().skip(offset)) {
        let time = line.at.format("%Y-%m-%d %H:%M:%S").to_string();
        let cells = [(time.as_str(), Role::Muted), (&line.what, Role::Title), (&line.about, Role::Text), (&line.words, Role::Text)];
        for ((x, width), (words, role)) in xs.iter().zip(widths).zip(cells) {
            pen.put(*x, y, width, words, pen.style(role));
        }
        if place == at {
            pen.tint(Rect { y, height: 1, ..rows }, pen.style(Role::Selection));
            pen.put(area.x, y, 1, pen.glyphs.cursor, pen.style(Role::Selection));
        }
    }
    HitMap { page, offset, furthest: total.saturating_sub(page), rows, cursor: None, next_redraw: None }
}
