//! Finding what stuck workloads have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Cause, CauseKind, Claim, Facts, Held, StuckPod, image};
use crate::domain::node::{Node, NodeVerdict};
use crate::domain::rollout::WorkloadRef;
use crate::domain::text::clean;
use crate::domain::time::Instant;

/// Every cause, the one that holds most first.
pub fn shared(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = nodes(facts);
    causes.extend(registries(facts));
    causes.extend(quotas(facts));
    causes.extend(volumes(facts));
    causes.extend(room(facts));
    causes.extend(autoscalers(facts));
    causes.sort_by(Cause::worst_first);
    causes
}

/// What gathers under one subject.
#[derive(Default)]
struct Gathered<'a> {
    workloads: BTreeSet<&'a WorkloadRef>,
    pods: usize,
    since: Option<Instant>,
    /// By the name of the pod or workload: whichever a map yields first would make the evidence flicker.
    evidence: BTreeSet<String>,
}

impl<'a> Gathered<'a> {
    fn take(&mut self, workload: &'a WorkloadRef, since: Option<Instant>, evidence: String) {
        self.workloads.insert(workload);
        self.since = [self.since, since].into_iter().flatten().min();
        self.evidence.insert(evidence);
    }

    fn take_pod(&mut self, held: &'a Held, pod: &StuckPod) {
        self.pods += 1;
        self.take(&held.workload, pod.since, told(pod));
    }

    /// `api`, `api and web`, `7 workloads`.
    fn who(&self) -> String {
        let names: Vec<String> = self.workloads.iter().map(|workload| workload.label()).collect();
        match names.as_slice() {
            [one] => one.clone(),
            [one, other] => format!("{one} and {other}"),
            more => format!("{} workloads", more.len()),
        }
    }

    fn has_one(&self) -> bool {
        self.workloads.len() == 1
    }

    fn cause(self, facts: &Facts<'_>, kind: CauseKind, subject: &str, words: &str) -> Cause {
        Cause {
            environment: facts.environment.clone(),
            kind,
            subject: clean(subject).into(),
            words: clean(words).into_owned(),
            evidence: self
                .evidence
                .into_iter()
                .take(Cause::MOST_EVIDENCE)
                .map(|line| clean(&line).into_owned())
                .collect(),
            workloads: self.workloads.into_iter().cloned().collect(),
            pods: self.pods,
            since: self.since,
        }
    }
}

/// A pod and what is seen of it.
fn told(pod: &StuckPod) -> String {
    match &pod.blocked {
        Some(blocked) if blocked.message.is_empty() => format!("pod {}: {}", pod.name, blocked.reason),
        Some(blocked) => format!("pod {}: {}: {}", pod.name, blocked.reason, blocked.message),
        None => format!("pod {} is not ready", pod.name),
    }
}

fn pods<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a Held, &'a StuckPod)> {
    facts.held.iter().flat_map(|held| held.pods.iter().map(move |pod| (*held, pod)))
}

/// An instant by the clock: it does not age, so the sentence stands still.
fn clock(at: Instant) -> String {
    at.format("%H:%M UTC").to_string()
}

/// Pods on a node that is not ready or short of something. On one that is not ready a pod need not be blocked by anything else.
fn nodes(facts: &Facts<'_>) -> Vec<Cause> {
    let of = |name: &str| facts.nodes.iter().find(|node| *node.node.name == *name).map(AsRef::as_ref);
    let is_not_ready =
        |pod: &StuckPod| pod.node.as_deref().and_then(of).is_some_and(|node| node.verdict() == NodeVerdict::NotReady);
    let is_stuck = |pod: &StuckPod| pod.blocked.is_some() || is_not_ready(pod);
    let stuck = pods(facts).filter(|(_, pod)| is_stuck(pod)).count();
    let mut by_node: BTreeMap<&str, (&Node, Gathered<'_>)> = BTreeMap::new();
    for (held, pod) in pods(facts).filter(|(_, pod)| is_stuck(pod)) {
        let Some(node) = pod.node.as_deref().and_then(of).filter(|node| node.verdict().is_trouble()) else { continue };
        by_node.entry(&node.node.name).or_insert_with(|| (node, Gathered::default())).1.take_pod(held, pod);
    }
    let cause = |(name, (node, mut gathered)): (&str, (&Node, Gathered<'_>))| {
        gathered.since = node.in_trouble_since();
        let how_many = match (gathered.pods, stuck) {
            (1, 1) => "The only stuck pod is".to_owned(),
            (here, all) if here == all => format!("All {all} stuck pods are"),
            (1, all) => format!("1 of {all} stuck pods is"),
            (here, all) => format!("{here} of {all} stuck pods are"),
        };
        let since = gathered.since.map(|at| format!(" since {}", clock(at))).unwrap_or_default();
        let words = format!("{how_many} on {name}, {}{since}", node.complaint());
        if !node.message.is_empty() {
            gathered.evidence = BTreeSet::from([format!("{name}: {}", node.message)])
                .into_iter()
                .chain(gathered.evidence.into_iter().take(Cause::MOST_EVIDENCE - 1))
                .collect();
        }
        gathered.cause(facts, CauseKind::Node, name, &words)
    };
    by_node.into_iter().map(cause).collect()
}

/// Images that do not come, by the registry in their names.
fn registries(facts: &Facts<'_>) -> Vec<Cause> {
    let is_pull = |reason: &str| matches!(reason, "ImagePullBackOff" | "ErrImagePull" | "RegistryUnavailable");
    let mut by_registry: BTreeMap<&str, Gathered<'_>> = BTreeMap::new();
    for (held, pod) in pods(facts) {
        let Some(blocked) = pod.blocked.as_ref().filter(|blocked| is_pull(&blocked.reason)) else { continue };
        let first = held.images.first().map(AsRef::as_ref).unwrap_or_default();
        let registry = image::registry(image::of_message(&blocked.message).unwrap_or(first));
        by_registry.entry(registry).or_default().take_pod(held, pod);
    }
    let cause = |(registry, gathered): (&str, Gathered<'_>)| {
        let words = format!("{} cannot pull from {registry}", gathered.who());
        gathered.cause(facts, CauseKind::Registry, registry, &words)
    };
    by_registry.into_iter().map(cause).collect()
}

/// The quota a refusal names, and the figures in it: `pods=20`.
fn refusal(message: &str) -> Option<(&str, Option<String>)> {
    let (_, rest) = message.split_once("exceeded quota: ")?;
    let name = rest.split(',').next()?.trim();
    let part = |label: &str| {
        let (_, rest) = rest.split_once(label)?;
        Some(rest.split(", limited:").next()?.split(", used:").next()?.trim())
    };
    let figures = match (part("used: "), part("limited: ")) {
        (Some(used), Some(limited)) => match (used.split_once('='), limited.split_once('=')) {
            (Some((what, used)), Some((same, limit))) if what == same => Some(format!("{what} {used}/{limit}")),
            _ => Some(format!("used {used}, limited {limited}")),
        },
        _ => None,
    };
    Some((name, figures))
}

/// Quotas that refuse pods: those a refusal names, and those that are used up where a workload lacks pods.
fn quotas(facts: &Facts<'_>) -> Vec<Cause> {
    let mut by_quota: BTreeMap<(&str, &str), (Option<String>, Gathered<'_>)> = BTreeMap::new();
    for held in facts.held {
        let namespace: &str = &held.workload.namespace;
        if let Some((message, since)) = &held.refused
            && let Some((name, figures)) = refusal(message)
        {
            let (known, gathered) = by_quota.entry((namespace, name)).or_default();
            *known = known.take().or(figures);
            gathered.take(&held.workload, *since, format!("{}: {message}", held.workload.label()));
        } else if held.lacking > 0 && held.refused.is_none() {
            // Only a Deployment says why it lacks pods.
            for quota in facts.quotas.iter().filter(|quota| *quota.namespace == *namespace) {
                let Some(full) = quota.used_up() else { continue };
                let (_, gathered) = by_quota.entry((namespace, &quota.name)).or_default();
                gathered.take(
                    &held.workload,
                    None,
                    format!("{} lacks {} pods; {full}", held.workload.label(), held.lacking),
                );
            }
        }
    }
    let cause = |((namespace, name), (said, gathered)): ((&str, &str), (Option<String>, Gathered<'_>))| {
        let now = facts.quotas.iter().find(|quota| *quota.namespace == *namespace && *quota.name == *name);
        // The server's present figures, or those of its refusal.
        let figures = now.and_then(|quota| quota.used_up()).or(said).map(|figures| format!(" ({figures})"));
        let words = format!(
            "quota {name} in namespace {namespace} is exhausted{}: {} refused",
            figures.unwrap_or_default(),
            if gathered.has_one() {
                format!("pods of {} are", gathered.who())
            } else {
                format!("{} are", gathered.who())
            }
        );
        gathered.cause(facts, CauseKind::Quota, &format!("{namespace}/{name}"), &words)
    };
    by_quota.into_iter().map(cause).collect()
}

/// Claims that are not bound, and the pods that name them.
fn volumes(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for claim in facts.claims {
        let mut gathered = Gathered::default();
        let mut first: Option<&str> = None;
        for (held, pod) in pods(facts) {
            if *held.workload.namespace == *claim.namespace && pod.claims.contains(&claim.name) {
                gathered.take_pod(held, pod);
                first = first.map_or(Some(&*pod.name), |first| Some(first.min(&*pod.name)));
            }
        }
        let Some(first) = first else { continue };
        gathered.since = claim.since.or(gathered.since);
        let who = if gathered.pods == 1 {
            format!("pod {first} waits")
        } else {
            format!("{} pods of {} wait", gathered.pods, gathered.who())
        };
        let words = format!("PVC {} is {}{}: {who}", claim.name, claim.phase, why_unbound(claim));
        causes.push(gathered.cause(facts, CauseKind::Volume, &format!("{}/{}", claim.namespace, claim.name), &words));
    }
    causes
}

fn why_unbound(claim: &Claim) -> String {
    match (&claim.class, claim.has_class) {
        (Some(class), Some(false)) => format!(" (there is no storage class {class})"),
        (None, Some(false)) => " (it names no storage class, and there is no default one)".to_owned(),
        _ if claim.waits_for_pod => " (waiting for its first consumer: a pod that has a node)".to_owned(),
        (Some(class), _) => format!(" (storage class {class})"),
        (None, _) => String::new(),
    }
}

/// Pods no node takes, by the first sentence of the scheduler.
fn room(facts: &Facts<'_>) -> Vec<Cause> {
    let mut by_words: BTreeMap<&str, Gathered<'_>> = BTreeMap::new();
    for (held, pod) in pods(facts) {
        let Some(blocked) = pod.blocked.as_ref().filter(|blocked| &*blocked.reason == "Unschedulable") else {
            continue;
        };
        let waits_for_claim = |name: &Arc<str>| {
            facts.claims.iter().any(|claim| claim.name == *name && *claim.namespace == *held.workload.namespace)
        };
        if pod.claims.iter().any(waits_for_claim) {
            // Told with its claim.
            continue;
        }
        let sentence = blocked.message.split(". ").next().unwrap_or_default().trim_end_matches('.');
        by_words.entry(sentence).or_default().take_pod(held, pod);
    }
    let closed: Vec<&str> =
        facts.nodes.iter().filter(|node| node.verdict() != NodeVerdict::Ready).map(|node| &*node.node.name).collect();
    let closed = match closed.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} takes none"),
        more => format!("; {} nodes take none", more.len()),
    };
    let cause = |(sentence, gathered): (&str, Gathered<'_>)| {
        let pods = if gathered.pods == 1 { "1 pod finds".to_owned() } else { format!("{} pods find", gathered.pods) };
        let words = format!("{pods} no node ({}): {sentence}{closed}", gathered.who());
        gathered.cause(facts, CauseKind::Room, sentence, &words)
    };
    by_words.into_iter().map(cause).collect()
}

/// Autoscalers that would start more pods for a workload that is not well.
fn autoscalers(facts: &Facts<'_>) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (namespace, autoscaler) in facts.autoscalers.iter().filter(|(_, autoscaler)| autoscaler.wants_more()) {
        let (kind, name) = &autoscaler.aims_at;
        let is_aim = |held: &&&Held| {
            let workload = &held.workload;
            workload.namespace == **namespace && workload.kind.word() == &**kind && workload.name == *name
        };
        let Some(held) = facts.held.iter().find(is_aim) else { continue };
        let mut gathered = Gathered::default();
        gathered.take(&held.workload, None, format!("{}: {}", autoscaler.who, autoscaler.sentence()));
        let words = format!(
            "{} is at its limit {}/{}: it would start more",
            autoscaler.who, autoscaler.current, autoscaler.most
        );
        causes.push(gathered.cause(facts, CauseKind::Autoscaler, &format!("{namespace}/{}", autoscaler.who), &words));
    }
    causes
}
