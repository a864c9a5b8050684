//! The fields we read of an object, borrowed from the server's bytes, and how they become rows of our own.
//!
//! Every field is optional: one odd object must not cost a page.

mod amounts;
mod around;
mod autoscaler;
mod controlled;
mod job;
mod node;
mod pod;
mod resources;
mod usage;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::action::OperationRecord;
use crate::domain::maintenance_mode::Memory;
use crate::domain::rollout::{Condition, Counts, Kind, ReleaseStart, Report};
use crate::domain::text;
use crate::domain::time::Instant;

pub(in crate::sources::cluster) use around::{Class, WireClaim, WireQuota};
pub(in crate::sources::cluster) use autoscaler::WireAutoscaler;
pub(in crate::sources::cluster) use controlled::{WireControllerRevision, WireDaemonSet, WireStatefulSet};
pub(in crate::sources::cluster) use job::{WireCronJob, WireJob};
pub(in crate::sources::cluster) use node::WireNode;
pub(in crate::sources::cluster) use pod::WirePod;
pub(in crate::sources::cluster) use usage::{WireNodeUsage, WirePodUsage};

/// So many texts are not swept: what they cost is nothing.
const LEAST_SWEPT: usize = 4_096;

/// Repeated texts, kept once.
#[derive(Debug, Default)]
pub(in crate::sources::cluster) struct Interner {
    kept: HashMap<Box<str>, Arc<str>>,
    /// How many there are when those nobody holds any more are let go of.
    sweep_at: usize,
}

impl Interner {
    /// The one copy of a text.
    pub(in crate::sources::cluster) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.kept.get(text) {
            return kept.clone();
        }
        if self.kept.len() >= self.sweep_at {
            self.kept.retain(|_, kept| Arc::strong_count(kept) > 1);
            // Only once they have doubled: what is held by all of a fleet is not looked through for every new text.
            self.sweep_at = LEAST_SWEPT.max(self.kept.len() * 2);
        }
        let kept: Arc<str> = text.into();
        self.kept.insert(text.into(), kept.clone());
        kept
    }

    /// The one copy of a text from outside, cleaned.
    pub(in crate::sources::cluster) fn keep_clean(&mut self, raw: &str) -> Arc<str> {
        self.keep(&text::clean(raw))
    }
}

type Time = Option<DateTime<Utc>>;

/// A time of the API; one that cannot be read is absent, not an error.
fn time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
    let raw = Option::<Cow<'de, str>>::deserialize(from)?;
    Ok(raw.and_then(|raw| crate::domain::time::read(&raw)))
}

/// `null` where a value is expected reads as the default.
fn or_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::sources::cluster) struct Meta<'a> {
    #[serde(borrow)]
    pub(in crate::sources::cluster) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::sources::cluster) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::sources::cluster) uid: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::sources::cluster) resource_version: Cow<'a, str>,
    pub(in crate::sources::cluster) generation: i64,
    #[serde(deserialize_with = "time")]
    pub(in crate::sources::cluster) creation_timestamp: Time,
    #[serde(deserialize_with = "time")]
    pub(in crate::sources::cluster) deletion_timestamp: Time,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(in crate::sources::cluster) labels: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(in crate::sources::cluster) annotations: Annotations<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(in crate::sources::cluster) owner_references: Vec<Owner<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    managed_fields: Vec<Managed<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::sources::cluster) struct Labels<'a> {
    /// Of the pods of a ReplicaSet.
    #[serde(borrow, rename = "pod-template-hash")]
    template_hash: Cow<'a, str>,
    /// Of the pods of a StatefulSet or DaemonSet, and of a DaemonSet's revisions.
    #[serde(borrow, rename = "controller-revision-hash")]
    revision_hash: Cow<'a, str>,
    /// Of the pods of a Job.
    #[serde(borrow, rename = "job-name")]
    pub(in crate::sources::cluster) job: Cow<'a, str>,
    /// The service, as Kubernetes recommends to write it.
    #[serde(borrow, rename = "app.kubernetes.io/name")]
    name: Cow<'a, str>,
    /// The service, as people write it.
    #[serde(borrow)]
    app: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::sources::cluster) struct Annotations<'a> {
    #[serde(borrow, rename = "deployment.kubernetes.io/revision")]
    pub(in crate::sources::cluster) revision: Cow<'a, str>,
    #[serde(borrow, rename = "deployment.kubernetes.io/revision-history")]
    pub(in crate::sources::cluster) revision_history: Cow<'a, str>,
    #[serde(borrow, rename = "kubernetes.io/change-cause")]
    pub(in crate::sources::cluster) change_cause: Cow<'a, str>,
    #[serde(borrow, rename = "quarterdeck.dev/operation")]
    pub(in crate::sources::cluster) operation: Cow<'a, str>,
    #[serde(borrow, rename = "quarterdeck.dev/maintenance")]
    maintenance: Option<Cow<'a, str>>,
    /// How a Job of a CronJob came to be: `manual`, or not said.
    #[serde(borrow, rename = "cronjob.kubernetes.io/instantiate")]
    pub(in crate::sources::cluster) instantiate: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::sources::cluster) struct Owner<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    controller: bool,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Managed<'a> {
    #[serde(deserialize_with = "time")]
    time: Time,
    #[serde(borrow)]
    fields_v1: Option<&'a RawValue>,
}

impl Labels<'_> {
    /// Which revision a pod belongs to; empty for a pod of none.
    pub(in crate::sources::cluster) fn revision(&self) -> &str {
        if self.template_hash.is_empty() { &self.revision_hash } else { &self.template_hash }
    }

    /// The service a workload says it is of, by the first of [`crate::domain::service::LABELS`]; empty where it says none.
    pub(in crate::sources::cluster) fn service(&self) -> &str {
        if self.name.is_empty() { &self.app } else { &self.name }
    }
}

impl Meta<'_> {
    /// The operation record on the object.
    fn record(&self) -> Option<OperationRecord> {
        let mut record = OperationRecord::read(&self.annotations.operation)?;
        record.actor = text::clean(&record.actor).into_owned();
        record.action = text::clean(&record.action).into_owned();
        Some(record)
    }

    /// What the object remembers of before its maintenance.
    pub(in crate::sources::cluster) fn maintenance(&self) -> Option<Result<Memory, String>> {
        self.annotations.maintenance.as_ref().map(|written| Memory::read(written))
    }

    /// The uid of the controlling owner.
    pub(in crate::sources::cluster) fn controller(&self) -> Option<&str> {
        self.owner_references.iter().find(|owner| owner.controller).map(|owner| owner.uid.as_ref())
    }

    /// When the pod template was last written, by the field managers' own account.
    fn template_written(&self) -> Time {
        let owns_template =
            |managed: &&Managed<'_>| managed.fields_v1.is_some_and(|fields| fields.get().contains("\"f:template\""));
        self.managed_fields.iter().filter(owns_template).filter_map(|managed| managed.time).max()
    }
}

/// An object of the API.
pub(in crate::sources::cluster) trait Wire<'a>: Deserialize<'a> {
    fn meta(&self) -> &Meta<'a>;
}

/// A workload of any kind.
pub(in crate::sources::cluster) trait WireWorkload {
    /// What a verdict needs; the start of its revision and our own record are joined later.
    fn report(&self, interner: &mut Interner) -> Report;

    /// Images of the template.
    fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]>;

    /// The number of the current revision, where the workload itself says it.
    fn revision(&self) -> Option<u64> {
        None
    }

    /// The name of the newest ControllerRevision, where the workload itself says it.
    fn update_revision(&self) -> Option<&str> {
        None
    }

    /// The operation record on the object.
    fn record(&self) -> Option<OperationRecord>;
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireDeployment<'a> {
    #[serde(borrow)]
    pub(in crate::sources::cluster) metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: DeploymentSpec<'a>,
    #[serde(borrow, default)]
    status: DeploymentStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct DeploymentSpec<'a> {
    replicas: Option<u32>,
    paused: bool,
    progress_deadline_seconds: Option<i64>,
    #[serde(borrow, deserialize_with = "or_default")]
    template: Template<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Template<'a> {
    #[serde(borrow)]
    spec: TemplateSpec<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct TemplateSpec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    containers: Vec<Image<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    init_containers: Vec<Image<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Image<'a> {
    #[serde(borrow)]
    image: Cow<'a, str>,
}

impl TemplateSpec<'_> {
    fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.containers
            .iter()
            .chain(&self.init_containers)
            .map(|container| interner.keep_clean(&container.image))
            .collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct DeploymentStatus<'a> {
    observed_generation: i64,
    replicas: u32,
    updated_replicas: u32,
    ready_replicas: u32,
    available_replicas: u32,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireCondition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(deserialize_with = "time")]
    last_transition_time: Time,
    #[serde(deserialize_with = "time")]
    last_update_time: Time,
}

impl<'a> Wire<'a> for WireDeployment<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireWorkload for WireDeployment<'_> {
    fn report(&self, interner: &mut Interner) -> Report {
        let (spec, status) = (&self.spec, &self.status);
        Report {
            kind: Kind::Deployment,
            generation: self.metadata.generation,
            observed_generation: status.observed_generation,
            counts: Counts {
                desired: spec.replicas.unwrap_or(1),
                updated: status.updated_replicas,
                ready: status.ready_replicas,
                available: status.available_replicas,
                total: status.replicas,
            },
            is_paused: spec.paused,
            // The API keeps "no deadline" as the largest 32-bit number.
            deadline: spec
                .progress_deadline_seconds
                .filter(|seconds| *seconds < i64::from(i32::MAX))
                .map(TimeDelta::seconds),
            conditions: status.conditions.iter().map(|condition| condition.kept(interner)).collect(),
            started: ReleaseStart { template_written: self.metadata.template_written(), ..ReleaseStart::default() },
            ..Report::default()
        }
    }

    fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    fn revision(&self) -> Option<u64> {
        self.metadata.annotations.revision.parse().ok()
    }

    fn record(&self) -> Option<OperationRecord> {
        self.metadata.record()
    }
}

impl WireCondition<'_> {
    fn kept(&self, interner: &mut Interner) -> Condition {
        Condition {
            kind: interner.keep_clean(&self.kind),
            is_true: self.status == "True",
            reason: interner.keep_clean(&self.reason),
            message: text::clean(&self.message).into(),
            since: self.last_transition_time,
            updated_at: self.last_update_time,
        }
    }
}

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WireReplicaSet<'a> {
    #[serde(borrow)]
    pub(in crate::sources::cluster) metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: ReplicaSetSpec<'a>,
    #[serde(default)]
    status: ReplicaSetStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ReplicaSetSpec<'a> {
    #[serde(borrow, deserialize_with = "or_default")]
    template: Template<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ReplicaSetStatus {
    replicas: u32,
}

impl<'a> Wire<'a> for WireReplicaSet<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireReplicaSet<'_> {
    /// Pods it has.
    pub(in crate::sources::cluster) const fn pods(&self) -> u32 {
        self.status.replicas
    }

    /// Images of its template.
    pub(in crate::sources::cluster) fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    /// Its revision number; an absent one is 0, an unreadable one is none.
    pub(in crate::sources::cluster) fn revision(&self) -> Option<u64> {
        let raw = &self.metadata.annotations.revision;
        if raw.is_empty() { Some(0) } else { raw.parse().ok() }
    }
}

/// When a record says its release began.
pub(in crate::sources::cluster) fn acted(record: Option<&OperationRecord>, now: Instant) -> Option<Instant> {
    // A copied-back record of long ago must not make a new release look newer than its failure mark.
    record.and_then(OperationRecord::released).filter(|started| *started <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_as_new_as_its_newest_writer() -> Result<(), Box<dyn std::error::Error>> {
        let wire: WireDeployment<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"a","generation":3,"managedFields":[
                {"manager":"kubectl","time":"2026-11-24T03:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}},
                {"manager":"controller","time":"2026-11-24T04:00:00Z","fieldsV1":{"f:status":{}}}]},
                "spec":{"replicas":2,"progressDeadlineSeconds":2147483647}}"#,
        )?;
        let deployment = wire.report(&mut Interner::default());
        assert_eq!(deployment.started.template_written, Some("2026-11-24T03:00:00Z".parse()?));
        assert_eq!(deployment.deadline, None);
        assert_eq!(deployment.counts.desired, 2);
        Ok(())
    }

    #[test]
    fn texts_nobody_holds_are_let_go_of_and_held_ones_are_not_looked_through_for_each_new_one() {
        let mut interner = Interner::default();
        let held: Vec<Arc<str>> = (0..10_000).map(|number| interner.keep(&format!("held-{number}"))).collect();
        assert!(interner.sweep_at >= held.len(), "not at every text: next at {}", interner.sweep_at);
        for number in 0..30_000 {
            interner.keep(&format!("passing-{number}"));
        }
        assert!(interner.kept.len() <= 2 * held.len(), "{} texts are kept", interner.kept.len());
        assert!(held.iter().all(|text| interner.kept.contains_key(&**text)));
    }

    #[test]
    fn repeated_texts_are_kept_once() {
        let mut interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.keep("node-1"), &interner.keep("node-1")));
    }
}
