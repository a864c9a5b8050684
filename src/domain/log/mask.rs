//! Secrets out of lines, before they are kept, drawn, copied or written to a file.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

/// What stands for a secret.
const MASKED: &str = "***";
/// The longest pattern of a configuration, compiled, in bytes.
const LARGEST: usize = 1 << 20;

/// Names whose value is a secret.
const TELLING: &str = r"[\w.-]*(?:authorization|password|passwd|pwd|secret|token|api[_-]?key|cookie|credential)[\w.-]*";

/// What is always masked: credentials after a scheme, values of telling names in JSON, in JSON within JSON and in text, signed tokens,
/// passwords in URLs, e-mail addresses. `NAME` stands for [`TELLING`]. A JSON line stays one.
const ALWAYS: [(&str, &str); 8] = [
    (r"(?i)\b(bearer|basic|digest)\s+[a-z0-9._~+/=-]{6,}", "$1 ***"),
    (r#"(?i)("NAME"\s*:\s*)"(?:[^"\\]|\\.)*""#, r#"$1"***""#),
    (r#"(?i)("NAME"\s*:\s*)[^\s"{}\[\],]+"#, r#"$1"***""#),
    (r#"(?i)(\\+"NAME\\+"\s*:\s*)\\+"[^"\\]*\\+""#, r#"$1\"***\""#),
    (r#"(?i)(\bNAME\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&}"'\\]+)"#, "$1***"),
    (r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", MASKED),
    (r"(://[^/\s:@]+:)[^@\s/]+@", "$1***@"),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", "***@***"),
];

/// A pattern of a configuration that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(pub String);

/// [`ALWAYS`], compiled when the first line is masked: it takes longer than everything else before the first frame. A test holds that all compile.
static ALWAYS_COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    ALWAYS.iter().filter_map(|(pattern, by)| Some((compiled(&pattern.replace("NAME", TELLING)).ok()?, *by))).collect()
});

/// Everything that is masked in a log.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// What a configuration adds.
    further: Vec<Regex>,
}

impl Mask {
    /// What is always masked, and whatever matches further patterns.
    ///
    /// # Errors
    /// [`BadPattern`] when one of them is no regular expression, too large, or matches nothing and so everywhere.
    pub fn with<'p>(further: impl IntoIterator<Item = &'p str>) -> Result<Self, BadPattern> {
        Ok(Self { further: further.into_iter().map(compiled).collect::<Result<_, _>>()? })
    }

    /// The line without secrets.
    pub fn apply(&self, line: &str) -> String {
        let always = ALWAYS_COMPILED.iter().map(|(pattern, by)| (pattern, *by));
        let all = self.further.iter().map(|pattern| (pattern, MASKED)).chain(always);
        all.fold(line.to_owned(), |line, (pattern, by)| match pattern.replace_all(&line, by) {
            // Most patterns match nothing in most lines.
            Cow::Borrowed(_) => line,
            Cow::Owned(masked) => masked,
        })
    }
}

fn compiled(pattern: &str) -> Result<Regex, BadPattern> {
    let regex = RegexBuilder::new(pattern).size_limit(LARGEST).build().map_err(|error| {
        // The library draws the place over several lines; the last says what it is.
        let words = error.to_string();
        BadPattern(words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
    })?;
    if regex.is_match("") {
        return Err(BadPattern("it matches nothing at all, and so everywhere".to_owned()));
    }
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_patterns_compile() {
        assert_eq!(ALWAYS_COMPILED.len(), ALWAYS.len());
    }

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let mask = Mask::default();
        for (line, safe) in [
            ("Authorization: Bearer abc.def-123", "Authorization: *** ***"),
            (r#"{"authorization":"Bearer abcdef123","a":1}"#, r#"{"authorization":"***","a":1}"#),
            (r#"{"headers":{"cookie":"sid=1; x=\"2\""},"a":1}"#, r#"{"headers":{"cookie":"***"},"a":1}"#),
            ("login password=hunter2 user=mori", "login password=*** user=mori"),
            (r#"{"msg":"got {\"api_key\":\"k-123\"} back"}"#, r#"{"msg":"got {\"api_key\":\"***\"} back"}"#),
            ("postgres://mori:hunter2@db/x", "postgres://mori:***@db/x"),
            ("mail to mori.ito@example.co.jp failed", "mail to ***@*** failed"),
            ("jwt eyJhbGciOi.eyJzdWIi.c2ln back", "jwt *** back"),
            ("the token expired at noon", "the token expired at noon"),
        ] {
            assert_eq!(mask.apply(line), safe);
        }
    }

    #[test]
    fn a_json_line_stays_one() {
        for line in [
            r#"{"level":30,"msg":"x","password":"a\"b"}"#,
            r#"{"token":12345,"msg":"x"}"#,
            r#"{"msg":"{\"secret\":\"s\"}"}"#,
        ] {
            let masked = Mask::default().apply(line);
            let value: serde_json::Value = serde_json::from_str(&masked).unwrap_or_default();
            assert!(value.is_object() && masked.contains("***"), "{masked}");
        }
    }

    #[test]
    fn a_pattern_of_ones_own_is_added_and_a_bad_one_named() {
        let mask = Mask::with([r"card-\d+"]).expect("a pattern");
        assert_eq!(mask.apply("paid with card-4242"), "paid with ***");
        assert!(Mask::with(["("]).expect_err("no pattern").0.contains("unclosed group"));
        assert!(Mask::with(["x*"]).is_err(), "it would match everywhere");
    }
}
