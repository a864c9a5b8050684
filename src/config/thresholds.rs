//! What is too much of a signal of a service.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::document::{Problems, Table};
use crate::domain::signal::Limit;

const EXAMPLE: &str = "Write { warning = 0.01, critical = 0.05 } in the unit of the signal, or false for none.";

/// Reads `thresholds` of a service: by the name of a signal, a limit or `false`.
pub(super) fn thresholds(table: &Table<'_, '_>, problems: &mut Problems) -> BTreeMap<Arc<str>, Option<Limit>> {
    let mut found = BTreeMap::new();
    let Some(table) = table.table("thresholds", problems) else { return found };
    for entry in table.entries() {
        if entry.is_false() {
            found.insert(entry.name.into(), None);
            continue;
        }
        let Some(limits) = entry.as_table() else {
            problems.at(&entry, format!("Expected a table, found {}.", entry.kind()), EXAMPLE);
            continue;
        };
        limits.refuse_unknown(&["warning", "critical"], problems);
        let mut number = |key: &str| limits.entry(key).map(|entry| entry.number(problems));
        let (warning, critical) = (number("warning"), number("critical"));
        if matches!(warning, Some(None)) || matches!(critical, Some(None)) {
            continue;
        }
        match Limit::new(warning.flatten(), critical.flatten()) {
            Some(limit) => {
                found.insert(entry.name.into(), Some(limit));
            }
            None if warning.is_none() && critical.is_none() => {
                problems.at(&entry, "It does not say what is too much.", EXAMPLE);
            }
            None => problems.at(&entry, "The warning is above the alert.", "Let warning be the lower of the two."),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Asked, Settings};
    use crate::domain::service::Services;
    use crate::domain::signal::State;

    fn read(line: &str) -> (Services, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\n[service.cart]\n{line}\n");
        let (settings, problems) = Settings::parse(Path::new("q.toml"), &text, &Asked::default());
        ((*settings.services).clone(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_service_has_limits_of_its_own_and_else_the_shipped_ones() {
        let (services, problems) = read(
            "thresholds = { error_ratio = { warning = 0.2, critical = 1 }, latency_p95_seconds = false, queue = { critical = 10 } }",
        );
        assert_eq!(problems, Vec::<String>::new());
        let state =
            |service: &str, signal: &str, value| services.limit("a", service, signal).map(|one| one.state(value));
        assert_eq!(state("cart", "error_ratio", 0.1), Some(State::Ok));
        assert_eq!(state("cart", "error_ratio", 0.3), Some(State::Warning));
        assert_eq!(state("cart", "latency_p95_seconds", 9.0), None);
        assert_eq!(state("cart", "latency_p99_seconds", 9.0), Some(State::Warning), "as shipped");
        assert_eq!(state("cart", "queue", 11.0), Some(State::Critical));
        assert_eq!(state("other", "error_ratio", 0.1), Some(State::Critical), "another service");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (limits, problem) in [
            (
                "error_ratio = 5",
                "q.toml:4: service.cart.thresholds.error_ratio: Expected a table, found a number. Write { warning = 0.01, critical = 0.05 } in the unit of the signal, or false for none.",
            ),
            (
                "error_ratio = { warning = \"5 %\" }",
                "q.toml:4: service.cart.thresholds.error_ratio.warning: Expected a finite number, found a text. Write it like 0.05, without quotes.",
            ),
            (
                "error_ratio = { }",
                "q.toml:4: service.cart.thresholds.error_ratio: It does not say what is too much. Write { warning = 0.01, critical = 0.05 } in the unit of the signal, or false for none.",
            ),
            (
                "error_ratio = { warning = 2, critical = 1 }",
                "q.toml:4: service.cart.thresholds.error_ratio: The warning is above the alert. Let warning be the lower of the two.",
            ),
            (
                "error_ratio = { critical = inf }",
                "q.toml:4: service.cart.thresholds.error_ratio.critical: Expected a finite number, found a number. Write it like 0.05, without quotes.",
            ),
        ] {
            assert_eq!(read(&format!("thresholds = {{ {limits} }}")).1, [problem], "{limits}");
        }
    }
}
