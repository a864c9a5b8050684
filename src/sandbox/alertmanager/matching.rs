//! Comparing labels with matchers. Of regular expressions: alternatives of plain texts with `.*`, `.+` and `.`, anchored at both ends.

use std::collections::BTreeMap;

use crate::domain::alert::{Matcher, Operator};

/// Whether this server can compare with it; others are refused as a real one refuses what is no RE2.
pub(in crate::sandbox) fn is_understood(matcher: &Matcher) -> bool {
    !matcher.operator.is_regex() || !matcher.value.contains(['(', ')', '[', ']', '{', '}', '?', '^', '$', '\\'])
}

/// Whether a matcher covers labels. A label that is not there is an empty text.
pub(in crate::sandbox) fn covers(matcher: &Matcher, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(&matcher.name).map_or("", String::as_str);
    match matcher.operator {
        Operator::Equal => value == matcher.value,
        Operator::NotEqual => value != matcher.value,
        Operator::Like => matcher.value.split('|').any(|pattern| is_like(pattern, value)),
        Operator::NotLike => !matcher.value.split('|').any(|pattern| is_like(pattern, value)),
    }
}

fn is_like(pattern: &str, value: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return value.is_empty() };
    if first == '.' {
        let rest = &pattern[1..];
        if let Some(rest) = rest.strip_prefix('*') {
            return tails(value).any(|tail| is_like(rest, tail));
        }
        if let Some(rest) = rest.strip_prefix('+') {
            return tails(value).skip(1).any(|tail| is_like(rest, tail));
        }
        return tails(value).nth(1).is_some_and(|tail| is_like(rest, tail));
    }
    value.strip_prefix(first).is_some_and(|tail| is_like(&pattern[first.len_utf8()..], tail))
}

/// The value from each of its letters on, and its empty end.
fn tails(value: &str) -> impl Iterator<Item = &str> {
    value.char_indices().map(|(at, _)| &value[at..]).chain(std::iter::once(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_few_expressions_of_the_sandbox_are_anchored() {
        let labels = BTreeMap::from([("a".to_owned(), "payments-7".to_owned())]);
        let is = |operator, value: &str| covers(&Matcher { name: "a".into(), operator, value: value.into() }, &labels);
        assert!(is(Operator::Like, "pay.*") && is(Operator::Like, "x|payments-.") && is(Operator::Like, ".+"));
        assert!(!is(Operator::Like, "pay") && !is(Operator::Like, "ments.*") && is(Operator::NotLike, "pay"));
        let absent =
            |operator, value: &str| covers(&Matcher { name: "b".into(), operator, value: value.into() }, &labels);
        assert!(absent(Operator::Like, ".*") && !absent(Operator::Like, ".+") && absent(Operator::NotEqual, "x"));
    }
}
