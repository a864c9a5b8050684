//! A list over a whole pane: what there is in a line on top, what is to be known before the rows, the rows or what is said in their
//! place, and at the foot more of the row under the cursor.

use ratatui::layout::Rect;

use super::columns::Placed;
use super::grid::{self, Cell, Titled};
use super::page::Page;
use super::title;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::Field;
use crate::ui::words;

/// A list while it is drawn, from the outside to its rows.
#[derive(Debug)]
pub struct Listing {
    /// What nothing was drawn on yet.
    left: Rect,
    /// Where the terminal's cursor stands while the filter is typed.
    cursor: Option<(u16, u16)>,
}

impl Listing {
    /// Begins with the line that says what there is, and what of it the filter leaves.
    pub fn begin(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, mut facts: Vec<String>, filter: &Field) -> Self {
        let is_filtering = scene.ui.is_filtering;
        if !is_filtering && !filter.text.is_empty() {
            facts.push(words::list::filter(&filter.text));
        }
        let cursor = title::draw(pen, Rect { height: 1, ..area }, scene, &facts, is_filtering.then_some(filter));
        Self { left: Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, cursor }
    }

    /// How many columns a text over or under the rows has.
    pub const fn columns(&self) -> u16 {
        self.left.width.saturating_sub(2)
    }

    /// How many rows of the screen are left.
    pub const fn height(&self) -> u16 {
        self.left.height
    }

    fn inner(&self) -> Rect {
        Rect { x: self.left.x + 1, width: self.columns(), ..self.left }
    }

    /// Draws what stands over the rows, at most so many lines of it.
    pub fn above(&mut self, pen: &mut Pen<'_>, page: &Page, most: u16) {
        let height = page.rows().min(most).min(self.left.height);
        page.draw(pen, Rect { height, ..self.inner() }, 0);
        self.left = Rect { y: self.left.y + height, height: self.left.height - height, ..self.left };
    }

    /// Draws what is said in place of rows; the page is two columns narrower than the others.
    pub fn instead(self, pen: &mut Pen<'_>, page: &Page) -> HitMap {
        let inner = self.inner();
        let height = inner.height.saturating_sub(1);
        page.draw(pen, Rect { x: inner.x + 1, y: inner.y + 1, height, ..inner }, 0);
        HitMap { cursor: self.cursor, ..HitMap::default() }
    }

    /// Keeps so many lines for the foot.
    pub fn foot(&mut self, rows: u16) -> Rect {
        self.left.height = self.left.height.saturating_sub(rows);
        Rect { y: self.left.bottom(), height: rows, ..self.inner() }
    }

    /// Draws a page under a rule at the foot, at most so many lines of it.
    pub fn more(&mut self, pen: &mut Pen<'_>, page: &Page, most: u16) {
        let foot = self.foot(page.rows().saturating_add(1).min(most));
        page.under_rule(pen, foot);
    }

    /// Draws so many rows in what is left, the cursor at one of them. Those that are the last good ones only have a colour of their own.
    pub fn rows<'r, L: 'r, H: Titled>(
        self,
        pen: &mut Pen<'_>,
        placed: &[Placed<H>],
        (count, at): (usize, usize),
        row: impl Fn(usize) -> Option<&'r L>,
        is_old: impl Fn(&L) -> bool,
        mut cell: impl FnMut(&mut Pen<'_>, &Placed<H>, &L) -> Cell,
    ) -> HitMap {
        let hit = grid::draw(pen, self.left, placed, (count, at), |pen, place| {
            let Some(line) = row(place) else { return Vec::new() };
            let is_old = is_old(line);
            let cells = placed.iter().map(|column| cell(pen, column, line));
            cells.map(|(words, role)| (words, if is_old { Role::StaleData } else { role })).collect()
        });
        HitMap { cursor: self.cursor, ..hit }
    }
}
