//! Deployments: kubectl's rules, and what kubectl does not say.

use super::report::{Condition, Held, Report};
use super::{Counts, Verdict};
use crate::domain::time::Instant;

/// Everything updated, nothing old left, everything available.
pub(super) const fn is_complete(report: &Report) -> bool {
    let Counts { desired, updated, available, total, .. } = report.counts;
    updated >= desired && total <= updated && available >= updated
}

/// Whether the controller reported this release complete before.
///
/// An old success mark survives the return to an existing ReplicaSet, so it only counts when it is not older than the release.
fn was_complete(report: &Report) -> bool {
    let Counts { desired, updated, total, .. } = report.counts;
    report.condition("Progressing").is_some_and(|progressing| {
        progressing.reason.as_ref() == "NewReplicaSetAvailable"
            && updated >= desired
            && total <= updated
            && progressing.updated_at.is_none_or(|marked| report.started.at().is_none_or(|began| marked >= began))
    })
}

/// The failure mark, when it is later than the last template change, and else whether an older one is still there.
fn failure(report: &Report) -> (Option<&Condition>, bool) {
    let mark =
        report.condition("Progressing").filter(|progressing| progressing.reason.as_ref() == "ProgressDeadlineExceeded");
    let Some(mark) = mark else {
        return (None, false);
    };
    let is_older =
        matches!((mark.updated_at.or(mark.since), report.started.at()), (Some(marked), Some(began)) if marked < began);
    if is_older { (None, true) } else { (Some(mark), false) }
}

/// When the controller will call it failed if nothing moves.
pub(super) fn deadline_at(report: &Report) -> Option<Instant> {
    let progressing = report.condition("Progressing")?;
    let from = progressing.updated_at.max(report.started.at())?;
    Some(from + report.deadline?)
}

/// The verdict on an observed Deployment.
pub(super) fn verdict(report: &Report, held: &Held, now: Instant) -> (Verdict, Option<String>) {
    let Counts { available, desired, .. } = report.counts;
    if let (Some(mark), _) = failure(report) {
        let why = held.why().unwrap_or_else(|| mark.message.to_string());
        return (Verdict::Failed, Some(format!("ProgressDeadlineExceeded: {why}")));
    }
    if is_complete(report) {
        return (Verdict::Complete, (desired == 0).then(|| "scaled to 0".to_owned()));
    }
    if report.is_paused {
        return (Verdict::Paused, Some("paused: nothing moves until it is resumed".to_owned()));
    }
    if was_complete(report) && available < desired {
        let why = held.why().unwrap_or_else(|| format!("{available} of {desired} available, it was complete before"));
        return (Verdict::Degraded, Some(why));
    }
    if held.pod.is_none() && !held.is_in_flight && held.refused_due.is_some_and(|due| due <= now) {
        return (Verdict::Stuck, held.refused.clone());
    }
    held.stuck_or_moving()
}

/// What else is worth a line.
pub(super) fn notes(report: &Report, held: &Held, verdict: Verdict, reason: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    if failure(report).1 && verdict != Verdict::Complete {
        notes.push("the mark ProgressDeadlineExceeded is older than this release and is not counted".to_owned());
    }
    let is_said = |words: &String| reason.is_some_and(|reason| reason.contains(words.as_str()));
    let blocked = held.pod.iter().filter(|_| verdict == Verdict::Paused);
    notes.extend(blocked.chain(&held.refused).filter(|words| !is_said(words)).cloned());
    if report.is_paused && verdict != Verdict::Paused {
        notes.push("paused: the next change will not roll out until it is resumed".to_owned());
    }
    notes
}

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;
