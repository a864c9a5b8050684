//! Where the store is.

use std::path::{Path, PathBuf};

use crate::domain::document::{Entry, Problems, Table};

/// Where what people say about alerts, and the audit, are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreSettings {
    /// In this user's own state folder.
    #[default]
    Embedded,
    /// In a PostgreSQL database shared with other consoles.
    Postgres(PostgresSettings),
    /// Nowhere: the configuration means one and cannot be understood. Another than was meant would be worse than none.
    Unusable,
}

/// Why the store is only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreReadOnly {
    /// The command line says so.
    Asked,
    /// The configuration has problems, and nobody knows what it would forbid.
    Broken,
    /// The configuration says so.
    Configured,
}

impl StoreReadOnly {
    /// The reason as a sentence, with what to do about it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Asked => "this console was started with --read-only.",
            Self::Broken => {
                "the configuration has problems, so that nothing is written into the store. Correct them: quarterdeck config check."
            }
            Self::Configured => {
                "write = false in [store] of the configuration keeps this console from writing into the store."
            }
        }
    }
}

/// A PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Its address, password and all.
    pub url: Secret,
    /// How the server is reached without a pooler, to be told of changes at once; `None` where it is looked at every few seconds.
    pub listen: Option<Secret>,
}

const KEYS: [&str; 5] = ["url_file", "url_env", "direct", "listen_url_file", "listen_url_env"];
const ADDRESS_HERE: &str = "An address with its password does not belong into this file.";

/// Where a secret is to be read whenever it is needed; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// The content of a file.
    File(PathBuf),
    /// The value of an environment variable.
    Variable(String),
}

impl std::fmt::Display for Secret {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => write!(to, "{}", file.display()),
            Self::Variable(name) => write!(to, "${name}"),
        }
    }
}

/// `[store]`.
pub(super) fn parse(file: &Path, entry: &Entry<'_, '_>, problems: &mut Problems) -> StoreSettings {
    let Some(table) = entry.table(problems) else { return StoreSettings::Unusable };
    table.refuse_unknown(&["postgres", "write"], problems);
    let Some(entry) = table.entry("postgres") else {
        let is_other = table.entries().iter().any(|entry| entry.name != "write");
        return if is_other { StoreSettings::Unusable } else { StoreSettings::Embedded };
    };
    if entry.as_text().is_some() {
        problems.at(
            &entry,
            ADDRESS_HERE,
            "Write it into a file that only you may read, and postgres = { url_file = \"FILE\" }.",
        );
        return StoreSettings::Unusable;
    }
    let Some(postgres) = entry.table(problems) else { return StoreSettings::Unusable };
    if let Some(url) = postgres.entry("url") {
        problems.at(&url, ADDRESS_HERE, "Write it into a file that only you may read, and url_file = \"FILE\".");
        return StoreSettings::Unusable;
    }
    postgres.refuse_unknown(&KEYS, problems);
    let is_named = postgres.entry("url_file").or_else(|| postgres.entry("url_env")).is_some();
    let url = secret(file, &postgres, ["url_file", "url_env"], problems);
    let mut listen = secret(file, &postgres, ["listen_url_file", "listen_url_env"], problems);
    if postgres.truth("direct", problems) == Some(true) {
        if let (Some(_), Some(direct)) = (&listen, postgres.entry("direct")) {
            problems.at(
                &direct,
                "The address is either the server's own (direct), or a pooler's with a listen_url beside it.",
                "Remove one of the two.",
            );
        }
        listen.clone_from(&url);
    }
    if !is_named {
        problems.at(
            &entry,
            "It does not say where the database is.",
            "Write url_file = \"FILE\" with a file that holds postgres://USER:PASSWORD@HOST/DATABASE, or url_env = \"VARIABLE\".",
        );
    }
    url.map_or(StoreSettings::Unusable, |url| StoreSettings::Postgres(PostgresSettings { url, listen }))
}

/// `write` of `[store]`: whether this console may write into it. One that is no truth counts as no: it is a problem, and problems cost the
/// right to write.
pub(super) fn may_write(entry: &Entry<'_, '_>, problems: &mut Problems) -> bool {
    entry.as_table().is_none_or(|table| table.truth("write", problems).unwrap_or(true))
}

pub(super) fn secret(file: &Path, table: &Table<'_, '_>, keys: [&str; 2], problems: &mut Problems) -> Option<Secret> {
    let [file_key, variable_key] = keys;
    let named_file = table.text(file_key, problems);
    let variable = table.text(variable_key, problems);
    if let (Some(_), Some((_, entry))) = (&named_file, &variable) {
        problems.at(
            entry,
            format!("{file_key} is there too: only one of the two can be meant."),
            "Remove one of the two.",
        );
    }
    for (text, entry) in [&named_file, &variable].into_iter().flatten() {
        if text.trim().is_empty() {
            problems.at(entry, "It is empty.", "Name the file or the variable that holds the address.");
            return None;
        }
        // A mistake that writes a password where a name belongs; it is not repeated.
        if text.contains("://") {
            problems.at(
                entry,
                "This is an address, not the name of a file or a variable that holds one.",
                "Write it into a file that only you may read, and name that file here.",
            );
            return None;
        }
    }
    if let Some((name, _)) = named_file {
        // A name without a folder is meant beside the configuration.
        return Some(Secret::File(file.parent().unwrap_or(Path::new("")).join(name)));
    }
    variable.map(|(name, _)| Secret::Variable(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::config::{Asked, Secret, Settings, StoreSettings};

    fn parsed(text: &str) -> (StoreSettings, Vec<String>) {
        let (settings, problems) = Settings::parse("/etc/q.toml".as_ref(), text, &Asked::default());
        (settings.store, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn without_a_word_the_store_is_this_users_own() {
        assert_eq!(parsed(""), (StoreSettings::Embedded, Vec::new()));
        assert_eq!(parsed("[store]"), (StoreSettings::Embedded, Vec::new()));
    }

    #[test]
    fn a_database_is_named_by_where_its_address_is() {
        let (store, problems) = parsed("[store]\npostgres = { url_file = \"store-url\", listen_url_env = \"DIRECT\" }");
        assert_eq!(problems, Vec::<String>::new());
        let StoreSettings::Postgres(postgres) = store else { panic!("{store:?}") };
        assert_eq!(postgres.url, Secret::File("/etc/store-url".into()), "beside the configuration");
        assert_eq!(postgres.listen, Some(Secret::Variable("DIRECT".into())));
        let (store, _) = parsed("[store]\npostgres = { url_env = \"STORE\", direct = true }");
        let StoreSettings::Postgres(postgres) = store else { panic!("{store:?}") };
        assert_eq!(postgres.listen.as_ref(), Some(&postgres.url));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_no_other_store_is_used() {
        for (text, said) in [
            ("[store]\npostgres = \"postgres://u:hunter2@db/q\"", "/etc/q.toml:2: store.postgres: An address"),
            ("[store.postgres]\nurl = \"postgres://u:hunter2@db/q\"", "/etc/q.toml:2: store.postgres.url: An address"),
            (
                "[store.postgres]\nurl_env = \"postgres://u:hunter2@db/q\"",
                "/etc/q.toml:2: store.postgres.url_env: This is an address",
            ),
            (
                "[store.postgres]\nurl_fil = \"x\"",
                "/etc/q.toml:2: store.postgres.url_fil: There is no such key. Did you mean \"url_file\"?",
            ),
            ("[store]\npostgres = { direct = true }", "/etc/q.toml:2: store.postgres: It does not say where"),
            ("[store.postgres]\nurl_file = \"\"", "/etc/q.toml:2: store.postgres.url_file: It is empty."),
            (
                "[store.postgres]\nurl_file = \"a\"\nurl_env = \"b\"",
                "/etc/q.toml:3: store.postgres.url_env: url_file is there too",
            ),
            ("[store]\npostgre = 1", "/etc/q.toml:2: store.postgre: There is no such key. Did you mean \"postgres\"?"),
            ("store = 1", "/etc/q.toml:1: store: Expected a table"),
        ] {
            let (store, problems) = parsed(text);
            assert!(problems.iter().any(|problem| problem.starts_with(said)), "{text}: {problems:?}");
            assert!(!problems.iter().any(|problem| problem.contains("hunter2")), "{problems:?}");
            assert_ne!(store, StoreSettings::Embedded, "{text}");
        }
    }
}
