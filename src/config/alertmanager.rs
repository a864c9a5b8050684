//! Where the alerts of an environment come from: one function per rule, each with its sentence.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::document::{Entry, Problems, Table};

/// The keys of one Alertmanager.
const KEYS: [&str; 8] =
    ["url", "bearer_file", "user", "password_file", "ca_file", "certificate_file", "key_file", "headers"];

/// How we say who we are to a server. Secrets are in files, read again for every connection, never here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// A bearer token in a file.
    Bearer(PathBuf),
    /// A name, and a password in a file.
    Basic {
        /// The name.
        user: String,
        /// The file of the password.
        password: PathBuf,
    },
}

/// One Alertmanager of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alertmanager {
    /// Its address with its route prefix, without a slash at its end.
    pub url: String,
    /// Host and port, for the screen.
    pub name: Arc<str>,
    /// Who we are to it.
    pub credentials: Credentials,
    /// Further certificate authorities in PEM; absent: those of the system.
    pub authorities: Option<PathBuf>,
    /// A client's certificate and its key, both in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Further headers of every request, such as a tenant. No secrets: those are in files.
    pub headers: Vec<(String, String)>,
}

/// What an environment says of its alerts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alerts {
    /// Its Alertmanagers, the replicas of one cluster; empty when it has none.
    pub managers: Vec<Alertmanager>,
    /// The name of the alert that always fires; `None` when there is none by the operator's own word.
    pub watchdog: Option<Arc<str>>,
}

impl fmt::Display for Alertmanager {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.url)
    }
}

/// Reads `alertmanager` and `watchdog` of an environment.
pub(super) fn alerts(table: &Table<'_, '_>, problems: &mut Problems) -> Alerts {
    let managers = table.entry("alertmanager").map(|entry| managers(&entry, problems)).unwrap_or_default();
    let watchdog = match table.entry("watchdog") {
        None => Some(Arc::from(DEFAULT_WATCHDOG)),
        Some(entry) => watchdog(&entry, problems),
    };
    Alerts { managers, watchdog }
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

fn managers(entry: &Entry<'_, '_>, problems: &mut Problems) -> Vec<Alertmanager> {
    let Some(parts) = entry.parts() else {
        problems.at(
            entry,
            format!("Expected a list of tables, found {}.", entry.kind()),
            "Write alertmanager = [{ url = \"https://alertmanager.example\" }].",
        );
        return Vec::new();
    };
    let mut known: Vec<Alertmanager> = Vec::new();
    for part in parts {
        let Some(table) = part.as_table() else {
            problems.at(
                &part,
                format!("Expected a table, found {}.", part.kind()),
                "Write { url = \"https://alertmanager.example\" }.",
            );
            continue;
        };
        let Some(one) = manager(&part, &table, problems) else { continue };
        if known.iter().any(|other| other.url == one.url) {
            problems.at(&part, format!("{} is listed twice.", one.url), "Remove one of the two.");
        } else {
            known.push(one);
        }
    }
    known
}

fn manager(part: &Entry<'_, '_>, table: &Table<'_, '_>, problems: &mut Problems) -> Option<Alertmanager> {
    table.refuse_unknown(&KEYS, problems);
    let file = |name: &str, problems: &mut Problems| {
        let (path, entry) = table.text(name, problems)?;
        if !path.starts_with('/') {
            problems.at(
                &entry,
                format!("{path:?} is not a whole path."),
                "Begin it with /: the console may be started anywhere.",
            );
            return None;
        }
        Some(PathBuf::from(path))
    };
    let bearer = file("bearer_file", problems);
    let password = file("password_file", problems);
    let authorities = file("ca_file", problems);
    let identity = match (file("certificate_file", problems), file("key_file", problems)) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            problems.at(
                part,
                "A client's certificate and its key belong together.",
                "Give certificate_file and key_file.",
            );
            None
        }
    };
    let user = table.text("user", problems).map(|(user, _)| user.to_owned());
    let credentials = match (bearer, user, password) {
        (Some(bearer), None, None) => Credentials::Bearer(bearer),
        (None, Some(user), Some(password)) => Credentials::Basic { user, password },
        (None, None, None) => Credentials::None,
        (Some(_), ..) => {
            problems.at(
                part,
                "It has both a token and a name with a password.",
                "Keep bearer_file, or user and password_file.",
            );
            Credentials::None
        }
        _ => {
            problems.at(part, "A name and a password belong together.", "Give user and password_file.");
            Credentials::None
        }
    };
    let headers = table.table("headers", problems).map(|table| headers(&table, problems)).unwrap_or_default();
    let Some((url, entry)) = table.text("url", problems) else {
        if table.entry("url").is_none() {
            problems.at(part, "It does not say where it is.", "Add url = \"https://alertmanager.example\".");
        }
        return None;
    };
    let url = address(url, &entry, problems)?;
    let is_plain = url.scheme_str() == Some("http");
    let host = url.host().unwrap_or_default();
    if is_plain && credentials != Credentials::None && !is_loopback(host) {
        problems.at(
            &entry,
            "A token or password would cross the network in the clear.",
            "Use https, or remove the credentials.",
        );
        return None;
    }
    let name: Arc<str> = url.authority().map_or(host, http::uri::Authority::as_str).into();
    let url = url.to_string().trim_end_matches('/').to_owned();
    Some(Alertmanager { url, name, credentials, authorities, identity, headers })
}

/// A web address without a secret in it.
fn address(text: &str, entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<http::Uri> {
    let parsed = text.trim().parse::<http::Uri>().ok();
    let parsed = parsed.filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some());
    let Some(url) = parsed else {
        problems.at(entry, format!("{text:?} is no address."), "Begin it with https:// and name the host.");
        return None;
    };
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        // The text is not repeated: it may hold a password.
        problems.at(entry, "The address holds a name or a password.", "Move them to user and password_file.");
        return None;
    }
    if url.query().is_some() {
        problems.at(entry, "The address holds a query.", "End it before the question mark.");
        return None;
    }
    Some(url)
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn headers(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in table.entries() {
        let Some(value) = entry.text(problems) else { continue };
        let is_header =
            http::HeaderName::from_bytes(entry.name.as_bytes()).is_ok() && http::HeaderValue::from_str(value).is_ok();
        if !is_header {
            problems.at(
                &entry,
                format!("{:?} cannot be a header.", entry.name),
                "Correct its name or its value, or remove it.",
            );
        } else if ["authorization", "proxy-authorization", "cookie"].contains(&entry.name.to_lowercase().as_str()) {
            problems.at(
                &entry,
                "A secret does not belong into this file.",
                "Use bearer_file, or user and password_file.",
            );
        } else {
            found.push((entry.name.to_owned(), value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
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
