//! Text in columns of a terminal: measured and cut by what a reader sees as one character, never by bytes.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme_width).sum() }
}

/// The text in at most `columns`, its end replaced by the ellipsis when it does not fit.
pub fn clip<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match columns.checked_sub(width(ellipsis)) {
        Some(room) => Cow::Owned(format!("{}{ellipsis}", head(text, room))),
        None => Cow::Borrowed(head(text, columns)),
    }
}

/// The text in at most `columns`, its middle replaced by the ellipsis when it does not fit: both ends of an image or a pod's name count.
pub fn middle<'a>(text: &'a str, columns: usize, ellipsis: &str) -> Cow<'a, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(room) = columns.checked_sub(width(ellipsis)).filter(|room| *room >= 2) else {
        return clip(text, columns, ellipsis);
    };
    let tail = tail(text, room / 2);
    let head = head(text, room - width(tail));
    Cow::Owned(format!("{head}{ellipsis}{tail}"))
}

/// The text in lines of at most `columns`, broken at spaces where there are any. Never empty.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in pieces(text) {
        let wide = width(word);
        if used + wide > columns && used > 0 && wide <= columns {
            lines.push(String::new());
            used = 0;
            if word == " " {
                continue;
            }
        }
        for grapheme in word.graphemes(true) {
            let wide = grapheme_width(grapheme);
            if used + wide > columns && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(grapheme);
                used += wide;
            }
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

fn grapheme_width(grapheme: &str) -> usize {
    grapheme.width()
}

/// The longest beginning that fits.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text
        .grapheme_indices(true)
        .find(|(_, grapheme)| {
            used += grapheme_width(grapheme);
            used > columns
        })
        .map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}

/// The longest end that fits.
pub fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let start = text
        .grapheme_indices(true)
        .rev()
        .find(|(_, grapheme)| {
            used += grapheme_width(grapheme);
            used > columns
        })
        .map_or(0, |(at, grapheme)| at + grapheme.len());
    text.get(start..).unwrap_or_default()
}

/// Words and the spaces between them, nothing lost.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ').flat_map(|piece| {
        let word = piece.strip_suffix(' ').unwrap_or(piece);
        let space = piece.get(word.len()..).unwrap_or_default();
        [word, space].into_iter().filter(|part| !part.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widths_are_what_a_reader_sees() {
        for (text, columns) in [("api", 3), ("決済", 4), ("e\u{301}", 1), ("👩‍🔧", 2), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_clipped_text_ends_in_an_ellipsis_and_never_in_half_a_character() {
        assert_eq!(clip("checkout-api", 8, "…"), "checkou…");
        assert_eq!(clip("決済サービス", 6, "…"), "決済…");
        assert_eq!(clip("checkout", 8, "…"), "checkout");
        assert_eq!(clip("checkout", 1, "..."), "c");
        assert_eq!(clip("checkout", 5, "..."), "ch...");
    }

    #[test]
    fn the_middle_gives_way_before_the_ends() {
        assert_eq!(middle("registry/shop/api:1.4.2", 12, "…"), "regist…1.4.2");
        assert_eq!(middle("決済サービス", 7, "…"), "決済…ス");
        assert_eq!(middle("abc", 1, "…"), "…");
    }

    #[test]
    fn a_sentence_is_broken_at_spaces_and_a_long_word_where_it_must() {
        assert_eq!(wrap("pull of image failed", 9), ["pull of", "image", "failed"]);
        assert_eq!(wrap("sha256:0123456789", 8), ["sha256:0", "12345678", "9"]);
        assert_eq!(wrap("", 8), [""]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked(text in "\\PC{0,40}", columns in 0_usize..30) {
            prop_assert!(width(&clip(&text, columns, "…")) <= columns);
            prop_assert!(width(&middle(&text, columns, "…")) <= columns);
            for line in wrap(&text, columns.max(8)) {
                prop_assert!(width(&line) <= columns.max(8), "{line}");
            }
        }
    }
}
