//! How the components of a service are asked whether they are well: one function per rule, each with its sentence.

use std::path::PathBuf;
use std::sync::Arc;

use super::slo::duration;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::health::probe::TIMEOUT;
use crate::domain::health::{Kind, Probe, Target};

/// The keys of a component.
const KEYS: [&str; 6] = ["kind", "at", "timeout", "version", "critical", "ca_file"];
/// The longest an answer may take, in seconds.
const LONGEST_TIMEOUT: i64 = 60;

/// Reads `health` of a service.
pub(super) fn probes(table: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Vec<Probe> {
    let entries = table.entries();
    entries.iter().filter_map(|entry| probe(entry, environments, problems)).collect()
}

fn probe(entry: &Entry<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<Probe> {
    let table = entry.table(problems)?;
    table.refuse_unknown(&KEYS, problems);
    let words = Kind::ALL.map(Kind::word);
    let kind = match table.text("kind", problems) {
        None => Some(Kind::Http).filter(|_| table.entry("kind").is_none()),
        Some((text, place)) => {
            let found = Kind::ALL.into_iter().find(|kind| kind.word() == text);
            if found.is_none() {
                problems.at(
                    &place,
                    format!("There is no kind {text:?} of probe."),
                    document::did_you_mean(text, &words),
                );
            }
            found
        }
    };
    let timeout = match table.text("timeout", problems) {
        None => TIMEOUT,
        Some((text, place)) => {
            duration(text).filter(|timeout| timeout.num_seconds() <= LONGEST_TIMEOUT).unwrap_or_else(|| {
                let sentence = format!("{text:?} is no time of at most {LONGEST_TIMEOUT} s.");
                problems.at(&place, sentence, "Write it like \"500 ms\" or \"5 s\".");
                TIMEOUT
            })
        }
    };
    let authorities = table.text("ca_file", problems).and_then(|(path, place)| {
        if path.starts_with('/') {
            return Some(PathBuf::from(path));
        }
        let fix = "Begin it with /: the console may be started anywhere.";
        problems.at(&place, format!("{path:?} is not a whole path."), fix);
        None
    });
    let version = table.text("version", problems).map(|(version, _)| version.trim().to_owned());
    let is_critical = table.truth("critical", problems).unwrap_or(true);
    let kind = kind?;
    let target = target(entry, &table, kind, environments, problems)?;
    Some(Probe {
        component: Arc::from(entry.name),
        kind,
        target,
        timeout,
        version: version.filter(|version| !version.is_empty()),
        is_critical,
        authorities,
    })
}

fn target(
    entry: &Entry<'_, '_>,
    table: &Table<'_, '_>,
    kind: Kind,
    environments: &[&str],
    problems: &mut Problems,
) -> Option<Target> {
    let Some(place) = table.entry("at") else {
        problems.at(entry, "It does not say where it is.", format!("Add at = {:?}.", example(kind)));
        return None;
    };
    if let Some(address) = place.as_text() {
        check(&place, kind, address, problems);
        return Some(Target::Everywhere(address.to_owned()));
    }
    let Some(each) = place.as_table() else {
        problems.at(
            &place,
            format!("Expected an address or a table of addresses, found {}.", place.kind()),
            format!("Write at = {:?}, or {{ production = {:?} }}.", example(kind), example(kind)),
        );
        return None;
    };
    let mut addresses = std::collections::BTreeMap::new();
    for one in each.entries() {
        if !environments.contains(&one.name) {
            let fix = document::did_you_mean(one.name, environments);
            problems.at(&one, format!("There is no environment {:?}.", one.name), fix);
            continue;
        }
        if let Some(address) = one.text(problems) {
            check(&one, kind, address, problems);
            addresses.insert(Arc::from(one.name), address.to_owned());
        }
    }
    Some(Target::In(addresses))
}

const fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Http => "https://shop.example/health",
        Kind::Tcp => "queue.example:5672",
        Kind::Tls => "shop.example:443",
        Kind::Postgres => "db.example:5432",
        Kind::Redis => "redis.example:6379",
    }
}

fn check(place: &Entry<'_, '_>, kind: Kind, address: &str, problems: &mut Problems) {
    let address = address.replace("{environment}", "x");
    let is_good = match kind {
        Kind::Http => {
            let uri = address.parse::<http::Uri>().ok();
            let has_secret =
                address.split("://").nth(1).is_some_and(|rest| rest.split('/').next().unwrap_or("").contains('@'));
            if has_secret {
                problems.at(
                    place,
                    "An address with a name or a password in it is not taken.",
                    "Remove what stands before the @.",
                );
                return;
            }
            uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        }
        _ => split(&address, kind.port()).is_some(),
    };
    if !is_good {
        problems.at(
            place,
            format!("{address:?} is no address for {}.", kind.word()),
            format!("Write it like {:?}.", example(kind)),
        );
    }
}

/// Host and port of `host:port`, `[::1]:port`, or with the usual port `host`.
pub fn split(address: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').map(str::to_owned))
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port.to_owned())),
            None => (address, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0),
        None => usual,
    }?;
    let is_host = !host.is_empty() && !host.contains(['/', ' ', '@', '?', '#']);
    is_host.then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};

    fn read(lines: &str) -> (Vec<Probe>, Vec<String>) {
        let text = format!("[environment.production]\ncontext = \"x\"\n[service.shop.health]\n{lines}");
        let (settings, problems) = Settings::parse("q.toml".as_ref(), &text, &Asked::default());
        let found = settings.services.declared().first().map(|service| service.probes.clone()).unwrap_or_default();
        (found, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn components_are_read() {
        let (found, problems) = read(
            "api = { at = \"https://shop.{environment}.example/health\", version = \"2.14\", timeout = \"500 ms\" }\n\
             db = { kind = \"postgres\", at = { production = \"db.example\" }, critical = false }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let [api, db] = found.as_slice() else { panic!("two: {found:?}") };
        assert_eq!((api.kind, api.timeout.num_milliseconds(), api.version.as_deref()), (Kind::Http, 500, Some("2.14")));
        assert_eq!(api.target.address("blue").as_deref(), Some("https://shop.blue.example/health"));
        assert_eq!((db.kind, db.is_critical, db.timeout), (Kind::Postgres, false, TIMEOUT));
        assert_eq!(
            (db.target.address("production").as_deref(), db.target.address("staging")),
            (Some("db.example"), None)
        );
    }

    #[test]
    fn addresses_are_split() {
        assert_eq!(split("db:5433", None), Some(("db".to_owned(), 5433)));
        assert_eq!(split("[::1]:80", None), Some(("::1".to_owned(), 80)));
        assert_eq!(split("db", Some(5432)), Some(("db".to_owned(), 5432)));
        for bad in ["", "db", ":5", "db:0", "db:x", "http://db:1", "a b:1", "me@db:1"] {
            assert_eq!(split(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (line, problem) in [
            (
                "a = { }",
                "q.toml:4: service.shop.health.a: It does not say where it is. Add at = \"https://shop.example/health\".",
            ),
            (
                "a = { at = \"shop.example\" }",
                "q.toml:4: service.shop.health.a.at: \"shop.example\" is no address for http. Write it like \"https://shop.example/health\".",
            ),
            (
                "a = { at = \"https://me:word@shop.example/\" }",
                "q.toml:4: service.shop.health.a.at: An address with a name or a password in it is not taken. Remove what stands before the @.",
            ),
            (
                "a = { kind = \"postgresql\", at = \"db\" }",
                "q.toml:4: service.shop.health.a.kind: There is no kind \"postgresql\" of probe. Did you mean \"postgres\"?",
            ),
            (
                "a = { kind = \"tcp\", at = \"db\" }",
                "q.toml:4: service.shop.health.a.at: \"db\" is no address for tcp. Write it like \"queue.example:5672\".",
            ),
            (
                "a = { kind = \"redis\", at = { prodution = \"r\" } }",
                "q.toml:4: service.shop.health.a.at.prodution: There is no environment \"prodution\". Did you mean \"production\"?",
            ),
            (
                "a = { at = \"http://a/\", timeout = \"2 min\" }",
                "q.toml:4: service.shop.health.a.timeout: \"2 min\" is no time of at most 60 s. Write it like \"500 ms\" or \"5 s\".",
            ),
            (
                "a = { at = \"http://a/\", ca_file = \"ca.pem\" }",
                "q.toml:4: service.shop.health.a.ca_file: \"ca.pem\" is not a whole path. Begin it with /: the console may be started anywhere.",
            ),
        ] {
            assert_eq!(read(line).1, [problem], "{line}");
        }
    }
}
