//! What was released: the present revision of each workload, told once, and once more when every replica runs it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::SubsecRound;

use super::rows::{RevisionRow, WorkloadRow};
use crate::domain::release::Release;
use crate::domain::rollout::{Counts, ReleaseStart, Verdict, WorkloadRef};

/// A release that was told: its revision's uid and number, and whether it was seen fully available.
type Told = (Arc<str>, Option<u64>, bool);

/// The releases of a cluster's workloads that were told, and the workloads to look at for the next.
#[derive(Debug, Default)]
pub(super) struct Releases {
    told: HashMap<Arc<str>, Told>,
    /// By uid, whether it is complete.
    moved: HashMap<Arc<str>, bool>,
}

impl Releases {
    /// A workload has moved.
    pub(super) fn touch(&mut self, workload: &Arc<str>, verdict: Verdict) {
        self.moved.insert(workload.clone(), verdict == Verdict::Complete);
    }

    /// A workload is gone.
    pub(super) fn forget(&mut self, workload: &Arc<str>) {
        self.told.remove(workload);
        self.moved.remove(workload);
    }

    /// What there is to tell of the workloads that moved.
    pub(super) fn news(&mut self, mut look: impl FnMut(&Arc<str>, bool) -> Option<Release>) -> Vec<Release> {
        let mut found = Vec::new();
        for (workload, is_complete) in std::mem::take(&mut self.moved) {
            let Some(release) = look(&workload, is_complete) else { continue };
            let known = self.told.get(&workload);
            let known = known.filter(|(uid, number, _)| *uid == release.revision_uid && *number == release.number);
            match known {
                Some((.., was_healthy)) if *was_healthy || !release.is_healthy => continue,
                _ => {}
            }
            self.told.insert(workload, (release.revision_uid.clone(), release.number, release.is_healthy));
            found.push(release);
        }
        found.sort_by(|one, other| one.workload.cmp(&other.workload));
        found
    }
}

/// The release that made a revision the current one; `others` gives the other revisions of the workload.
///
/// A revision made for it began with it. One that is older than a revision with a lower number came back: then its creation
/// says nothing, and the newest other sign counts.
pub(super) fn release<'t, I: Iterator<Item = &'t RevisionRow>>(
    workload: WorkloadRef,
    service: Option<Arc<str>>,
    row: &WorkloadRow,
    (current, others): (&RevisionRow, &dyn Fn() -> I),
    started: ReleaseStart,
    is_complete: bool,
) -> Release {
    let lower = || others().filter(|other| other.number < current.number);
    let is_return = lower().any(|other| other.created_at > current.created_at);
    let before = lower().max_by_key(|other| other.number).map(|other| other.images.clone());
    let began = if is_return { started.at() } else { current.created_at.or_else(|| started.at()) };
    // A cluster tells whole seconds; our own mark is finer, and of the moment in which it was planned.
    let began = began.map(|at| at.trunc_subsecs(0));
    Release {
        workload,
        workload_uid: row.uid.clone(),
        service,
        revision_uid: current.uid.clone(),
        number: current.number,
        images: row.images.clone(),
        before: before.unwrap_or_default(),
        created_at: current.created_at,
        began,
        is_return,
        is_healthy: is_complete && is_everywhere(row),
    }
}

/// Whether every replica runs the newest template. Complete is not enough: behind a partition a StatefulSet is complete while
/// no pod runs it.
fn is_everywhere(row: &WorkloadRow) -> bool {
    let Counts { desired, updated, available, ready, .. } = row.report.counts;
    desired > 0 && updated >= desired && available.max(ready) >= desired
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rollout::{Kind, Report};
    use crate::domain::time::Instant;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn revision(number: u64, tag: &str, created: i64) -> RevisionRow {
        RevisionRow {
            uid: format!("rs-{tag}").into(),
            owner: "d".into(),
            number: Some(number),
            images: [format!("api:{tag}").into()].into(),
            created_at: Some(at(created)),
            hash: "".into(),
            replicas: 0,
        }
    }

    fn made(current: &RevisionRow, others: &[RevisionRow], written: i64) -> Release {
        let row = WorkloadRow {
            uid: "d".into(),
            namespace: "shop".into(),
            name: "api".into(),
            report: Report::default(),
            images: current.images.clone(),
            revision: current.number,
            update_revision: "".into(),
            record: None,
            maintenance: None,
            service: "".into(),
        };
        let workload = WorkloadRef {
            environment: "production".into(),
            namespace: "shop".into(),
            kind: Kind::Deployment,
            name: "api".into(),
        };
        let started = ReleaseStart {
            revision_created: current.created_at,
            template_written: Some(at(written)),
            ..ReleaseStart::default()
        };
        release(workload, None, &row, (current, &|| others.iter()), started, false)
    }

    #[test]
    fn a_revision_that_comes_back_began_when_it_came_back() {
        let (good, bad) = (revision(3, "1", 0), revision(2, "2", 500));
        let back = made(&good, &[bad], 900);
        assert_eq!((back.is_return, back.began), (true, Some(at(900))), "not when its ReplicaSet was made");
        assert_eq!(back.before[..], ["api:2".into()]);
    }

    #[test]
    fn whoever_scales_later_moves_no_release() {
        // The entry of managedFields that owns the template carries the time of its manager's last write of anything.
        let new = made(&revision(2, "2", 500), &[revision(1, "1", 0)], 4_000);
        assert_eq!((new.is_return, new.began), (false, Some(at(500))));
    }
}
