//! Further sources: the git repository that configuration is kept in, and metrics that tell of backups.

use std::path::PathBuf;
use std::sync::Arc;

use super::in_cluster::environment;
use crate::config::server;
use crate::domain::document::{Problems, Table};

/// A repository of git whose commits are the backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    /// Its folder, bare or not.
    pub folder: PathBuf,
    /// The branch that counts; `None` for what is checked out.
    pub branch: Option<String>,
}

/// Metrics of a Prometheus that tell of backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The environment whose Prometheus is asked; `None` for the only one.
    pub environment: Option<Arc<str>>,
    /// Gives the moment the last good one ended, in seconds since 1970: one value.
    pub last_good: String,
    /// Gives its bytes.
    pub bytes: Option<String>,
    /// Gives something other than zero while the last one has failed.
    pub failed: Option<String>,
}

/// Reads `git = { folder = "/srv/config", branch = "main" }`.
pub(super) fn git(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Git> {
    let entry = table.entry("git")?;
    let from = entry.table(problems)?;
    from.refuse_unknown(&["folder", "branch"], problems);
    if from.entry("folder").is_none() {
        problems.at(&entry, "It does not say where the repository is.", "Add folder = \"/FOLDER\".");
    }
    let folder = server::file(&from, "folder", problems)?;
    let branch = from.text("branch", problems);
    if let Some((name, place)) = branch.as_ref().filter(|(name, _)| name.is_empty() || name.starts_with('-')) {
        problems.at(place, format!("{name:?} is no branch."), "Write its name: branch = \"main\".");
        return None;
    }
    Some(Git { folder, branch: branch.map(|(name, _)| name.to_owned()) })
}

/// Reads `prometheus = { last_good = "QUERY" }`.
pub(super) fn metrics(table: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<Metrics> {
    let entry = table.entry("prometheus")?;
    let from = entry.table(problems)?;
    from.refuse_unknown(&["last_good", "bytes", "failed", "environment"], problems);
    let environment = environment(&from, &entry, environments, problems);
    let mut query = |key: &str| from.text(key, problems).map(|(query, _)| query.to_owned());
    let (last_good, bytes, failed) = (query("last_good"), query("bytes"), query("failed"));
    let Some(last_good) = last_good else {
        if from.entry("last_good").is_none() {
            problems.at(
                &entry,
                "It does not say which metric tells when the last good one ended.",
                "Add last_good = \"QUERY\", one that gives seconds since 1970, like velero_backup_last_successful_timestamp{schedule=\"nightly\"}.",
            );
        }
        return None;
    };
    Some(Metrics { environment, last_good, bytes, failed })
}
