//! How wide a silence is: by what it hides now, and by what it would hide of alerts that nobody has seen yet.
//!
//! What a pattern leaves out cannot be read off it, so it is tried: against no label at all, against values no label has ever had, and
//! against the names of all rules that are known. Alertmanager's patterns are Go's (RE2); one that ours cannot read counts as one that
//! matches everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regex::Regex;

use super::{Matcher, Operator};

/// Values that no label has: of the shapes that names, numbers, addresses and paths have, and short ones.
const STRANGERS: [&str; 12] = [
    "neverseen",
    "Neverseen",
    "NEVER_SEEN",
    "never-seen7",
    "never.seen_7f",
    "7041",
    "203.0.113.77:7041",
    "/never/seen",
    "never seen",
    "xq7",
    "qz",
    "q",
];

/// What is known of an environment beside what a silence covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// How many alerts Alertmanager has now.
    pub alerts: usize,
    /// The names of these, and of the rules that are known.
    pub names: BTreeSet<Arc<str>>,
}

/// How wide some matchers are, whatever fires now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breadth {
    /// They cover an alert nobody has seen: without their labels, or with values of its own.
    pub is_everything: bool,
    /// They may cover alerts of every rule that is known, and there are so many; 0 where they do not, or fewer than two are known.
    pub rules: usize,
    /// Patterns that cannot be read here.
    pub unreadable: Vec<String>,
}

impl Breadth {
    /// How wide these are.
    pub fn of(matchers: &[Matcher], known: &Known) -> Self {
        let mut by_label: BTreeMap<&str, Vec<Tried<'_>>> = BTreeMap::new();
        for matcher in matchers {
            by_label.entry(&matcher.name).or_default().push(Tried::of(matcher));
        }
        let covers = |tried: &[Tried<'_>], value: &str| tried.iter().all(|one| one.matches(value));
        let is_open = |tried: &Vec<Tried<'_>>| covers(tried, "") || STRANGERS.iter().any(|value| covers(tried, value));
        let names = by_label.get("alertname").map(Vec::as_slice).unwrap_or_default();
        let are_all = known.names.len() > 1 && known.names.iter().all(|name| covers(names, name));
        let tried = by_label.values().flatten();
        Self {
            is_everything: by_label.values().all(is_open),
            rules: if are_all { known.names.len() } else { 0 },
            unreadable: tried.filter(|one| one.is_unreadable()).map(|one| one.matcher.to_string()).collect(),
        }
    }
}

/// A matcher with its pattern, read once.
struct Tried<'a> {
    matcher: &'a Matcher,
    pattern: Option<Regex>,
}

impl<'a> Tried<'a> {
    fn of(matcher: &'a Matcher) -> Self {
        // Anchored as Alertmanager does it.
        let read = || Regex::new(&format!("^(?:{})$", matcher.value)).ok();
        Self { matcher, pattern: matcher.operator.is_regex().then(read).flatten() }
    }

    fn is_unreadable(&self) -> bool {
        self.matcher.operator.is_regex() && self.pattern.is_none()
    }

    /// Whether it covers this value; a label that is not there has an empty one.
    fn matches(&self, value: &str) -> bool {
        let is_like = || self.pattern.as_ref().map(|pattern| pattern.is_match(value));
        match self.matcher.operator {
            Operator::Equal => self.matcher.value == value,
            Operator::NotEqual => self.matcher.value != value,
            Operator::Like => is_like().unwrap_or(true),
            Operator::NotLike => is_like().is_none_or(|is_like| !is_like),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breadth(text: &str) -> Breadth {
        let names = ["DiskFull", "Latency", "Certificate"].map(Arc::from);
        let known = Known { alerts: 3, names: names.into() };
        Breadth::of(&super::super::matchers(text).expect("matchers"), &known)
    }

    #[test]
    fn what_covers_an_alert_nobody_has_seen_is_everything() {
        let everything = [
            r#"alertname=~".*""#,
            r#"alertname=~".+""#,
            r#"alertname=~".*|x""#,
            r#"alertname=~"\w*""#,
            r#"alertname=~"\\S+""#,
            r#"alertname=~"(?i).*""#,
            r#"alertname=~"[A-Za-z0-9]*""#,
            r#"alertname=~"[^x].*""#,
            r#"alertname=~"(?:a|.*).*""#,
            r#"nosuchlabel=~"x?""#,
            r#"team=~"payments|""#,
            r#"team!="payments""#,
            r#"team!~"payments|search""#,
            r#"team="""#,
            r#"instance=~"[0-9.:]+""#,
            r#"alertname=~".*" team=~"payments|""#,
            r#"alertname=~"Disk[""#,
        ];
        for text in everything {
            assert!(breadth(text).is_everything, "{text}");
        }
        let named = [
            r#"alertname="DiskFull""#,
            r#"alertname=~"DiskFull""#,
            r#"alertname=~"Disk.*""#,
            r#"alertname=~"DiskFull|Latency""#,
            r#"alertname=~"(?i)disk.*""#,
            r#"instance=~"db-\d+""#,
            // A whole name, not a part of one.
            r#"alertname=~"seen""#,
            r#"alertname=~".*" service="cart""#,
            r#"alertname=~".+" alertname=~"Disk.*""#,
            r#"service="cart" team!="payments""#,
        ];
        for text in named {
            assert!(!breadth(text).is_everything, "{text}");
        }
    }

    #[test]
    fn what_may_cover_the_alerts_of_every_rule_is_said() {
        for (text, rules) in [
            (r#"alertname=~"DiskFull|Latency|Certificate""#, 3),
            (r#"alertname=~"[CDL].*""#, 3),
            (r#"alertname!="Other" service="cart""#, 3),
            (r#"service="cart""#, 3),
            (r#"alertname=~"DiskFull|Latency""#, 0),
            (r#"alertname="DiskFull""#, 0),
        ] {
            assert_eq!(breadth(text).rules, rules, "{text}");
        }
        let one = Known { alerts: 1, names: ["DiskFull".into()].into() };
        assert_eq!(Breadth::of(&[Matcher::equal("alertname", "DiskFull")], &one).rules, 0, "one is not all there is");
    }

    #[test]
    fn what_cannot_be_read_here_is_named_and_taken_for_everything() {
        let unread = breadth(r#"alertname=~"\\Qa.b\\E""#);
        assert!(unread.is_everything && unread.rules == 3);
        assert_eq!(unread.unreadable, [r#"alertname=~"\\Qa.b\\E""#]);
        let left_out = breadth(r#"alertname!~"\\Qa.b\\E""#);
        assert!(left_out.is_everything && left_out.rules == 3, "what it leaves out is not known either");
        assert!(
            !breadth(r#"alertname="DiskFull" instance=~"\\Qa.b\\E""#).is_everything,
            "another label names something"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_whatever_breaks_it(value in proptest::prelude::any::<String>(), is_positive in proptest::prelude::any::<bool>()) {
            let matcher = Matcher { name: "a".into(), operator: Operator::of(true, is_positive), value };
            let _ = Breadth::of(&[matcher], &Known::default());
        }
    }
}
