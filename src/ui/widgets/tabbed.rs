//! A detail of several tabs: what is said of the thing on top, a line of tabs, and the open one over the rest.

use ratatui::layout::Rect;

use super::page::Page;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::words::detail as said;

/// Draws what is said on top and the tabs under it, each with how many lines it has where that is known; gives the place of the open one.
pub fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    facts: &Page,
    tabs: impl IntoIterator<Item = (&'static str, Option<usize>)>,
    open: usize,
) -> Rect {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    // The tab keeps at least half of the body.
    let height = facts.rows().min(inner.height / 2);
    facts.draw(pen, Rect { height, ..inner }, 0);
    let y = inner.y + height;
    pen.rule(inner.x, y, inner.width, pen.style(Role::Border));
    let mut x = inner.x + 1;
    for (place, (name, count)) in tabs.into_iter().enumerate() {
        let words = said::tab(name, count);
        let (words, role) =
            if place == open { (format!("[{words}]"), Role::Title) } else { (format!(" {words} "), Role::Muted) };
        x += pen.put(x, y, inner.right().saturating_sub(x), &words, pen.style(role)) + 1;
    }
    Rect { y: y + 1, height: inner.bottom().saturating_sub(y + 1), ..inner }
}

/// The lines of a tab; where there are none, it is said whether they are still being read.
pub fn lines<'a, T>(pen: &mut Pen<'_>, area: Rect, known: Option<&'a [T]>, none: &str) -> Option<&'a [T]> {
    let lines = known.filter(|lines| !lines.is_empty());
    if lines.is_none() {
        let words = if known.is_some() { none } else { said::READING };
        pen.put(area.x, area.y, area.width, words, pen.style(Role::Muted));
    }
    lines
}

/// An object as the server holds it, from a line on.
pub fn raw(pen: &mut Pen<'_>, area: Rect, lines: Option<&[String]>, cursor: usize) -> HitMap {
    let Some(lines) = self::lines(pen, area, lines, "") else { return HitMap::default() };
    let page = usize::from(area.height);
    let furthest = lines.len().saturating_sub(page);
    let offset = cursor.min(furthest);
    for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(offset)) {
        pen.put(area.x, y, area.width, line, pen.style(Role::Text));
    }
    HitMap { page, offset, furthest, rows: area, cursor: None, next_redraw: None }
}
