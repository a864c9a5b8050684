//! A release of a workload as a console sees it: which revision became current, when it began, and how the store keeps it.

use std::sync::Arc;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::rollout::WorkloadRef;
use super::store::{AnnotationKind, Id, NewAnnotation, ReleaseSeen, Subject, SubjectKind};
use super::time::Instant;

/// A revision that is the current one of its workload. Texts are cleaned, times are the cluster's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Which workload.
    pub workload: WorkloadRef,
    /// Its uid.
    pub workload_uid: Arc<str>,
    /// The service it is of; `None` when it is UNMAPPED.
    pub service: Option<Arc<str>>,
    /// The uid of the ReplicaSet or ControllerRevision.
    pub revision_uid: Arc<str>,
    /// The revision's number. It moves on when an old revision comes back.
    pub number: Option<u64>,
    /// Images, in container order.
    pub images: Arc<[Arc<str>]>,
    /// Images of the revision with the number before; empty when there is none.
    pub before: Arc<[Arc<str>]>,
    /// When the ReplicaSet or ControllerRevision was created, which for one that came back is long before.
    pub created_at: Option<Instant>,
    /// When the release began; `None` when nothing tells.
    pub began: Option<Instant>,
    /// Whether a revision from before came back.
    pub is_return: bool,
    /// Whether every replica ran it and was available when it was seen.
    pub is_healthy: bool,
}

impl Release {
    /// The workload as the store names it: `namespace/kind/name`.
    pub fn subject(&self) -> Subject {
        Subject {
            environment: self.workload.environment.to_string(),
            kind: SubjectKind::Workload,
            name: workload_name(&self.workload),
        }
    }

    /// What the store remembers of its revision, seen now in a cluster: the uid of kube-system.
    pub fn seen(&self, cluster: &str, now: Instant) -> ReleaseSeen {
        ReleaseSeen {
            cluster: cluster.to_owned(),
            revision_uid: self.revision_uid.to_string(),
            environment: self.workload.environment.to_string(),
            workload: workload_name(&self.workload),
            revision: self.number,
            images: self.images.iter().map(ToString::to_string).collect(),
            seen_at: now,
            healthy_at: self.is_healthy.then_some(now),
        }
    }

    /// What kind of change it is to the timeline.
    pub const fn kind(&self) -> AnnotationKind {
        if self.is_return { AnnotationKind::Rollback } else { AnnotationKind::Deploy }
    }

    /// Its mark on the timeline; `None` when it is not known when it began, or it began longer than `within` ago.
    ///
    /// The id is made of what the release is, not of when it was seen: whoever sees it first writes it, and nobody writes it twice.
    pub fn annotation(&self, cluster: &str, now: Instant, within: TimeDelta) -> Option<NewAnnotation> {
        let at = self.began.filter(|began| now - *began <= within)?;
        let mut hash = Sha256::new();
        let number = self.number.unwrap_or_default().to_string();
        for part in [cluster, &*self.workload.environment, &*self.workload_uid, &*self.revision_uid, &number] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let random = hash.finalize().iter().take(16).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        Some(NewAnnotation {
            id: Id::new(self.created_at.unwrap_or(Instant::UNIX_EPOCH), random),
            subject: self.subject(),
            kind: self.kind(),
            at: Some(at),
            words: self.words(),
        })
    }

    /// What became current in place of what: `revision 12: api:2.4.1 (was api:2.4.0)`.
    pub fn words(&self) -> String {
        let number = self.number.map(|number| format!("revision {number}: ")).unwrap_or_default();
        let (now, before) = (short(&self.images), short(&self.before));
        match before {
            before if before.is_empty() => format!("{number}{now}"),
            before if before == now => format!("{number}{now}, the same image"),
            before => format!("{number}{now} (was {before})"),
        }
    }
}

/// A workload as the store names it: `namespace/kind/name`.
pub fn workload_name(workload: &WorkloadRef) -> String {
    format!("{}/{}/{}", workload.namespace, workload.kind.resource(), workload.name)
}

/// Images without their registries.
fn short(images: &[Arc<str>]) -> String {
    let short = |image: &Arc<str>| image.rsplit('/').next().unwrap_or(image).to_owned();
    images.iter().map(short).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::domain::rollout::Kind;

    /// A release of `api` of `production` that began then.
    pub(crate) fn release(number: u64, began: Instant) -> Release {
        Release {
            workload: WorkloadRef {
                environment: "production".into(),
                namespace: "shop".into(),
                kind: Kind::Deployment,
                name: "api".into(),
            },
            workload_uid: "uid-api".into(),
            service: Some("checkout".into()),
            revision_uid: format!("uid-{number}").into(),
            number: Some(number),
            images: [format!("ghcr.example/shop/api:{number}").into()].into(),
            before: [format!("ghcr.example/shop/api:{}", number - 1).into()].into(),
            created_at: Some(began),
            began: Some(began),
            is_return: false,
            is_healthy: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::release;
    use super::*;

    const DAY: TimeDelta = TimeDelta::hours(24);

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    #[test]
    fn two_consoles_write_one_mark_and_another_release_another() {
        let first = release(12, at(0));
        let id = |release: &Release, cluster: &str, now| release.annotation(cluster, now, DAY).map(|mark| mark.id);
        // The other console sees it later, complete, and takes the release to have begun a second later.
        let later = Release { is_healthy: true, began: Some(at(1)), ..first.clone() };
        assert_eq!(id(&first, "c1", at(5)), id(&later, "c1", at(900)));
        let back = Release { number: Some(14), is_return: true, ..first.clone() };
        assert_ne!(id(&first, "c1", at(5)), id(&back, "c1", at(5)), "it came back: a release of its own");
        assert_ne!(id(&first, "c1", at(5)), id(&first, "c2", at(5)), "the same names on another cluster");
        assert_eq!(id(&first, "c1", at(0) + DAY * 2), None, "what is long over gets no mark");
    }

    #[test]
    fn what_became_current_in_place_of_what_is_said_in_one_line() {
        let release = release(12, at(0));
        assert_eq!(release.words(), "revision 12: api:12 (was api:11)");
        let restarted = Release { before: release.images.clone(), ..release.clone() };
        assert_eq!(restarted.words(), "revision 12: api:12, the same image");
        let first = Release { before: [].into(), ..release };
        assert_eq!(first.words(), "revision 12: api:12");
        assert_eq!(first.seen("c1", at(9)).workload, "shop/deployment/api");
    }
}
