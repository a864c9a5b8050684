//! How the components of a service are asked whether they are well: one function per rule, each with its sentence.

use std::sync::Arc;

use super::server::{file, may_hold_secret, web};
use super::slo::duration;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::health::probe::TIMEOUT;
use crate::domain::health::{Kind, Probe, Target};

/// The keys of a component.
const KEYS: [&str; 6] = ["kind", "at", "timeout", "version", "critical", "ca_file"];
/// The longest an answer may take, in seconds: no HTTP answer is waited for longer.
const LONGEST_TIMEOUT: i64 = 20;

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
            let found = Kind::of_word(text);
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
    let authorities = file(&table, "ca_file", problems);
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
        return Some(Target::Everywhere(checked(&place, kind, address, problems)));
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
            addresses.insert(Arc::from(one.name), checked(&one, kind, address, problems));
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

/// The address, or an empty one where it is none or holds a secret: that component is shown and never asked.
fn checked(place: &Entry<'_, '_>, kind: Kind, address: &str, problems: &mut Problems) -> String {
    let example = format!("Write it like {:?}.", example(kind));
    let written = address.replace("{environment}", "x");
    let is_address = match kind {
        Kind::Http => web(&written).is_some(),
        _ => split(&written, kind.port()).is_some(),
    };
    if may_hold_secret(&written) {
        let sentence = "An address with a name or a password in it is not taken.";
        problems.at(place, sentence, "Remove what stands before the @.");
    } else if is_address {
        return address.to_owned();
    } else {
        // What follows a question mark may be a secret too.
        let shown = written.split('?').next().unwrap_or_default();
        problems.at(place, format!("{shown:?} is no address for {}.", kind.word()), example);
    }
    String::new()
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
    fn an_address_that_may_hold_a_secret_is_neither_kept_nor_repeated() {
        for (kind, address) in [
            ("http", "https://me:hunter2@shop.example/health"),
            ("http", "https://me:hun/hunter2@shop.example/"),
            ("http", "me:hunter2@shop.example"),
            ("http", "shop.example/health?token=hunter2"),
            ("tcp", "me:hunter2@queue.example:5672"),
            ("tls", "https://me:hunter2@shop.example"),
            ("postgres", "postgres://me:hunter2@db.example/orders"),
            ("redis", "redis://:hunter2@redis.example"),
        ] {
            for at in [format!("{address:?}"), format!("{{ production = {address:?} }}")] {
                let (found, problems) = read(&format!("a = {{ kind = \"{kind}\", at = {at} }}"));
                assert_eq!(problems.len(), 1, "{problems:?}");
                assert!(!format!("{problems:?}{found:?}").contains("hunter2"), "{problems:?} {found:?}");
                assert_eq!(found[0].target.address("production").as_deref(), Some(""), "it is shown, and never asked");
            }
        }
        let (_, problems) = read("a = { at = \"https://shop.example/@me/health\" }");
        assert_eq!(problems, Vec::<String>::new());
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
                "q.toml:4: service.shop.health.a.timeout: \"2 min\" is no time of at most 20 s. Write it like \"500 ms\" or \"5 s\".",
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
