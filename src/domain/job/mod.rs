//! What runs to an end: CronJobs with their schedules, and Jobs, whether a CronJob made them or somebody else.

mod cron;
mod facts;
mod missed;
mod run;
mod schedule;

pub use cron::{Concurrency, CronReport, judge_cron};
pub use facts::JobFacts;
pub use missed::{MOST_MISSED, Missed};
pub use run::{RunReport, judge_run};
pub use schedule::Schedule;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::environment::ObjectKey;
use super::text;
use super::time::{self, Instant};
use crate::domain::worded;

worded! {
    /// The kinds of what runs to an end.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum JobKind {
        /// `batch/v1` CronJob.
        CronJob = "CronJob",
        /// `batch/v1` Job.
        Job = "Job",
    }
}

impl JobKind {
    /// The resource as a command line spells it.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::CronJob => "cronjob",
            Self::Job => "job",
        }
    }

    /// The resource as a path spells it.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::CronJob => "cronjobs",
            Self::Job => "jobs",
        }
    }

    /// A kind as a command line spells it, as kubectl does: `cronjob`, `cronjobs`, `cj`, `cronjob.batch`.
    pub fn named(word: &str) -> Option<Self> {
        match word.trim_end_matches(".batch") {
            "cronjob" | "cronjobs" | "cj" => Some(Self::CronJob),
            "job" | "jobs" => Some(Self::Job),
            _ => None,
        }
    }
}

/// A CronJob or a Job by name, in an environment. Names are as the server gave them; clean them before drawing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobRef {
    /// The environment of the configuration.
    pub environment: Arc<str>,
    /// The namespace.
    pub namespace: Arc<str>,
    /// The kind.
    pub kind: JobKind,
    /// The name.
    pub name: Arc<str>,
}

impl JobRef {
    /// The name as a list shows it: `nightly-backup`, `job/import`.
    pub fn label(&self) -> String {
        match self.kind {
            JobKind::CronJob => self.name.to_string(),
            JobKind::Job => format!("job/{}", self.name),
        }
    }
}

impl fmt::Display for JobRef {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{} -n {}", self.kind.resource(), text::clean(&self.name), text::clean(&self.namespace))
    }
}

worded! {
    /// How it is doing. Declared from the worst to the best: the order of the list.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum JobVerdict {
        /// The last run that ended did so without success.
        Failed = "failed",
        /// A run is under way, and its pod cannot come up.
        Stuck = "stuck",
        /// A run was due and none was started.
        Late = "late",
        /// Somebody told it not to run.
        Suspended = "suspended",
        /// A run is under way.
        Running = "running",
        /// The last run succeeded, or there was none yet.
        Complete = "complete",
    }
}

impl JobVerdict {
    /// Whether somebody should look at it.
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::Failed | Self::Stuck | Self::Late)
    }
}

/// A run: of a CronJob the newest one, of a Job the Job itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub began: Instant,
    /// When it ended; `None` while it runs, or where its Job is not there any more.
    pub ended: Option<Instant>,
}

impl Run {
    /// How long it took.
    pub fn length(&self) -> Option<TimeDelta> {
        self.ended.map(|ended| time::age(self.began, ended))
    }
}

/// Pods of a Job in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct PodCounts {
    /// How many have to succeed.
    pub wanted: u32,
    /// Running or on their way.
    pub active: u32,
    /// Ended with success.
    pub succeeded: u32,
    /// Ended without.
    pub failed: u32,
}

/// One row of the jobs pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub job: JobRef,
    /// Its uid.
    pub uid: Arc<str>,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// How it is doing.
    pub verdict: JobVerdict,
    /// Why, where the verdict alone does not say it. Cleaned.
    pub reason: Option<Arc<str>>,
    /// The CronJob a Job belongs to. Cleaned.
    pub owner: Option<Arc<str>>,
    /// The schedule of a CronJob with its zone, as written. Cleaned.
    pub schedule: Option<Arc<str>>,
    /// The newest run.
    pub last_run: Option<Run>,
    /// When a run last succeeded, by the controller's word.
    pub last_success: Option<Instant>,
    /// When the next run is due.
    pub next_run: Option<Instant>,
    /// Runs that were due since the last one and were not started; 100 means that many or more.
    pub missed: u32,
    /// Runs under way.
    pub active: u32,
    /// The pods of a Job.
    pub pods: PodCounts,
    /// Whether somebody started this Job by hand.
    pub is_manual: bool,
    /// Further facts worth a line. Cleaned.
    pub notes: Arc<[Arc<str>]>,
}

impl Job {
    /// Which row this is, among those of all environments.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { environment: self.job.environment.clone(), uid: self.uid.clone() }
    }

    /// Whether this is the row of a key.
    pub fn is(&self, key: &ObjectKey) -> bool {
        self.uid == key.uid && self.job.environment == key.environment
    }

    /// Whether the list shows it: a CronJob's own Jobs are its runs, shown with it.
    pub const fn is_listed(&self) -> bool {
        self.owner.is_none()
    }

    /// Worst first; equal verdicts by environment, namespace, kind, name.
    pub fn worst_first(&self, other: &Self) -> Ordering {
        self.verdict.cmp(&other.verdict).then_with(|| self.job.cmp(&other.job))
    }
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobJudgement {
    /// The verdict.
    pub verdict: JobVerdict,
    /// Why.
    pub reason: Option<String>,
    /// Further facts worth a line.
    pub notes: Vec<String>,
    /// When the next run is due.
    pub next_run: Option<Instant>,
    /// Runs that were due and were not started, at most 100.
    pub missed: u32,
    /// When to judge again although nothing was reported.
    pub look_again: Option<Instant>,
}

impl JobJudgement {
    const fn of(verdict: JobVerdict, reason: Option<String>) -> Self {
        Self { verdict, reason, notes: Vec::new(), next_run: None, missed: 0, look_again: None }
    }
}
