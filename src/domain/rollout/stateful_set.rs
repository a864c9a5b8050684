//! StatefulSets: pods in order, none replaced before the one after it is ready, and no deadline.

use super::report::{Held, Report, Update};
use super::{Counts, Verdict};

/// How many pods are to be of the newest revision: with a partition only those with that ordinal or a higher one.
const fn wanted(report: &Report) -> u32 {
    match report.update {
        Update::Partition(from) => report.counts.desired.saturating_sub(from),
        Update::Rolling | Update::OnDelete => report.counts.desired,
    }
}

/// kubectl's rule: as many ready as desired, and as many updated as the partition lets be. OnDelete, which kubectl does not
/// judge, is complete when every pod is of the newest revision.
pub(super) const fn is_complete(report: &Report) -> bool {
    let Counts { desired, updated, ready, .. } = report.counts;
    ready >= desired && updated >= wanted(report)
}

/// The verdict on an observed StatefulSet.
pub(super) fn verdict(report: &Report, held: &Held) -> (Verdict, Option<String>) {
    let Counts { desired, updated, ready, .. } = report.counts;
    if is_complete(report) {
        return (Verdict::Complete, (desired == 0).then(|| "scaled to 0".to_owned()));
    }
    if report.update == Update::OnDelete && updated < desired && held.pod.is_none() {
        let left = desired - updated;
        return (
            Verdict::Paused,
            Some(format!("OnDelete: {left} of {desired} pods keep the older revision until somebody deletes them")),
        );
    }
    if report.is_rolled_out && updated >= wanted(report) {
        let why = held.why().unwrap_or_else(|| format!("{ready} of {desired} ready, it was complete before"));
        return (Verdict::Degraded, Some(why));
    }
    held.stuck_or_moving()
}

/// What else is worth a line.
pub(super) fn notes(report: &Report) -> Vec<String> {
    match report.update {
        Update::Partition(from) if wanted(report) == 0 => {
            vec![format!("the partition {from} selects no pod: a new template goes nowhere")]
        }
        Update::Partition(from) if from > 0 => {
            vec![format!("partitioned: only pods with ordinal {from} or higher get the new template")]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::judge;
    use super::super::{Kind, Verdict};
    use super::*;

    fn report(desired: u32, updated: u32, ready: u32, update: Update) -> Report {
        Report {
            kind: Kind::StatefulSet,
            generation: 2,
            observed_generation: 2,
            update,
            counts: Counts { desired, updated, ready, available: ready, total: desired },
            ..Report::default()
        }
    }

    fn verdict(report: &Report) -> Verdict {
        judge(report, &[], chrono::DateTime::UNIX_EPOCH).verdict
    }

    #[test]
    fn figures_are_judged_as_kubectl_does() {
        assert_eq!(verdict(&report(3, 3, 3, Update::Rolling)), Verdict::Complete);
        assert_eq!(verdict(&report(3, 1, 3, Update::Rolling)), Verdict::Progressing);
        assert_eq!(verdict(&report(3, 3, 2, Update::Rolling)), Verdict::Progressing);
        assert_eq!(verdict(&report(3, 1, 3, Update::Partition(2))), Verdict::Complete);
        assert_eq!(verdict(&report(3, 0, 3, Update::Partition(2))), Verdict::Progressing);
        assert_eq!(verdict(&report(3, 0, 3, Update::Partition(9))), Verdict::Complete);
        let unseen = Report { observed_generation: 0, generation: 0, ..report(3, 3, 3, Update::Rolling) };
        assert_eq!(verdict(&unseen), Verdict::Stale, "nobody has looked at it yet");
    }

    #[test]
    fn what_nobody_replaces_waits_for_somebody() {
        assert_eq!(verdict(&report(3, 1, 3, Update::OnDelete)), Verdict::Paused);
        assert_eq!(verdict(&report(3, 3, 3, Update::OnDelete)), Verdict::Complete);
    }

    #[test]
    fn a_pod_lost_after_the_rollout_is_no_rollout() {
        let lost = Report { is_rolled_out: true, ..report(3, 3, 2, Update::Rolling) };
        assert_eq!(verdict(&lost), Verdict::Degraded);
    }
}
