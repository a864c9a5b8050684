//! The Prometheus of an environment, and the queries it is asked.

use std::sync::Arc;

use super::server::{self, Server};
use crate::domain::document::{Entry, Problems, Table};
use crate::domain::signal::{Query, Unit};

/// The keys beside those of every server.
const KEYS: [&str; 3] = ["service_label", "code_label", "queries"];
const EXAMPLE: &str = "https://prometheus.example";

/// Where the signals of an environment come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prometheus {
    /// Where it is and who we are to it; the address has the prefix that Thanos or Mimir want, the headers the tenant.
    pub server: Server,
    /// The label that carries the service; absent: found out.
    pub service_label: Option<Arc<str>>,
    /// The label that carries the status code; absent: found out.
    pub code_label: Option<Arc<str>>,
    /// What it is asked, in the order it is shown: the shipped queries, changed and followed by those of the configuration.
    pub queries: Vec<Query>,
}

/// Reads `prometheus` of an environment.
pub(super) fn prometheus(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Prometheus> {
    let entry = table.entry("prometheus")?;
    let Some(table) = entry.as_table() else {
        problems.at(
            &entry,
            format!("Expected a table, found {}.", entry.kind()),
            format!("Write prometheus = {{ url = \"{EXAMPLE}\" }}."),
        );
        return None;
    };
    let server = server::server(&entry, &table, &KEYS, EXAMPLE, problems);
    let service_label = label(&table, "service_label", problems);
    let code_label = label(&table, "code_label", problems);
    let mut queries = Query::shipped();
    if let Some(table) = table.table("queries", problems) {
        for entry in table.entries() {
            query(&entry, &mut queries, problems);
        }
    }
    Some(Prometheus { server: server?, service_label, code_label, queries })
}

/// Whether a text is a name as labels and queries have them.
fn is_name(text: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    text.bytes().next().is_some_and(is_first) && text.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
}

/// The name of a label.
pub(super) fn label(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<Arc<str>> {
    let (name, entry) = table.text(key, problems)?;
    if !is_name(name) {
        problems.at(&entry, format!("{name:?} is no label."), "Use letters, digits and underscores, no digit first.");
        return None;
    }
    Some(name.into())
}

/// A query of one's own, or another text for a shipped one.
fn query(entry: &Entry<'_, '_>, queries: &mut Vec<Query>, problems: &mut Problems) {
    let place = queries.iter().position(|query| *query.name == *entry.name);
    if !is_name(entry.name) || entry.name.len() > 60 {
        problems.at(
            entry,
            format!("{:?} cannot name a query.", entry.name),
            "Use at most 60 letters, digits and underscores, no digit first.",
        );
        return;
    }
    if let (true, Some(place)) = (entry.is_false(), place) {
        queries.remove(place);
        return;
    }
    let Some(table) = entry.as_table() else {
        problems.at(
            entry,
            format!("Expected a table, found {}.", entry.kind()),
            "Write { promql = \"sum by ({service_label}) (rate(signups_total[{range}]))\", unit = \"per_second\" }.",
        );
        return;
    };
    table.refuse_unknown(&["promql", "unit"], problems);
    let unit = table.text("unit", problems).map(|(word, entry)| (Unit::of_word(word), word, entry));
    let unit = match unit {
        Some((Some(unit), ..)) => Some(unit),
        Some((None, word, entry)) => {
            let words = Unit::ALL.map(Unit::word).join(", ");
            problems.at(&entry, format!("{word:?} is no unit."), format!("Write one of {words}."));
            return;
        }
        None => place.and_then(|place| queries.get(place)).map(|query| query.unit),
    };
    let Some((promql, promql_entry)) = table.text("promql", problems) else {
        if table.entry("promql").is_none() {
            problems.at(entry, "It does not say what is asked.", "Add promql = \"…\".");
        }
        return;
    };
    if promql.trim().is_empty() {
        problems.at(&promql_entry, "It asks nothing.", "Write the PromQL of the query.");
        return;
    }
    let Some(unit) = unit else {
        let words = Unit::ALL.map(Unit::word).join(", ");
        problems.at(entry, "It does not say what its value counts.", format!("Add unit = \"…\", one of {words}."));
        return;
    };
    let query = Query::new(entry.name, unit, promql);
    match place.and_then(|place| queries.get_mut(place)) {
        Some(known) => *known = query,
        None => queries.push(query),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Asked, Settings};

    fn read(lines: &str) -> (Option<Prometheus>, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\n{lines}");
        let (settings, problems) = Settings::parse(Path::new("q.toml"), &text, &Asked::default());
        let found = settings.environments.first().and_then(|environment| environment.prometheus.clone());
        (found, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_behind_a_prefix_with_a_tenant_and_queries_of_ones_own() {
        let (found, problems) = read(
            "[environment.a.prometheus]\nurl = \"https://mimir.example/prometheus/\"\nheaders = { X-Scope-OrgID = \"shop\" }\n\
             service_label = \"app\"\nqueries = { latency_p50_seconds = false, error_ratio = { promql = \"job:errors\" }, signups = { promql = \"sum by ({service_label}) (signups)\", unit = \"count\" } }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let found = found.expect("it is declared");
        assert_eq!(
            (found.server.url.as_str(), &*found.server.name),
            ("https://mimir.example/prometheus", "mimir.example")
        );
        assert_eq!(found.service_label.as_deref(), Some("app"));
        let names: Vec<&str> = found.queries.iter().map(|query| &*query.name).collect();
        let expected = [
            "requests_per_second",
            "error_ratio",
            "latency_p90_seconds",
            "latency_p95_seconds",
            "latency_p99_seconds",
            "signups",
        ];
        assert_eq!(names, expected);
        assert_eq!((found.queries[1].unit, &*found.queries[1].promql), (Unit::Ratio, "job:errors"));
        assert_eq!(found.queries[5].unit, Unit::Count);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        let with = |more: &str| format!("prometheus = {{ url = \"https://p\", {more} }}");
        for (lines, problem) in [
            (
                "prometheus = \"https://p\"".to_owned(),
                "q.toml:3: environment.a.prometheus: Expected a table, found a text. Write prometheus = { url = \"https://prometheus.example\" }.",
            ),
            (
                "prometheus = { }".to_owned(),
                "q.toml:3: environment.a.prometheus: It does not say where it is. Add url = \"https://prometheus.example\".",
            ),
            (
                with("qeries = {}"),
                "q.toml:3: environment.a.prometheus.qeries: There is no such key. Did you mean \"queries\"?",
            ),
            (
                with("service_label = \"a-b\""),
                "q.toml:3: environment.a.prometheus.service_label: \"a-b\" is no label. Use letters, digits and underscores, no digit first.",
            ),
            (
                with("queries = { x = { promql = \"up\" } }"),
                "q.toml:3: environment.a.prometheus.queries.x: It does not say what its value counts. Add unit = \"…\", one of per_second, ratio, seconds, count, bytes.",
            ),
            (
                with("queries = { x = { promql = \"up\", unit = \"miles\" } }"),
                "q.toml:3: environment.a.prometheus.queries.x.unit: \"miles\" is no unit. Write one of per_second, ratio, seconds, count, bytes.",
            ),
            (
                with("queries = { error_ratio = { } }"),
                "q.toml:3: environment.a.prometheus.queries.error_ratio: It does not say what is asked. Add promql = \"…\".",
            ),
        ] {
            assert_eq!(read(&lines).1, [problem], "{lines}");
        }
    }
}
