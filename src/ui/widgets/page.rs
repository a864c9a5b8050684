//! A page of text that scrolls: headings, labelled values, lists, wrapped to its width while it is written.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::rollout::Change;
use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::text;
use crate::ui::words;

/// How wide labels are.
pub const LABEL: usize = 11;

/// Lines wrapped to a width.
///
/// It is written for a width first and drawn later, so that it knows how far it scrolls.
#[derive(Debug, Clone)]
pub struct Page {
    columns: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    /// An empty page of that many columns.
    pub fn new(columns: u16) -> Self {
        Self { columns: usize::from(columns).max(LABEL + 8), lines: Vec::new() }
    }

    /// How many columns it is wrapped to.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows of a screen it takes.
    pub fn rows(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }

    /// The first line that holds a text, given in small letters.
    pub fn find(&self, lower: &str) -> Option<usize> {
        let words = |line: &Line<'_>| line.spans.iter().map(|span| &*span.content).collect::<String>().to_lowercase();
        self.lines.iter().position(|line| words(line).contains(lower))
    }

    /// Takes over the lines of another page.
    pub fn append(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }

    /// One line as it is; clipped when it is drawn.
    pub fn line(&mut self, spans: Vec<Span<'static>>) {
        self.lines.push(Line::from(spans));
    }

    /// An empty line, unless one is there already.
    pub fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    /// A heading.
    pub fn heading(&mut self, pen: &Pen<'_>, words: &str) {
        self.line(vec![pen.span(words, Role::Title)]);
    }

    /// Wrapped text, every line indented.
    pub fn text(&mut self, pen: &Pen<'_>, indent: usize, words: &str, role: Role) {
        let cleaned = clean(words);
        for line in text::wrap(&cleaned, self.columns.saturating_sub(indent)) {
            self.line(vec![Span::raw(" ".repeat(indent)), pen.span(&line, role)]);
        }
    }

    /// A label with its value, wrapped beside it. An empty label goes on with the one before.
    pub fn field(&mut self, pen: &Pen<'_>, label: &str, words: &str, role: Role) {
        let cleaned = clean(words);
        for (place, line) in text::wrap(&cleaned, self.columns - LABEL).into_iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            let pad = LABEL.saturating_sub(text::width(label));
            self.line(vec![pen.span(label, Role::Muted), Span::raw(" ".repeat(pad)), pen.span(&line, role)]);
        }
    }

    /// Wrapped text after a mark that hangs out: `- before`, `+ after`, `! warning`.
    pub fn marked(&mut self, pen: &Pen<'_>, indent: usize, mark: &str, words: &str, role: Role) {
        let cleaned = clean(words);
        let hang = text::width(mark) + 1;
        for (place, line) in text::wrap(&cleaned, self.columns.saturating_sub(indent + hang)).into_iter().enumerate() {
            let mark = if place == 0 { format!("{mark} ") } else { " ".repeat(hang) };
            self.line(vec![Span::raw(" ".repeat(indent)), pen.span(&mark, role), pen.span(&line, role)]);
        }
    }

    /// A line over the whole width in one style: where we are, how it ended.
    pub fn bar(&mut self, pen: &Pen<'_>, words: &str, role: Role, columns: u16) {
        let cleaned = clean(words);
        let words = text::clip(&cleaned, usize::from(columns), pen.glyphs.ellipsis);
        let pad = usize::from(columns).saturating_sub(text::width(&words));
        self.line(vec![pen.span(&format!("{words}{}", " ".repeat(pad)), role)]);
    }

    /// The two sides of a change, one under the other.
    pub fn difference(&mut self, pen: &Pen<'_>, indent: usize, change: &Change) {
        for (mark, side, role) in [("-", &change.before, Role::Removed), ("+", &change.after, Role::Added)] {
            if let Some(value) = side {
                self.marked(pen, indent, mark, value, role);
            }
        }
    }

    /// Draws the page from a line on; gives back the first line really shown and the furthest one may scroll.
    pub fn draw(&self, pen: &mut Pen<'_>, area: Rect, scroll: usize) -> (usize, usize) {
        let furthest = self.lines.len().saturating_sub(usize::from(area.height));
        let first = scroll.min(furthest);
        for (y, line) in (area.top()..area.bottom()).zip(self.lines.iter().skip(first)) {
            pen.put_line(area.x, y, area.width, line);
        }
        (first, furthest)
    }

    /// Draws the page from its beginning under a rule, which says how much of it there is no room for.
    pub fn under_rule(&self, pen: &mut Pen<'_>, area: Rect) {
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let (first, furthest) = self.draw(pen, below, 0);
        rule(pen, area, first, furthest);
    }

    /// Draws the page over a whole area, one column in from both sides.
    pub fn fill(&self, pen: &mut Pen<'_>, area: Rect, scroll: usize) -> HitMap {
        pen.clear(area, pen.style(Role::Background));
        let rows = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let (offset, furthest) = self.draw(pen, rows, scroll);
        HitMap { page: usize::from(rows.height), offset, furthest, rows, cursor: None, next_redraw: None }
    }
}

/// Draws a rule beside a page that is shown from a line on; it tells how many lines are above and below what is shown.
pub fn rule(pen: &mut Pen<'_>, area: Rect, first: usize, furthest: usize) {
    pen.rule(area.x, area.y, area.width, pen.style(Role::Border));
    let words = match (first, furthest.saturating_sub(first)) {
        (0, 0) => return,
        (above, 0) => format!(" {} {above} ", pen.glyphs.above),
        (0, below) => format!(" {} {} ", pen.glyphs.below, words::more_lines(below)),
        (above, below) => format!(" {} {above} {} {} ", pen.glyphs.above, pen.glyphs.below, words::more_lines(below)),
    };
    pen.put_right(area.x, area.y, area.width.saturating_sub(2), &words, pen.style(Role::Muted));
}
