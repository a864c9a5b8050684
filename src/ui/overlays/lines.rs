//! Help, palette and menus: lines to read or to choose from.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::layout;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::MenuLine;
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::prompt;
use crate::ui::words;

/// The widest a menu gets.
const WIDEST: u16 = 100;

/// The bindings over the whole body, in columns where there is room.
pub(super) fn help(pen: &mut Pen<'_>, area: Rect, lines: &[MenuLine], filter: &Field, scroll: usize) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let x = area.x + 1;
    let used = pen.put(x, area.y, area.width / 2, words::overlay::HELP, pen.style(Role::Title));
    let used = used + 2 + pen.put(x + used + 2, area.y, 1, "/", pen.style(Role::Prompt));
    let cursor = prompt::draw(pen, x + used, area.y, area.width.saturating_sub(used + 3).min(40), filter);
    let rows = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
    let page = usize::from(rows.height);
    let keys = keys_column(lines);
    // Long sentences need about 70 columns; beside each other where the screen has them twice.
    let beside = usize::from((area.width / 75).clamp(1, 2));
    let height = lines.len().div_ceil(beside);
    let furthest = height.saturating_sub(page);
    let first = scroll.min(furthest);
    if lines.is_empty() {
        pen.put(x, rows.y, rows.width.saturating_sub(2), words::overlay::NOTHING, pen.style(Role::Muted));
    }
    let wide = rows.width.saturating_sub(1) / u16::try_from(beside).unwrap_or(1);
    for (part, column) in lines.chunks(height.max(1)).enumerate() {
        let x = x + wide * u16::try_from(part).unwrap_or(0);
        for (y, line) in (rows.top()..rows.bottom()).zip(column.iter().skip(first)) {
            one(pen, Rect { x, y, width: wide.saturating_sub(1), height: 1 }, line, keys);
        }
    }
    HitMap { page, offset: first, furthest, rows, cursor: Some(cursor), next_redraw: None }
}

/// What is typed, at the bottom of the body, with its completions above.
pub(super) fn palette(pen: &mut Pen<'_>, area: Rect, lines: &[MenuLine], input: &Field, selected: usize) -> HitMap {
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).clamp(1, 12).saturating_add(3);
    let height = wanted.min(area.height);
    let area = Rect { y: area.bottom() - height, height, ..area };
    frame(pen, area, words::overlay::PALETTE);
    let (x, y) = (area.x + 2, area.bottom().saturating_sub(2));
    pen.put(x, y, 1, ":", pen.style(Role::Prompt));
    let cursor = prompt::draw(pen, x + 1, y, area.width.saturating_sub(6), input);
    let rows = Rect { x, y: area.y + 1, width: area.width.saturating_sub(4), height: height.saturating_sub(3) };
    let hit = chosen_from(pen, rows, lines, selected);
    HitMap { cursor: Some(cursor), ..hit }
}

/// A menu in the middle of the body.
pub(super) fn menu(pen: &mut Pen<'_>, area: Rect, lines: &[MenuLine], title: &str, selected: usize) -> HitMap {
    let width = area.width.saturating_sub(4).min(WIDEST);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).max(1).saturating_add(2).min(area.height);
    let area = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    frame(pen, area, title);
    let rows = Rect { x: area.x + 2, y: area.y + 1, width: width.saturating_sub(4), height: height.saturating_sub(2) };
    chosen_from(pen, rows, lines, selected)
}

fn chosen_from(pen: &mut Pen<'_>, rows: Rect, lines: &[MenuLine], selected: usize) -> HitMap {
    let page = usize::from(rows.height);
    let selected = selected.min(lines.len().saturating_sub(1));
    let offset = layout::offset(Some(selected), page, lines.len());
    let keys = keys_column(lines);
    if lines.is_empty() {
        pen.put(rows.x, rows.y, rows.width, words::overlay::NOTHING, pen.style(Role::Muted));
    }
    for (y, (place, line)) in (rows.top()..rows.bottom()).zip(lines.iter().enumerate().skip(offset)) {
        let row = Rect { y, height: 1, ..rows };
        one(pen, Rect { x: row.x + 2, width: row.width.saturating_sub(2), ..row }, line, keys);
        if place == selected {
            pen.choose(row);
        }
    }
    HitMap { page, offset, furthest: lines.len().saturating_sub(page), rows, cursor: None, next_redraw: None }
}

/// How wide the keys are; the same for every line, so that the words stand below each other.
fn keys_column(lines: &[MenuLine]) -> u16 {
    let widest = lines.iter().map(|line| text::width(&line.keys)).max().unwrap_or(0);
    u16::try_from(widest).unwrap_or(u16::MAX).min(18)
}

/// One line: keys, words, and either more about it or why it cannot be chosen.
fn one(pen: &mut Pen<'_>, area: Rect, line: &MenuLine, keys: u16) {
    let words_role = if line.refused.is_some() { Role::Disabled } else { Role::Text };
    let mut x = area.x;
    let mut left = area.width;
    if keys > 0 {
        pen.put(x, area.y, keys.min(left), &line.keys, pen.style(Role::Key));
        x += keys + 2;
        left = left.saturating_sub(keys + 2);
    }
    let used = pen.put(x, area.y, left, &line.words, pen.style(words_role));
    let (more, role) = match &line.refused {
        Some(why) => (why, Role::Warning),
        None => (&line.more, Role::Muted),
    };
    if !more.is_empty() {
        pen.put(x + used + 2, area.y, left.saturating_sub(used + 2), more, pen.style(role));
    }
}

/// Empties a rectangle and frames it, with a title.
fn frame(pen: &mut Pen<'_>, area: Rect, title: &str) {
    pen.clear(area, pen.style(Role::Background));
    let style = pen.style(Role::BorderFocused);
    let border = pen.glyphs.border;
    let (right, bottom) = (area.right().saturating_sub(1), area.bottom().saturating_sub(1));
    pen.rule(area.x, area.y, area.width, style);
    pen.rule(area.x, bottom, area.width, style);
    for y in area.top()..area.bottom() {
        pen.put(area.x, y, 1, border.vertical_left, style);
        pen.put(right, y, 1, border.vertical_right, style);
    }
    for (x, y, corner) in [
        (area.x, area.y, border.top_left),
        (right, area.y, border.top_right),
        (area.x, bottom, border.bottom_left),
        (right, bottom, border.bottom_right),
    ] {
        pen.put(x, y, 1, corner, style);
    }
    pen.put(area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), pen.style(Role::Title));
}
