//! What makes backups in a cluster: a CronJob or a Job by name or by label, CloudNativePG, Velero.

use std::sync::Arc;

use super::tool::Tool;
use crate::domain::backup::MadeBy;
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::job::JobKind;

/// The keys, each with the key that names what is meant there.
pub(super) const KEYS: [&str; 4] = ["cron_job", "job", "cloudnativepg", "velero"];

/// What makes the backups of a set, in a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InCluster {
    /// The environment it is in; `None` for the only one.
    pub environment: Option<Arc<str>>,
    /// Its namespace; `None`: every one for what is found by a label, `velero` for Velero.
    pub namespace: Option<Arc<str>>,
    /// What it is.
    pub what: Maker,
}

/// What makes backups and is asked by reading its objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// CronJobs, or Jobs, with a label.
    Labelled(JobKind, Arc<str>),
    /// A Cluster of CloudNativePG.
    CloudNativePg(Arc<str>),
    /// A Schedule of Velero.
    Velero(Arc<str>),
}

impl InCluster {
    /// Whether it is to be looked for in an environment.
    pub fn is_in(&self, environment: &str) -> bool {
        self.environment.as_ref().is_none_or(|named| **named == *environment)
    }
}

/// What makes them: a job by its name, which is looked for among those that are watched, or something that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made {
    /// By a job of that name.
    Named(MadeBy),
    /// By what is asked.
    Asked(InCluster),
}

/// Reads it.
pub(super) fn made(table: &Table<'_, '_>, environments: &[&str], problems: &mut Problems) -> Option<Made> {
    let mut named = KEYS.into_iter().filter_map(|key| table.entry(key));
    let entry = named.next()?;
    if let Some(second) = named.next() {
        problems.at(
            &second,
            format!("{} is there too: one of the two tells of a set.", entry.name),
            "Give one of them a [backup.NAME] of its own.",
        );
    }
    let from = entry.table(problems)?;
    let subject: &[&str] = match entry.name {
        "cloudnativepg" => &["cluster"],
        "velero" => &["schedule"],
        _ => &["name", "label"],
    };
    from.refuse_unknown(&[subject, &["namespace", "environment"]].concat(), problems);
    if let Some(tool) = Tool::ALL.into_iter().find(|tool| table.entry(tool.key()).is_some()) {
        problems.at(
            &entry,
            format!("{} is there too: one of the two tells of a set.", tool.key()),
            "Give one of them a [backup.NAME] of its own.",
        );
    }
    let environment = environment(&from, &entry, environments, problems);
    let namespace = from.text("namespace", problems).map(|(name, _)| Arc::from(name));
    let said = subject.iter().filter_map(|key| Some((*key, from.text(key, problems)?.0))).collect::<Vec<_>>();
    let [(key, word)] = said.as_slice() else {
        match said.as_slice() {
            [] if subject.iter().all(|key| from.entry(key).is_none()) => {
                let key = subject.first().copied().unwrap_or_default();
                problems.at(&entry, "It does not say which.", format!("Add {key} = \"NAME\"."));
            }
            [] => {}
            _ => problems.at(&entry, "It says both a name and a label.", "Keep one of them."),
        }
        return None;
    };
    let kind = if entry.name == "job" { JobKind::Job } else { JobKind::CronJob };
    let word: Arc<str> = Arc::from(*word);
    let what = match (entry.name, *key) {
        ("cloudnativepg", _) => Maker::CloudNativePg(word),
        ("velero", _) => Maker::Velero(word),
        (_, "label") => Maker::Labelled(kind, word),
        _ => return Some(Made::Named(MadeBy { environment, namespace, kind, name: word })),
    };
    if namespace.is_none() && matches!(what, Maker::CloudNativePg(_)) {
        problems.at(&entry, "It does not say in which namespace it is.", "Add namespace = \"NAME\".");
        return None;
    }
    Some(Made::Asked(InCluster { environment, namespace, what }))
}

/// The environment that is named; where there are several, one has to be.
pub(super) fn environment(
    from: &Table<'_, '_>,
    entry: &Entry<'_, '_>,
    environments: &[&str],
    problems: &mut Problems,
) -> Option<Arc<str>> {
    let environment = from.text("environment", problems);
    match &environment {
        Some((name, place)) if !environments.contains(name) => {
            let fix = document::did_you_mean(name, environments);
            problems.at(place, format!("There is no environment {name:?}."), fix);
        }
        None if environments.len() > 1 => {
            problems.at(
                entry,
                "It does not say in which environment it is.",
                format!("Add environment = {:?}.", environments.first().copied().unwrap_or_default()),
            );
        }
        _ => {}
    }
    environment.map(|(name, _)| Arc::from(name))
}
