//! The fields we read of an object, borrowed from the server's bytes, and how they become rows of our own.
//!
//! Every field is optional: one odd object must not cost a page.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::action::OperationRecord;
use crate::domain::rollout::{Condition, Container, ContainerState, Counts, Deployment, Pod, ReleaseStart};
use crate::domain::text;
use crate::domain::time::Instant;

/// Repeated texts, kept once.
#[derive(Debug, Default)]
pub(super) struct Interner {
    kept: HashMap<Box<str>, Arc<str>>,
}

impl Interner {
    /// The one copy of a text.
    pub(super) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.kept.get(text) {
            return kept.clone();
        }
        if self.kept.len() >= 4_096 {
            self.kept.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        let kept: Arc<str> = text.into();
        self.kept.insert(text.into(), kept.clone());
        kept
    }

    /// The one copy of a text from outside, cleaned.
    pub(super) fn keep_clean(&mut self, raw: &str) -> Arc<str> {
        self.keep(&text::clean(raw))
    }
}

type Time = Option<DateTime<Utc>>;

/// A time of the API; one that cannot be read is absent, not an error.
fn time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
    let raw = Option::<Cow<'de, str>>::deserialize(from)?;
    Ok(raw.and_then(|raw| DateTime::parse_from_rfc3339(&raw).ok()).map(|time| time.to_utc()))
}

/// `null` where a value is expected reads as the default.
fn or_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) uid: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) resource_version: Cow<'a, str>,
    pub(super) generation: i64,
    #[serde(deserialize_with = "time")]
    pub(super) creation_timestamp: Time,
    #[serde(deserialize_with = "time")]
    pub(super) deletion_timestamp: Time,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) labels: Labels<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) annotations: Annotations<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) owner_references: Vec<Owner<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    managed_fields: Vec<Managed<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Labels<'a> {
    #[serde(borrow, rename = "pod-template-hash")]
    pub(super) template_hash: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Annotations<'a> {
    #[serde(borrow, rename = "deployment.kubernetes.io/revision")]
    pub(super) revision: Cow<'a, str>,
    #[serde(borrow, rename = "deployment.kubernetes.io/revision-history")]
    pub(super) revision_history: Cow<'a, str>,
    #[serde(borrow, rename = "kubernetes.io/change-cause")]
    pub(super) change_cause: Cow<'a, str>,
    #[serde(borrow, rename = "quarterdeck.dev/operation")]
    pub(super) operation: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Owner<'a> {
    #[serde(borrow)]
    uid: Cow<'a, str>,
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

impl Meta<'_> {
    /// The uid of the controlling owner.
    pub(super) fn controller(&self) -> Option<&str> {
        self.owner_references.iter().find(|owner| owner.controller).map(|owner| owner.uid.as_ref())
    }

    /// When the pod template was last written, by the field managers' own account.
    fn template_written(&self) -> Time {
        let owns_template =
            |managed: &&Managed<'_>| managed.fields_v1.is_some_and(|fields| fields.get().contains("\"f:template\""));
        self.managed_fields.iter().filter(owns_template).filter_map(|managed| managed.time).max()
    }
}

/// A Deployment, a ReplicaSet or a Pod.
pub(super) trait Wire<'a>: Deserialize<'a> {
    fn meta(&self) -> &Meta<'a>;
}

#[derive(Deserialize)]
pub(super) struct WireDeployment<'a> {
    #[serde(borrow)]
    pub(super) metadata: Meta<'a>,
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

impl WireDeployment<'_> {
    /// What a verdict needs; the ReplicaSet's creation and our own record are joined later.
    pub(super) fn judged(&self, interner: &mut Interner) -> Deployment {
        let (spec, status) = (&self.spec, &self.status);
        Deployment {
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
        }
    }

    /// Images of the template.
    pub(super) fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    /// The number of the current revision.
    pub(super) fn revision(&self) -> Option<u64> {
        self.metadata.annotations.revision.parse().ok()
    }

    /// The operation record on the object.
    pub(super) fn record(&self) -> Option<OperationRecord> {
        let mut record = OperationRecord::read(&self.metadata.annotations.operation)?;
        record.actor = text::clean(&record.actor).into_owned();
        record.action = text::clean(&record.action).into_owned();
        Some(record)
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
pub(super) struct WireReplicaSet<'a> {
    #[serde(borrow)]
    pub(super) metadata: Meta<'a>,
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
    available_replicas: u32,
}

impl<'a> Wire<'a> for WireReplicaSet<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WireReplicaSet<'_> {
    /// Pods it has, and how many of them are available.
    pub(super) const fn pods(&self) -> (u32, u32) {
        (self.status.replicas, self.status.available_replicas)
    }

    /// Images of its template.
    pub(super) fn images(&self, interner: &mut Interner) -> Arc<[Arc<str>]> {
        self.spec.template.spec.images(interner)
    }

    /// Its revision number; an absent one is 0, an unreadable one is none.
    pub(super) fn revision(&self) -> Option<u64> {
        let raw = &self.metadata.annotations.revision;
        if raw.is_empty() { Some(0) } else { raw.parse().ok() }
    }
}

#[derive(Deserialize)]
pub(super) struct WirePod<'a> {
    #[serde(borrow)]
    pub(super) metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: PodSpec<'a>,
    #[serde(borrow, default)]
    status: PodStatus<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PodSpec<'a> {
    #[serde(borrow)]
    node_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    containers: Vec<ContainerSpec<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContainerSpec<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    readiness_probe: Option<Probe>,
    startup_probe: Option<Probe>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    #[serde(default)]
    initial_delay_seconds: i64,
    #[serde(default = "ten")]
    period_seconds: i64,
    #[serde(default = "three")]
    failure_threshold: i64,
}

const fn ten() -> i64 {
    10
}

const fn three() -> i64 {
    3
}

impl Probe {
    fn patience(&self) -> TimeDelta {
        let seconds =
            self.period_seconds.saturating_mul(self.failure_threshold).saturating_add(self.initial_delay_seconds);
        TimeDelta::seconds(seconds.clamp(0, 86_400))
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PodStatus<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "or_default")]
    conditions: Vec<WireCondition<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    container_statuses: Vec<ContainerStatus<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    init_container_statuses: Vec<ContainerStatus<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    ready: bool,
    restart_count: u32,
    #[serde(borrow, deserialize_with = "or_default")]
    state: State<'a>,
    #[serde(borrow, deserialize_with = "or_default")]
    last_state: State<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State<'a> {
    #[serde(borrow)]
    waiting: Option<Waiting<'a>>,
    running: Option<Running>,
    #[serde(borrow)]
    terminated: Option<Terminated<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Waiting<'a> {
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Running {
    #[serde(deserialize_with = "time")]
    started_at: Time,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Terminated<'a> {
    exit_code: i32,
    #[serde(borrow)]
    reason: Cow<'a, str>,
}

impl<'a> Wire<'a> for WirePod<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WirePod<'_> {
    /// The pod as a rollout needs it.
    pub(super) fn kept(&self, interner: &mut Interner) -> Pod {
        let condition = |kind: &str| self.status.conditions.iter().find(|condition| condition.kind == kind);
        let is_ready = condition("Ready").is_some_and(|ready| ready.status == "True");
        let unschedulable = condition("PodScheduled")
            .filter(|scheduled| scheduled.status == "False" && scheduled.reason == "Unschedulable")
            .map(|scheduled| (scheduled.last_transition_time, interner.keep_clean(&scheduled.message)));
        let containers = self.status.init_container_statuses.iter().map(|status| (status, true));
        let containers = containers.chain(self.status.container_statuses.iter().map(|status| (status, false)));
        // A ready pod has nothing to explain: its containers are kept only for their restarts.
        let containers = containers.map(|(status, is_init)| self.container(status, is_init, interner)).collect();
        Pod {
            name: text::clean(&self.metadata.name).into(),
            uid: self.metadata.uid.as_ref().into(),
            template_hash: interner.keep(&self.metadata.labels.template_hash),
            node: (!self.spec.node_name.is_empty()).then(|| interner.keep_clean(&self.spec.node_name)),
            phase: interner.keep_clean(&self.status.phase),
            is_ready,
            created_at: self.metadata.creation_timestamp,
            unschedulable,
            gone_by: self.metadata.deletion_timestamp,
            containers,
        }
    }

    fn container(&self, status: &ContainerStatus<'_>, is_init: bool, interner: &mut Interner) -> Container {
        let spec = self.spec.containers.iter().find(|container| container.name == status.name);
        let patience = spec
            .map(|container| [&container.startup_probe, &container.readiness_probe])
            .and_then(|probes| probes.into_iter().flatten().map(Probe::patience).reduce(|one, other| one + other));
        Container {
            name: interner.keep_clean(&status.name),
            is_init,
            is_ready: status.ready,
            restarts: status.restart_count,
            state: status.state.kept(interner),
            last_exit: status.last_state.terminated.as_ref().map(|ended| ended.exit_code),
            probe_patience: patience,
        }
    }
}

impl State<'_> {
    fn kept(&self, interner: &mut Interner) -> ContainerState {
        match self {
            Self { waiting: Some(waiting), .. } => {
                ContainerState::Waiting(interner.keep_clean(&waiting.reason), interner.keep_clean(&waiting.message))
            }
            Self { terminated: Some(ended), .. } => {
                ContainerState::Terminated(ended.exit_code, interner.keep_clean(&ended.reason))
            }
            Self { running: Some(running), .. } => ContainerState::Running(running.started_at),
            _ => ContainerState::Unreported,
        }
    }
}

/// The age an object of the list was created at, for tests of this room.
#[cfg(test)]
pub(super) fn read_pod(json: &str) -> Result<Pod, serde_json::Error> {
    Ok(serde_json::from_str::<WirePod<'_>>(json)?.kept(&mut Interner::default()))
}

/// When a record says its action began, as a start of release.
pub(super) fn acted(record: Option<&OperationRecord>, now: Instant) -> Option<Instant> {
    // A copied-back record of long ago must not make a new release look newer than its failure mark.
    record.map(|record| record.started).filter(|started| *started <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_without_anything_is_still_a_pod() -> Result<(), serde_json::Error> {
        let pod = read_pod(r#"{"metadata":{"name":"a","labels":null},"status":{"conditions":null}}"#)?;
        assert_eq!(pod.name.as_ref(), "a");
        assert!(!pod.is_ready);
        Ok(())
    }

    #[test]
    fn a_waiting_container_keeps_its_reason_and_its_last_exit() -> Result<(), serde_json::Error> {
        let pod = read_pod(
            r#"{"metadata":{"name":"a"},"status":{"containerStatuses":[{"name":"api","restartCount":4,
               "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off \u001b[2J"}},"lastState":{"terminated":{"exitCode":137}}}]}}"#,
        )?;
        let container = &pod.containers[0];
        assert_eq!(container.state, ContainerState::Waiting("CrashLoopBackOff".into(), "back-off [2J".into()));
        assert_eq!((container.restarts, container.last_exit), (4, Some(137)));
        Ok(())
    }

    #[test]
    fn the_template_is_as_new_as_its_newest_writer() -> Result<(), Box<dyn std::error::Error>> {
        let wire: WireDeployment<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"a","generation":3,"managedFields":[
                {"manager":"kubectl","time":"2026-11-24T03:00:00Z","fieldsV1":{"f:spec":{"f:template":{}}}},
                {"manager":"controller","time":"2026-11-24T04:00:00Z","fieldsV1":{"f:status":{}}}]},
                "spec":{"replicas":2,"progressDeadlineSeconds":2147483647}}"#,
        )?;
        let deployment = wire.judged(&mut Interner::default());
        assert_eq!(deployment.started.template_written, Some("2026-11-24T03:00:00Z".parse()?));
        assert_eq!(deployment.deadline, None);
        assert_eq!(deployment.counts.desired, 2);
        Ok(())
    }

    #[test]
    fn repeated_texts_are_kept_once() {
        let mut interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.keep("node-1"), &interner.keep("node-1")));
    }
}
