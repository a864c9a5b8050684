//! One line of an exposition taken apart: the text format 0.0.4, OpenMetrics 1 and the quoted names of 1.0.0.

use std::borrow::Cow;

/// A sample's line in its parts, unescaped. Values and times are as written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// The metric's name.
    pub(super) name: Cow<'a, str>,
    /// Its labels, in the order written.
    pub(super) labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The number.
    pub(super) value: &'a str,
    /// The time, where one is written.
    pub(super) time: Option<&'a str>,
}

/// A line that is no comment and not empty.
///
/// # Errors
/// What is wrong with it.
pub(super) fn sample(line: &str) -> Result<Parts<'_>, &'static str> {
    let mut at = Cursor { rest: line.trim_start_matches(BLANKS) };
    let name = at.name();
    at.blanks();
    let mut labels = Vec::new();
    if at.take('{') {
        loop {
            at.blanks();
            if at.take('}') {
                break;
            }
            let key = if at.rest.starts_with('"') { at.quoted()? } else { Cow::Borrowed(at.name()) };
            at.blanks();
            if at.take('=') {
                at.blanks();
                if key.is_empty() {
                    return Err("a label has no name");
                }
                let value = at.quoted()?;
                if labels.iter().any(|(known, _)| *known == key) {
                    return Err("a label is written twice");
                }
                labels.push((key, value));
            } else if name.is_empty() && labels.is_empty() && !key.is_empty() {
                // The name itself, quoted, first in the braces.
                at.blanks();
                let (value, time, labels) = at.after_quoted_name()?;
                return Ok(Parts { name: key, labels, value, time });
            } else {
                return Err("a label has no value");
            }
            at.blanks();
            if !at.take(',') && !at.rest.starts_with('}') {
                return Err("a comma or the closing brace is missing");
            }
        }
    }
    if name.is_empty() {
        return Err("it has no name");
    }
    let (value, time) = at.number_and_time()?;
    Ok(Parts { name: Cow::Borrowed(name), labels, value, time })
}

/// The bare name a line begins with; empty where it begins with none.
pub(super) fn leading_name(line: &str) -> &str {
    Cursor { rest: line.trim_start_matches(BLANKS) }.name()
}

const BLANKS: [char; 2] = [' ', '\t'];

struct Cursor<'a> {
    rest: &'a str,
}

type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl<'a> Cursor<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(BLANKS);
    }

    fn take(&mut self, what: char) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A bare name; empty when none stands here.
    fn name(&mut self) -> &'a str {
        let is_in = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
        let end = self.rest.find(|letter| !is_in(letter)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            return "";
        }
        self.rest = rest;
        name
    }

    /// A text in double quotes with its three escapes.
    fn quoted(&mut self) -> Result<Cow<'a, str>, &'static str> {
        if !self.take('"') {
            return Err("a value is not in double quotes");
        }
        let text = self.rest;
        let mut plain = String::new();
        let mut letters = text.char_indices();
        let mut is_escaped = false;
        while let Some((place, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.rest = text.get(place + 1..).unwrap_or_default();
                    let whole = text.get(..place).unwrap_or_default();
                    return Ok(if is_escaped { Cow::Owned(plain) } else { Cow::Borrowed(whole) });
                }
                '\\' => {
                    if !is_escaped {
                        plain.push_str(text.get(..place).unwrap_or_default());
                        is_escaped = true;
                    }
                    match letters.next() {
                        Some((_, 'n')) => plain.push('\n'),
                        Some((_, letter @ ('"' | '\\'))) => plain.push(letter),
                        Some(_) => return Err("an escape is none of the three"),
                        None => break,
                    }
                }
                _ if is_escaped => plain.push(letter),
                _ => {}
            }
        }
        Err("a quote is not closed")
    }

    /// What follows a quoted name: more labels, the number, the time.
    fn after_quoted_name(&mut self) -> Result<(&'a str, Option<&'a str>, Pairs<'a>), &'static str> {
        let mut labels: Pairs<'a> = Vec::new();
        loop {
            let is_separated = self.take(',');
            self.blanks();
            if self.take('}') {
                break;
            }
            if !is_separated {
                return Err("a comma or the closing brace is missing");
            }
            let key = if self.rest.starts_with('"') { self.quoted()? } else { Cow::Borrowed(self.name()) };
            self.blanks();
            if key.is_empty() || !self.take('=') {
                return Err("a label has no value");
            }
            self.blanks();
            let value = self.quoted()?;
            if labels.iter().any(|(known, _)| *known == key) {
                return Err("a label is written twice");
            }
            labels.push((key, value));
            self.blanks();
        }
        let (value, time) = self.number_and_time()?;
        Ok((value, time, labels))
    }

    fn number_and_time(&mut self) -> Result<(&'a str, Option<&'a str>), &'static str> {
        // An exemplar follows a lonely hash; it is about one event and no part of the sample.
        let words = self.rest.split(BLANKS).filter(|word| !word.is_empty());
        let mut words = words.take_while(|word| *word != "#");
        let value = words.next().ok_or("it has no value")?;
        let time = words.next();
        if words.next().is_some() {
            return Err("something follows its time");
        }
        Ok((value, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        match sample(line) {
            Ok(parts) => {
                let labels: Vec<String> = parts.labels.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
                format!("{} [{}] {} {}", parts.name, labels.join(" "), parts.value, parts.time.unwrap_or("-"))
            }
            Err(what) => format!("! {what}"),
        }
    }

    #[test]
    fn every_form_the_format_allows_is_taken_apart() {
        for (line, parts) in [
            ("foo 1", "foo [] 1 -"),
            ("foo{} 2", "foo [] 2 -"),
            ("foo {a=\"1\"} 1 1800000000000", "foo [a=\"1\"] 1 1800000000000"),
            ("\tfoo{ a = \"1\" , b=\"2\", }\t+Inf", "foo [a=\"1\" b=\"2\"] +Inf -"),
            (
                "job:http:rate5m{path=\"/u/{id}\",q=\"a=b,c\"} 1e-3",
                "job:http:rate5m [path=\"/u/{id}\" q=\"a=b,c\"] 1e-3 -",
            ),
            ("foo{a=\"q\\\"\",b=\"\\\\\",c=\"x\\ny\"} NaN", "foo [a=\"q\\\"\" b=\"\\\\\" c=\"x\\ny\"] NaN -"),
            ("{\"größe.x\",\"ключ 1\"=\"v\",b=\"w\"} 3", "größe.x [ключ 1=\"v\" b=\"w\"] 3 -"),
            ("{\"one.alone\"} 3", "one.alone [] 3 -"),
            ("foo_bucket{le=\"1.0\"} 5 # {trace_id=\"a # b\"} 0.5 1.8e9", "foo_bucket [le=\"1.0\"] 5 -"),
            ("foo_bucket{le=\"1.0\"} 5 1800000000.5 # {trace_id=\"a\"} 0.5", "foo_bucket [le=\"1.0\"] 5 1800000000.5"),
        ] {
            assert_eq!(shown(line), parts, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_says_why() {
        for (line, why) in [
            ("1foo 2", "! it has no name"),
            ("foo", "! it has no value"),
            ("foo{a=1} 2", "! a value is not in double quotes"),
            ("foo{a=\"1 2", "! a quote is not closed"),
            ("foo{a=\"1\\", "! a quote is not closed"),
            ("foo{a=\"\\t\"} 2", "! an escape is none of the three"),
            ("foo{a=\"1\" b=\"2\"} 2", "! a comma or the closing brace is missing"),
            ("foo{a=\"1\",a=\"2\"} 2", "! a label is written twice"),
            ("foo{a} 2", "! a label has no value"),
            ("foo 1 2 3", "! something follows its time"),
            ("{\"a\" b=\"1\"} 1", "! a comma or the closing brace is missing"),
            ("", "! it has no name"),
        ] {
            assert_eq!(shown(line), why, "{line}");
        }
    }
}
