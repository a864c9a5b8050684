//! Workloads, their revisions and their pods, joined into the rows of the rollouts pane.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;

use super::around::Around;
use super::causes::{self, CauseTable};
use super::jobs::JobTable;
use super::nodes::NodeTable;
use super::releases::{self, Releases};
use super::rows::{PodRow, RevisionRow, Row, WorkloadRow};
use super::wire;
use crate::domain::action::OperationRecord;
use crate::domain::cause::Held;
use crate::domain::cluster::Focus;
use crate::domain::release::Release;
use crate::domain::rollout::{self, Blocked, Judgement, Kind, Pod, Report, Rollout, Sides, Verdict, WorkloadRef};
use crate::domain::service::{Services, Unmapped};
use crate::domain::text;
use crate::domain::time::Instant;

/// The tables of one cluster, or of the part of it that is watched.
#[derive(Debug, Default)]
pub(super) struct Tables {
    environment: Arc<str>,
    /// How far the cluster's clock is ahead of ours.
    ahead: TimeDelta,
    services: Arc<Services>,
    workloads: HashMap<Arc<str>, WorkloadRow>,
    revisions: HashMap<Arc<str>, RevisionRow>,
    /// Boxed: a table of 20,000 has room for 32,000.
    pods: HashMap<Arc<str>, Box<PodRow>>,
    /// Revisions of a workload.
    revisions_of: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Pods of their owner: a ReplicaSet, or a workload itself.
    pods_of: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Which feed an object came from, so that a new list replaces only its own.
    fed_by: HashMap<Arc<str>, usize>,
    /// What is said of the volumes of a pod that do not come, with the namespace it was read of.
    volumes: HashMap<Arc<str>, (Arc<str>, Blocked)>,
    dirty: HashSet<Arc<str>>,
    /// When a workload has to be judged again although nothing was reported.
    due: HashMap<Arc<str>, Instant>,
    ordered: BTreeMap<(Verdict, WorkloadRef), Arc<Rollout>>,
    placed: HashMap<Arc<str>, (Verdict, WorkloadRef)>,
    /// Releases that were told, and what to look at for the next.
    releases: Releases,
    /// What runs to an end.
    pub(super) jobs: JobTable,
    /// What all of it runs on.
    pub(super) nodes: NodeTable,
    /// What holds several of them.
    pub(super) causes: CauseTable,
}

impl Tables {
    pub(super) fn new(environment: Arc<str>, services: Arc<Services>) -> Self {
        Self { environment, services, ..Self::default() }
    }

    /// Takes a new or changed object in. A feed tells in order, and each object comes from one feed: the last word counts.
    pub(super) fn upsert(&mut self, feed: usize, row: Row) {
        self.fed_by.insert(row.uid().clone(), feed);
        match row {
            Row::Workload(row) => {
                self.dirty.insert(row.uid.clone());
                self.workloads.insert(row.uid.clone(), *row);
            }
            Row::Revision(row) => {
                self.dirty.insert(row.owner.clone());
                self.revisions_of.entry(row.owner.clone()).or_default().insert(row.uid.clone());
                self.revisions.insert(row.uid.clone(), row);
            }
            Row::Pod(mut row) => {
                let uid = row.pod.uid.clone();
                row.pod.volume = self.volume_of(&uid);
                if self.pods.get(&uid).is_some_and(|known| known.pod == row.pod) {
                    return;
                }
                self.touch_owner(&row.owner);
                self.nodes.count(self.pods.get(&uid).map(|known| &known.pod), Some(&row.pod));
                self.pods_of.entry(row.owner.clone()).or_default().insert(uid.clone());
                self.pods.insert(uid, row);
            }
            Row::Job(row) => self.jobs.upsert(*row),
            Row::Node(row) => self.nodes.upsert(*row),
        }
    }

    /// Forgets an object.
    pub(super) fn delete(&mut self, uid: &Arc<str>) {
        self.fed_by.remove(uid);
        if self.workloads.remove(uid).is_some() {
            self.due.remove(uid);
            self.dirty.remove(uid);
            self.releases.forget(uid);
            self.causes.hold(uid, None);
            if let Some(place) = self.placed.remove(uid) {
                self.ordered.remove(&place);
            }
        } else if let Some(row) = self.revisions.remove(uid) {
            forget(&mut self.revisions_of, &row.owner, uid);
            self.dirty.insert(row.owner);
        } else if let Some(row) = self.pods.remove(uid) {
            forget(&mut self.pods_of, &row.owner, uid);
            self.nodes.count(Some(&row.pod), None);
            self.touch_owner(&row.owner);
        } else if !self.jobs.delete(uid) {
            self.nodes.delete(uid);
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

    /// Notes what stands around the workloads of a namespace; `None` when it could not be read, and what was known stays.
    pub(super) fn surround(&mut self, namespace: Arc<str>, around: Option<Around>) {
        if let Some(around) = &around {
            let before = self.volumes.extract_if(|_, (of, _)| *of == namespace).map(|(uid, _)| uid);
            let mut uids: HashSet<Arc<str>> = before.collect();
            uids.extend(around.volumes.iter().map(|(uid, _)| uid.clone()));
            let said = around.volumes.iter().map(|(uid, said)| (uid.clone(), (namespace.clone(), said.clone())));
            self.volumes.extend(said);
            for uid in uids {
                let volume = self.volume_of(&uid);
                if let Some(row) = self.pods.get_mut(&uid).filter(|row| row.pod.volume != volume) {
                    row.pod.volume = volume;
                    let owner = row.owner.clone();
                    self.touch_owner(&owner);
                }
            }
        }
        self.causes.surround(namespace, around);
    }

    fn volume_of(&self, pod: &Arc<str>) -> Option<Box<Blocked>> {
        self.volumes.get(pod).map(|(_, said)| Box::new(said.clone()))
    }

    fn touch_owner(&mut self, owner: &Arc<str>) {
        self.jobs.touch(owner);
        let workload = self.revisions.get(owner).map_or(owner, |revision| &revision.owner);
        self.dirty.insert(workload.clone());
    }

    /// Notes how far the cluster's clock is ahead of ours: operation records are in its time.
    pub(super) const fn run_ahead(&mut self, ahead: TimeDelta) {
        self.ahead = ahead;
    }

    /// Judges what changed or became due; whether any row is different now.
    pub(super) fn settle(&mut self, now: Instant) -> bool {
        let due: Vec<Arc<str>> = self.due.iter().filter(|(_, at)| **at <= now).map(|(uid, _)| uid.clone()).collect();
        self.dirty.extend(due);
        let (pods, pods_of) = (&self.pods, &self.pods_of);
        let pods_in = |owner: &Arc<str>| {
            let uids = pods_of.get(owner).into_iter().flatten();
            uids.filter_map(|uid| pods.get(uid)).map(|row| &row.pod).collect()
        };
        let mut is_changed = self.jobs.settle(&self.environment, pods_in, now);
        for uid in std::mem::take(&mut self.dirty) {
            let Some((rollout, judged)) = self.judged(&uid, now) else { continue };
            match judged.look_again {
                Some(at) => self.due.insert(uid.clone(), at),
                None => self.due.remove(&uid),
            };
            self.releases.touch(&uid, rollout.verdict);
            if rollout.verdict == Verdict::Complete {
                self.causes.hold(&uid, None);
            } else {
                let held = self.held(&uid, &rollout, now);
                self.causes.hold(&uid, held);
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
        let are_nodes_changed = self.nodes.settle(&self.environment);
        is_changed |= self.causes.settle(&self.environment, &self.nodes.rows(), are_nodes_changed);
        is_changed | are_nodes_changed
    }

    /// What causes are found in, of a workload that is not complete.
    fn held(&self, uid: &Arc<str>, rollout: &Rollout, now: Instant) -> Option<Held> {
        let row = self.workloads.get(uid)?;
        let pods = self.pod_rows_under(row).filter_map(|row| causes::stuck(row, now)).collect();
        Some(causes::held(rollout, &row.report, pods))
    }

    /// The next moment at which time alone may change a verdict.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.values().min().copied().into_iter().chain(self.jobs.next_due()).min()
    }

    /// Every row, worst first.
    pub(super) fn rows(&self) -> Arc<[Arc<Rollout>]> {
        self.ordered.values().cloned().collect()
    }

    /// Whether there is any workload.
    pub(super) fn has_rows(&self) -> bool {
        !self.workloads.is_empty()
    }

    /// How many pods are known.
    pub(super) fn pods(&self) -> usize {
        self.pods.len()
    }

    /// What was released, or found fully available, since the last call: each is told once.
    ///
    /// Only to be asked once every revision was listed: before, an old one may look like the newest.
    pub(super) fn newly_released(&mut self) -> Vec<Release> {
        let mut releases = std::mem::take(&mut self.releases);
        let found = releases.news(|uid, is_complete| self.release(uid, is_complete));
        self.releases = releases;
        found
    }

    /// The present release of a workload; `None` until its controller has seen the newest template and made a revision of it.
    fn release(&self, uid: &Arc<str>, is_complete: bool) -> Option<Release> {
        let row = self.workloads.get(uid)?;
        let current = self.current(row).filter(|_| row.report.observed_generation >= row.report.generation)?;
        let workload = WorkloadRef {
            environment: self.environment.clone(),
            namespace: row.namespace.clone(),
            kind: row.report.kind,
            name: row.name.clone(),
        };
        let service = self.services.of(&workload, Some(&row.service)).ok();
        let started = self.joined(row).started;
        let others = || self.revisions_of(uid).filter(|other| other.uid != current.uid);
        Some(releases::release(workload, service, row, (current, &|| others()), started, is_complete))
    }

    /// What is known of a workload, pods included.
    pub(super) fn focus(&self, workload: &WorkloadRef) -> Option<Focus> {
        let (uid, place) = self.placed.iter().find(|(_, (_, placed))| placed == workload)?;
        let row = self.workloads.get(uid)?;
        let mut pods: Vec<Pod> = self.pods_under(row).cloned().collect();
        pods.sort_by(|one, other| {
            (one.is_over(), one.is_ready, &one.name).cmp(&(other.is_over(), other.is_ready, &other.name))
        });
        Some(Focus {
            workload: workload.clone(),
            rollout: self.ordered.get(place)?.clone(),
            report: self.joined(row),
            pods,
        })
    }

    fn rows_in(&self, owner: &Arc<str>) -> impl Iterator<Item = &PodRow> + Clone {
        self.pods_of.get(owner).into_iter().flatten().filter_map(|uid| self.pods.get(uid).map(Box::as_ref))
    }

    fn pods_in(&self, owner: &Arc<str>) -> impl Iterator<Item = &Pod> + Clone {
        self.rows_in(owner).map(|row| &row.pod)
    }

    /// Every pod of a workload.
    fn pods_under(&self, row: &WorkloadRow) -> impl Iterator<Item = &Pod> {
        self.pod_rows_under(row).map(|row| &row.pod)
    }

    fn pod_rows_under(&self, row: &WorkloadRow) -> impl Iterator<Item = &PodRow> {
        let own = self.rows_in(&row.uid);
        own.chain(self.revisions_of(&row.uid).flat_map(|revision| self.rows_in(&revision.uid)))
    }

    /// The pods of one revision of a workload.
    fn pods_at<'t>(&'t self, row: &'t WorkloadRow, revision: &'t RevisionRow) -> impl Iterator<Item = &'t Pod> {
        let own = self.pods_in(&row.uid).filter(|pod| pod.template_hash == revision.hash);
        own.chain(self.pods_in(&revision.uid))
    }

    fn revisions_of(&self, workload: &Arc<str>) -> impl Iterator<Item = &RevisionRow> {
        self.revisions_of.get(workload).into_iter().flatten().filter_map(|uid| self.revisions.get(uid))
    }

    /// The revision of the current template: the one with the number the workload names, or with the label of its newest
    /// pods; a DaemonSet names neither, and its newest counts.
    fn current(&self, row: &WorkloadRow) -> Option<&RevisionRow> {
        let mut all = self.revisions_of(&row.uid);
        match row.report.kind {
            Kind::Deployment => {
                let number = row.revision?;
                all.find(|revision| revision.number == Some(number))
            }
            Kind::StatefulSet => all.find(|revision| revision.hash == row.update_revision),
            Kind::DaemonSet => all.max_by_key(|revision| revision.number),
        }
    }

    /// The report with the start of its release joined from its revision and its operation record.
    fn joined(&self, row: &WorkloadRow) -> Report {
        let mut report = row.report.clone();
        report.started.revision_created = self.current(row).and_then(|revision| revision.created_at);
        report.started.acted = row.record.as_ref().and_then(|record| record.released());
        report
    }

    fn in_our_time(&self, record: &Arc<OperationRecord>) -> Arc<OperationRecord> {
        if self.ahead.is_zero() {
            return record.clone();
        }
        Arc::new(record.as_ref().clone().shifted(-self.ahead))
    }

    fn judged(&self, uid: &Arc<str>, now: Instant) -> Option<(Rollout, Judgement)> {
        let row = self.workloads.get(uid)?;
        let current = self.current(row);
        let mut report = self.joined(row);
        report.started.acted = wire::acted(row.record.as_deref(), now + self.ahead);
        let record = row.record.as_ref().map(|record| self.in_our_time(record));
        let newest: Vec<&Pod> = current.into_iter().flat_map(|revision| self.pods_at(row, revision)).collect();
        let judged = rollout::judge(&report, newest.iter().copied(), now);
        let is_old = |revision: &&RevisionRow| Some(&revision.uid) != current.map(|current| &current.uid);
        let old = self
            .revisions_of(uid)
            .filter(is_old)
            .filter(|revision| revision.replicas > 0 || self.pods_at(row, revision).any(|pod| !pod.is_over()))
            .max_by_key(|revision| revision.number);
        let changed_at = report.started.at();
        // Pods that were there before the release began were not made by it.
        let is_of_this_release = |pod: &&&Pod| pod.is_ready && pod.created_at.max(changed_at) == pod.created_at;
        let available = count(newest.iter().filter(is_of_this_release));
        let is_moving = judged.verdict == Verdict::Progressing;
        let workload = WorkloadRef {
            environment: self.environment.clone(),
            namespace: row.namespace.clone(),
            kind: report.kind,
            name: row.name.clone(),
        };
        let service = self.services.of(&workload, Some(&row.service));
        // Without a label it is plain; a list that lacks it is worth a line.
        let left_out =
            service.as_ref().err().filter(|why| matches!(why, Unmapped::NotListed(_))).map(Unmapped::sentence);
        let rollout = Rollout {
            service: service.ok(),
            workload,
            uid: row.uid.clone(),
            verdict: judged.verdict,
            reason: judged.reason.as_deref().map(|reason| text::clean(reason).into()),
            stuck_pod: judged.stuck_pod.clone(),
            counts: report.counts,
            revision: row.revision.or_else(|| current.and_then(|revision| revision.number)),
            images: row.images.clone(),
            old_images: old.map(|old| old.images.clone()).filter(|images| *images != row.images).unwrap_or_default(),
            changed_at,
            sides: Sides::of(&newest, self.pods_under(row)),
            deadline_at: judged.deadline_at,
            rate_per_minute: if is_moving { rollout::rate_per_minute(available, changed_at, now) } else { None },
            terminating: count(self.pods_under(row).filter(|pod| pod.gone_by.is_some())),
            notes: judged.notes.iter().chain(&left_out).map(|note| text::clean(note).into()).collect(),
            // A record ends only by expiring, but what is complete is over.
            record: record.filter(|record| record.is_live(now) && judged.verdict != Verdict::Complete),
            maintenance: row.maintenance.clone(),
        };
        Some((rollout, judged))
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
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
