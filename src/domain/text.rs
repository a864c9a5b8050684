//! The one sanitiser: whatever comes from outside passes here before it can be drawn, logged or copied.
//!
//! It removes what could steer a terminal or deceive a reader: control characters (C0, C1, DEL), bidirectional
//! overrides, zero-width and other invisible format characters, and more than three combining marks in a row.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest remote text kept, in bytes; the rest is replaced by an ellipsis.
pub const LONGEST: usize = 4_096;

/// Text safe for one line of a terminal, at most [`LONGEST`] bytes. Line breaks and tabs become a space.
pub fn clean(raw: &str) -> Cow<'_, str> {
    cleaned(raw, LONGEST)
}

/// [`clean`] without a limit, for what was bounded where it was read and whose end counts.
pub fn clean_whole(raw: &str) -> Cow<'_, str> {
    cleaned(raw, usize::MAX)
}

fn cleaned(raw: &str, longest: usize) -> Cow<'_, str> {
    if raw.len() <= longest && raw.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(raw);
    }
    let mut safe = String::with_capacity(raw.len().min(longest));
    let mut marks = 0;
    for character in raw.chars() {
        if safe.len() + character.len_utf8() > longest {
            safe.push('…');
            break;
        }
        match character {
            '\n' | '\r' | '\t' => {
                if !safe.ends_with(' ') {
                    safe.push(' ');
                }
            }
            _ if is_unsafe(character) => {}
            _ if is_combining(character) => {
                marks += 1;
                if marks <= 3 {
                    safe.push(character);
                }
                continue;
            }
            _ => safe.push(character),
        }
        marks = 0;
    }
    Cow::Owned(safe)
}

/// Whether there is anything in a text that a reader sees: one of spaces and invisible characters says nothing.
pub fn is_visible(raw: &str) -> bool {
    raw.chars().any(|character| !character.is_whitespace() && !is_unsafe(character) && !is_combining(character))
}

/// A pasted text, whole: each of its lines safe for a terminal, the line breaks of every system as `\n`.
pub fn pasted(raw: &str) -> String {
    let lines = raw.replace("\r\n", "\n").replace('\r', "\n");
    lines.split('\n').map(|line| cleaned(line, usize::MAX)).collect::<Vec<_>>().join("\n")
}

/// Text safe for several lines of a terminal: each of them cleaned, none of them empty at the end.
pub fn clean_lines(raw: &str) -> String {
    let lines: Vec<Cow<'_, str>> = raw.trim_end().split('\n').map(|line| clean(line.trim_end())).collect();
    lines.join("\n")
}

/// [`clean`] over bytes that may not be UTF-8; what is not becomes U+FFFD.
pub fn clean_bytes(raw: &[u8]) -> String {
    let head = raw.get(..LONGEST * 2).unwrap_or(raw);
    clean(&String::from_utf8_lossy(head)).into_owned()
}

/// A JSON document with whatever could steer a terminal or deceive a reader written as an escape of JSON: the same document, and whole.
pub fn escape_json(document: &str) -> Cow<'_, str> {
    // What is below a space is escaped in every string already, and a line break between two of them is none of theirs.
    let is_to_be_escaped = |character: char| character >= '\u{7f}' && is_unsafe(character);
    if !document.chars().any(is_to_be_escaped) {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len() + 64);
    for character in document.chars() {
        if is_to_be_escaped(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing into a text cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_combining(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}'
        | '\u{06d6}'..='\u{06ed}' | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_lose_their_teeth() {
        assert_eq!(clean("a\x1b[31mred\x1b]8;;http://x\x07y\u{9b}2J"), "a[31mred]8;;http://xy2J");
        assert_eq!(clean("line one\r\nline two"), "line one line two");
    }

    #[test]
    fn lines_stay_lines_and_each_is_safe() {
        assert_eq!(clean_lines("one \u{1b}[31m\r\n\ttwo\u{202e}\n\n\u{7}three\n \n"), "one [31m\n two\n\nthree");
        assert_eq!(clean_lines(" \n "), "");
    }

    #[test]
    fn a_paste_stays_whole_and_loses_its_teeth() {
        let link = format!("https://x.example/{}", "y".repeat(9_000));
        assert_eq!(pasted(&format!("see\u{1b}[31m\r\n\t{link}\rend\n")), format!("see[31m\n {link}\nend\n"));
    }

    #[test]
    fn what_nobody_sees_says_nothing() {
        for nothing in ["", " \u{a0}\t", "\u{200b}", "\u{feff}\u{2060}", "\u{3164}", "\u{301}", "\u{1b}"] {
            assert!(!is_visible(nothing), "{nothing:?}");
        }
        assert!(is_visible("決") && is_visible(" -\u{200b}"));
    }

    #[test]
    fn invisible_and_reordering_characters_are_removed() {
        assert_eq!(clean("api\u{202e}gpj.exe\u{200b}\u{feff}"), "apigpj.exe");
    }

    #[test]
    fn a_combining_storm_is_capped_and_a_plain_accent_is_kept() {
        let storm = format!("e{}x", "\u{0301}".repeat(500));
        assert_eq!(clean(&storm).chars().count(), 5);
        assert_eq!(clean("決済サービス é"), "決済サービス é");
    }

    #[test]
    fn a_megabyte_becomes_a_line() {
        let long = clean(&"x".repeat(1_000_000)).into_owned();
        assert!(long.len() <= LONGEST + '…'.len_utf8());
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_document_for_programs_stays_whole_and_steers_no_terminal() {
        let words = format!("{}\u{9b}2J\u{202e}\u{7f}\u{e0001}決済\n", "x".repeat(10_000));
        let document = serde_json::to_string(&words).unwrap_or_default();
        let escaped = escape_json(&document);
        assert!(escaped.ends_with("\\u009b2J\\u202e\\u007f\\udb40\\udc01決済\\n\""), "{}", &escaped[9_990..]);
        assert_eq!(serde_json::from_str::<String>(&escaped).ok(), Some(words));
        assert!(matches!(escape_json("{\n  \"a\": \"é\"\n}"), Cow::Borrowed(_)));
    }

    #[test]
    fn invalid_utf8_is_shown_as_such() {
        assert_eq!(clean_bytes(b"ok\xff\x1b[2J"), "ok\u{fffd}[2J");
    }

    proptest! {
        #[test]
        fn nothing_that_steers_a_terminal_survives(raw in any::<String>()) {
            let safe = clean(&raw);
            prop_assert!(!safe.chars().any(char::is_control));
            prop_assert_eq!(clean(&safe).into_owned(), safe.clone().into_owned());
        }
    }
}
