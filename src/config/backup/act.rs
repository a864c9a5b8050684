//! What acts on a set: a program of the operator, or a CronJob whose work is done once more.

use std::sync::Arc;

use super::in_cluster::environment;
use super::program::{self, Program};
use crate::domain::document::{Problems, Table};

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A program is run.
    Program(Program),
    /// A Job is made from a CronJob.
    CronJob {
        /// The environment it is in; `None` for the only one.
        environment: Option<Arc<str>>,
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name.
        name: Arc<str>,
    },
}

/// Reads `{ command = […] }` or `{ cron_job = "NAME", namespace = "NAME" }`.
pub(super) fn act(table: &Table<'_, '_>, key: &str, environments: &[&str], problems: &mut Problems) -> Option<Act> {
    let entry = table.entry(key)?;
    let from = entry.table(problems)?;
    if from.entry("cron_job").is_none() {
        return program::program(table, key, problems).map(Act::Program);
    }
    from.refuse_unknown(&["cron_job", "namespace", "environment"], problems);
    let environment = environment(&from, &entry, environments, problems);
    if from.entry("namespace").is_none() {
        problems.at(&entry, "It does not say in which namespace the CronJob is.", "Add namespace = \"NAME\".");
    }
    let (name, _) = from.text("cron_job", problems)?;
    let (namespace, _) = from.text("namespace", problems)?;
    Some(Act::CronJob { environment, namespace: Arc::from(namespace), name: Arc::from(name) })
}
