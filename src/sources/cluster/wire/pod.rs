//! Pods: what they run, how far they are, and what they wait for.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Interner, Meta, Time, Wire, WireCondition, or_default, resources, time};
use crate::domain::rollout::{Container, ContainerState, Pod};
use crate::domain::text;
use crate::domain::usage::Resources;

#[derive(Deserialize)]
pub(in crate::sources::cluster) struct WirePod<'a> {
    #[serde(borrow)]
    pub(in crate::sources::cluster) metadata: Meta<'a>,
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
    #[serde(borrow, deserialize_with = "or_default")]
    volumes: Vec<Volume<'a>>,
    #[serde(borrow, deserialize_with = "or_default")]
    readiness_gates: Vec<Gate<'a>>,
    /// Read only where somebody asks for resources, as those of the containers, and where one of them has a status.
    #[serde(borrow)]
    init_containers: Option<&'a RawValue>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Gate<'a> {
    #[serde(borrow)]
    condition_type: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Volume<'a> {
    #[serde(borrow)]
    persistent_volume_claim: Option<ClaimName<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ClaimName<'a> {
    #[serde(borrow)]
    claim_name: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContainerSpec<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    image: Cow<'a, str>,
    #[serde(borrow)]
    resources: Option<&'a RawValue>,
    /// Only init containers have one.
    #[serde(borrow)]
    restart_policy: Option<Cow<'a, str>>,
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
        crate::domain::time::seconds(seconds.clamp(0, 86_400))
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
    #[serde(borrow, rename = "imageID")]
    image_id: Cow<'a, str>,
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
    #[serde(deserialize_with = "time")]
    finished_at: Time,
}

impl<'a> Wire<'a> for WirePod<'a> {
    fn meta(&self) -> &Meta<'a> {
        &self.metadata
    }
}

impl WirePod<'_> {
    /// The pod as a rollout needs it.
    pub(in crate::sources::cluster) fn kept(&self, interner: &mut Interner) -> Pod {
        let condition = |kind: &str| self.status.conditions.iter().find(|condition| condition.kind == kind);
        let is_ready = condition("Ready").is_some_and(|ready| ready.status == "True");
        let unschedulable = condition("PodScheduled")
            .filter(|scheduled| scheduled.status == "False" && scheduled.reason == "Unschedulable")
            .map(|scheduled| (scheduled.last_transition_time, interner.keep_clean(&scheduled.message)));
        let (init, main) = (&self.status.init_container_statuses, &self.status.container_statuses);
        let raw = self.spec.init_containers.filter(|_| !init.is_empty());
        let specs: Option<Vec<ContainerSpec<'_>>> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let specs = specs.unwrap_or_default();
        let init = init.iter().map(|status| (status, true, specs.as_slice()));
        let all = init.chain(main.iter().map(|status| (status, false, self.spec.containers.as_slice())));
        let containers = all.map(|(status, is_init, specs)| container(status, is_init, specs, interner)).collect();
        // While containers are not ready there is more to say than that nobody set a gate.
        let are_ready = !is_ready && condition("ContainersReady").is_some_and(|ready| ready.status == "True");
        let is_unset = |gate: &&Gate<'_>| condition(&gate.condition_type).is_none_or(|set| set.status != "True");
        let gate = self.spec.readiness_gates.iter().filter(|_| are_ready).find(is_unset);
        Pod {
            name: text::clean(&self.metadata.name).into(),
            uid: self.metadata.uid.as_ref().into(),
            template_hash: interner.keep(self.metadata.labels.revision()),
            node: (!self.spec.node_name.is_empty()).then(|| interner.keep_clean(&self.spec.node_name)),
            phase: interner.keep_clean(&self.status.phase),
            is_ready,
            created_at: self.metadata.creation_timestamp,
            unschedulable,
            gate: gate.map(|gate| interner.keep_clean(&gate.condition_type)),
            volume: None,
            // A ready pod waits for nothing.
            changed_at: if is_ready { None } else { self.status.changed_at() },
            gone_by: self.metadata.deletion_timestamp,
            containers,
        }
    }

    /// The images its containers run, with the digests the node found under them. Where the node tells only its own id of an image, there
    /// is no digest to pull it by.
    pub(in crate::sources::cluster) fn digests(&self) -> Vec<(String, String)> {
        let found = self.status.container_statuses.iter().filter_map(|status| {
            let (_, digest) = status.image_id.rsplit_once('@')?;
            let spec = self.spec.containers.iter().find(|container| container.name == status.name)?;
            let is_digest = digest.strip_prefix("sha256:")?.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_digest.then(|| (spec.image.to_string(), digest.to_owned()))
        });
        found.collect()
    }

    /// What it asked for and may have.
    pub(in crate::sources::cluster) fn resources(&self) -> Resources {
        resources::of(
            self.spec.resources,
            self.spec.containers.iter().map(|container| container.resources),
            self.spec.init_containers,
        )
    }

    /// The volume claims it names, while it is Pending: nothing else waits for them.
    pub(in crate::sources::cluster) fn claims(&self, interner: &mut Interner) -> Option<Arc<[Arc<str>]>> {
        if self.status.phase != "Pending" {
            return None;
        }
        let claims = self.spec.volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
        let claims: Arc<[Arc<str>]> = claims.map(|claim| interner.keep_clean(&claim.claim_name)).collect();
        (!claims.is_empty()).then_some(claims)
    }
}

fn container(
    status: &ContainerStatus<'_>,
    is_init: bool,
    specs: &[ContainerSpec<'_>],
    interner: &mut Interner,
) -> Container {
    let spec = specs.iter().find(|container| container.name == status.name);
    let patience = spec
        .map(|container| [&container.startup_probe, &container.readiness_probe])
        .and_then(|probes| probes.into_iter().flatten().map(Probe::patience).reduce(|one, other| one + other));
    Container {
        name: interner.keep_clean(&status.name),
        is_init,
        is_sidecar: is_init && spec.and_then(|spec| spec.restart_policy.as_deref()) == Some("Always"),
        is_ready: status.ready,
        restarts: status.restart_count,
        state: status.state.kept(interner),
        last_exit: status.last_state.terminated.as_ref().map(|ended| ended.exit_code),
        probe_patience: patience,
    }
}

impl PodStatus<'_> {
    /// When one of its conditions or containers changed last.
    fn changed_at(&self) -> Time {
        let conditions = self.conditions.iter().map(|condition| condition.last_transition_time);
        let states = self.init_container_statuses.iter().chain(&self.container_statuses);
        let states = states.flat_map(|status| [&status.state, &status.last_state]).flat_map(|state| {
            let running = state.running.as_ref().and_then(|running| running.started_at);
            [running, state.terminated.as_ref().and_then(|ended| ended.finished_at)]
        });
        conditions.chain(states).max().flatten()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read_pod(json: &str) -> Result<Pod, serde_json::Error> {
        Ok(serde_json::from_str::<WirePod<'_>>(json)?.kept(&mut Interner::default()))
    }

    #[test]
    fn a_pod_without_anything_is_still_a_pod() -> Result<(), serde_json::Error> {
        let pod = read_pod(r#"{"metadata":{"name":"a","labels":null},"status":{"conditions":null}}"#)?;
        assert_eq!(pod.name.as_ref(), "a");
        assert!(!pod.is_ready);
        Ok(())
    }

    #[test]
    fn what_a_pod_waits_for_and_since_when_is_read() -> Result<(), serde_json::Error> {
        let pod = read_pod(
            r#"{"metadata":{"name":"a","creationTimestamp":"2026-11-24T01:00:00Z"},
               "spec":{"containers":[{"name":"app"}],"readinessGates":[{"conditionType":"set"},{"conditionType":"lb.example/tg"}],
                 "initContainers":[{"name":"once"},{"name":"proxy","restartPolicy":"Always","readinessProbe":{"periodSeconds":20}}]},
               "status":{"conditions":[{"type":"Ready","status":"False","lastTransitionTime":"2026-11-24T02:00:00Z"},
                   {"type":"ContainersReady","status":"True","lastTransitionTime":"2026-11-24T02:05:00Z"},{"type":"set","status":"True"}],
                 "initContainerStatuses":[{"name":"once","state":{"terminated":{"exitCode":0,"finishedAt":"2026-11-24T02:09:00Z"}}},
                   {"name":"proxy","state":{"running":{"startedAt":"2026-11-24T02:08:00Z"}}}]}}"#,
        )?;
        assert_eq!(pod.gate.as_deref(), Some("lb.example/tg"), "the first that is not set");
        assert_eq!(pod.changed_at, "2026-11-24T02:09:00Z".parse().ok());
        let stay: Vec<(bool, Option<TimeDelta>)> =
            pod.containers.iter().map(|one| (one.stays(), one.probe_patience)).collect();
        assert_eq!(stay, [(false, None), (true, Some(TimeDelta::seconds(60)))]);
        let unready = read_pod(
            r#"{"metadata":{"name":"a"},"spec":{"readinessGates":[{"conditionType":"x"}],"initContainers":null},
               "status":{"conditions":[{"type":"ContainersReady","status":"False"}]}}"#,
        )?;
        assert_eq!((unready.gate, unready.changed_at), (None, None));
        Ok(())
    }

    #[test]
    fn only_what_can_be_pulled_is_a_digest() -> Result<(), serde_json::Error> {
        let pod: WirePod<'_> = serde_json::from_str(
            r#"{"metadata":{"name":"a"},"spec":{"containers":[{"name":"api","image":"shop/api:2"},{"name":"log","image":"log:1"}]},
               "status":{"containerStatuses":[{"name":"api","imageID":"docker-pullable://registry.example/shop/api@sha256:ab12"},{"name":"log","imageID":"sha256:cd34"}]}}"#,
        )?;
        assert_eq!(pod.digests(), [("shop/api:2".to_owned(), "sha256:ab12".to_owned())]);
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
}
