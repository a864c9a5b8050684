//! The line over a list: what there is and what hides some of it; while a filter is typed, the filter beside it.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::state::Field;
use crate::ui::widgets::prompt;

/// Draws it; gives back where the cursor stands while `filter` is typed.
pub fn draw(pen: &mut Pen<'_>, area: Rect, facts: &[String], filter: Option<&Field>) -> Option<(u16, u16)> {
    let facts = facts.join(&format!(" {} ", pen.glyphs.separator));
    let x = area.x + 1;
    let Some(filter) = filter else {
        pen.put(x, area.y, area.width.saturating_sub(2), &facts, pen.style(Role::Title));
        return None;
    };
    let half = area.width / 2;
    pen.put(x, area.y, 1, "/", pen.style(Role::Prompt));
    let cursor = prompt::draw(pen, x + 1, area.y, half.saturating_sub(2), filter);
    pen.put(x + half, area.y, (area.width - half).saturating_sub(2), &facts, pen.style(Role::Muted));
    Some(cursor)
}
