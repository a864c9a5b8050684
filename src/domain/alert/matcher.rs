//! What a silence covers: label matchers, written and read as Alertmanager does.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::text::clean;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operator {
    /// `=`
    #[serde(rename = "=")]
    Equal,
    /// `!=`
    #[serde(rename = "!=")]
    NotEqual,
    /// `=~`, anchored at both ends.
    #[serde(rename = "=~")]
    Like,
    /// `!~`, anchored at both ends.
    #[serde(rename = "!~")]
    NotLike,
}

impl Operator {
    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Like => "=~",
            Self::NotLike => "!~",
        }
    }

    /// Whether the value is a regular expression, whose judge is the server (Go's RE2).
    pub const fn is_regex(self) -> bool {
        matches!(self, Self::Like | Self::NotLike)
    }

    /// Whether it matches what has the value, not what has it not.
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Equal | Self::Like)
    }

    /// The operator of the two flags of the API.
    pub const fn of(is_regex: bool, is_equal: bool) -> Self {
        match (is_regex, is_equal) {
            (false, true) => Self::Equal,
            (false, false) => Self::NotEqual,
            (true, true) => Self::Like,
            (true, false) => Self::NotLike,
        }
    }
}

/// One matcher: a label's name, an operator, a value; as Alertmanager has them, cleaned only where they are drawn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Matcher {
    /// The label.
    pub name: String,
    /// How.
    pub operator: Operator,
    /// With what.
    pub value: String,
}

impl Matcher {
    /// `name="value"`.
    pub fn equal(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), operator: Operator::Equal, value: value.to_owned() }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}{}\"", self.name, self.operator.sign())?;
        for letter in self.value.chars() {
            match letter {
                '"' => to.write_str("\\\"")?,
                '\\' => to.write_str("\\\\")?,
                '\n' => to.write_str("\\n")?,
                letter => write!(to, "{letter}")?,
            }
        }
        to.write_str("\"")
    }
}

/// Matchers as one line to be read, each value cleaned.
pub fn said(matchers: &[Matcher]) -> String {
    let each = matchers.iter().map(|matcher| clean(&matcher.to_string()).into_owned());
    each.collect::<Vec<_>>().join(" ")
}

/// Why a text is no list of matchers: a sentence with what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MatcherError(pub String);

/// Reads matchers as [`Matcher`] writes them, one or more, parted by spaces or commas; braces around them are allowed.
///
/// # Errors
/// When it is none: a sentence.
pub fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let mut rest = text.trim();
    if let Some(inner) = rest.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        rest = inner.trim();
    }
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['=', '!', ' ', ',', '"']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return Err(MatcherError(format!("{rest:?} does not begin with the name of a label.")));
        }
        let after = after.trim_start();
        let signs = [Operator::Like, Operator::NotLike, Operator::NotEqual, Operator::Equal];
        let Some(operator) = signs.into_iter().find(|operator| after.starts_with(operator.sign())) else {
            return Err(MatcherError(format!("After {name} one of =, !=, =~, !~ is missing.")));
        };
        let after = after[operator.sign().len()..].trim_start();
        let (value, after) = value(after, name)?;
        found.push(Matcher { name: name.to_owned(), operator, value });
        rest = after.trim_start_matches([' ', ',', '\t']);
    }
    if found.is_empty() {
        return Err(MatcherError("There is no matcher. Write for example: alertname=\"DiskFull\".".to_owned()));
    }
    Ok(found)
}

/// A value in quotes with its escapes, or up to the next space or comma; and what follows it.
fn value<'a>(text: &'a str, name: &str) -> Result<(String, &'a str), MatcherError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return Ok((value.to_owned(), after));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, '"')) => value.push('"'),
                Some((_, '\\')) => value.push('\\'),
                // An escape of a regular expression.
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            letter => value.push(letter),
        }
    }
    Err(MatcherError(format!("The value of {name} has no closing quote.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_an_operator_types_is_read() {
        let read =
            |text: &str| matchers(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        assert_eq!(
            read(r#"{alertname="Disk\"Full", env!=dev instance=~"db-\d+" b!~"x|y"}"#).as_deref(),
            Ok(r#"alertname="Disk\"Full" env!="dev" instance=~"db-\\d+" b!~"x|y""#)
        );
        for (text, sentence) in [
            ("", "There is no matcher"),
            ("=x", "does not begin with the name"),
            ("name", "After name one of"),
            ("a=\"x", "no closing quote"),
        ] {
            assert!(read(text).is_err_and(|error| error.0.contains(sentence)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "[a-z_]{1,8}", value in any::<String>(), regex in any::<bool>(), equal in any::<bool>()) {
            let matcher = Matcher { name, operator: Operator::of(regex, equal), value };
            prop_assert_eq!(matchers(&matcher.to_string()), Ok(vec![matcher]));
        }

        #[test]
        fn no_text_whatever_breaks_it(text in any::<String>()) {
            let _ = matchers(&text);
        }
    }
}
