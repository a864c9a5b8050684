//! What the server reports of a workload, and the judgement on it: kubectl's rules, and what kubectl does not say.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Counts, Kind, Pod, Verdict, daemon_set, deployment, stateful_set};
use crate::domain::time::{self, Instant};

/// How long a refused pod creation may last before it counts as stuck: a quota hit during a surge passes by itself.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(10);

/// How often the rate of a rollout is worked out again.
const RATE_EVERY: TimeDelta = TimeDelta::seconds(10);

/// One entry of `status.conditions`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Available, Progressing, ReplicaFailure.
    pub kind: Arc<str>,
    /// Whether `status` is `True`.
    pub is_true: bool,
    /// The controller's reason.
    pub reason: Arc<str>,
    /// The controller's sentence.
    pub message: Arc<str>,
    /// When the status last changed.
    pub since: Option<Instant>,
    /// When the controller last touched it.
    pub updated_at: Option<Instant>,
}

/// When the current release began, and how we know.
///
/// The creation of the ReplicaSet alone would lie: going back to an old template reuses its old ReplicaSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReleaseStart {
    /// Creation of the current ReplicaSet or ControllerRevision.
    pub revision_created: Option<Instant>,
    /// Time of the managedFields entry that owns `f:template`.
    pub template_written: Option<Instant>,
    /// Start of an action of ours on it.
    pub acted: Option<Instant>,
}

impl ReleaseStart {
    /// The newest of the three.
    pub fn at(self) -> Option<Instant> {
        self.revision_created.max(self.template_written).max(self.acted)
    }
}

/// How pods of an older revision come to the newest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Update {
    /// The controller replaces them.
    #[default]
    Rolling,
    /// A StatefulSet's controller replaces those with this ordinal or a higher one; the others stay.
    Partition(u32),
    /// Somebody has to delete each of them.
    OnDelete,
}

/// What is read of a workload to judge it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Its kind.
    pub kind: Kind,
    /// How its pods are replaced.
    pub update: Update,
    /// Whether the controller itself says that every pod is of the newest revision. Only StatefulSets tell.
    pub is_rolled_out: bool,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`, 0 when absent.
    pub observed_generation: i64,
    /// The figures; `desired` is 1 when the specification does not say.
    pub counts: Counts,
    /// `spec.paused`.
    pub is_paused: bool,
    /// `spec.progressDeadlineSeconds`; `None` when there is no deadline.
    pub deadline: Option<TimeDelta>,
    /// `status.conditions`.
    pub conditions: Vec<Condition>,
    /// When the release began.
    pub started: ReleaseStart,
}

/// A verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where there is more to say than the figures do.
    pub reason: Option<String>,
    /// A pod of the new revision that cannot come up.
    pub stuck_pod: Option<Arc<str>>,
    /// Further facts worth a line.
    pub notes: Vec<String>,
    /// When the controller will call it failed if nothing moves.
    pub deadline_at: Option<Instant>,
    /// When to judge again although nothing was reported: a limit passes by time alone.
    pub look_again: Option<Instant>,
}

impl Report {
    /// The condition of a type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind.as_ref() == kind)
    }

    /// Whether the controller has acted on the newest specification.
    pub const fn is_observed(&self) -> bool {
        // A StatefulSet nobody has looked at yet says 0 and nothing else.
        self.generation <= self.observed_generation
            && !(matches!(self.kind, Kind::StatefulSet) && self.observed_generation == 0)
    }

    /// Whether the rollout is finished, by kubectl's rule for the kind.
    pub const fn is_complete(&self) -> bool {
        self.is_observed()
            && match self.kind {
                Kind::Deployment => deployment::is_complete(self),
                Kind::StatefulSet => stateful_set::is_complete(self),
                Kind::DaemonSet => daemon_set::is_complete(self),
            }
    }
}

/// Judges a workload by its own report and by the pods of its newest revision; first match of DESIGN §8 wins.
pub fn judge<'a>(report: &Report, newest: impl IntoIterator<Item = &'a Pod> + Clone, now: Instant) -> Judgement {
    let held = Held::look(report, newest.clone(), now);
    let (verdict, reason) = if report.is_observed() {
        match report.kind {
            Kind::Deployment => deployment::verdict(report, &held, now),
            Kind::StatefulSet => stateful_set::verdict(report, &held),
            Kind::DaemonSet => daemon_set::verdict(report, &held, now),
        }
    } else {
        (Verdict::Stale, Some("the controller has not seen the newest specification yet".to_owned()))
    };
    let notes = match report.kind {
        Kind::Deployment => deployment::notes(report, &held, verdict, reason.as_deref()),
        Kind::StatefulSet => stateful_set::notes(report),
        Kind::DaemonSet => Vec::new(),
    };
    let pods_due = newest.into_iter().filter_map(|pod| pod.next_look(now)).min();
    let refused_due = held.refused_due.filter(|due| *due > now);
    let settles_at = daemon_set::settles_at(report).filter(|at| *at > now);
    let is_moving = matches!(verdict, Verdict::Progressing | Verdict::Stuck);
    Judgement {
        verdict,
        reason,
        stuck_pod: held.pod_name.clone(),
        notes,
        deadline_at: if is_moving { deployment::deadline_at(report) } else { None },
        // A rate that nobody computes again would promise an end for ever.
        look_again: [pods_due, refused_due, settles_at, is_moving.then(|| now + RATE_EVERY)]
            .into_iter()
            .flatten()
            .min(),
    }
}

/// What holds a rollout back, in words.
pub(super) struct Held {
    /// A pod of the new revision that cannot come up.
    pub(super) pod: Option<String>,
    /// Its name.
    pod_name: Option<Arc<str>>,
    /// The server refusing to create pods.
    pub(super) refused: Option<String>,
    /// When a refusal counts as stuck.
    pub(super) refused_due: Option<Instant>,
    /// Whether a pod of the new revision is still on its way up.
    pub(super) is_in_flight: bool,
}

impl Held {
    fn look<'a>(report: &Report, newest: impl IntoIterator<Item = &'a Pod> + Clone, now: Instant) -> Self {
        let refused = report.condition("ReplicaFailure").filter(|condition| condition.is_true);
        // The first by name: whichever a map yields first would make the reason flicker.
        let stuck = newest.clone().into_iter().filter_map(|pod| Some((pod, pod.blocked(now)?)));
        let stuck = stuck.min_by_key(|(pod, _)| &pod.name);
        Self {
            pod_name: stuck.as_ref().map(|(pod, _)| pod.name.clone()),
            pod: stuck.map(|(pod, blocked)| format!("{}: pod {}: {}", blocked.reason, pod.name, blocked.message)),
            refused: refused
                .map(|condition| format!("{}: {}", quota_or(&condition.reason, &condition.message), condition.message)),
            refused_due: refused
                .and_then(|condition| condition.since.or(condition.updated_at))
                .map(|since| since + REFUSED_FOR),
            is_in_flight: newest.into_iter().any(Pod::is_coming),
        }
    }

    /// Why, as far as it is known.
    pub(super) fn why(&self) -> Option<String> {
        self.pod.clone().or_else(|| self.refused.clone())
    }

    /// Stuck on a pod that cannot come up, or on its way.
    pub(super) fn stuck_or_moving(&self) -> (Verdict, Option<String>) {
        match &self.pod {
            Some(pod) => (Verdict::Stuck, Some(pod.clone())),
            None => (Verdict::Progressing, None),
        }
    }
}

/// The name operators know a refused pod creation by.
fn quota_or<'a>(reason: &'a str, message: &str) -> &'a str {
    if message.contains("exceeded quota") { "QuotaExceeded" } else { reason }
}

/// Pods that became available per minute since the release began; `None` in its first ten seconds or before the first pod.
pub fn rate_per_minute(available_new: u32, began: Option<Instant>, now: Instant) -> Option<f32> {
    let elapsed = time::age(began?, now).num_seconds();
    #[expect(clippy::cast_precision_loss, reason = "pods and seconds are small")]
    (available_new > 0 && elapsed >= 10).then(|| available_new as f32 * 60.0 / elapsed as f32)
}
