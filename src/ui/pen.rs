//! The pen every part draws with: it cleans, measures, clips, and notes when an age it wrote will read differently.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;
use crate::domain::text::clean;
use crate::domain::time::{self, Instant};
use crate::theme::{Glyphs, Role, Theme};

/// Draws into a buffer, by a theme and a set of signs, at an instant.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    /// The signs this terminal can show.
    pub glyphs: &'a Glyphs,
    /// The time.
    pub now: Instant,
    next: Option<Instant>,
}

impl<'a> Pen<'a> {
    /// A pen over a buffer.
    pub const fn new(buffer: &'a mut Buffer, theme: &'a Theme, glyphs: &'a Glyphs, now: Instant) -> Self {
        Self { buffer, theme, glyphs, now, next: None }
    }

    /// When the first of the ages and deadlines written so far reads differently; `None` when nothing on the screen ages.
    pub const fn next_redraw(&self) -> Option<Instant> {
        self.next
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A piece of text in a role, cleaned.
    pub fn span(&self, words: &str, role: Role) -> Span<'static> {
        Span::styled(clean(words).into_owned(), self.style(role))
    }

    /// Writes text at a place in at most `columns`, clipped with an ellipsis; gives back the columns used.
    pub fn put(&mut self, x: u16, y: u16, columns: u16, words: &str, style: Style) -> u16 {
        let cleaned = clean(words);
        let shown = text::clip(&cleaned, usize::from(columns), self.glyphs.ellipsis);
        self.write(x, y, columns, &shown, style)
    }

    /// Like [`Pen::put`], but the middle gives way: for names, images and pods, whose ends tell them apart.
    pub fn put_middle(&mut self, x: u16, y: u16, columns: u16, words: &str, style: Style) -> u16 {
        let cleaned = clean(words);
        let shown = text::middle(&cleaned, usize::from(columns), self.glyphs.ellipsis);
        self.write(x, y, columns, &shown, style)
    }

    /// Like [`Pen::put`], against the right end of the columns.
    pub fn put_right(&mut self, x: u16, y: u16, columns: u16, words: &str, style: Style) -> u16 {
        let cleaned = clean(words);
        let wide = u16::try_from(text::width(&cleaned)).unwrap_or(u16::MAX).min(columns);
        self.put(x + (columns - wide), y, wide, &cleaned, style)
    }

    fn write(&mut self, x: u16, y: u16, columns: u16, shown: &str, style: Style) -> u16 {
        if !self.holds(x, y) {
            return 0;
        }
        let (end, _) = self.buffer.set_stringn(x, y, shown, usize::from(columns), style);
        end.saturating_sub(x)
    }

    /// Writes spans one after the other, clipped with an ellipsis; gives back the columns used.
    pub fn put_line(&mut self, x: u16, y: u16, columns: u16, line: &Line<'_>) -> u16 {
        let mut used = 0;
        let mut spans = line.spans.iter().peekable();
        while let Some(span) = spans.next() {
            let left = columns.saturating_sub(used);
            let wide = text::width(&span.content);
            let is_cut = wide > usize::from(left) || (wide == usize::from(left) && spans.peek().is_some());
            used += if is_cut && wide == usize::from(left) {
                // Something follows that has no room at all: say so in the last column.
                let shorter = text::clip(&span.content, usize::from(left.saturating_sub(1)), "");
                let at = self.put(x + used, y, left.saturating_sub(1), &shorter, span.style);
                at + self.put(x + used + at, y, 1, self.glyphs.ellipsis, span.style)
            } else {
                self.put(x + used, y, left, &span.content, span.style)
            };
            if is_cut {
                break;
            }
        }
        used
    }

    /// Lays a style over a rectangle; the text stays.
    pub fn tint(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, style);
    }

    /// Shows that a row is under the cursor: by its style and by a sign, never by colour alone.
    pub fn choose(&mut self, row: Rect) {
        let style = self.style(Role::Selection);
        self.tint(row, style);
        self.put(row.x, row.y, 1, self.glyphs.cursor, style);
    }

    /// Empties a rectangle and gives it a style.
    pub fn clear(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// A horizontal line.
    pub fn rule(&mut self, x: u16, y: u16, columns: u16, style: Style) {
        for x in x..x.saturating_add(columns) {
            self.write(x, y, 1, self.glyphs.border.horizontal_top, style);
        }
    }

    /// How long ago it was, in words; noted for the next redraw.
    pub fn age(&mut self, then: Instant) -> String {
        self.wake_at(time::next_step(then, self.now));
        time::coarse(time::age(then, self.now))
    }

    /// How long until then, in words; noted for the next redraw.
    pub fn left(&mut self, until: Instant) -> String {
        if let Some(next) = next_left(until, self.now) {
            self.wake_at(next);
        }
        time::left(until - self.now)
    }

    /// Whole seconds until then, each of them drawn: for delays of a few seconds.
    pub fn countdown(&mut self, until: Instant) -> String {
        let millis = (until - self.now).num_milliseconds().max(0);
        let seconds = millis.unsigned_abs().div_ceil(1_000);
        self.wake_at(until - time::seconds(i64::try_from(seconds).unwrap_or(1) - 1));
        format!("{seconds}s")
    }

    /// Asks for a redraw at that time.
    pub fn wake_at(&mut self, at: Instant) {
        if at > self.now {
            self.next = Some(self.next.map_or(at, |next| next.min(at)));
        }
    }

    fn holds(&self, x: u16, y: u16) -> bool {
        let area = self.buffer.area;
        (area.left()..area.right()).contains(&x) && (area.top()..area.bottom()).contains(&y)
    }
}

/// When [`time::left`] of a deadline reads differently; `None` once it has passed.
fn next_left(until: Instant, now: Instant) -> Option<Instant> {
    let seconds = (until - now).num_seconds();
    let step = match seconds {
        ..=0 => return None,
        1..=60 => 5,
        61..=3_600 => 60,
        _ => 3_600,
    };
    // The text is rounded up: it changes when the remaining time falls to the next lower multiple.
    let below = (seconds - 1) / step * step;
    Some(until - time::seconds(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn a_deadline_reads_the_same_until_its_next_step() {
        let until = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        for seconds in [3, 5, 41, 62, 600, 7_300] {
            let now = until - TimeDelta::seconds(seconds);
            let next = next_left(until, now).unwrap_or(now);
            assert!(next > now, "{seconds}");
            assert_eq!(time::left(until - (next - TimeDelta::seconds(1))), time::left(until - now), "{seconds}");
            assert_ne!(time::left(until - next), time::left(until - now), "{seconds}");
        }
        assert_eq!(next_left(until, until), None);
    }
}
