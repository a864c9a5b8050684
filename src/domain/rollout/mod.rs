//! Workloads that roll out: what they are, how they are doing, what they were before.

mod autoscaler;
mod budget;
mod daemon_set;
mod deployment;
mod gaps;
mod pod;
mod report;
mod revision;
mod sides;
mod stateful_set;
mod template;

pub use autoscaler::{Autoscaler, Measure};
pub use budget::Budget;
pub use gaps::gaps;
pub use pod::{Blocked, Container, ContainerState, Pod};
pub use report::{Condition, Judgement, ReleaseStart, Report, Update, judge, rate_per_minute};
pub use revision::{Choice, Revision, SeenHealthy, default_target};
pub use sides::Sides;
pub use template::{
    Change, changes, code_digest, images, is_mutable_tag, same_code, same_template, stripped, template_digest,
    without_secrets,
};

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::action::OperationRecord;
use super::environment::ObjectKey;
use super::maintenance_mode::Memory;
use super::time::Instant;
use crate::domain::worded;

worded! {
    /// The kinds of workload Quarterdeck rolls back.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
    pub enum Kind {
        /// `apps/v1` Deployment.
        #[default]
        Deployment = "Deployment",
        /// `apps/v1` StatefulSet.
        StatefulSet = "StatefulSet",
        /// `apps/v1` DaemonSet.
        DaemonSet = "DaemonSet",
    }
}

impl Kind {
    /// The resource as a command line spells it.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
        }
    }

    /// The resource as a path and a right spell it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }

    /// The short name people type.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
        }
    }

    /// The kind of any of its spellings.
    pub fn named(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        Self::ALL.into_iter().find(|kind| [kind.resource(), kind.plural(), kind.short()].contains(&word.as_str()))
    }
}

/// A workload by name, in an environment. Names are as the server gave them; clean them before drawing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkloadRef {
    /// The environment of the configuration.
    pub environment: Arc<str>,
    /// The namespace.
    pub namespace: Arc<str>,
    /// The kind.
    pub kind: Kind,
    /// The name.
    pub name: Arc<str>,
}

impl WorkloadRef {
    /// The name as a list shows it: `api`, `sts/db`, `ds/agent`.
    pub fn label(&self) -> String {
        match self.kind {
            Kind::Deployment => self.name.to_string(),
            kind => format!("{}/{}", kind.short(), self.name),
        }
    }

    /// Whether what somebody typed is this: the name, with a kind before it or without.
    pub fn is_called(&self, typed: &str) -> bool {
        match typed.split_once('/') {
            Some((kind, name)) => Kind::named(kind) == Some(self.kind) && *self.name == *name,
            None => *self.name == *typed,
        }
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{} -n {}", self.kind.resource(), self.name, self.namespace)
    }
}

worded! {
    /// How a workload is doing. Declared from the worst to the best: the order of the list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Verdict {
        /// The controller gave up waiting: ProgressDeadlineExceeded, later than the last template change.
        Failed = "failed",
        /// Not complete, and a pod of the new revision cannot come up.
        Stuck = "stuck",
        /// It was complete and now fewer pods are available than desired.
        Degraded = "degraded",
        /// Paused half-way.
        Paused = "paused",
        /// The controller has not seen the newest specification yet.
        Stale = "stale",
        /// Never read, or not readable with these rights.
        Unknown = "unknown",
        /// On its way.
        Progressing = "progressing",
        /// Every replica is updated and available.
        Complete = "complete",
    }
}

/// The figures of a rollout, in pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Wanted by the specification.
    pub desired: u32,
    /// Of the newest template.
    pub updated: u32,
    /// Passing their readiness checks.
    pub ready: u32,
    /// Ready for at least `minReadySeconds`.
    pub available: u32,
    /// All there are, old and new, not counting those that are shutting down.
    pub total: u32,
}

/// One row of the rollouts pane: everything the list, `status` and the header need of a workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Which workload.
    pub workload: WorkloadRef,
    /// Its uid: what the cursor, the marks and the pins hold on to.
    pub uid: Arc<str>,
    /// The service it is of; `None` when it is UNMAPPED. Cleaned.
    pub service: Option<Arc<str>>,
    /// How it is doing.
    pub verdict: Verdict,
    /// Why, where the verdict alone does not say it. Cleaned.
    pub reason: Option<Arc<str>>,
    /// A pod of the new revision that cannot come up. Cleaned.
    pub stuck_pod: Option<Arc<str>>,
    /// The figures.
    pub counts: Counts,
    /// The revision of the current template; `None` before the controller numbered it.
    pub revision: Option<u64>,
    /// Images of the current template, in container order. Cleaned.
    pub images: Arc<[Arc<str>]>,
    /// Images of the revision before, while its pods still run; empty when complete. Cleaned.
    pub old_images: Arc<[Arc<str>]>,
    /// When the current release began.
    pub changed_at: Option<Instant>,
    /// The pods of this release and those before it, while both are there.
    pub sides: Option<Arc<Sides>>,
    /// When the controller will call it failed if nothing moves.
    pub deadline_at: Option<Instant>,
    /// Pods that became available per minute since the release began; `None` while nothing can be said.
    pub rate_per_minute: Option<f32>,
    /// Old pods still shutting down.
    pub terminating: u32,
    /// Further facts worth a line: paused, quota in the way, an old failure mark. Cleaned.
    pub notes: Arc<[Arc<str>]>,
    /// Who is acting on it, as written on the object.
    pub record: Option<Arc<OperationRecord>>,
    /// What it remembers of before its maintenance, or why that cannot be read.
    pub maintenance: Option<Arc<Result<Memory, String>>>,
}

impl Rollout {
    /// Which row this is, among those of all environments.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { environment: self.workload.environment.clone(), uid: self.uid.clone() }
    }

    /// Whether this is the row of a key.
    pub fn is(&self, key: &ObjectKey) -> bool {
        self.uid == key.uid && self.workload.environment == key.environment
    }

    /// Seconds until every replica is available at the present rate; `None` when complete or when nothing moves.
    pub fn seconds_left(&self) -> Option<u64> {
        let missing = self.counts.desired.saturating_sub(self.counts.updated.min(self.counts.available));
        let rate = self.rate_per_minute.filter(|rate| *rate > 0.01)?;
        if missing == 0 || self.verdict != Verdict::Progressing {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "pod counts and minutes are small and positive"
        )]
        Some((missing as f32 * 60.0 / rate).ceil() as u64)
    }

    /// Worst first; equal verdicts by environment, namespace, name.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        self.verdict.cmp(&other.verdict).then_with(|| self.workload.cmp(&other.workload))
    }
}
