//! Lines that tell more of the row under the cursor than its columns have room for.

use ratatui::layout::Rect;

use super::page::Page;
use crate::theme::Role;
use crate::ui::pen::Pen;

/// How many lines there are; none where there is no room.
pub const fn rows(area: Rect) -> u16 {
    if area.height >= 8 { 2 } else { 0 }
}

/// Writes the facts, one after the other.
pub fn tell(pen: &mut Pen<'_>, area: Rect, facts: &[String]) {
    let facts: Vec<&str> = facts.iter().map(String::as_str).filter(|fact| !fact.is_empty()).collect();
    let mut page = Page::new(area.width);
    page.text(pen, 0, &facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Muted);
    page.draw(pen, area, 0);
}
