//! Deployments, their ReplicaSets and their pods, joined into the rows of the rollouts pane.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::feed::Resource;
use super::wire::{self, Interner, WireDeployment, WirePod, WireReplicaSet};
use crate::domain::action::OperationRecord;
use crate::domain::rollout::{self, Deployment, Judgement, Kind, Pod, Rollout, Verdict, WorkloadRef};
use crate::domain::text;
use crate::domain::time::Instant;

/// An object as the tables keep it.
#[derive(Debug)]
pub(super) enum Row {
    /// A Deployment.
    Deployment(DeploymentRow),
    /// A ReplicaSet of a Deployment.
    ReplicaSet(ReplicaSetRow),
    /// A pod of a ReplicaSet.
    Pod(PodRow),
}

#[derive(Debug)]
pub(super) struct DeploymentRow {
    uid: Arc<str>,
    version: u64,
    namespace: Arc<str>,
    name: Arc<str>,
    deployment: Deployment,
    images: Arc<[Arc<str>]>,
    revision: Option<u64>,
    record: Option<Arc<OperationRecord>>,
}

#[derive(Debug)]
pub(super) struct ReplicaSetRow {
    uid: Arc<str>,
    version: u64,
    owner: Arc<str>,
    revision: Option<u64>,
    images: Arc<[Arc<str>]>,
    created_at: Option<Instant>,
    replicas: u32,
    available: u32,
}

#[derive(Debug)]
pub(super) struct PodRow {
    version: u64,
    owner: Arc<str>,
    pod: Pod,
}

/// Feeds the tables with Deployments.
pub(super) struct Deployments;
/// Feeds the tables with ReplicaSets.
pub(super) struct ReplicaSets;
/// Feeds the tables with pods.
pub(super) struct Pods;

/// A resource version as a number, to tell an older event from a newer one of the same object; 0 when it is none.
fn version(raw: &str) -> u64 {
    raw.parse().unwrap_or(0)
}

impl Resource for Deployments {
    type Wire<'a> = WireDeployment<'a>;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", "deployments");

    fn row(wire: &WireDeployment<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = &wire.metadata;
        Some(Row::Deployment(DeploymentRow {
            uid: meta.uid.as_ref().into(),
            version: version(&meta.resource_version),
            namespace: interner.keep_clean(&meta.namespace),
            name: text::clean(&meta.name).into(),
            deployment: wire.judged(interner),
            images: wire.images(interner),
            revision: wire.revision(),
            record: wire.record().map(Arc::new),
        }))
    }
}

impl Resource for ReplicaSets {
    type Wire<'a> = WireReplicaSet<'a>;
    const PATH: (&'static str, &'static str) = ("/apis/apps/v1", "replicasets");

    fn row(wire: &WireReplicaSet<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = &wire.metadata;
        let (replicas, available) = wire.pods();
        Some(Row::ReplicaSet(ReplicaSetRow {
            uid: meta.uid.as_ref().into(),
            version: version(&meta.resource_version),
            owner: meta.controller()?.into(),
            revision: wire.revision(),
            images: wire.images(interner),
            created_at: meta.creation_timestamp,
            replicas,
            available,
        }))
    }
}

impl Resource for Pods {
    type Wire<'a> = WirePod<'a>;
    const PATH: (&'static str, &'static str) = ("/api/v1", "pods");

    fn row(wire: &WirePod<'_>, interner: &mut Interner) -> Option<Row> {
        let meta = &wire.metadata;
        // Only pods with a template hash belong to a ReplicaSet; a Job's or a StatefulSet's do not.
        if meta.labels.template_hash.is_empty() {
            return None;
        }
        let owner = interner.keep(meta.controller()?);
        Some(Row::Pod(PodRow { version: version(&meta.resource_version), owner, pod: wire.kept(interner) }))
    }
}

impl Row {
    fn uid(&self) -> &Arc<str> {
        match self {
            Self::Deployment(row) => &row.uid,
            Self::ReplicaSet(row) => &row.uid,
            Self::Pod(row) => &row.pod.uid,
        }
    }
}

/// A workload somebody is looking at.
#[derive(Debug, Clone, PartialEq)]
pub struct Focus {
    /// Which.
    pub workload: WorkloadRef,
    /// Its row.
    pub rollout: Arc<Rollout>,
    /// Its conditions and figures.
    pub deployment: Deployment,
    /// Its pods, those in trouble first.
    pub pods: Vec<Pod>,
}

/// The tables of one cluster, or of the part of it that is watched.
#[derive(Debug, Default)]
pub(super) struct Tables {
    environment: Arc<str>,
    deployments: HashMap<Arc<str>, DeploymentRow>,
    replica_sets: HashMap<Arc<str>, ReplicaSetRow>,
    pods: HashMap<Arc<str>, PodRow>,
    /// ReplicaSets of a Deployment.
    sets_of: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Pods of a ReplicaSet.
    pods_of: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Which feed an object came from, so that a new list replaces only its own.
    fed_by: HashMap<Arc<str>, usize>,
    dirty: HashSet<Arc<str>>,
    /// When a workload has to be judged again although nothing was reported.
    due: HashMap<Arc<str>, Instant>,
    ordered: BTreeMap<(Verdict, WorkloadRef), Arc<Rollout>>,
    placed: HashMap<Arc<str>, (Verdict, WorkloadRef)>,
    /// ReplicaSets seen fully available, and those of them not told yet.
    healthy: HashSet<Arc<str>>,
    untold: Vec<Arc<str>>,
}

impl Tables {
    pub(super) fn new(environment: Arc<str>) -> Self {
        Self { environment, ..Self::default() }
    }

    /// Takes a new or changed object in; an event older than what is known is left out.
    pub(super) fn upsert(&mut self, feed: usize, row: Row) {
        self.fed_by.insert(row.uid().clone(), feed);
        match row {
            Row::Deployment(row) => {
                if self.deployments.get(&row.uid).is_some_and(|known| known.version > row.version) {
                    return;
                }
                self.dirty.insert(row.uid.clone());
                self.deployments.insert(row.uid.clone(), row);
            }
            Row::ReplicaSet(row) => {
                if self.replica_sets.get(&row.uid).is_some_and(|known| known.version > row.version) {
                    return;
                }
                self.dirty.insert(row.owner.clone());
                self.sets_of.entry(row.owner.clone()).or_default().insert(row.uid.clone());
                self.replica_sets.insert(row.uid.clone(), row);
            }
            Row::Pod(row) => {
                let uid = row.pod.uid.clone();
                if self.pods.get(&uid).is_some_and(|known| known.version > row.version || known.pod == row.pod) {
                    return;
                }
                self.touch_set(&row.owner);
                self.pods_of.entry(row.owner.clone()).or_default().insert(uid.clone());
                self.pods.insert(uid, row);
            }
        }
    }

    /// Forgets an object.
    pub(super) fn delete(&mut self, uid: &Arc<str>) {
        self.fed_by.remove(uid);
        if self.deployments.remove(uid).is_some() {
            self.due.remove(uid);
            self.dirty.remove(uid);
            if let Some(place) = self.placed.remove(uid) {
                self.ordered.remove(&place);
            }
        } else if let Some(row) = self.replica_sets.remove(uid) {
            forget(&mut self.sets_of, &row.owner, uid);
            self.healthy.remove(uid);
            self.dirty.insert(row.owner);
        } else if let Some(row) = self.pods.remove(uid) {
            forget(&mut self.pods_of, &row.owner, uid);
            self.touch_set(&row.owner);
        }
    }

    /// Replaces everything that came from one feed: what is not in the new list is gone.
    pub(super) fn replace(&mut self, feed: usize, rows: Vec<Row>) {
        let kept: HashSet<Arc<str>> = rows.iter().map(|row| row.uid().clone()).collect();
        let gone: Vec<Arc<str>> = self
            .fed_by
            .iter()
            .filter(|(uid, by)| **by == feed && !kept.contains(*uid))
            .map(|(uid, _)| uid.clone())
            .collect();
        for uid in &gone {
            self.delete(uid);
        }
        for row in rows {
            self.upsert(feed, row);
        }
    }

    fn touch_set(&mut self, set: &Arc<str>) {
        if let Some(set) = self.replica_sets.get(set) {
            self.dirty.insert(set.owner.clone());
        }
    }

    /// Judges what changed or became due; whether any row is different now.
    pub(super) fn settle(&mut self, now: Instant) -> bool {
        let due: Vec<Arc<str>> = self.due.iter().filter(|(_, at)| **at <= now).map(|(uid, _)| uid.clone()).collect();
        self.dirty.extend(due);
        let mut is_changed = false;
        for uid in std::mem::take(&mut self.dirty) {
            let Some((rollout, judged)) = self.judged(&uid, now) else { continue };
            match judged.look_again {
                Some(at) => self.due.insert(uid.clone(), at),
                None => self.due.remove(&uid),
            };
            if rollout.verdict == Verdict::Complete {
                self.note_healthy(&uid);
            }
            let place = (rollout.verdict, rollout.workload.clone());
            if self.ordered.get(&place).is_some_and(|known| **known == rollout) {
                continue;
            }
            is_changed = true;
            if let Some(before) = self.placed.insert(uid, place.clone())
                && before != place
            {
                self.ordered.remove(&before);
            }
            self.ordered.insert(place, Arc::new(rollout));
        }
        is_changed
    }

    fn note_healthy(&mut self, deployment: &Arc<str>) {
        let current = self.deployments.get(deployment).and_then(|row| self.current(row));
        if let Some(uid) = current.filter(|set| set.replicas > 0).map(|set| set.uid.clone())
            && self.healthy.insert(uid.clone())
        {
            self.untold.push(uid);
        }
    }

    /// The next moment at which time alone may change a verdict.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }

    /// Every row, worst first.
    pub(super) fn rows(&self) -> Arc<[Arc<Rollout>]> {
        self.ordered.values().cloned().collect()
    }

    /// Whether there is any workload.
    pub(super) fn has_rows(&self) -> bool {
        !self.deployments.is_empty()
    }

    /// How many pods are known.
    pub(super) fn pods(&self) -> usize {
        self.pods.len()
    }

    /// The uids of ReplicaSets found fully available since the last call: revisions seen healthy. Each is told once.
    pub(super) fn newly_healthy(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.untold)
    }

    /// What is known of a workload, pods included.
    pub(super) fn focus(&self, workload: &WorkloadRef) -> Option<Focus> {
        let (uid, place) = self.placed.iter().find(|(_, (_, placed))| placed == workload)?;
        let mut pods: Vec<Pod> =
            self.sets_of.get(uid).into_iter().flatten().flat_map(|set| self.pods_in(set)).cloned().collect();
        pods.sort_by(|one, other| one.is_ready.cmp(&other.is_ready).then_with(|| one.name.cmp(&other.name)));
        let row = self.deployments.get(uid)?;
        Some(Focus {
            workload: workload.clone(),
            rollout: self.ordered.get(place)?.clone(),
            deployment: self.joined(row),
            pods,
        })
    }

    fn pods_in(&self, set: &Arc<str>) -> impl Iterator<Item = &Pod> + Clone {
        self.pods_of.get(set).into_iter().flatten().filter_map(|uid| self.pods.get(uid)).map(|row| &row.pod)
    }

    fn sets(&self, deployment: &Arc<str>) -> impl Iterator<Item = &ReplicaSetRow> {
        self.sets_of.get(deployment).into_iter().flatten().filter_map(|uid| self.replica_sets.get(uid))
    }

    /// The ReplicaSet of the current template: the one that has the Deployment's revision number.
    fn current(&self, row: &DeploymentRow) -> Option<&ReplicaSetRow> {
        let revision = row.revision?;
        self.sets(&row.uid).find(|set| set.revision == Some(revision))
    }

    /// The Deployment with the start of its release joined from its ReplicaSet and its operation record.
    fn joined(&self, row: &DeploymentRow) -> Deployment {
        let mut deployment = row.deployment.clone();
        deployment.started.replica_set_created = self.current(row).and_then(|set| set.created_at);
        deployment.started.acted = row.record.as_ref().map(|record| record.started);
        deployment
    }

    fn judged(&self, uid: &Arc<str>, now: Instant) -> Option<(Rollout, Judgement)> {
        let row = self.deployments.get(uid)?;
        let current = self.current(row);
        let mut deployment = self.joined(row);
        deployment.started.acted = wire::acted(row.record.as_deref(), now);
        let newest: Vec<&Pod> = current.into_iter().flat_map(|set| self.pods_in(&set.uid)).collect();
        let judged = rollout::judge(&deployment, newest.iter().copied(), now);
        let old = self
            .sets(uid)
            .filter(|set| set.replicas > 0 && Some(&set.uid) != current.map(|set| &set.uid))
            .max_by_key(|set| set.revision);
        let all = self.sets(uid).flat_map(|set| self.pods_in(&set.uid));
        let changed_at = deployment.started.at();
        let available = current.map_or(0, |set| set.available);
        let is_moving = judged.verdict == Verdict::Progressing;
        let rollout = Rollout {
            workload: WorkloadRef {
                environment: self.environment.clone(),
                namespace: row.namespace.clone(),
                kind: Kind::Deployment,
                name: row.name.clone(),
            },
            uid: row.uid.clone(),
            verdict: judged.verdict,
            reason: judged.reason.as_deref().map(|reason| text::clean(reason).into()),
            counts: deployment.counts,
            revision: row.revision,
            images: row.images.clone(),
            old_images: old.map(|set| set.images.clone()).filter(|images| *images != row.images).unwrap_or_default(),
            changed_at,
            deadline_at: judged.deadline_at,
            rate_per_minute: if is_moving { rollout::rate_per_minute(available, changed_at, now) } else { None },
            terminating: u32::try_from(all.filter(|pod| pod.gone_by.is_some()).count()).unwrap_or(u32::MAX),
            notes: judged.notes.iter().map(|note| text::clean(note).into()).collect(),
            // A record ends only by expiring, but what is complete is over.
            record: row.record.clone().filter(|record| record.is_live(now) && judged.verdict != Verdict::Complete),
        };
        Some((rollout, judged))
    }
}

fn forget(index: &mut HashMap<Arc<str>, HashSet<Arc<str>>>, owner: &Arc<str>, uid: &Arc<str>) {
    if let Some(members) = index.get_mut(owner) {
        members.remove(uid);
        if members.is_empty() {
            index.remove(owner);
        }
    }
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
