//! Objects of the API as rows: what the tables keep of each.

use std::marker::PhantomData;
use std::sync::Arc;

use super::feed::Resource;
use super::jobs::JobRow;
use super::nodes::NodeRow;
use super::wire::{
    Interner, Wire, WireControllerRevision, WireDaemonSet, WireDeployment, WirePod, WireReplicaSet, WireStatefulSet,
    WireWorkload,
};
use crate::domain::action::OperationRecord;
use crate::domain::maintenance_mode::Memory;
use crate::domain::rollout::{Kind, Pod, Report};
use crate::domain::text;
use crate::domain::time::Instant;

/// An object as the tables keep it.
#[derive(Debug)]
pub(super) enum Row {
    /// A Deployment, StatefulSet or DaemonSet.
    Workload(Box<WorkloadRow>),
    /// A ReplicaSet or ControllerRevision: what a workload is or was.
    Revision(RevisionRow),
    /// A pod of a ReplicaSet, StatefulSet, DaemonSet or Job.
    Pod(Box<PodRow>),
    /// A CronJob or a Job.
    Job(Box<JobRow>),
    /// A node.
    Node(Box<NodeRow>),
}

/// A workload.
#[derive(Debug)]
pub(super) struct WorkloadRow {
    pub(super) uid: Arc<str>,
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) report: Report,
    pub(super) images: Arc<[Arc<str>]>,
    /// The number of the current revision, where the object says it.
    pub(super) revision: Option<u64>,
    /// The label its newest pods have, where the object says it.
    pub(super) update_revision: Arc<str>,
    pub(super) record: Option<Arc<OperationRecord>>,
    /// What it remembers of before its maintenance.
    pub(super) maintenance: Option<Arc<Result<Memory, String>>>,
    /// The service its labels name; empty for none.
    pub(super) service: Arc<str>,
}

/// A revision of a workload.
#[derive(Debug)]
pub(super) struct RevisionRow {
    pub(super) uid: Arc<str>,
    pub(super) owner: Arc<str>,
    pub(super) number: Option<u64>,
    pub(super) images: Arc<[Arc<str>]>,
    pub(super) created_at: Option<Instant>,
    /// The label of its pods; empty for a ReplicaSet, which owns them itself.
    pub(super) hash: Arc<str>,
    pub(super) replicas: u32,
}

/// A pod.
#[derive(Debug)]
pub(super) struct PodRow {
    pub(super) owner: Arc<str>,
    pub(super) pod: Pod,
    /// The volume claims it names, while it is Pending; boxed, because nearly no pod is.
    pub(super) claims: Option<Box<Arc<[Arc<str>]>>>,
}

/// Feeds the tables with workloads of one kind.
pub(super) struct Workloads<W>(PhantomData<W>);
/// Feeds the tables with Deployments.
pub(super) type Deployments = Workloads<WireDeployment<'static>>;
/// Feeds the tables with StatefulSets.
pub(super) type StatefulSets = Workloads<WireStatefulSet<'static>>;
/// Feeds the tables with DaemonSets.
pub(super) type DaemonSets = Workloads<WireDaemonSet<'static>>;
/// Feeds the tables with ReplicaSets.
pub(super) struct ReplicaSets;
/// Feeds the tables with ControllerRevisions.
pub(super) struct ControllerRevisions;
/// Feeds the tables with pods.
pub(super) struct Pods;

fn workload<'a, W: Wire<'a> + WireWorkload>(wire: &W, interner: &mut Interner) -> Row {
    let meta = wire.meta();
    Row::Workload(Box::new(WorkloadRow {
        uid: meta.uid.as_ref().into(),
        namespace: interner.keep_clean(&meta.namespace),
        name: text::clean(&meta.name).into(),
        report: wire.report(interner),
        images: wire.images(interner),
        revision: wire.revision(),
        update_revision: interner.keep(wire.update_revision().unwrap_or_default()),
        record: wire.record().map(Arc::new),
        maintenance: meta.maintenance().map(Arc::new),
        service: interner.keep_clean(meta.labels.service()),
    }))
}

impl Resource for Deployments {
    type Wire<'a> = WireDeployment<'a>;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", Kind::Deployment.plural());

    fn row(wire: &WireDeployment<'_>, interner: &mut Interner) -> Option<Row> {
        Some(workload(wire, interner))
    }
}

impl Resource for StatefulSets {
    type Wire<'a> = WireStatefulSet<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", Kind::StatefulSet.plural());

    fn row(wire: &WireStatefulSet<'_>, interner: &mut Interner) -> Option<Row> {
        Some(workload(wire, interner))
    }
}

impl Resource for DaemonSets {
    type Wire<'a> = WireDaemonSet<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", Kind::DaemonSet.plural());

    fn row(wire: &WireDaemonSet<'_>, interner: &mut Interner) -> Option<Row> {
        Some(workload(wire, interner))
    }
}

impl Resource for ReplicaSets {
    type Wire<'a> = WireReplicaSet<'a>;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", "replicasets");

    fn row(wire: &WireReplicaSet<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = &wire.metadata;
        Some(Row::Revision(RevisionRow {
            uid: meta.uid.as_ref().into(),
            owner: meta.controller()?.into(),
            number: wire.revision(),
            images: wire.images(interner),
            created_at: meta.creation_timestamp,
            hash: interner.keep(""),
            replicas: wire.pods(),
        }))
    }
}

impl Resource for ControllerRevisions {
    type Wire<'a> = WireControllerRevision<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", "controllerrevisions");

    fn row(wire: &WireControllerRevision<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = wire.meta();
        Some(Row::Revision(RevisionRow {
            uid: meta.uid.as_ref().into(),
            owner: meta.controller()?.into(),
            number: Some(wire.number()),
            images: wire.images(interner),
            created_at: meta.creation_timestamp,
            hash: wire.hash().into(),
            replicas: 0,
        }))
    }
}

impl Resource for Pods {
    type Wire<'a> = WirePod<'a>;
    const PATH: (&'static str, &'static str) = ("/api/v1", "pods");

    fn row(wire: &WirePod<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = &wire.metadata;
        // Only a pod with the label of a revision or of a Job belongs to anything that is shown.
        if meta.labels.revision().is_empty() && meta.labels.job.is_empty() {
            return None;
        }
        let owner = interner.keep(meta.controller()?);
        let pod = wire.kept(interner);
        let claims = wire.claims(interner).map(Box::new);
        Some(Row::Pod(Box::new(PodRow { owner, pod, claims })))
    }
}

impl Row {
    /// Which object it is.
    pub(super) fn uid(&self) -> &Arc<str> {
        match self {
            Self::Workload(row) => &row.uid,
            Self::Revision(row) => &row.uid,
            Self::Pod(row) => &row.pod.uid,
            Self::Job(row) => &row.uid,
            Self::Node(row) => &row.node.uid,
        }
    }
}
