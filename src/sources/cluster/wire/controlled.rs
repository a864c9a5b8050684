//! StatefulSets and DaemonSets, and the ControllerRevisions that remember their templates.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;

use super::{Interner, Meta, Template, Wire, WireCondition, WireWorkload, or_default};
use crate::domain::action::OperationRecord;
use crate::domain::rollout::{Counts, Kind, ReleaseStart, Report, Update};

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireStatefulSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: ControlledSpec<'a>,
    #[serde(borrow, default)]
    status: StatefulSetStatus<'a>,
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireDaemonSet<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: ControlledSpec<'a>,
    #[serde(borrow, default)]
    status: DaemonSetStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ControlledSpec<'a> {
    replicas: Option<u32>,
    #[serde(borrow, deserialize_with = "or_default")]
    update_strategy: UpdateStrategy<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    template: Template<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct UpdateStrategy<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(deserialize_with = "or_default")]
    rolling_update: RollingUpdate,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RollingUpdate {
    partition: Option<u32>,
}

impl UpdateStrategy<'_> {
    fn kept(&self) -> Update {
        match self.rolling_update.partition {
            _ if self.kind == "OnDelete" => Update::OnDelete,
            Some(from) if from > 0 => Update::Partition(from),
            _ => Update::Rolling,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct StatefulSetStatus<'a> {
    observed_generation: i64,
    replicas: u32,
    updated_replicas: u32,
    ready_replicas: u32,
    available_replicas: u32,
    #[serde(borrow)]
    current_revision: Cow<'a, str>,
    #[serde(borrow)]
    update_revision: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct DaemonSetStatus<'a> {
    observed_generation: i64,
    current_number_scheduled: u32,
    desired_number_scheduled: u32,
    updated_number_scheduled: u32,
    number_ready: u32,
    number_available: u32,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

impl<'a> Wire<'a> for WireStatefulSet<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl<'a> Wire<'a> for WireDaemonSet<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireWorkload for WireStatefulSet<'_> {
    fn report(&self, interner: &mut Interner) -> Report {
        let status = &self.status;
        Report {
            kind: Kind::StatefulSet,
            update: self.spec.update_strategy.kept(),
            is_rolled_out: !status.update_revision.is_empty() && status.current_revision == status.update_revision,
            generation: self.metadata.generation,
            observed_generation: status.observed_generation,
            counts: Counts {
                desired: self.spec.replicas.unwrap_or(1),
                updated: status.updated_replicas,
                ready: status.ready_replicas,
                available: status.available_replicas,
                total: status.replicas,
            },
            conditions: status.conditions.iter().map(|condition| condition.kept(interner)).collect(),
            started: ReleaseStart { template_written: self.metadata.template_written(), ..ReleaseStart::default() },
            ..Report::default()
        }
    }

    fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    fn update_revision(&self) -> Option<&str> {
        Some(&self.status.update_revision)
    }

    fn record(&self) -> Option<OperationRecord> {
        self.metadata.record()
    }
}

impl WireWorkload for WireDaemonSet<'_> {
    fn report(&self, interner: &mut Interner) -> Report {
        let status = &self.status;
        Report {
            kind: Kind::DaemonSet,
            update: self.spec.update_strategy.kept(),
            generation: self.metadata.generation,
            observed_generation: status.observed_generation,
            counts: Counts {
                desired: status.desired_number_scheduled,
                updated: status.updated_number_scheduled,
                ready: status.number_ready,
                available: status.number_available,
                total: status.current_number_scheduled,
            },
            conditions: status.conditions.iter().map(|condition| condition.kept(interner)).collect(),
            started: ReleaseStart { template_written: self.metadata.template_written(), ..ReleaseStart::default() },
            ..Report::default()
        }
    }

    fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    fn record(&self) -> Option<OperationRecord> {
        self.metadata.record()
    }
}

/// What a StatefulSet or DaemonSet looked like once: a patch of its template.
#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireControllerRevision<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default)]
    revision: u64,
    #[serde(borrow, default, deserialize_with = "or_default")]
    data: RevisionData<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RevisionData<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    spec: RevisionSpec<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RevisionSpec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    template: Template<'a>,
}

impl<'a> Wire<'a> for WireControllerRevision<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireControllerRevision<'_> {
    /// Its number.
    pub(in crate::sources::cluster) const fn number(&self) -> u64 {
        self.revision
    }

    /// What its pods have in their label: a DaemonSet's hash, or else, as StatefulSets do, the name.
    pub(in crate::sources::cluster) fn hash(&self) -> &str {
        let hash = &self.metadata.labels.revision_hash;
        if hash.is_empty() { &self.metadata.name } else { hash }
    }

    /// Images of its template.
    pub(in crate::sources::cluster) fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.data.spec.template.spec.images(interner)
    }
}
