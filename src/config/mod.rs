//! WHAT THE OPERATOR ASKED FOR: environments, how carefully each is touched, the services in them, and the looks of the console.
//!
//! Loading always gives [`Settings`], whatever the file looks like, and beside them every problem with its line and fix.
//!
//! Deliberately unknown here: kubeconfigs (contexts are names), themes and keymaps (names too), the screen.
//!
//! Invariant: an environment may be written to only when a file without a single problem says `write = true` for it and the
//! command line does not say `--read-only`. Everything else is read-only; what is not declared has the production guard.

mod alertmanager;
mod backup;
mod database;
mod environment;
mod file;
mod logs;
mod modes;
mod paths;
mod probe;
mod prometheus;
mod rule;
mod scrape;
mod server;
mod service;
mod slo;
mod store;
mod thresholds;

pub use alertmanager::Alerts;
pub use backup::{
    Act, DeclaredBackup, Git, InCluster, Maker, Making, Metrics, Place, Program, Teller, Tool, ToolSettings,
};
pub use database::{DeclaredDatabase, RedisSettings, Way};
pub use environment::{ContextRef, Environment, Namespaces, ReadOnly};
pub use paths::Paths;
pub use probe::split;
pub use prometheus::Prometheus;
pub use scrape::Scrape;
pub use server::{Credentials, Server, web};
pub use store::{PostgresSettings, Secret, StoreReadOnly, StoreSettings};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::document;
use crate::domain::environment::Guard;
use crate::domain::problem::Problem;
use crate::domain::service::Services;

/// A commented configuration to begin with, as printed by `config init`.
pub const SAMPLE: &str = include_str!("../../assets/config.default.toml");

/// Where the settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// There is no file; this is where one would be looked for.
    NoFile(PathBuf),
    /// This file, without a problem.
    File(PathBuf),
    /// This file, and it has problems: everything is read-only with the production guard.
    Broken(PathBuf),
}

/// What the command line and the kubeconfig add to the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `--read-only`: nothing may be written, whatever the file says.
    pub is_read_only: bool,
    /// `--context`: only the environments of this context, declared or not.
    pub context: Option<String>,
    /// The current context of the kubeconfig, if it could be read: the name of the environment that nobody declared.
    pub current_context: Option<String>,
}

/// How the console looks and which keys it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The name of the theme.
    pub theme: String,
    /// The name of the keymap.
    pub keymap: String,
    /// Whether signs are drawn in ASCII whatever the terminal can show.
    pub is_ascii: bool,
}

/// Everything the operator asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where this comes from.
    pub source: Source,
    /// The environments in the order of the file; never empty, names unique.
    pub environments: Vec<Environment>,
    /// Every environment the file declares, those that `--context` leaves out too: their guards hold wherever they cover the same.
    pub declared: Arc<[Environment]>,
    /// The services that are declared, in the order of the file.
    pub services: Arc<Services>,
    /// The sets of backups that are declared, in the order of the file.
    pub backups: Arc<[DeclaredBackup]>,
    /// The databases that are declared, in the order of the file.
    pub databases: Arc<[DeclaredDatabase]>,
    /// What is masked in logs beyond what always is; regular expressions that compile.
    pub log_masks: Vec<String>,
    /// Whether the journal keeps command lines whole, but for secrets that are known by their shape; else it keeps a digest.
    pub keeps_command_lines: bool,
    /// Theme, keymap, signs.
    pub look: Look,
    /// Where the store is.
    pub store: StoreSettings,
    /// Why this console may only read it; `None` where it may write.
    pub store_read_only: Option<StoreReadOnly>,
}

impl Default for Look {
    fn default() -> Self {
        Self { theme: "midnight".to_owned(), keymap: "default".to_owned(), is_ascii: false }
    }
}

impl Settings {
    /// Reads a configuration file. A file that is not there is no problem, unless it `is_named` on the command line.
    pub fn load(file: &Path, is_named: bool, asked: &Asked) -> (Self, Vec<Problem>) {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(file, &text, asked),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => (
                Self::assemble(
                    Source::NoFile(file.to_path_buf()),
                    Vec::new(),
                    Services::default(),
                    Look::default(),
                    asked,
                ),
                Vec::new(),
            ),
            Err(error) => {
                let settings = Self::assemble(
                    Source::Broken(file.to_path_buf()),
                    Vec::new(),
                    Services::default(),
                    Look::default(),
                    asked,
                );
                // Nobody knows which store was meant.
                (Self { store: StoreSettings::Unusable, ..settings }, vec![document::unreadable(file, &error)])
            }
        }
    }

    /// Reads the text of a configuration file.
    pub fn parse(file: &Path, text: &str, asked: &Asked) -> (Self, Vec<Problem>) {
        let (parsed, problems) = file::parse(file, text);
        let source =
            if problems.is_empty() { Source::File(file.to_path_buf()) } else { Source::Broken(file.to_path_buf()) };
        let file::Parsed {
            environments,
            services,
            backups,
            databases,
            look,
            store,
            may_write_store,
            log_masks,
            keeps_command_lines,
        } = parsed;
        let assembled = Self::assemble(source, environments, services, look, asked);
        let configured = (!may_write_store).then_some(StoreReadOnly::Configured);
        // Of a broken file, what hides secrets is kept all the same.
        let keeps_command_lines = keeps_command_lines && problems.is_empty();
        (
            Self {
                backups: backups.into(),
                databases: databases.into(),
                log_masks,
                keeps_command_lines,
                store,
                store_read_only: assembled.store_read_only.or(configured),
                ..assembled
            },
            problems,
        )
    }

    /// Applies the laws that no file can loosen.
    fn assemble(source: Source, declared: Vec<Environment>, services: Services, look: Look, asked: &Asked) -> Self {
        let mut environments = declared.clone();
        if let Some(context) = &asked.context {
            environments.retain(|environment| environment.context == ContextRef::Named(context.clone()));
        }
        if environments.is_empty() {
            let context = asked.context.as_ref().or(asked.current_context.as_ref());
            environments.push(Environment::undeclared(context.map(String::as_str)));
        }
        for environment in &mut environments {
            match &source {
                Source::Broken(file) => {
                    environment.guard = Guard::Production;
                    environment.read_only = Some(ReadOnly::Broken(file.clone()));
                }
                Source::NoFile(file) => environment.read_only = Some(ReadOnly::NoFile(file.clone())),
                Source::File(_) => {}
            }
            if asked.is_read_only {
                environment.read_only = Some(ReadOnly::Asked);
            }
        }
        let broken = matches!(source, Source::Broken(_)).then_some(StoreReadOnly::Broken);
        let store_read_only = asked.is_read_only.then_some(StoreReadOnly::Asked).or(broken);
        let store = StoreSettings::default();
        Self {
            source,
            environments,
            declared: declared.into(),
            services: Arc::new(services),
            backups: Arc::default(),
            databases: Arc::default(),
            log_masks: Vec::new(),
            keeps_command_lines: false,
            look,
            store,
            store_read_only,
        }
    }
}

#[cfg(test)]
mod tests;
