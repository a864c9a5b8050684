//! DaemonSets: a pod for each node that wants one, no deadline, and no word of the controller that a rollout is over.

use chrono::TimeDelta;

use super::report::{Held, Report, Update};
use super::{Counts, Verdict};
use crate::domain::time::Instant;

/// A release this old is over: pods missing after that were lost, or their nodes were.
const SETTLED_AFTER: TimeDelta = TimeDelta::minutes(10);

/// kubectl's rule: every node has a pod of the newest template, and it is available.
pub(super) const fn is_complete(report: &Report) -> bool {
    let Counts { desired, updated, available, .. } = report.counts;
    updated >= desired && available >= desired
}

/// When missing pods stop being part of the rollout; `None` for other kinds.
pub(super) fn settles_at(report: &Report) -> Option<Instant> {
    let is_missing = report.kind == super::Kind::DaemonSet && !is_complete(report);
    report.started.at().filter(|_| is_missing).map(|began| began + SETTLED_AFTER)
}

/// The verdict on an observed DaemonSet.
pub(super) fn verdict(report: &Report, held: &Held, now: Instant) -> (Verdict, Option<String>) {
    let Counts { desired, updated, available, .. } = report.counts;
    if is_complete(report) {
        return (Verdict::Complete, (desired == 0).then(|| "no node wants it".to_owned()));
    }
    if report.update == Update::OnDelete && updated < desired && held.pod.is_none() {
        let left = desired - updated;
        return (
            Verdict::Paused,
            Some(format!("OnDelete: {left} of {desired} pods keep the older template until somebody deletes them")),
        );
    }
    if updated >= desired && settles_at(report).is_some_and(|at| at <= now) {
        let why = held.why().unwrap_or_else(|| format!("{available} of {desired} available; look at their nodes"));
        return (Verdict::Degraded, Some(why));
    }
    held.stuck_or_moving()
}

#[cfg(test)]
mod tests {
    use super::super::report::{ReleaseStart, judge};
    use super::super::{Kind, Verdict};
    use super::*;

    fn report(desired: u32, updated: u32, available: u32) -> Report {
        Report {
            kind: Kind::DaemonSet,
            generation: 2,
            observed_generation: 2,
            counts: Counts { desired, updated, ready: available, available, total: desired },
            started: ReleaseStart { revision_created: Some(chrono::DateTime::UNIX_EPOCH), ..ReleaseStart::default() },
            ..Report::default()
        }
    }

    fn verdict(report: &Report, minutes: i64) -> Verdict {
        judge(report, &[], chrono::DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)).verdict
    }

    #[test]
    fn figures_are_judged_as_kubectl_does() {
        assert_eq!(verdict(&report(3, 3, 3), 1), Verdict::Complete);
        assert_eq!(verdict(&report(3, 2, 3), 1), Verdict::Progressing);
        assert_eq!(verdict(&report(3, 3, 2), 1), Verdict::Progressing);
        assert_eq!(verdict(&report(0, 0, 0), 1), Verdict::Complete);
    }

    #[test]
    fn a_pod_missing_long_after_the_release_was_lost() {
        assert_eq!(verdict(&report(3, 3, 2), 11), Verdict::Degraded);
        assert_eq!(verdict(&report(3, 2, 2), 11), Verdict::Progressing, "it never came so far");
    }
}
