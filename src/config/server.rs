//! A server that speaks HTTP, as the configuration says it: one function per rule, each with its sentence.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::document::{Entry, Problems, Table};

/// The keys of every server.
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

/// A server that speaks HTTP: where it is, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
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

impl fmt::Display for Server {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.url)
    }
}

/// Reads a server; `more` are the keys the table has beside these.
pub(super) fn server(
    part: &Entry<'_, '_>,
    table: &Table<'_, '_>,
    more: &[&str],
    example: &str,
    problems: &mut Problems,
) -> Option<Server> {
    table.refuse_unknown(&[&KEYS, more].concat(), problems);
    let who = Who::read(part, table, problems);
    let Some((url, entry)) = table.text("url", problems) else {
        if table.entry("url").is_none() {
            problems.at(part, "It does not say where it is.", format!("Add url = \"{example}\"."));
        }
        return None;
    };
    who.at(url, &entry, problems)
}

/// Who we are to a server, wherever it is.
#[derive(Default)]
pub(super) struct Who {
    credentials: Credentials,
    authorities: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    headers: Vec<(String, String)>,
}

impl Who {
    /// The keys that say it.
    pub(super) const KEYS: [&str; 7] =
        ["bearer_file", "user", "password_file", "ca_file", "certificate_file", "key_file", "headers"];

    /// Reads who we are to the servers of a table.
    pub(super) fn read(part: &Entry<'_, '_>, table: &Table<'_, '_>, problems: &mut Problems) -> Self {
        let bearer = file(table, "bearer_file", problems);
        let password = file(table, "password_file", problems);
        let authorities = file(table, "ca_file", problems);
        let identity = match (file(table, "certificate_file", problems), file(table, "key_file", problems)) {
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
        Self { credentials, authorities, identity, headers }
    }

    /// The server at an address.
    pub(super) fn at(&self, url: &str, entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<Server> {
        let url = address(url, entry, problems)?;
        let is_plain = url.scheme_str() == Some("http");
        let host = url.host().unwrap_or_default();
        if is_plain && self.credentials != Credentials::None && !is_loopback(host) {
            problems.at(
                entry,
                "A token or password would cross the network in the clear.",
                "Use https, or remove the credentials.",
            );
            return None;
        }
        let name: Arc<str> = url.authority().map_or(host, http::uri::Authority::as_str).into();
        let url = url.to_string().trim_end_matches('/').to_owned();
        Some(Server {
            url,
            name,
            credentials: self.credentials.clone(),
            authorities: self.authorities.clone(),
            identity: self.identity.clone(),
            headers: self.headers.clone(),
        })
    }
}

/// The file a key names, by its whole path.
pub(super) fn file(table: &Table<'_, '_>, name: &str, problems: &mut Problems) -> Option<PathBuf> {
    let (path, entry) = table.text(name, problems)?;
    if !path.starts_with('/') {
        let fix = "Begin it with /: the console may be started anywhere.";
        problems.at(&entry, format!("{path:?} is not a whole path."), fix);
        return None;
    }
    Some(PathBuf::from(path))
}

/// Whether an address may hold a name or a password, so that it is not repeated: one that cannot be read may hold them wherever an @ is.
pub(super) fn may_hold_secret(text: &str) -> bool {
    match web(text) {
        Some(url) => url.authority().is_some_and(|authority| authority.as_str().contains('@')),
        None => text.contains('@'),
    }
}

/// A web address that names its host. What stands for its port is a number: else it may be the beginning of a password.
pub fn web(text: &str) -> Option<http::Uri> {
    let is_whole = |url: &http::Uri| {
        let authority = url.authority().map_or("", http::uri::Authority::as_str);
        let place = authority.rsplit('@').next().unwrap_or_default();
        let after = place.strip_prefix(url.host().unwrap_or_default()).unwrap_or(place);
        after.is_empty() || after.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    };
    let url = text.trim().parse::<http::Uri>().ok().filter(is_whole);
    url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
}

/// A web address without a secret in it.
fn address(text: &str, entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<http::Uri> {
    if may_hold_secret(text) {
        problems.at(entry, "The address holds a name or a password.", "Move them to user and password_file.");
        return None;
    }
    let Some(url) = web(text) else {
        // What follows a question mark may be a secret too.
        let text = text.split('?').next().unwrap_or_default();
        problems.at(entry, format!("{text:?} is no address."), "Begin it with https:// and name the host.");
        return None;
    };
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
