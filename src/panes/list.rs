//! A pane that is one list: its rows are made of what is known, filtered by words, in an order of their own.

use std::fmt;

use ratatui::layout::Rect;

use super::view::{Need, Reaction, RowWords, Selection, View};
use crate::domain::time::Instant;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Draw, Scene};
use crate::ui::state::{ListState, RowKey};
use crate::ui::widgets::columns::Placed;
use crate::ui::widgets::grid::{Cell, Titled};
use crate::ui::widgets::listing::Listing;
use crate::world::{Part, World};

/// What the rows of a pane are.
pub trait Rows: fmt::Debug + Sized + 'static {
    /// One of them.
    type Row: fmt::Debug;
    /// What they are made of: they are made anew when one of these has moved.
    const PARTS: &'static [Part];
    /// Makes all of them, in their order.
    fn read(world: &World, now: Instant) -> Vec<Self::Row>;
    /// What a row is, whatever becomes of the rows around it.
    fn key(row: &Self::Row) -> RowKey;
    /// Whether somebody should look at it.
    fn is_trouble(row: &Self::Row) -> bool;
    /// A row in words: a filter finds it by them.
    fn words(row: &Self::Row) -> RowWords;
    /// Whether one word of a filter, in small letters, finds a row; `text` is all its words.
    fn finds(_row: &Self::Row, text: &str, word: &str, _world: &World) -> bool {
        text.contains(word)
    }
    /// What a row is for actions and ways.
    fn selection(row: &Self::Row, world: &World) -> Selection;
    /// What enter does on it.
    fn enter(_row: &Self::Row, _world: &World) -> Reaction {
        Reaction::Workload
    }
    /// What must be read while the list is in front.
    fn needs(_world: &World) -> Vec<Need> {
        Vec::new()
    }
    /// Draws the pane.
    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap;
}

/// The rows of a pane, and where the operator is among them.
#[derive(Debug)]
pub struct List<R: Rows> {
    all: Vec<R::Row>,
    /// The places in `all` of those that pass the filter.
    shown: Vec<usize>,
    chosen: ListState,
    /// The place of the cursor among those that are shown.
    place: usize,
    /// Of what the rows were made; `None` before they were made once.
    made_of: Option<u64>,
    /// By which filter, and whether only those in trouble.
    passed: (String, bool),
}

impl<R: Rows> Default for List<R> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            shown: Vec::new(),
            chosen: ListState::default(),
            place: 0,
            made_of: None,
            passed: (String::new(), false),
        }
    }
}

impl<R: Rows> List<R> {
    /// An empty list, to be filled when it comes in front.
    pub fn boxed() -> Box<dyn View> {
        Box::<Self>::default()
    }

    /// Every row, whatever the filter.
    pub fn all(&self) -> &[R::Row] {
        &self.all
    }

    /// The row at a place among those that are shown.
    pub fn row(&self, place: usize) -> Option<&R::Row> {
        self.all.get(*self.shown.get(place)?)
    }

    /// The row under the cursor.
    pub fn cursor(&self) -> Option<&R::Row> {
        self.row(self.place)
    }

    /// The rows that are shown.
    pub fn visible(&self) -> impl Iterator<Item = &R::Row> {
        self.shown.iter().filter_map(|place| self.all.get(*place))
    }

    /// How many of all rows are so.
    pub fn count(&self, is_so: impl Fn(&R::Row) -> bool) -> usize {
        self.all.iter().filter(|row| is_so(row)).count()
    }

    /// Begins to draw: the line that says what there is, and what of it the filter leaves.
    pub fn begin(&self, pen: &mut Pen<'_>, area: Rect, facts: Vec<String>, scene: &Scene<'_>) -> Listing {
        Listing::begin(pen, area, scene, facts, &self.chosen.filter)
    }

    /// Draws the rows in what is left.
    pub fn finish<H: Titled>(
        &self,
        listing: Listing,
        pen: &mut Pen<'_>,
        placed: &[Placed<H>],
        is_old: impl Fn(&R::Row) -> bool,
        cell: impl FnMut(&mut Pen<'_>, &Placed<H>, &R::Row) -> Cell,
    ) -> HitMap {
        listing.rows(pen, placed, (self.shown.len(), self.place), |place| self.row(place), is_old, cell)
    }

    fn filter(&mut self, world: &World) {
        let words = self.chosen.words();
        let passes = |row: &R::Row| {
            if self.chosen.is_problems_only && !R::is_trouble(row) {
                return false;
            }
            if words.is_empty() {
                return true;
            }
            let RowWords { name, state, more } = R::words(row);
            let text = format!("{name} {state} {more}").to_lowercase();
            words.iter().all(|word| R::finds(row, &text, word, world))
        };
        self.shown = self.all.iter().enumerate().filter(|(_, row)| passes(row)).map(|(place, _)| place).collect();
    }

    /// Finds the cursor again: a held one stays on its row, or goes to the nearest when that is gone; a resting one is on the first.
    fn settle(&mut self) {
        let is_it = |cursor: &RowKey| self.visible().position(|row| R::key(row) == *cursor);
        let held = self.chosen.cursor.as_ref().filter(|_| self.chosen.is_cursor_held).and_then(is_it);
        let nearest = if self.chosen.is_cursor_held { self.place.min(self.shown.len().saturating_sub(1)) } else { 0 };
        self.place = held.unwrap_or(nearest);
        self.chosen.cursor = self.cursor().map(R::key);
    }
}

impl<R: Rows> View for List<R> {
    fn refresh(&mut self, world: &World, now: Instant) -> bool {
        let made_of = world.moved(R::PARTS);
        let has_moved = self.made_of != Some(made_of);
        if has_moved {
            self.all = R::read(world, now);
            self.made_of = Some(made_of);
        }
        let passed = (self.chosen.filter.text.clone(), self.chosen.is_problems_only);
        if !has_moved && passed == self.passed && (self.chosen.is_cursor_held || self.place == 0) {
            return false;
        }
        let before = self.chosen.cursor.clone();
        self.passed = passed;
        self.filter(world);
        self.settle();
        has_moved && before.is_some() && before != self.chosen.cursor
    }

    fn chosen(&self) -> &ListState {
        &self.chosen
    }

    fn choose(&mut self) -> &mut ListState {
        &mut self.chosen
    }

    fn place(&self) -> Option<usize> {
        (!self.shown.is_empty()).then_some(self.place)
    }

    fn go_to(&mut self, place: usize) {
        self.place = place.min(self.shown.len().saturating_sub(1));
        self.chosen.cursor = self.cursor().map(R::key);
    }

    fn find(&self, key: &RowKey) -> Option<usize> {
        self.visible().position(|row| R::key(row) == *key)
    }

    fn len(&self) -> usize {
        self.shown.len()
    }

    fn selection(&self, world: &World) -> Option<Selection> {
        self.cursor().map(|row| R::selection(row, world))
    }

    fn enter(&self, world: &World) -> Reaction {
        self.cursor().map_or(Reaction::Stay, |row| R::enter(row, world))
    }

    fn needs(&self, world: &World) -> Vec<Need> {
        R::needs(world)
    }

    fn rows(&self) -> Vec<RowWords> {
        self.visible().map(R::words).collect()
    }
}

impl<R: Rows> Draw for List<R> {
    fn draw(&self, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        R::draw(self, pen, area, scene)
    }
}
