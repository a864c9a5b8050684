//! A text of several lines being typed, with its cursor kept in sight.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::state::Field;
use crate::ui::text;

/// Draws what was typed in an area; gives back where the cursor stands.
pub fn draw(pen: &mut Pen<'_>, area: Rect, field: &Field) -> (u16, u16) {
    let (lines, (row, column)) = broken(field, usize::from(area.width.max(1)));
    let first = (row + 1).saturating_sub(usize::from(area.height));
    let style = pen.style(Role::Input);
    pen.tint(area, style);
    for (y, line) in (area.top()..area.bottom()).zip(lines.iter().skip(first)) {
        pen.put(area.x, y, area.width, line, style);
    }
    let at = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
    (area.x + at(column).min(area.width.saturating_sub(1)), area.y + at(row - first).min(area.height.saturating_sub(1)))
}

/// The text in lines of at most so many columns, and the line and column the cursor stands at: behind the last column where a
/// line that ends there is full.
fn broken(field: &Field, columns: usize) -> (Vec<String>, (usize, usize)) {
    let mut lines = vec![String::new()];
    let (mut used, mut passed) = (0, 0);
    let mut stands = None;
    for grapheme in field.text.graphemes(true) {
        let is_break = grapheme == "\n";
        let shown = if is_break { "".into() } else { clean(grapheme) };
        let wide = text::width(&shown);
        // Where the next character has no room the cursor before it stands at the beginning of the next line.
        if used + wide > columns || (used == columns && !is_break) {
            lines.push(String::new());
            used = 0;
        }
        let letters = grapheme.chars().count();
        if stands.is_none() && field.cursor < passed + letters {
            stands = Some((lines.len() - 1, used));
        }
        passed += letters;
        if is_break {
            lines.push(String::new());
            used = 0;
        } else if let Some(line) = lines.last_mut() {
            line.push_str(&shown);
            used += wide;
        }
    }
    let stands = stands.unwrap_or_else(|| {
        if used >= columns {
            lines.push(String::new());
            used = 0;
        }
        (lines.len() - 1, used)
    });
    (lines, stands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str, cursor: usize, columns: usize) -> (Vec<String>, (usize, usize)) {
        broken(&Field { text: text.into(), cursor }, columns)
    }

    #[test]
    fn lines_are_broken_where_they_end_and_where_they_have_no_room() {
        assert_eq!(of("", 0, 8), (vec![String::new()], (0, 0)));
        assert_eq!(of("one\ntwo", 7, 8), (vec!["one".into(), "two".into()], (1, 3)));
        assert_eq!(of("one\ntwo", 3, 8).1, (0, 3), "at the end of the first line");
        assert_eq!(of("one\ntwo", 4, 8).1, (1, 0));
        assert_eq!(of("abcdef", 4, 4), (vec!["abcd".into(), "ef".into()], (1, 0)));
        assert_eq!(of("abcd", 4, 4), (vec!["abcd".into(), String::new()], (1, 0)), "room for what comes next");
        assert_eq!(of("a\n", 2, 8), (vec!["a".into(), String::new()], (1, 0)));
    }

    #[test]
    fn a_wide_character_is_never_cut() {
        assert_eq!(of("決済サ", 3, 5), (vec!["決済".into(), "サ".into()], (1, 2)));
        assert_eq!(of("決済サ", 2, 5).1, (1, 0));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_room_and_the_cursor_stands_in_it(
            text in "[a-z決\\n ]{0,60}", cursor in 0_usize..70, columns in 2_usize..20
        ) {
            let cursor = cursor.min(text.chars().count());
            let (lines, (row, column)) = of(&text, cursor, columns);
            prop_assert!(lines.iter().all(|line| text::width(line) <= columns), "{lines:?}");
            prop_assert!(row < lines.len() && column <= columns, "{row},{column} of {lines:?}");
            prop_assert_eq!(lines.concat(), text.replace('\n', ""));
        }
    }
}
