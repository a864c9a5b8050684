//! Where the parts of the screen go, at every size.

use ratatui::layout::Rect;

/// The narrowest screen that is drawn, in columns.
pub const LEAST_COLUMNS: u16 = 60;
/// The lowest screen that is drawn, in rows.
pub const LEAST_ROWS: u16 = 15;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Below 100 columns: what decides, and nothing else.
    Narrow,
    /// From 100 columns.
    Middle,
    /// From 160 columns.
    Wide,
}

impl Room {
    /// The room in that many columns.
    pub const fn of(columns: u16) -> Self {
        match columns {
            0..100 => Self::Narrow,
            100..160 => Self::Middle,
            _ => Self::Wide,
        }
    }
}

/// The parts of the screen, from the top; a part of no height is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts {
    /// Environment, context, scope, read-only; then the sources.
    pub header: Rect,
    /// The panes.
    pub tabs: Rect,
    /// What stays until dealt with.
    pub banner: Rect,
    /// The pane, or what lies over it.
    pub body: Rect,
    /// Keys, or what is said in passing.
    pub footer: Rect,
}

/// Whether a screen of so many columns and rows can be read.
pub const fn fits(columns: u16, rows: u16) -> bool {
    columns >= LEAST_COLUMNS && rows >= LEAST_ROWS
}

/// The parts of a screen; `None` when it is too small to be read.
pub fn parts(area: Rect, header_rows: u16, banner_rows: u16, footer_rows: u16) -> Option<Parts> {
    if !fits(area.width, area.height) {
        return None;
    }
    let mut from = area.y;
    let mut take = |rows: u16| {
        let part = Rect { y: from, height: rows, ..area };
        from += rows;
        part
    };
    let (header, tabs, banner) = (take(header_rows), take(1), take(banner_rows));
    let body = take(area.height - header_rows - banner_rows - footer_rows - 1);
    Some(Parts { header, tabs, banner, body, footer: take(footer_rows) })
}

/// The first row of a list shown, when the cursor stays in sight: whole pages, so that rows do not slide under the eye.
pub const fn offset(cursor: Option<usize>, rows: usize, total: usize) -> usize {
    let (Some(cursor), true) = (cursor, rows > 0) else {
        return 0;
    };
    if total <= rows {
        return 0;
    }
    let page = cursor / rows * rows;
    let last = total - rows;
    if page > last { last } else { page }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_below_the_least_size_has_no_parts() {
        assert_eq!(parts(Rect::new(0, 0, 59, 40), 2, 0, 1), None);
        assert_eq!(parts(Rect::new(0, 0, 80, 14), 2, 0, 1), None);
    }

    #[test]
    fn the_parts_fill_the_screen() {
        let parts = parts(Rect::new(0, 0, 80, 24), 2, 1, 2).unwrap_or_default();
        assert_eq!(parts.body, Rect::new(0, 4, 80, 18));
        assert_eq!(parts.footer, Rect::new(0, 22, 80, 2));
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        for total in [0_usize, 1, 9, 10, 11, 2_500] {
            for cursor in 0..total.min(60) {
                let first = offset(Some(cursor), 10, total);
                assert!((first..first + 10).contains(&cursor), "{cursor} of {total}");
                assert!(first + 10 <= total.max(10));
            }
        }
        assert_eq!(offset(None, 10, 99), 0);
        assert_eq!(offset(Some(5), 0, 99), 0);
    }
}
