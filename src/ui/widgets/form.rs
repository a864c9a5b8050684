//! A form at the foot of a page: a rule, a line for what confirms it, its fields, and what was wrong with it.

use ratatui::layout::Rect;

use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::{prompt, text_area};

/// The most lines of what was wrong.
const MOST_WRONG: usize = 3;

/// What was typed under which labels.
pub struct Form<'a> {
    /// The labels, in order.
    pub labels: &'a [&'a str],
    /// Columns of a label.
    pub label: u16,
    /// How many rows each has: several where a text is typed; one each where nothing is said.
    pub rows: &'a [u16],
    /// What was typed; there may be more fields than labels.
    pub fields: &'a [Field],
    /// Which one has the keys.
    pub at: usize,
    /// What was wrong with it, as a sentence.
    pub error: Option<&'a str>,
}

impl Form<'_> {
    fn rows_of(&self, place: usize) -> u16 {
        self.rows.get(place).copied().unwrap_or(1)
    }

    fn wrong(&self, columns: u16) -> Vec<String> {
        let lines = self.error.map(|error| text::wrap(&clean(error), usize::from(columns))).unwrap_or_default();
        lines.into_iter().take(MOST_WRONG).collect()
    }

    /// Parts a page below its title: what is told, and the form, which begins with a rule.
    pub fn part(&self, pen: &mut Pen<'_>, area: Rect) -> (Rect, Rect) {
        let wrong = self.wrong(area.width.saturating_sub(2)).len().max(1);
        let fields = (0..self.labels.len()).map(|place| usize::from(self.rows_of(place))).sum::<usize>();
        let rows = u16::try_from(fields + 2 + wrong).unwrap_or(u16::MAX);
        let bottom = rows.min(area.height.saturating_sub(1));
        let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
        let below = Rect { y: above.bottom(), height: bottom, ..area };
        pen.rule(below.x, below.y, below.width, pen.style(Role::Border));
        (above, below)
    }

    /// Draws the fields and what was wrong, below the line for what confirms it; gives back where the cursor stands.
    pub fn draw(&self, pen: &mut Pen<'_>, area: Rect) -> Option<(u16, u16)> {
        let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
        let mut y = area.y + 2;
        let mut cursor = None;
        for (place, (label, field)) in self.labels.iter().zip(self.fields).enumerate() {
            let height = self.rows_of(place).min(area.bottom().saturating_sub(y));
            if height == 0 {
                return None;
            }
            let is_active = place == self.at;
            let role = if is_active { Role::Prompt } else { Role::Muted };
            pen.put(x, y, self.label, label, pen.style(role));
            // Where nobody types the beginning says more than the end.
            let field = if is_active { field } else { &Field { cursor: 0, ..field.clone() } };
            let room = Rect { x: x + self.label, y, width: columns.saturating_sub(self.label), height };
            let stands = match self.rows_of(place) {
                1 => prompt::draw(pen, room.x, room.y, room.width, field),
                _ => text_area::draw(pen, room, field),
            };
            if is_active {
                cursor = Some(stands);
            }
            y += height;
        }
        for (y, line) in (y..area.bottom()).zip(self.wrong(columns)) {
            pen.put(x, y, columns, &line, pen.style(Role::Error));
        }
        cursor
    }
}
