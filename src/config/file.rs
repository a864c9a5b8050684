//! The configuration file: one function per rule, each with its sentence.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::alertmanager;
use super::backup::{self, DeclaredBackup};
use super::database::{self, DeclaredDatabase};
use super::environment::{ContextRef, Environment, Namespaces, ReadOnly};
use super::{Look, StoreSettings, logs, prometheus, rule, scrape, service, store};
use crate::domain::alert::LocalRule;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::environment::Guard;
use crate::domain::problem::Problem;
use crate::domain::service::Services;

/// What a file says, as far as it can be understood.
pub(super) struct Parsed {
    pub(super) environments: Vec<Environment>,
    pub(super) services: Services,
    pub(super) backups: Vec<DeclaredBackup>,
    pub(super) databases: Vec<DeclaredDatabase>,
    pub(super) look: Look,
    pub(super) store: StoreSettings,
    pub(super) may_write_store: bool,
    pub(super) log_masks: Vec<String>,
    pub(super) keeps_command_lines: bool,
}

/// Reads a file to its end: the environments that can be understood, the look, and every problem.
pub(super) fn parse(file: &Path, text: &str) -> (Parsed, Vec<Problem>) {
    let (table, mut problems) = document::parse(Some(file), text);
    let root = Table::root(&table);
    root.refuse_unknown(
        &["environment", "service", "database", "backup", "rule", "store", "logs", "journal", "ui"],
        &mut problems,
    );
    let look = root.table("ui", &mut problems).map(|table| look(&table, &mut problems)).unwrap_or_default();
    let declared = root.table("environment", &mut problems);
    let environments = declared.iter().flat_map(Table::entries);
    let rules: Arc<[LocalRule]> = rule::rules(&root, &mut problems).into();
    let environments: Vec<_> =
        environments.filter_map(|entry| Some((environment(&entry, &rules, &mut problems)?, entry))).collect();
    one_guard_per_context(&environments, &mut problems);
    let names: Vec<&str> = environments.iter().map(|(_, entry)| entry.name).collect();
    let services = service::services(&root, &names, &mut problems);
    let backups = backup::backups(&root, &names, &mut problems);
    let databases = database::databases(file, &root, &names, &mut problems);
    databases_of_services(&root, &databases, &mut problems);
    let store = root.entry("store").map(|entry| store::parse(file, &entry, &mut problems)).unwrap_or_default();
    let may_write_store = root.entry("store").is_none_or(|entry| store::may_write(&entry, &mut problems));
    let log_masks = logs::masks(&root, &mut problems);
    let keeps_command_lines = root.table("journal", &mut problems).is_some_and(|table| journal(&table, &mut problems));
    let environments = environments.into_iter().map(|(environment, _)| environment).collect();
    let parsed = Parsed {
        environments,
        services,
        backups,
        databases,
        look,
        store,
        may_write_store,
        log_masks,
        keeps_command_lines,
    };
    (parsed, problems.into_found())
}

/// Where databases are declared, a service names one of them.
fn databases_of_services(root: &Table<'_, '_>, databases: &[DeclaredDatabase], problems: &mut Problems) {
    let services = root.entry("service").and_then(|entry| entry.as_table());
    for service in services.iter().flat_map(Table::entries) {
        let Some(named) = service.as_table().and_then(|table| table.entry("database")) else { continue };
        let Some(name) = named.as_text().filter(|name| !name.trim().is_empty()) else { continue };
        if let Some(fix) = database::unknown(name, databases) {
            problems.at(&named, format!("There is no database {name:?}."), fix);
        }
    }
}

/// `[journal]`: whether the command lines of `exec` are kept as they were typed.
fn journal(table: &Table<'_, '_>, problems: &mut Problems) -> bool {
    table.refuse_unknown(&["command_lines"], problems);
    table.truth("command_lines", problems).unwrap_or(false)
}

fn look(table: &Table<'_, '_>, problems: &mut Problems) -> Look {
    table.refuse_unknown(&["theme", "keymap", "glyphs"], problems);
    let mut look = Look::default();
    if let Some((theme, _)) = table.text("theme", problems) {
        theme.clone_into(&mut look.theme);
    }
    if let Some((keymap, _)) = table.text("keymap", problems) {
        keymap.clone_into(&mut look.keymap);
    }
    if let Some((glyphs, entry)) = table.text("glyphs", problems) {
        let known = ["unicode", "ascii"];
        if !known.contains(&glyphs) {
            problems.at(
                &entry,
                format!("There is no set of signs {glyphs:?}."),
                document::did_you_mean(glyphs, &known),
            );
        }
        look.is_ascii = glyphs == "ascii";
    }
    look
}

/// One `[environment.NAME]`; `None` when its name cannot be shown or what it says of its cluster makes no sense.
fn environment(entry: &Entry<'_, '_>, rules: &Arc<[LocalRule]>, problems: &mut Problems) -> Option<Environment> {
    let table = entry.table(problems)?;
    table.refuse_unknown(
        &[
            "context",
            "in_cluster",
            "namespaces",
            "guard",
            "write",
            "alertmanager",
            "watchdog",
            "replica_labels",
            "prometheus",
            "local_rules",
            "scrape",
        ],
        problems,
    );
    let is_readable = has_readable_name(entry, problems);
    let guard = guard(&table, problems);
    let namespaces = namespaces(&table, problems);
    let alerts = alertmanager::alerts(&table, problems);
    let prometheus = prometheus::prometheus(&table, problems);
    let scrapes = scrape::scrapes(&table, problems);
    // Where nobody else says what fires, this console does.
    let is_local = table.truth("local_rules", problems).unwrap_or(alerts.managers.is_empty());
    let rules = if is_local { rules.clone() } else { Arc::default() };
    let is_granted = table.truth("write", problems).unwrap_or(false);
    let context = context(&table, problems).filter(|_| is_readable)?;
    let read_only = (!is_granted).then_some(ReadOnly::NotGranted);
    Some(Environment {
        name: Arc::from(entry.name),
        context,
        namespaces,
        guard,
        read_only,
        alerts,
        rules,
        prometheus,
        scrapes,
    })
}

fn has_readable_name(entry: &Entry<'_, '_>, problems: &mut Problems) -> bool {
    let is_plain = entry.name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'));
    let is_readable = is_plain && (1..=40).contains(&entry.name.chars().count());
    if !is_readable {
        problems.at(
            entry,
            "The name of an environment is 1 to 40 letters, digits, dashes, underscores or dots.",
            "Give it a shorter, plainer name; the context may be called anything.",
        );
    }
    is_readable
}

/// The cluster it names, or that it names none; `None` where what it says makes no sense.
fn context(table: &Table<'_, '_>, problems: &mut Problems) -> Option<ContextRef> {
    let in_cluster = table.entry("in_cluster");
    let is_in_cluster = table.truth("in_cluster", problems);
    let named = table.text("context", problems);
    match (named, is_in_cluster) {
        (Some((_, entry)), Some(true)) => {
            problems.at(
                &entry,
                "An environment is either a context or in_cluster, not both.",
                "Remove one of the two.",
            );
            None
        }
        (Some(("", entry)), _) => {
            problems.at(&entry, "The name of the context is empty.", "Write the name of a context of your kubeconfig.");
            None
        }
        (Some((name, _)), _) => Some(ContextRef::Named(name.to_owned())),
        (None, Some(true)) => Some(ContextRef::InCluster),
        (None, _) => {
            let is_silent = table.entry("context").is_none() && (in_cluster.is_none() || is_in_cluster == Some(false));
            is_silent.then_some(ContextRef::Nowhere)
        }
    }
}

/// All when the key is absent.
fn namespaces(table: &Table<'_, '_>, problems: &mut Problems) -> Namespaces {
    let Some(entry) = table.entry("namespaces") else { return Namespaces::All };
    if let Some(word) = entry.as_text() {
        if word != "all" {
            problems.at(
                &entry,
                format!("Expected a list of namespaces or \"all\", found {word:?}."),
                format!("Write namespaces = [{word:?}]."),
            );
        }
        return if word == "all" { Namespaces::All } else { Namespaces::Named(vec![word.to_owned()]) };
    }
    let Some(listed) = entry.texts(problems) else { return Namespaces::All };
    if listed.is_empty() {
        problems.at(&entry, "The list of namespaces is empty.", "Name at least one, or write namespaces = \"all\".");
        return Namespaces::All;
    }
    let mut names: Vec<String> = Vec::new();
    for (name, place) in listed {
        if !is_namespace(name) {
            problems.at(
                &place,
                format!("{name:?} cannot be a namespace: 1 to 63 lower-case letters, digits and dashes."),
                if name == "all" || name == "*" { "Write namespaces = \"all\"." } else { "Correct it or remove it." },
            );
        } else if names.iter().any(|known| known == name) {
            problems.at(&place, format!("The namespace {name} is listed twice."), "Remove one of the two.");
        } else {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() { Namespaces::All } else { Namespaces::Named(names) }
}

/// As the API server checks it: an RFC 1123 label.
pub(super) fn is_namespace(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// Production when the key is absent or not understood.
fn guard(table: &Table<'_, '_>, problems: &mut Problems) -> Guard {
    let Some((word, entry)) = table.text("guard", problems) else { return Guard::Production };
    Guard::of_word(word).unwrap_or_else(|| {
        problems.at(
            &entry,
            format!("There is no guard {word:?}."),
            document::did_you_mean(word, &Guard::ALL.map(Guard::word)),
        );
        Guard::Production
    })
}

/// One cluster cannot be production and development at once: the careless name would loosen the careful one.
fn one_guard_per_context(environments: &[(Environment, Entry<'_, '_>)], problems: &mut Problems) {
    let mut first: BTreeMap<String, &Environment> = BTreeMap::new();
    for (environment, entry) in environments {
        let known = first.entry(format!("{:?}", environment.context)).or_insert(environment);
        if known.guard != environment.guard {
            problems.at(
                entry,
                format!(
                    "{:?} is guarded as {} here and as {} in {}.",
                    environment.context.to_string(),
                    environment.guard.word(),
                    known.guard.word(),
                    known.name
                ),
                "Give both environments of this context the same guard.",
            );
        }
    }
}
