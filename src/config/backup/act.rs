//! What acts on a set: a program of the operator, or a CronJob whose work is done once more.

use std::sync::Arc;

use super::Teller;
use super::in_cluster::environment;
use super::program::{self, Program};
use crate::domain::backup::{ActsIn, MadeBy};
use crate::domain::document::{Problems, Table};
use crate::domain::job::JobKind;

/// Where Velero is of which nobody says it.
pub(super) const VELERO: &str = "velero";

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A program is run.
    Program(Program),
    /// Something of a cluster is asked for one.
    InCluster {
        /// The environment it is in; `None` for the only one.
        environment: Option<Arc<str>>,
        /// Its namespace.
        namespace: Arc<str>,
        /// What it is.
        maker: Maker,
        /// Its name.
        name: Arc<str>,
    },
}

/// What makes a backup once it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// A CronJob: a Job is made from it.
    CronJob,
    /// A Cluster of CloudNativePG.
    CloudNativePg,
    /// A Schedule of Velero.
    Velero,
}

impl Act {
    /// Where in a cluster it acts.
    pub fn place(&self) -> Option<ActsIn> {
        match self {
            Self::Program(_) => None,
            Self::InCluster { environment, namespace, .. } => {
                Some(ActsIn { environment: environment.clone(), namespace: namespace.clone() })
            }
        }
    }
}

/// How one is made where nobody says it: by what makes them anyway, if it is one thing that can be named.
pub(super) fn derived(teller: Option<&Teller>, made_by: Option<&MadeBy>) -> Option<Act> {
    let of = |environment: &Option<Arc<str>>, namespace: Arc<str>, maker, name: &Arc<str>| Act::InCluster {
        environment: environment.clone(),
        namespace,
        maker,
        name: name.clone(),
    };
    if let Some(made) = made_by.filter(|made| made.kind == JobKind::CronJob) {
        return Some(of(&made.environment, made.namespace.clone()?, Maker::CronJob, &made.name));
    }
    let Some(Teller::InCluster(place)) = teller else { return None };
    match &place.what {
        super::Maker::CloudNativePg(name) => {
            Some(of(&place.environment, place.namespace.clone()?, Maker::CloudNativePg, name))
        }
        super::Maker::Velero(name) => {
            let namespace = place.namespace.clone().unwrap_or_else(|| VELERO.into());
            Some(of(&place.environment, namespace, Maker::Velero, name))
        }
        super::Maker::Labelled(..) => None,
    }
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
    Some(Act::InCluster { environment, namespace: Arc::from(namespace), maker: Maker::CronJob, name: Arc::from(name) })
}
