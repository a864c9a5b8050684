//! The rules that this console evaluates itself: one function per rule of the file, each with its sentence.

use std::sync::Arc;

use chrono::TimeDelta;

use super::slo::duration;
use crate::domain::alert::comparison::{Comparison, Relation};
use crate::domain::alert::{LocalRule, Severity};
use crate::domain::document::{Entry, Problems, Table};

const EXAMPLE: &str = "Write { signal = \"error_ratio\", above = 0.05, for = \"5m\", severity = \"high\" }.";
const SEVERITIES: [(&str, Severity); 4] =
    [("critical", Severity::Critical), ("high", Severity::High), ("medium", Severity::Medium), ("low", Severity::Low)];
/// The comparisons, by their key.
const RELATIONS: [(&str, Relation); 4] = [
    ("above", Relation::Above),
    ("below", Relation::Below),
    ("equal", Relation::Equal),
    ("unequal", Relation::Unequal),
];
/// A rule cannot wait longer than the past that is kept.
const LONGEST: TimeDelta = TimeDelta::minutes(55);

/// Reads `[rule.NAME]` of the file: the shipped rules, changed, switched off and followed by those of the configuration.
pub(super) fn rules(root: &Table<'_, '_>, problems: &mut Problems) -> Vec<LocalRule> {
    let mut rules = LocalRule::shipped();
    let Some(table) = root.table("rule", problems) else { return rules };
    for entry in table.entries() {
        let place = rules.iter().position(|rule| *rule.name == *entry.name);
        if let (true, Some(place)) = (entry.is_false(), place) {
            rules.remove(place);
            continue;
        }
        let known = place.and_then(|place| rules.get(place));
        let Some(rule) = rule(&entry, known, problems) else { continue };
        match place.and_then(|place| rules.get_mut(place)) {
            Some(shipped) => *shipped = rule,
            None => rules.push(rule),
        }
    }
    rules
}

fn rule(entry: &Entry<'_, '_>, known: Option<&LocalRule>, problems: &mut Problems) -> Option<LocalRule> {
    let is_name = |text: &str| {
        (1..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !is_name(entry.name) {
        problems.at(
            entry,
            format!("{:?} cannot name a rule.", entry.name),
            "Use at most 60 letters, digits and underscores.",
        );
        return None;
    }
    let Some(table) = entry.as_table() else {
        problems.at(entry, format!("Expected a table, found {}.", entry.kind()), EXAMPLE);
        return None;
    };
    table.refuse_unknown(&["signal", "above", "below", "equal", "unequal", "for", "severity"], problems);
    let signal = match table.text("signal", problems) {
        Some((signal, _)) if is_name(signal) => Some(Arc::from(signal)),
        Some((signal, place)) => {
            problems.at(&place, format!("{signal:?} is no signal."), "Name one of the queries: error_ratio.");
            return None;
        }
        None => known.map(|rule| rule.signal.clone()),
    };
    let comparison = comparison(entry, &table, problems).ok()?;
    let held_for = match table.text("for", problems) {
        Some((text, place)) => match duration(text).filter(|time| *time <= LONGEST) {
            Some(time) => Some(time),
            None => {
                problems.at(
                    &place,
                    format!("{text:?} is no time of at most 55 minutes."),
                    "Write it like \"5m\" or \"90 s\".",
                );
                return None;
            }
        },
        None => known.map(|rule| rule.held_for),
    };
    let severity = match table.text("severity", problems) {
        Some((word, place)) => match SEVERITIES.iter().find(|(known, _)| *known == word) {
            Some((_, severity)) => Some(*severity),
            None => {
                problems.at(&place, format!("{word:?} is no severity."), "Write critical, high, medium or low.");
                return None;
            }
        },
        None => known.map(|rule| rule.severity),
    };
    let comparison = comparison.or(known.map(|rule| rule.comparison));
    let (Some(signal), Some(comparison)) = (signal, comparison) else {
        problems.at(entry, "It does not say what is too much of what.", EXAMPLE);
        return None;
    };
    Some(LocalRule {
        name: entry.name.into(),
        signal,
        comparison,
        held_for: held_for.unwrap_or_default(),
        severity: severity.unwrap_or(Severity::Medium),
    })
}

/// The one comparison of a rule, where it has one.
///
/// # Errors
/// When it is wrong, which is said.
fn comparison(entry: &Entry<'_, '_>, table: &Table<'_, '_>, problems: &mut Problems) -> Result<Option<Comparison>, ()> {
    let mut found = None;
    for (key, relation) in RELATIONS {
        let Some(place) = table.entry(key) else { continue };
        let threshold = place.number(problems).ok_or(())?;
        if found.is_some() {
            problems.at(entry, "It compares twice.", "Leave one of above, below, equal and unequal.");
            return Err(());
        }
        found = Some(Comparison { relation, threshold });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Asked, Settings};

    fn read(lines: &str) -> (Vec<String>, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\nprometheus = {{ url = \"https://p\" }}\n{lines}\n");
        let (settings, problems) = Settings::parse(Path::new("q.toml"), &text, &Asked::default());
        let rules = settings.environments[0].rules.iter();
        let rules = rules.map(|rule| {
            format!(
                "{} {} {} {}s {}",
                rule.name,
                rule.signal,
                rule.comparison,
                rule.held_for.num_seconds(),
                rule.severity.word()
            )
        });
        (rules.collect(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_shipped_rules_are_the_samples_of_the_requirements() {
        let (rules, problems) = read("");
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            rules,
            [
                "HighErrorRate error_ratio > 0.05 300s high",
                "SlowResponses latency_p95_seconds > 2 600s medium",
                "DatabaseUnreachable database_up < 1 120s critical",
                "DiskFillsUp disk_ratio > 0.8 300s medium",
                "DiskAlmostFull disk_ratio > 0.9 300s critical",
            ]
        );
    }

    #[test]
    fn rules_are_changed_switched_off_and_added() {
        let (rules, problems) = read(
            "[rule]\nDiskFillsUp = false\nDiskAlmostFull = false\nDatabaseUnreachable = false\nSlowResponses = { above = 1.5, severity = \"high\" }\n\
             Queue = { signal = \"queue\", below = 1, for = \"90 s\" }",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(
            rules,
            [
                "HighErrorRate error_ratio > 0.05 300s high",
                "SlowResponses latency_p95_seconds > 1.5 600s high",
                "Queue queue < 1 90s medium",
            ]
        );
    }

    #[test]
    fn they_are_evaluated_where_nobody_else_has_rules_unless_one_says_otherwise() {
        let count = |lines: &str| {
            let text = format!("[environment.a]\ncontext = \"x\"\n{lines}\n");
            Settings::parse(Path::new("q.toml"), &text, &Asked::default()).0.environments[0].rules.len()
        };
        let (prometheus, manager) =
            ("prometheus = { url = \"https://p\" }", "alertmanager = [{ url = \"https://a\" }]");
        assert_eq!(count(prometheus), 5);
        assert_eq!(count(&format!("{prometheus}\n{manager}")), 0);
        assert_eq!(count(&format!("{prometheus}\n{manager}\nlocal_rules = true")), 5);
        assert_eq!(count(&format!("{prometheus}\nlocal_rules = false")), 0);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (lines, problem) in [
            (
                "rule.a = 3",
                "q.toml:4: rule.a: Expected a table, found a number. Write { signal = \"error_ratio\", above = 0.05, for = \"5m\", severity = \"high\" }.",
            ),
            (
                "rule.a = { signal = \"x\" }",
                "q.toml:4: rule.a: It does not say what is too much of what. Write { signal = \"error_ratio\", above = 0.05, for = \"5m\", severity = \"high\" }.",
            ),
            (
                "rule.a = { signal = \"x\", above = 1, below = 2 }",
                "q.toml:4: rule.a: It compares twice. Leave one of above, below, equal and unequal.",
            ),
            (
                "rule.a = { signal = \"x\", above = 1, for = \"2h\" }",
                "q.toml:4: rule.a.for: \"2h\" is no time of at most 55 minutes. Write it like \"5m\" or \"90 s\".",
            ),
            (
                "rule.a = { signal = \"x\", above = 1, severity = \"bad\" }",
                "q.toml:4: rule.a.severity: \"bad\" is no severity. Write critical, high, medium or low.",
            ),
        ] {
            // A dotted key under a table would belong to it.
            let text = lines.replacen("rule.", "[rule]\n", 1);
            let problem = problem.replacen("q.toml:4", "q.toml:5", 1);
            assert_eq!(read(&text).1, [problem], "{lines}");
        }
    }
}
