//! Where the alerts of an environment come from: one function per rule, each with its sentence.

use std::sync::Arc;

use super::server::{self, Server};
use crate::domain::document::{Entry, Problems, Table};

const EXAMPLE: &str = "https://alertmanager.example";

/// What an environment says of its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alerts {
    /// Its Alertmanagers, the replicas of one cluster; empty when it has none.
    pub managers: Vec<Server>,
    /// The name of the alert that always fires; `None` when there is none by the operator's own word.
    pub watchdog: Option<Arc<str>>,
    /// Labels that say which of several senders sent an alert, such as `prometheus_replica`: no part of a silence.
    pub replica_labels: Arc<[String]>,
}

/// Reads `alertmanager`, `watchdog` and `replica_labels` of an environment.
pub(super) fn alerts(table: &Table<'_, '_>, problems: &mut Problems) -> Alerts {
    let managers = table.entry("alertmanager").map(|entry| managers(&entry, problems)).unwrap_or_default();
    let watchdog = match table.entry("watchdog") {
        None => Some(Arc::from(DEFAULT_WATCHDOG)),
        Some(entry) => watchdog(&entry, problems),
    };
    let replica_labels = table.entry("replica_labels").and_then(|entry| entry.texts(problems)).unwrap_or_default();
    let replica_labels = replica_labels.into_iter().map(|(name, _)| name.to_owned()).collect();
    Alerts { managers, watchdog, replica_labels }
}

/// What the rules everybody starts from call the alert that always fires.
const DEFAULT_WATCHDOG: &str = "Watchdog";

fn watchdog(entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<Arc<str>> {
    if entry.is_false() {
        return None;
    }
    match entry.as_text().map(str::trim) {
        Some(name) if !name.is_empty() => Some(name.into()),
        _ => {
            problems.at(
                entry,
                format!("Expected the name of the alert that always fires, found {}.", entry.kind()),
                "Write its alertname in double quotes, or watchdog = false when there is none.",
            );
            Some(DEFAULT_WATCHDOG.into())
        }
    }
}

fn managers(entry: &Entry<'_, '_>, problems: &mut Problems) -> Vec<Server> {
    let Some(parts) = entry.parts() else {
        problems.at(
            entry,
            format!("Expected a list of tables, found {}.", entry.kind()),
            "Write alertmanager = [{ url = \"https://alertmanager.example\" }].",
        );
        return Vec::new();
    };
    let mut known: Vec<Server> = Vec::new();
    for part in parts {
        let Some(table) = part.as_table() else {
            problems.at(
                &part,
                format!("Expected a table, found {}.", part.kind()),
                "Write { url = \"https://alertmanager.example\" }.",
            );
            continue;
        };
        let Some(one) = server::server(&part, &table, &[], EXAMPLE, problems) else { continue };
        if known.iter().any(|other| other.url == one.url) {
            problems.at(&part, format!("{} is listed twice.", one.url), "Remove one of the two.");
        } else {
            known.push(one);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Credentials;
    use crate::config::{Asked, Settings};

    fn read(lines: &str) -> (Alerts, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\n{lines}");
        let (settings, problems) = Settings::parse(Path::new("q.toml"), &text, &Asked::default());
        let alerts = settings.environments.first().map(|environment| environment.alerts.clone()).unwrap_or_default();
        (alerts, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_cluster_of_two_with_everything() {
        let (alerts, problems) = read(
            "alertmanager = [{ url = \"https://am-0.example/prefix/\", bearer_file = \"/run/token\", headers = { X-Scope-OrgID = \"shop\" } },\n\
             { url = \"https://am-1.example:9093\", user = \"quarterdeck\", password_file = \"/run/password\", ca_file = \"/run/ca\", certificate_file = \"/run/crt\", key_file = \"/run/key\" }]\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(alerts.watchdog.as_deref(), Some("Watchdog"), "asked for unless somebody says there is none");
        let [first, second] = alerts.managers.as_slice() else { panic!("two") };
        assert_eq!((first.url.as_str(), &*first.name), ("https://am-0.example/prefix", "am-0.example"));
        assert_eq!(first.credentials, Credentials::Bearer("/run/token".into()));
        assert_eq!(first.headers, [("X-Scope-OrgID".to_owned(), "shop".to_owned())]);
        assert_eq!((second.url.as_str(), &*second.name), ("https://am-1.example:9093", "am-1.example:9093"));
        assert_eq!(second.identity, Some(("/run/crt".into(), "/run/key".into())));
    }

    #[test]
    fn replica_labels_are_names() {
        let (alerts, problems) = read("replica_labels = [\"prometheus_replica\", \"ruler\"]\n");
        assert_eq!(
            (&*alerts.replica_labels, problems.len()),
            (&["prometheus_replica".to_owned(), "ruler".to_owned()][..], 0)
        );
        let (alerts, problems) = read("replica_labels = \"prometheus_replica\"\n");
        assert!(alerts.replica_labels.is_empty() && problems[0].contains("Expected a list of texts"), "{problems:?}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (lines, problem) in [
            (
                "alertmanager = \"https://am\"",
                "q.toml:3: environment.a.alertmanager: Expected a list of tables, found a text. Write alertmanager = [{ url = \"https://alertmanager.example\" }].",
            ),
            (
                "alertmanager = [\"https://am\"]",
                "q.toml:3: environment.a.alertmanager: Expected a table, found a text. Write { url = \"https://alertmanager.example\" }.",
            ),
            (
                "alertmanager = [{ }]",
                "q.toml:3: environment.a.alertmanager: It does not say where it is. Add url = \"https://alertmanager.example\".",
            ),
            (
                "alertmanager = [{ url = \"am:9093\" }]",
                "q.toml:3: environment.a.alertmanager.url: \"am:9093\" is no address. Begin it with https:// and name the host.",
            ),
            (
                "alertmanager = [{ url = \"https://u:secret@am\" }]",
                "q.toml:3: environment.a.alertmanager.url: The address holds a name or a password. Move them to user and password_file.",
            ),
            (
                "alertmanager = [{ url = \"https://u:half/secret@am\" }]",
                "q.toml:3: environment.a.alertmanager.url: The address holds a name or a password. Move them to user and password_file.",
            ),
            (
                "alertmanager = [{ url = \"am?token=secret\" }]",
                "q.toml:3: environment.a.alertmanager.url: \"am\" is no address. Begin it with https:// and name the host.",
            ),
            (
                "alertmanager = [{ url = \"https://am\", user = \"u\" }]",
                "q.toml:3: environment.a.alertmanager: A name and a password belong together. Give user and password_file.",
            ),
            (
                "alertmanager = [{ url = \"https://am\", bearer_fil = \"/x\" }]",
                "q.toml:3: environment.a.alertmanager.bearer_fil: There is no such key. Did you mean \"bearer_file\"?",
            ),
            (
                "alertmanager = [{ url = \"https://am\", bearer_file = \"token\" }]",
                "q.toml:3: environment.a.alertmanager.bearer_file: \"token\" is not a whole path. Begin it with /: the console may be started anywhere.",
            ),
            (
                "alertmanager = [{ url = \"http://am\", bearer_file = \"/token\" }]",
                "q.toml:3: environment.a.alertmanager.url: A token or password would cross the network in the clear. Use https, or remove the credentials.",
            ),
            (
                "alertmanager = [{ url = \"https://am\", headers = { Authorization = \"Bearer x\" } }]",
                "q.toml:3: environment.a.alertmanager.headers.Authorization: A secret does not belong into this file. Use bearer_file, or user and password_file.",
            ),
            (
                "alertmanager = [{ url = \"https://am\" }, { url = \"https://am/\" }]",
                "q.toml:3: environment.a.alertmanager: https://am is listed twice. Remove one of the two.",
            ),
            (
                "watchdog = 3",
                "q.toml:3: environment.a.watchdog: Expected the name of the alert that always fires, found a number. Write its alertname in double quotes, or watchdog = false when there is none.",
            ),
        ] {
            assert_eq!(read(lines).1, [problem], "{lines}");
        }
    }

    #[test]
    fn a_watchdog_may_be_named_or_said_not_to_be() {
        assert_eq!(read("watchdog = \"DeadMansSwitch\"").0.watchdog.as_deref(), Some("DeadMansSwitch"));
        assert_eq!(read("watchdog = false"), (Alerts::default(), Vec::new()));
    }
}
