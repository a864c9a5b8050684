//! Whether a pod that was deleted has a successor that is ready.

use crate::domain::action::Replaced;
use crate::domain::rollout::{Kind, Pod};
use crate::domain::time::Instant;
use crate::sources::observe::WorkloadFacts;

/// What one reading says of a pod that is to be replaced.
pub(super) enum Seen<'f> {
    /// It is there, and nobody has asked it to go.
    Untouched,
    /// It is going, or its successor is on its way: what is seen, in words.
    Waiting(String),
    /// Its successor is ready; `None` where nobody starts one because there are enough pods.
    Ready(Option<&'f Pod>),
}

/// Looks for a pod and its successor.
pub(super) fn look<'f>(pod: &Replaced, facts: &'f WorkloadFacts, now: Instant) -> Seen<'f> {
    let old = facts.pods.iter().find(|known| *known.uid == *pod.uid);
    if old.is_some_and(|old| old.gone_by.is_none()) {
        return Seen::Untouched;
    }
    match successor(pod, facts) {
        Some(new) if new.is_ready && old.is_none() => Seen::Ready(Some(new)),
        Some(new) if new.is_ready => Seen::Waiting(format!("pod {} is ready, {} is shutting down", new.name, pod.name)),
        Some(new) => {
            let why = new.blocked(now).map(|blocked| format!(": {}: {}", blocked.reason, blocked.message));
            Seen::Waiting(format!("pod {} is not ready yet{}", new.name, why.unwrap_or_default()))
        }
        None if old.is_none() && facts.report.counts.ready >= facts.report.counts.desired => Seen::Ready(None),
        None if old.is_some() => Seen::Waiting(format!("pod {} is shutting down", pod.name)),
        None => Seen::Waiting(format!("no pod has come in the place of {} yet", pod.name)),
    }
}

/// The pod in its place: of the same name where names are kept, on the same node where each node has one, else one that was not there
/// before, a ready one first.
fn successor<'f>(pod: &Replaced, facts: &'f WorkloadFacts) -> Option<&'f Pod> {
    let mut live = facts.pods.iter().filter(|known| known.gone_by.is_none() && *known.uid != *pod.uid);
    match facts.workload.kind {
        Kind::StatefulSet => live.find(|known| *known.name == *pod.name),
        Kind::DaemonSet => live.find(|known| known.node.as_deref() == pod.node.as_deref()),
        Kind::Deployment => live
            .filter(|known| !pod.others.iter().any(|other| **other == *known.uid))
            .max_by_key(|known| (known.is_ready, known.created_at)),
    }
}

/// What has to be known of a pod to recognise its successor.
pub(super) fn replaced(pod: &Pod, facts: &WorkloadFacts) -> Replaced {
    let others = facts.pods.iter().filter(|other| other.uid != pod.uid).map(|other| other.uid.to_string());
    Replaced {
        name: pod.name.to_string(),
        uid: pod.uid.to_string(),
        node: pod.node.as_deref().map(str::to_owned),
        // The others keep their names or their nodes, and need not be told apart.
        others: if facts.workload.kind == Kind::Deployment { others.collect() } else { Vec::new() },
    }
}
