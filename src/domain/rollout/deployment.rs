//! How a Deployment is doing: kubectl's rules, and what kubectl does not say.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Counts, Pod, Verdict};
use crate::domain::time::{self, Instant};

/// How long a refused pod creation may last before it counts as stuck: a quota hit during a surge passes by itself.
const REFUSED_FOR: TimeDelta = TimeDelta::seconds(10);

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
    /// Creation of the current ReplicaSet.
    pub replica_set_created: Option<Instant>,
    /// Time of the managedFields entry that owns `f:template`.
    pub template_written: Option<Instant>,
    /// Start of an action of ours on it.
    pub acted: Option<Instant>,
}

impl ReleaseStart {
    /// The newest of the three.
    pub fn at(self) -> Option<Instant> {
        self.replica_set_created.max(self.template_written).max(self.acted)
    }
}

/// What is read of a Deployment to judge it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployment {
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
    /// Further facts worth a line.
    pub notes: Vec<String>,
    /// When the controller will call it failed if nothing moves.
    pub deadline_at: Option<Instant>,
    /// When to judge again although nothing was reported: a limit passes by time alone.
    pub look_again: Option<Instant>,
}

impl Deployment {
    /// The condition of a type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind.as_ref() == kind)
    }

    /// Whether the controller has acted on the newest specification.
    pub const fn is_observed(&self) -> bool {
        self.generation <= self.observed_generation
    }

    /// kubectl's rule for a finished rollout: everything updated, nothing old left, everything available.
    pub const fn is_complete(&self) -> bool {
        let Counts { desired, updated, available, total, .. } = self.counts;
        self.is_observed() && updated >= desired && total <= updated && available >= updated
    }

    /// Whether the controller reported this release complete before.
    ///
    /// An old success mark survives the return to an existing ReplicaSet, so it only counts when it is not older than the release.
    fn was_complete(&self) -> bool {
        let Counts { desired, updated, total, .. } = self.counts;
        self.condition("Progressing").is_some_and(|progressing| {
            progressing.reason.as_ref() == "NewReplicaSetAvailable"
                && updated >= desired
                && total <= updated
                && progressing.updated_at.is_none_or(|marked| self.started.at().is_none_or(|began| marked >= began))
        })
    }

    /// The failure mark, when it is later than the last template change, and else whether an older one is still there.
    fn failure(&self) -> (Option<&Condition>, bool) {
        let mark = self
            .condition("Progressing")
            .filter(|progressing| progressing.reason.as_ref() == "ProgressDeadlineExceeded");
        let Some(mark) = mark else {
            return (None, false);
        };
        let is_older = matches!((mark.updated_at.or(mark.since), self.started.at()), (Some(marked), Some(began)) if marked < began);
        if is_older { (None, true) } else { (Some(mark), false) }
    }

    fn deadline_at(&self) -> Option<Instant> {
        let progressing = self.condition("Progressing")?;
        let from = progressing.updated_at.max(self.started.at())?;
        Some(from + self.deadline?)
    }
}

/// Judges a Deployment by its own report and by the pods of its newest revision; first match of DESIGN §8 wins.
pub fn judge<'a>(
    deployment: &Deployment,
    newest: impl IntoIterator<Item = &'a Pod> + Clone,
    now: Instant,
) -> Judgement {
    let held = Held::look(deployment, newest.clone(), now);
    let (verdict, reason) = verdict(deployment, &held, now);
    let notes = notes(deployment, &held, verdict, reason.as_deref());
    let pods_due = newest.into_iter().filter_map(|pod| pod.next_look(now)).min();
    let refused_due = held.refused_due.filter(|due| *due > now);
    let is_moving = matches!(verdict, Verdict::Progressing | Verdict::Stuck);
    Judgement {
        verdict,
        reason,
        notes,
        deadline_at: if is_moving { deployment.deadline_at() } else { None },
        look_again: [pods_due, refused_due].into_iter().flatten().min(),
    }
}

/// What holds a rollout back, in words.
struct Held {
    /// A pod of the new revision that cannot come up.
    pod: Option<String>,
    /// The server refusing to create pods.
    refused: Option<String>,
    /// When a refusal counts as stuck.
    refused_due: Option<Instant>,
    /// Whether a pod of the new revision is still on its way up.
    is_in_flight: bool,
}

impl Held {
    fn look<'a>(deployment: &Deployment, newest: impl IntoIterator<Item = &'a Pod> + Clone, now: Instant) -> Self {
        let refused = deployment.condition("ReplicaFailure").filter(|condition| condition.is_true);
        Self {
            // The first by name: whichever a map yields first would make the reason flicker.
            pod: newest
                .clone()
                .into_iter()
                .filter_map(|pod| Some((pod, pod.blocked(now)?)))
                .min_by_key(|(pod, _)| &pod.name)
                .map(|(pod, blocked)| format!("{}: pod {}: {}", blocked.reason, pod.name, blocked.message)),
            refused: refused
                .map(|condition| format!("{}: {}", quota_or(&condition.reason, &condition.message), condition.message)),
            refused_due: refused
                .and_then(|condition| condition.since.or(condition.updated_at))
                .map(|since| since + REFUSED_FOR),
            is_in_flight: newest.into_iter().any(|pod| !pod.is_ready && pod.gone_by.is_none()),
        }
    }

    fn why(&self) -> Option<String> {
        self.pod.clone().or_else(|| self.refused.clone())
    }
}

fn verdict(deployment: &Deployment, held: &Held, now: Instant) -> (Verdict, Option<String>) {
    let Counts { available, desired, .. } = deployment.counts;
    let is_complete = deployment.is_complete();
    if !deployment.is_observed() {
        return (Verdict::Stale, Some("the controller has not seen the newest specification yet".to_owned()));
    }
    if let (Some(mark), _) = deployment.failure() {
        let why = held.why().unwrap_or_else(|| mark.message.to_string());
        return (Verdict::Failed, Some(format!("ProgressDeadlineExceeded: {why}")));
    }
    if is_complete {
        return (Verdict::Complete, (desired == 0).then(|| "scaled to 0".to_owned()));
    }
    if deployment.is_paused {
        return (Verdict::Paused, Some("paused: nothing moves until it is resumed".to_owned()));
    }
    if deployment.was_complete() && available < desired {
        let why = held.why().unwrap_or_else(|| format!("{available} of {desired} available, it was complete before"));
        return (Verdict::Degraded, Some(why));
    }
    if held.pod.is_some() {
        return (Verdict::Stuck, held.pod.clone());
    }
    if !held.is_in_flight && held.refused_due.is_some_and(|due| due <= now) {
        return (Verdict::Stuck, held.refused.clone());
    }
    (Verdict::Progressing, None)
}

/// What else is worth a line.
fn notes(deployment: &Deployment, held: &Held, verdict: Verdict, reason: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    if deployment.failure().1 && verdict != Verdict::Complete {
        notes.push("the mark ProgressDeadlineExceeded is older than this release and is not counted".to_owned());
    }
    let is_said = |words: &String| reason.is_some_and(|reason| reason.contains(words.as_str()));
    let blocked = held.pod.iter().filter(|_| verdict == Verdict::Paused);
    notes.extend(blocked.chain(&held.refused).filter(|words| !is_said(words)).cloned());
    if deployment.is_paused && verdict != Verdict::Paused {
        notes.push("paused: the next change will not roll out until it is resumed".to_owned());
    }
    notes
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

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;
