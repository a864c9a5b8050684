//! A table of rows under a cursor, drawn by the row: what is out of sight is never asked for.

use ratatui::layout::Rect;

use super::columns::Placed;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;

/// A column's head, and how its text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The words over it.
    pub words: &'static str,
    /// How what is too long gives way, and to which side it stands.
    pub fit: Fit,
}

/// What heads a column.
pub trait Titled: Copy {
    /// The words over it.
    fn words(&self) -> &str;
    /// How what is too long gives way, and to which side it stands.
    fn fit(&self) -> Fit;
}

impl Titled for Head {
    fn words(&self) -> &str {
        self.words
    }

    fn fit(&self) -> Fit {
        self.fit
    }
}

/// How a text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// From the left; the end gives way.
    Left,
    /// From the left; the middle gives way.
    Middle,
    /// Against the right.
    Right,
}

/// The text of a cell with its role.
pub type Cell = (String, Role);

/// Draws a head and the rows around the cursor. The first column of the area is the cursor's.
pub fn draw<H: Titled>(
    pen: &mut Pen<'_>,
    area: Rect,
    placed: &[Placed<H>],
    (total, cursor): (usize, usize),
    mut row: impl FnMut(&mut Pen<'_>, usize) -> Vec<Cell>,
) -> HitMap {
    for column in placed {
        put(pen, area, area.y, column, column.id.words(), Role::ColumnHead);
    }
    let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let page = usize::from(rows.height);
    let at = cursor.min(total.saturating_sub(1));
    let offset = layout::offset(Some(at), page, total);
    for (y, place) in (rows.top()..rows.bottom()).zip(offset..total) {
        for (column, (words, role)) in placed.iter().zip(row(pen, place)) {
            put(pen, area, y, column, &words, role);
        }
        if place == at {
            pen.choose(Rect { y, height: 1, ..rows });
        }
    }
    HitMap { page, offset, furthest: total.saturating_sub(page), rows, cursor: None, next_redraw: None }
}

fn put<H: Titled>(pen: &mut Pen<'_>, area: Rect, y: u16, column: &Placed<H>, words: &str, role: Role) {
    let x = area.x + 1 + column.x;
    let width = column.width.min(area.right().saturating_sub(x));
    let style = pen.style(role);
    match column.id.fit() {
        Fit::Left => pen.put(x, y, width, words, style),
        Fit::Middle => pen.put_middle(x, y, width, words, style),
        Fit::Right => pen.put_right(x, y, width, words, style),
    };
}
