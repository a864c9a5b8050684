//! The databases: who governs each, where its members are asked, and what is too much: one function per rule, each with its sentence.

use std::path::Path;
use std::sync::Arc;

use super::probe::split;
use super::server::{Server, Who, may_hold_secret};
use super::slo::duration;
use super::store::{Secret, secret};
use crate::domain::backup::Tier;
use crate::domain::database::{Database, Kind, Limits};
use crate::domain::document::{self, Entry, Problems, Table};

const KEYS: [&str; 10] = [
    "environment",
    "patroni",
    "cnpg",
    "redis",
    "postgres",
    "application",
    "system_identifier",
    "tier",
    "lag",
    "lag_bytes",
];
/// How many members of one database are asked.
const MOST_MEMBERS: usize = 32;

/// A database and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredDatabase {
    /// The database.
    pub database: Arc<Database>,
    /// What is too much.
    pub limits: Limits,
    /// How its members are asked.
    pub way: Way,
    /// The address of its PostgreSQL, whose tables are read by a role of least privilege; `None` where they are not.
    pub tables: Option<Secret>,
    /// The address its applications have, password and all: what is proven through it is proven for them.
    pub application: Option<Secret>,
}

/// How the members of a database are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By the REST of Patroni, of each of these and of every other member that they list.
    Patroni(Vec<Server>),
    /// By the objects of CloudNativePG in its environment's cluster.
    CloudNativePg {
        /// The namespace of its `Cluster`.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
    /// By its tables alone.
    Postgres,
    /// By the servers of Redis.
    Redis(RedisSettings),
    /// What was said of it cannot be understood.
    Misread,
}

/// How the servers of a Redis are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// Its servers: host and port.
    pub servers: Vec<(String, u16)>,
    /// Its Sentinels: host and port; empty where there are none, and nobody is promoted by itself.
    pub sentinels: Vec<(String, u16)>,
    /// What the Sentinels call it.
    pub master: String,
    /// Who we are to it, and where the password is: `None` for nobody.
    pub user: Option<String>,
    /// Where the password is.
    pub password: Option<Secret>,
}

/// Reads `[database.NAME]`.
pub(super) fn databases(
    file: &Path,
    root: &Table<'_, '_>,
    environments: &[&str],
    problems: &mut Problems,
) -> Vec<DeclaredDatabase> {
    let declared = root.table("database", problems);
    let entries: Vec<_> = declared.iter().flat_map(Table::entries).collect();
    entries.iter().filter_map(|entry| database(file, entry, environments, problems)).collect()
}

fn database(
    file: &Path,
    entry: &Entry<'_, '_>,
    environments: &[&str],
    problems: &mut Problems,
) -> Option<DeclaredDatabase> {
    let table = entry.table(problems)?;
    table.refuse_unknown(&KEYS, problems);
    let is_plain = entry.name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    if !is_plain || !(1..=60).contains(&entry.name.chars().count()) {
        problems.at(
            entry,
            "The name of a database is 1 to 60 letters, digits, dashes, underscores or dots.",
            "Give it a shorter, plainer name.",
        );
        return None;
    }
    let environment = environment(entry, &table, environments, problems);
    let tables = address(file, &table, "postgres", problems);
    let application = address(file, &table, "application", problems);
    let (kind, way) = way(file, entry, &table, problems);
    let tier = table.whole("tier", 1..=3, problems).and_then(|tier| Tier::of_word(&tier.to_string()));
    let lag = table.text("lag", problems).and_then(|(text, place)| {
        let lag = duration(text);
        if lag.is_none() {
            problems.at(&place, format!("{text:?} is no length of time."), "Write it like \"30 s\" or \"2 min\".");
        }
        lag
    });
    let lag_bytes = table.whole("lag_bytes", 0..=i64::MAX, problems).and_then(|bytes| u64::try_from(bytes).ok());
    let limits = Limits { lag: lag.unwrap_or(Limits::default().lag), lag_bytes, ..Limits::default() };
    let database = Database {
        name: Arc::from(entry.name),
        environment,
        kind,
        system_identifier: system_identifier(&table, problems),
        tier,
        reads_tables: tables.is_some(),
    };
    Some(DeclaredDatabase { database: Arc::new(database), limits, way, tables, application })
}

/// The environment whose guard and grant hold for it; where there is one only, that one.
fn environment(
    entry: &Entry<'_, '_>,
    table: &Table<'_, '_>,
    environments: &[&str],
    problems: &mut Problems,
) -> Option<Arc<str>> {
    if let Some((name, place)) = table.text("environment", problems) {
        if !environments.contains(&name) {
            let fix = document::did_you_mean(name, environments);
            problems.at(&place, format!("There is no environment {name:?}."), fix);
            return None;
        }
        return Some(Arc::from(name));
    }
    match environments {
        [] => None,
        [only] => Some(Arc::from(*only)),
        [first, ..] => {
            problems.at(
                entry,
                "It does not say in which environment it is.",
                format!("Add environment = {first:?}; an environment may have no cluster."),
            );
            None
        }
    }
}

/// A number as `pg_controldata` and Patroni print it.
fn system_identifier(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Arc<str>> {
    let (text, place) = table.text("system_identifier", problems)?;
    let is_number = (10..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        problems.at(
            &place,
            format!("{text:?} is no system identifier."),
            "Write what pg_controldata prints as \"Database system identifier\", in quotes, or remove the line.",
        );
    }
    is_number.then(|| Arc::from(text))
}

/// Where an address with its password is.
fn address(file: &Path, table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<Secret> {
    let entry = table.entry(key)?;
    let fix = format!("Write it into a file that only you may read, and {key} = {{ url_file = \"FILE\" }}.");
    if entry.as_text().is_some() {
        problems.at(&entry, "An address with its password does not belong into this file.", fix);
        return None;
    }
    let from = entry.table(problems)?;
    if let Some(url) = from.entry("url") {
        problems.at(&url, "An address with its password does not belong into this file.", fix);
        return None;
    }
    from.refuse_unknown(&["url_file", "url_env"], problems);
    if from.entry("url_file").or_else(|| from.entry("url_env")).is_none() {
        problems.at(
            &entry,
            "It does not say where the address is.",
            "Write url_file = \"FILE\" with a file that holds postgres://USER:PASSWORD@HOST/DATABASE, or url_env = \"VARIABLE\".",
        );
    }
    secret(file, &from, ["url_file", "url_env"], problems)
}

fn way(file: &Path, entry: &Entry<'_, '_>, table: &Table<'_, '_>, problems: &mut Problems) -> (Kind, Way) {
    let governors = [("patroni", Kind::Patroni), ("cnpg", Kind::CloudNativePg), ("redis", Kind::Redis)];
    let mut named = governors.into_iter().filter_map(|(key, kind)| Some((table.entry(key)?, kind)));
    let Some((from, kind)) = named.next() else {
        if table.entry("postgres").is_none() {
            problems.at(
                entry,
                "It does not say where its members are asked.",
                "Add patroni = [\"https://HOST:8008\"], cnpg = { namespace = \"…\", name = \"…\" }, postgres = { url_file = \"FILE\" } or redis = { servers = [\"HOST:6379\"] }.",
            );
            return (Kind::Postgres, Way::Misread);
        }
        return (Kind::Postgres, Way::Postgres);
    };
    if let Some((other, _)) = named.next() {
        problems.at(
            &other,
            format!("{} is there too: one of the two governs a database.", from.name),
            format!("Give {} a [database.NAME] of its own.", other.name),
        );
    }
    let way = match kind {
        Kind::Patroni => patroni(&from, problems),
        Kind::CloudNativePg => cloud_native_pg(&from, problems),
        Kind::Redis => redis(file, &from, problems),
        Kind::Postgres => None,
    };
    (kind, way.unwrap_or(Way::Misread))
}

/// `patroni = ["https://pg1:8008", …]`, or a table with `urls` and who we are to them.
fn patroni(from: &Entry<'_, '_>, problems: &mut Problems) -> Option<Way> {
    let (who, urls) = match from.as_table() {
        None => (Who::default(), from.texts(problems)?),
        Some(table) => {
            table.refuse_unknown(&[&Who::KEYS[..], &["urls"]].concat(), problems);
            let who = Who::read(from, &table, problems);
            let Some(urls) = table.entry("urls") else {
                problems.at(from, "It does not say where its members are.", "Add urls = [\"https://HOST:8008\"].");
                return None;
            };
            (who, urls.texts(problems)?)
        }
    };
    let mut servers: Vec<Server> = Vec::new();
    for (url, place) in urls {
        let Some(server) = who.at(url, &place, problems) else { continue };
        if servers.iter().any(|known| known.url == server.url) {
            problems.at(&place, format!("{} is listed twice.", server.url), "Remove one of the two.");
        } else {
            servers.push(server);
        }
    }
    if servers.is_empty() {
        problems.at(
            from,
            "It names no member.",
            "Write [\"https://HOST:8008\"]: Patroni's REST of one member or of each.",
        );
        return None;
    }
    if servers.len() > MOST_MEMBERS {
        problems.at(from, format!("More than {MOST_MEMBERS} members are named."), "Name a few: they list the others.");
        return None;
    }
    Some(Way::Patroni(servers))
}

fn cloud_native_pg(from: &Entry<'_, '_>, problems: &mut Problems) -> Option<Way> {
    let table = from.table(problems)?;
    table.refuse_unknown(&["namespace", "name"], problems);
    let mut word = |key: &str| {
        let said = table.text(key, problems).map(|(word, _)| Arc::from(word));
        if said.is_none() && table.entry(key).is_none() {
            problems.at(from, format!("It does not say its {key}."), format!("Add {key} = \"…\"."));
        }
        said
    };
    let (namespace, name) = (word("namespace"), word("name"));
    Some(Way::CloudNativePg { namespace: namespace?, name: name? })
}

fn redis(file: &Path, from: &Entry<'_, '_>, problems: &mut Problems) -> Option<Way> {
    let table = from.table(problems)?;
    table.refuse_unknown(&["servers", "sentinels", "master", "user", "password_file", "password_env"], problems);
    let mut places = |key: &str, usual: u16| -> Vec<(String, u16)> {
        let entries = table.entry(key).and_then(|entry| entry.texts(problems)).unwrap_or_default();
        let mut found = Vec::new();
        for (text, place) in entries {
            if may_hold_secret(text) {
                let sentence = "An address with a name or a password in it is not taken.";
                problems.at(&place, sentence, "Give user and password_file.");
            } else if let Some(split) = split(text, Some(usual)) {
                found.push(split);
            } else {
                let fix = format!("Write it like \"redis.example:{usual}\".");
                problems.at(&place, format!("{text:?} is no host and port."), fix);
            }
        }
        found
    };
    let (servers, sentinels) = (places("servers", 6379), places("sentinels", 26379));
    let master = table.text("master", problems).map(|(master, _)| master.to_owned());
    if servers.is_empty() && sentinels.is_empty() {
        problems.at(from, "It names no server.", "Add servers = [\"HOST:6379\"] or sentinels = [\"HOST:26379\"].");
        return None;
    }
    Some(Way::Redis(RedisSettings {
        servers,
        sentinels,
        master: master.unwrap_or_else(|| "mymaster".to_owned()),
        user: table.text("user", problems).map(|(user, _)| user.to_owned()),
        password: secret(file, &table, ["password_file", "password_env"], problems),
    }))
}

/// Whether a service's `database` is one of those that are declared, once there are any: else it is a mistake in the file.
pub(super) fn unknown(name: &str, declared: &[DeclaredDatabase]) -> Option<String> {
    let known: Vec<&str> = declared.iter().map(|one| &*one.database.name).collect();
    let is_known = known.is_empty() || known.contains(&name);
    (!is_known).then(|| document::did_you_mean(name, &known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};

    fn read(text: &str) -> (Vec<DeclaredDatabase>, Vec<String>) {
        let (settings, problems) = Settings::parse("/etc/q.toml".as_ref(), text, &Asked::default());
        (settings.databases.to_vec(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_database_says_who_governs_it_and_what_is_too_much() {
        let (found, problems) = read(
            "[environment.vm]\n\
             [database.orders]\npatroni = [\"http://pg1:8008/\", \"http://pg2:8008\"]\npostgres = { url_file = \"orders.url\" }\n\
             system_identifier = \"7400000000000000001\"\nlag = \"10 s\"\nlag_bytes = 4096\ntier = 1\n\
             [database.cache]\nredis = { servers = [\"r1\", \"r2:6380\"], sentinels = [\"s1\"], master = \"cache\" }\n\
             [database.plain]\npostgres = { url_env = \"PLAIN_URL\" }\n\
             [database.cloud]\ncnpg = { namespace = \"shop\", name = \"orders\" }\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let [orders, cache, plain, cloud] = found.as_slice() else { panic!("four: {found:?}") };
        let Way::Patroni(servers) = &orders.way else { panic!("{orders:?}") };
        assert_eq!(
            servers.iter().map(|one| one.url.as_str()).collect::<Vec<_>>(),
            ["http://pg1:8008", "http://pg2:8008"]
        );
        assert_eq!((orders.database.environment.as_deref(), orders.database.kind), (Some("vm"), Kind::Patroni));
        assert_eq!((orders.limits.lag.num_seconds(), orders.limits.lag_bytes), (10, Some(4_096)));
        assert_eq!(orders.tables, Some(Secret::File("/etc/orders.url".into())));
        let Way::Redis(redis) = &cache.way else { panic!("{cache:?}") };
        assert_eq!(redis.servers, [("r1".to_owned(), 6379), ("r2".to_owned(), 6380)]);
        assert_eq!((redis.sentinels.len(), redis.master.as_str()), (1, "cache"));
        assert_eq!((plain.database.kind, &plain.way), (Kind::Postgres, &Way::Postgres));
        assert_eq!(cloud.way, Way::CloudNativePg { namespace: "shop".into(), name: "orders".into() });
    }

    #[test]
    fn who_we_are_stands_beside_the_addresses() {
        let (found, problems) = read(
            "[database.orders.patroni]\nurls = [\"https://pg1:8008\"]\nuser = \"ops\"\npassword_file = \"/run/p\"\n",
        );
        assert_eq!(problems, Vec::<String>::new());
        let Way::Patroni(servers) = &found[0].way else { panic!("{found:?}") };
        assert_eq!(
            servers[0].credentials,
            crate::config::Credentials::Basic { user: "ops".to_owned(), password: "/run/p".into() }
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (lines, problem) in [
            (
                "[database.a]",
                "/etc/q.toml:1: database.a: It does not say where its members are asked. Add patroni = [\"https://HOST:8008\"], cnpg = { namespace = \"…\", name = \"…\" }, postgres = { url_file = \"FILE\" } or redis = { servers = [\"HOST:6379\"] }.",
            ),
            (
                "[database.a]\npatroni = []",
                "/etc/q.toml:2: database.a.patroni: It names no member. Write [\"https://HOST:8008\"]: Patroni's REST of one member or of each.",
            ),
            (
                "[database.a]\npatroni = [\"http://a:1\", \"http://a:1/\"]",
                "/etc/q.toml:2: database.a.patroni: http://a:1 is listed twice. Remove one of the two.",
            ),
            (
                "[database.a]\npostgres = \"postgres://me:hunter2@db/orders\"",
                "/etc/q.toml:2: database.a.postgres: An address with its password does not belong into this file. Write it into a file that only you may read, and postgres = { url_file = \"FILE\" }.",
            ),
            (
                "[environment.x]\n[database.a]\nenvironment = \"y\"\npatroni = [\"http://a:1\"]",
                "/etc/q.toml:3: database.a.environment: There is no environment \"y\". Did you mean \"x\"?",
            ),
            (
                "[environment.x]\n[environment.z]\n[database.a]\npatroni = [\"http://a:1\"]",
                "/etc/q.toml:3: database.a: It does not say in which environment it is. Add environment = \"x\"; an environment may have no cluster.",
            ),
            (
                "[database.a]\npatroni = [\"http://a:1\"]\nredis = { servers = [\"r\"] }",
                "/etc/q.toml:3: database.a.redis: patroni is there too: one of the two governs a database. Give redis a [database.NAME] of its own.",
            ),
            (
                "[database.a]\nredis = { servers = [\"me:hunter2@r\"] }",
                "/etc/q.toml:2: database.a.redis.servers: An address with a name or a password in it is not taken. Give user and password_file.",
            ),
            (
                "[database.a]\npatroni = [\"http://a:1\"]\nsystem_identifier = \"orders\"",
                "/etc/q.toml:3: database.a.system_identifier: \"orders\" is no system identifier. Write what pg_controldata prints as \"Database system identifier\", in quotes, or remove the line.",
            ),
        ] {
            let said = read(lines).1;
            assert_eq!(said.first().map(String::as_str), Some(problem), "{lines}: {said:?}");
            assert!(!said.join(" ").contains("hunter2"), "{said:?}");
        }
    }

    #[test]
    fn a_service_names_a_database_that_is_declared() {
        let lines = "[service.shop]\ndatabase = \"order\"\n[database.orders]\npatroni = [\"http://a:1\"]\n";
        let (_, problems) = read(lines);
        assert_eq!(
            problems,
            ["/etc/q.toml:2: service.shop.database: There is no database \"order\". Did you mean \"orders\"?"]
        );
        assert_eq!(read("[service.shop]\ndatabase = \"order\"\n").1, Vec::<String>::new(), "nobody declares any");
    }
}
