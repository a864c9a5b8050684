//! Escape sequences out of lines, whole: a colour is no text, hides no level and splits no name from its secret.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Sequences as a terminal takes them, and as JSON writes them: `ESC [ … m`, `ESC ] … BEL`, `ESC X`. The first branch takes escaped
/// backslashes out of the way: what follows one of those is text. Neither a quote nor a backslash is part of a sequence: both mean
/// something to JSON.
static CODES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let escape = r"(?:\x1b|\\u001[bB]|\\x1[bB]|\\033)";
    let end = r"(?:\x07|\\u0007|\x1b\\|\\u001[bB]\\\\)";
    Regex::new(&format!(
        r"(\\\\)|{escape}\[[0-?]*[ !#-/]*[@-\[\]-~]|{escape}\][^\x07\x1b\x22\\]*{end}?|\x1b[@-Z^_]|\x{{9b}}[0-?]*[ !#-/]*[@-\[\]-~]"
    ))
    .ok()
});

/// A line without its escape sequences. A JSON line stays one.
pub fn without_codes(line: &str) -> Cow<'_, str> {
    let is_plain = !line.contains(['\x1b', '\u{9b}', '\\']);
    match CODES.as_ref().filter(|_| !is_plain) {
        Some(codes) => {
            codes.replace_all(line, |found: &Captures<'_>| found.get(1).map_or("", |kept| kept.as_str()).to_owned())
        }
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_the_text_stays() {
        for (line, plain) in [
            ("\u{1b}[31mERROR\u{1b}[0m HTTP status 503", "ERROR HTTP status 503"),
            ("\u{1b}[1;38;5;9mred\u{1b}[m and \u{1b}]8;;http://x\u{7}a link\u{1b}]8;;\u{7}", "red and a link"),
            ("\u{1b}[36mpassword\u{1b}[0m=hunter2", "password=hunter2"),
            (r#"{"msg":"\u001b[33mslow\u001b[39m"}"#, r#"{"msg":"slow"}"#),
            (r#"{"path":"C:\\u001b[x"}"#, r#"{"path":"C:\\u001b[x"}"#),
            ("cost [31m is text", "cost [31m is text"),
            ("a\\b", "a\\b"),
        ] {
            assert_eq!(without_codes(line), plain);
        }
        assert!(CODES.is_some());
    }

    proptest::proptest! {
        #[test]
        fn a_json_line_stays_one(text in "(\\PC|\u{1b}|\\\\|\\[|m){0,30}") {
            let json = serde_json::json!({ "msg": text }).to_string();
            let plain = without_codes(&json).into_owned();
            proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&plain).is_ok(), "{}", plain);
        }
    }
}
