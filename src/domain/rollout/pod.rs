//! A pod, as far as a rollout needs it: is it up, and if not, what holds it.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::time::{self, Instant};

/// How long a pod may lack a node before that counts as stuck rather than as scheduling.
const UNSCHEDULABLE_FOR: TimeDelta = TimeDelta::seconds(10);
/// How long a running container may fail readiness when its probe does not say: the API's default of 3 failures, 10 s apart.
const UNREADY_FOR: TimeDelta = TimeDelta::seconds(30);
/// How long a pod may wait on its way up without a change of it: hours of ContainerCreating are no progress. The largest images take minutes.
const WAITING_FOR: TimeDelta = TimeDelta::minutes(10);

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ContainerState {
    /// Nothing was reported yet.
    #[default]
    Unreported,
    /// Waiting, with the kubelet's reason and message.
    Waiting(Arc<str>, Arc<str>),
    /// Running since.
    Running(Option<Instant>),
    /// Ended with this exit code and reason.
    Terminated(i32, Arc<str>),
}

/// One container of a pod, init containers included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Its name.
    pub name: Arc<str>,
    /// An init container: it has to end before the others start, unless it stays.
    pub is_init: bool,
    /// An init container that runs on beside the others (`restartPolicy: Always`): a native sidecar.
    pub is_sidecar: bool,
    /// Whether it passes its readiness probe.
    pub is_ready: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// What it is doing.
    pub state: ContainerState,
    /// Exit code of the instance before this one.
    pub last_exit: Option<i32>,
    /// How long its probes may fail before the kubelet itself calls it unready; `None` without probes.
    pub probe_patience: Option<TimeDelta>,
}

/// A pod of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: Arc<str>,
    /// The `pod-template-hash` label: which revision it belongs to.
    pub template_hash: Arc<str>,
    /// The node it runs on.
    pub node: Option<Arc<str>>,
    /// Pending, Running, Succeeded, Failed or Unknown.
    pub phase: Arc<str>,
    /// Whether its Ready condition is true.
    pub is_ready: bool,
    /// When it was created.
    pub created_at: Option<Instant>,
    /// Since when no node takes it, with the scheduler's message.
    pub unschedulable: Option<(Option<Instant>, Arc<str>)>,
    /// A readiness gate whose condition is not true, while all containers are ready: something beside the kubelet has to set it.
    pub gate: Option<Arc<str>>,
    /// Why its volumes do not come, as far as an event says so.
    pub volume: Option<Box<Blocked>>,
    /// When its conditions or containers changed last; `None` where nothing tells.
    pub changed_at: Option<Instant>,
    /// When it has to be gone: set while it shuts down.
    pub gone_by: Option<Instant>,
    /// Its containers.
    pub containers: Arc<[Container]>,
}

/// What holds a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The field's word: ImagePullBackOff, CrashLoopBackOff, Unschedulable, ProbeFailing …
    pub reason: Arc<str>,
    /// The rest of the story.
    pub message: Arc<str>,
}

impl Pod {
    /// Restarts of all its containers.
    pub fn restarts(&self) -> u32 {
        self.containers.iter().map(|container| container.restarts).sum()
    }

    /// Whether it came to its end, well or not: its owner has another one instead, and it is the cause of nothing any more.
    pub fn is_over(&self) -> bool {
        matches!(&*self.phase, "Succeeded" | "Failed")
    }

    /// Whether it is to come up and is not there yet.
    pub fn is_coming(&self) -> bool {
        !self.is_ready && self.gone_by.is_none() && !self.is_over()
    }

    /// What keeps the pod from becoming ready and will not pass by itself; `None` while it is ready, shutting down or still within its
    /// time, and once it is over.
    pub fn blocked(&self, now: Instant) -> Option<Blocked> {
        if !self.is_coming() {
            return None;
        }
        if let Some((since, message)) = &self.unschedulable {
            let since = since.or(self.created_at)?;
            return (time::age(since, now) >= UNSCHEDULABLE_FOR)
                .then(|| Blocked { reason: "Unschedulable".into(), message: message.clone() });
        }
        let blocked = self.containers.iter().find_map(|container| container.blocked(now));
        blocked.or_else(|| self.waits().filter(|_| self.waiting_due().is_some_and(|due| due <= now)))
    }

    /// What it waits for on its way up, where that should not take long.
    fn waits(&self) -> Option<Blocked> {
        let since = self.changed_at.max(self.created_at)?.format("%m-%d %H:%M UTC");
        if let Some(gate) = &self.gate {
            let message =
                format!("its readiness gate {gate} is not set, though its containers are ready since {since}");
            return Some(Blocked { reason: "ReadinessGate".into(), message: message.into() });
        }
        if self.containers.is_empty() {
            let node = self.node.as_ref()?;
            let message = format!("node {node} has not begun with it; nothing of it moved since {since}");
            return Some(Blocked { reason: self.phase.clone(), message: message.into() });
        }
        // An init container that works may take its time, and the others wait for it.
        let is_at_work =
            |one: &Container| one.is_init && !one.is_sidecar && matches!(one.state, ContainerState::Running(_));
        if self.containers.iter().any(is_at_work) {
            return None;
        }
        self.containers.iter().find_map(|container| match &container.state {
            ContainerState::Waiting(..) if self.volume.is_some() => self.volume.as_deref().cloned(),
            ContainerState::Waiting(reason, said) => {
                let said = if said.is_empty() { String::new() } else { format!(": {said}") };
                let message = format!("container {} waits{said}; nothing of it moved since {since}", container.name);
                Some(Blocked { reason: reason.clone(), message: message.into() })
            }
            _ => None,
        })
    }

    fn waiting_due(&self) -> Option<Instant> {
        self.changed_at.max(self.created_at).map(|since| since + WAITING_FOR)
    }

    /// When [`Pod::blocked`] may change its answer by the passing of time alone.
    pub fn next_look(&self, now: Instant) -> Option<Instant> {
        if !self.is_coming() {
            return None;
        }
        if let Some((since, _)) = &self.unschedulable {
            return since.or(self.created_at).map(|since| since + UNSCHEDULABLE_FOR).filter(|due| *due > now);
        }
        let unready = self.containers.iter().filter_map(Container::unready_due);
        unready.chain(self.waits().and_then(|_| self.waiting_due())).filter(|due| *due > now).min()
    }
}

impl Container {
    /// Whether it runs for as long as its pod does.
    pub const fn stays(&self) -> bool {
        !self.is_init || self.is_sidecar
    }

    fn blocked(&self, now: Instant) -> Option<Blocked> {
        match &self.state {
            ContainerState::Waiting(reason, message) if is_blocking(reason) => {
                let message = match self.last_exit {
                    Some(code) if reason.as_ref() == "CrashLoopBackOff" => {
                        format!("container {} exited {code}, {} restarts", self.name, self.restarts).into()
                    }
                    _ => message.clone(),
                };
                Some(Blocked { reason: reason.clone(), message })
            }
            ContainerState::Running(_) if !self.is_ready && self.stays() => {
                let due = self.unready_due()?;
                (due <= now).then(|| Blocked {
                    reason: "ProbeFailing".into(),
                    message: format!("container {} runs but is not ready", self.name).into(),
                })
            }
            ContainerState::Terminated(code, reason) if *code != 0 && self.restarts > 0 => {
                // Between two crashes the kubelet reports Terminated for a moment: the same story as CrashLoopBackOff.
                Some(Blocked {
                    reason: "CrashLoopBackOff".into(),
                    message: format!("container {} exited {code} ({reason}), {} restarts", self.name, self.restarts)
                        .into(),
                })
            }
            _ => None,
        }
    }

    fn unready_due(&self) -> Option<Instant> {
        match self.state {
            ContainerState::Running(Some(since)) if !self.is_ready && self.stays() => {
                Some(since + self.probe_patience.unwrap_or(UNREADY_FOR).max(UNREADY_FOR))
            }
            _ => None,
        }
    }
}

/// Waiting reasons of the kubelet that mean "will not start without help". `ContainerCreating` and `PodInitializing` are the way up.
fn is_blocking(reason: &str) -> bool {
    matches!(
        reason,
        "CrashLoopBackOff"
            | "ImagePullBackOff"
            | "ErrImagePull"
            | "ErrImageNeverPull"
            | "InvalidImageName"
            | "ImageInspectError"
            | "RegistryUnavailable"
            | "SignatureValidationFailed"
            | "CreateContainerConfigError"
            | "CreateContainerError"
            | "CreatePodSandboxError"
            | "RunContainerError"
            | "StartError"
            | "PreStartHookError"
            | "PostStartHookError"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default()
    }

    fn pod(state: ContainerState) -> Pod {
        Pod {
            name: "api-1".into(),
            uid: "u".into(),
            template_hash: "h".into(),
            node: None,
            phase: "Pending".into(),
            is_ready: false,
            created_at: Some(at(0)),
            unschedulable: None,
            gate: None,
            volume: None,
            changed_at: None,
            gone_by: None,
            containers: [Container { name: "api".into(), state, ..Container::default() }].into(),
        }
    }

    #[test]
    fn waiting_for_an_image_that_does_not_come_blocks_and_creating_does_not() {
        let stuck = pod(ContainerState::Waiting("ImagePullBackOff".into(), "no such tag".into()));
        assert_eq!(stuck.blocked(at(1)).map(|blocked| blocked.reason), Some("ImagePullBackOff".into()));
        assert_eq!(pod(ContainerState::Waiting("ContainerCreating".into(), "".into())).blocked(at(100)), None);
    }

    /// Ten minutes, and what is said then.
    fn waits_for(waiting: &Pod, reason: &str, words: &str) {
        assert_eq!((waiting.blocked(at(599)), waiting.next_look(at(599))), (None, Some(at(600))));
        let blocked = waiting.blocked(at(600)).expect("stuck by now");
        assert_eq!(blocked.reason.as_ref(), reason);
        assert!(blocked.message.contains(words), "{}", blocked.message);
        let moved = Pod { changed_at: Some(at(300)), ..waiting.clone() };
        assert_eq!((moved.blocked(at(899)), moved.next_look(at(600))), (None, Some(at(900))), "it moved meanwhile");
        let over = Pod { phase: "Failed".into(), ..waiting.clone() };
        assert_eq!((over.blocked(at(9_000)), over.next_look(at(9))), (None, None), "and of one that is over nothing");
    }

    #[test]
    fn ten_minutes_without_a_change_are_no_progress() {
        let creating = pod(ContainerState::Waiting("ContainerCreating".into(), "".into()));
        waits_for(&creating, "ContainerCreating", "container api waits; nothing of it moved since");
        let unseen = Pod { node: Some("node-a".into()), containers: [].into(), ..creating.clone() };
        waits_for(&unseen, "Pending", "node node-a has not begun with it");
        let ready = Container { is_ready: true, state: ContainerState::Running(Some(at(0))), ..Container::default() };
        let gated = Pod { gate: Some("lb.example/tg-1".into()), containers: [ready].into(), ..creating };
        waits_for(&gated, "ReadinessGate", "its readiness gate lb.example/tg-1 is not set");
    }

    #[test]
    fn an_init_container_that_works_may_take_its_time_and_a_sidecar_may_not() {
        let waiting = ContainerState::Waiting("PodInitializing".into(), "".into());
        let init = Container {
            name: "migrate".into(),
            is_init: true,
            state: ContainerState::Running(Some(at(0))),
            ..Container::default()
        };
        let app = Container { name: "api".into(), state: waiting, ..Container::default() };
        let migrating = Pod { containers: [init.clone(), app.clone()].into(), ..pod(ContainerState::Unreported) };
        assert_eq!((migrating.blocked(at(9_000)), migrating.next_look(at(0))), (None, None));
        let beside =
            Pod { containers: [Container { is_sidecar: true, ..init.clone() }, app.clone()].into(), ..migrating };
        let blocked = beside.blocked(at(30)).expect("a sidecar is a container like another");
        assert_eq!((&*blocked.reason, &*blocked.message), ("ProbeFailing", "container migrate runs but is not ready"));
        let done = Container { state: ContainerState::Terminated(0, "Completed".into()), ..init };
        let held = Pod { containers: [done, app].into(), ..pod(ContainerState::Unreported) };
        waits_for(&held, "PodInitializing", "container api waits");
    }

    #[test]
    fn a_pod_that_is_over_blocks_nothing() {
        for phase in ["Failed", "Succeeded"] {
            let mut over = pod(ContainerState::Terminated(137, "Error".into()));
            over.containers = [Container { restarts: 1, ..over.containers[0].clone() }].into();
            assert!(over.blocked(at(5)).is_some());
            over.phase = phase.into();
            assert_eq!((over.blocked(at(5)), over.next_look(at(5)), over.is_coming()), (None, None, false));
        }
    }

    #[test]
    fn a_pod_without_a_node_is_given_ten_seconds() {
        let mut waiting = pod(ContainerState::Unreported);
        waiting.unschedulable = Some((Some(at(0)), "0/3 nodes are available".into()));
        assert_eq!(waiting.blocked(at(9)), None);
        assert_eq!(waiting.next_look(at(9)), Some(at(10)));
        assert_eq!(waiting.blocked(at(10)).map(|blocked| blocked.reason), Some("Unschedulable".into()));
    }

    #[test]
    fn a_running_container_that_never_gets_ready_is_a_failing_probe_after_its_patience() {
        let mut unready = pod(ContainerState::Running(Some(at(0))));
        assert_eq!(unready.blocked(at(29)), None);
        assert_eq!(unready.blocked(at(30)).map(|blocked| blocked.reason), Some("ProbeFailing".into()));
        unready.containers =
            [Container { probe_patience: Some(TimeDelta::seconds(120)), ..unready.containers[0].clone() }].into();
        assert_eq!(unready.blocked(at(119)), None);
    }

    #[test]
    fn a_pod_that_is_leaving_blocks_nothing() {
        let mut leaving = pod(ContainerState::Waiting("CrashLoopBackOff".into(), "".into()));
        leaving.gone_by = Some(at(30));
        assert_eq!(leaving.blocked(at(5)), None);
    }
}
