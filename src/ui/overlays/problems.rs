//! What is wrong with the operator's own files, each with its fix.

use ratatui::layout::Rect;

use crate::domain::problem::Problem;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::widgets::page::Page;
use crate::ui::words;

/// Draws them.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, problems: &[Problem], scroll: usize) -> HitMap {
    let mut page = Page::new(area.width.saturating_sub(2));
    page.heading(pen, words::overlay::PROBLEMS);
    page.gap();
    if problems.is_empty() {
        page.text(pen, 0, words::overlay::NO_PROBLEMS, Role::Ok);
    }
    for problem in problems {
        page.marked(pen, 0, pen.glyphs.warning, &problem.to_string(), Role::Warning);
        page.gap();
    }
    page.fill(pen, area, scroll)
}
