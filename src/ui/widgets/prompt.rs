//! A field of typed text, with its cursor kept in sight.

use ratatui::layout::Rect;

use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::state::Field;
use crate::ui::text;

/// Draws a field in `columns`; gives back where the cursor stands.
pub fn draw(pen: &mut Pen<'_>, x: u16, y: u16, columns: u16, field: &Field) -> (u16, u16) {
    let cursor = field.text.char_indices().nth(field.cursor).map_or(field.text.len(), |(at, _)| at);
    let (before, after) = field.text.split_at_checked(cursor).unwrap_or((&field.text, ""));
    // What has no room left of the cursor is dropped by whole characters, so the cursor never stands in half of one.
    let before = text::tail(before, usize::from(columns.saturating_sub(1)));
    let shown = format!("{}{}", clean(before), clean(after));
    let style = pen.style(Role::Input);
    pen.tint(Rect::new(x, y, columns, 1), style);
    pen.put(x, y, columns, &text::clip(&shown, usize::from(columns), ""), style);
    let at = u16::try_from(text::width(before)).unwrap_or(u16::MAX).min(columns.saturating_sub(1));
    (x + at, y)
}
