//! CronJobs, their Jobs and the pods of those, joined into the rows of the jobs pane.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::feed::Resource;
use super::rows::Row;
use super::wire::{Interner, Wire, WireCronJob, WireJob};
use crate::domain::job::{
    CronReport, Job, JobJudgement, JobKind, JobRef, JobVerdict, RunReport, Schedule, judge_cron, judge_run,
};
use crate::domain::rollout::Pod;
use crate::domain::text;
use crate::domain::time::Instant;

/// What is kept of a CronJob or a Job.
#[derive(Debug)]
pub(super) struct JobRow {
    /// Which object it is.
    pub(super) uid: Arc<str>,
    namespace: Arc<str>,
    name: Arc<str>,
    what: What,
}

#[derive(Debug)]
enum What {
    Cron {
        report: CronReport,
        schedule: Result<Schedule, String>,
    },
    Run {
        report: RunReport,
        /// The CronJob it belongs to: uid and cleaned name.
        owner: Option<(Arc<str>, Arc<str>)>,
        is_manual: bool,
    },
}

impl What {
    const fn created_at(&self) -> Option<Instant> {
        match self {
            Self::Cron { report, .. } => report.created_at,
            Self::Run { report, .. } => report.created_at,
        }
    }
}

/// Feeds the tables with CronJobs.
pub(super) struct CronJobs;
/// Feeds the tables with Jobs.
pub(super) struct Jobs;

fn row<'a>(wire: &impl Wire<'a>, what: What, interner: &mut Interner) -> Row {
    let meta = wire.meta();
    Row::Job(Box::new(JobRow {
        uid: meta.uid.as_ref().into(),
        namespace: interner.keep_clean(&meta.namespace),
        name: text::clean(&meta.name).into(),
        what,
    }))
}

impl Resource for CronJobs {
    type Wire<'a> = WireCronJob<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/apis/batch/v1", JobKind::CronJob.plural());

    fn row(wire: &WireCronJob<'_>, interner: &mut Interner) -> Option<Row> {
        let report = wire.report(interner);
        let schedule = Schedule::read(&report.schedule, report.zone.as_deref());
        Some(row(wire, What::Cron { report, schedule }, interner))
    }
}

impl Resource for Jobs {
    type Wire<'a> = WireJob<'a>;
    const MAY_BE_ABSENT: bool = true;
    const PATH: (&'static str, &'static str) = ("/apis/batch/v1", JobKind::Job.plural());

    fn row(wire: &WireJob<'_>, interner: &mut Interner) -> Option<Row> {
        let what =
            What::Run { report: wire.report(interner), owner: wire.cron_job(interner), is_manual: wire.is_manual() };
        Some(row(wire, what, interner))
    }
}

/// The CronJobs and Jobs of one cluster, or of the part of it that is watched.
#[derive(Debug, Default)]
pub(super) struct JobTable {
    known: HashMap<Arc<str>, JobRow>,
    /// Jobs of a CronJob.
    runs_of: HashMap<Arc<str>, HashSet<Arc<str>>>,
    /// Jobs are judged before CronJobs, which look at them.
    dirty: HashSet<Arc<str>>,
    /// When one has to be judged again although nothing was reported.
    due: HashMap<Arc<str>, Instant>,
    judged: HashMap<Arc<str>, Arc<Job>>,
    ordered: BTreeMap<(JobVerdict, JobRef), Arc<Job>>,
    /// The rows as they were last told.
    rows: Arc<[Arc<Job>]>,
}

impl JobTable {
    /// Takes a new or changed object in.
    pub(super) fn upsert(&mut self, row: JobRow) {
        if let What::Run { owner: Some((owner, _)), .. } = &row.what {
            self.runs_of.entry(owner.clone()).or_default().insert(row.uid.clone());
        }
        self.dirty.insert(row.uid.clone());
        self.known.insert(row.uid.clone(), row);
    }

    /// Forgets an object; whether it was one of these.
    pub(super) fn delete(&mut self, uid: &Arc<str>) -> bool {
        let Some(row) = self.known.remove(uid) else { return false };
        self.due.remove(uid);
        self.dirty.remove(uid);
        if let Some(before) = self.judged.remove(uid) {
            self.ordered.remove(&(before.verdict, before.job.clone()));
        }
        if let What::Run { owner: Some((owner, _)), .. } = row.what {
            if let Some(runs) = self.runs_of.get_mut(&owner) {
                runs.remove(uid);
                if runs.is_empty() {
                    self.runs_of.remove(&owner);
                }
            }
            self.dirty.insert(owner);
        }
        self.rows = self.ordered.values().cloned().collect();
        true
    }

    /// A pod of it moved.
    pub(super) fn touch(&mut self, uid: &Arc<str>) {
        if self.known.contains_key(uid) {
            self.dirty.insert(uid.clone());
        }
    }

    /// Judges what changed or became due; whether any row is different now. `pods` gives the pods of a Job.
    pub(super) fn settle<'p>(
        &mut self,
        environment: &Arc<str>,
        pods: impl Fn(&Arc<str>) -> Vec<&'p Pod>,
        now: Instant,
    ) -> bool {
        let due: Vec<Arc<str>> = self.due.iter().filter(|(_, at)| **at <= now).map(|(uid, _)| uid.clone()).collect();
        self.dirty.extend(due);
        let mut is_changed = false;
        let (runs, crons): (Vec<_>, Vec<_>) = std::mem::take(&mut self.dirty)
            .into_iter()
            .partition(|uid| self.known.get(uid).is_some_and(|row| matches!(row.what, What::Run { .. })));
        let mut crons: HashSet<Arc<str>> = crons.into_iter().collect();
        for uid in runs {
            if self.place(&uid, self.judge(&uid, environment, &pods(&uid), now)) {
                is_changed = true;
                crons.extend(self.known.get(&uid).and_then(JobRow::owner).cloned());
            }
        }
        for uid in crons {
            is_changed |= self.place(&uid, self.judge(&uid, environment, &[], now));
        }
        if is_changed {
            self.rows = self.ordered.values().cloned().collect();
        }
        is_changed
    }

    fn judge(
        &self,
        uid: &Arc<str>,
        environment: &Arc<str>,
        pods: &[&Pod],
        now: Instant,
    ) -> Option<(Job, Option<Instant>)> {
        let row = self.known.get(uid)?;
        let job = JobRef {
            environment: environment.clone(),
            namespace: row.namespace.clone(),
            kind: row.kind(),
            name: row.name.clone(),
        };
        let blank = Job {
            job,
            uid: row.uid.clone(),
            created_at: row.what.created_at(),
            verdict: JobVerdict::Complete,
            reason: None,
            owner: None,
            schedule: None,
            last_run: None,
            last_success: None,
            next_run: None,
            missed: 0,
            active: 0,
            pods: crate::domain::job::PodCounts::default(),
            is_manual: false,
            notes: [].into(),
        };
        let (job, judged) = match &row.what {
            What::Run { report, owner, is_manual } => {
                let judged = judge_run(report, pods, now);
                let job = Job {
                    owner: owner.as_ref().map(|(_, name)| name.clone()),
                    last_run: report.run(),
                    last_success: report.run().and_then(|run| run.ended).filter(|_| report.end() == Some(true)),
                    active: u32::from(report.end().is_none() && !report.is_suspended),
                    pods: report.pods,
                    is_manual: *is_manual,
                    ..blank
                };
                (job, judged)
            }
            What::Cron { report, schedule } => {
                let runs = self.runs(uid);
                let judged = judge_cron(report, schedule.as_ref().map_err(String::as_str), &runs, now);
                let newest = runs.first().and_then(|run| run.last_run);
                let scheduled = report.last_scheduled.map(|began| crate::domain::job::Run { began, ended: None });
                let job = Job {
                    schedule: Some(text::clean(&report.words()).into()),
                    // The Job knows when it ended; without one there is only the time it was due.
                    last_run: newest.or(scheduled),
                    last_success: report.last_succeeded,
                    active: report.active,
                    ..blank
                };
                (job, judged)
            }
        };
        let JobJudgement { verdict, reason, notes, next_run, missed, look_again } = judged;
        let clean = |words: &String| Arc::from(text::clean(words).as_ref());
        let job = Job {
            verdict,
            reason: reason.as_ref().map(clean),
            notes: notes.iter().map(clean).collect(),
            next_run,
            missed,
            ..job
        };
        Some((job, look_again))
    }

    /// The judged Jobs of a CronJob, the newest first.
    fn runs(&self, cron: &Arc<str>) -> Vec<&Job> {
        let runs = self.runs_of.get(cron).into_iter().flatten();
        let mut runs: Vec<&Job> = runs.filter_map(|uid| self.judged.get(uid)).map(AsRef::as_ref).collect();
        runs.sort_by(|one, other| {
            let began = |job: &Job| job.last_run.map(|run| run.began);
            began(other).cmp(&began(one)).then_with(|| other.job.name.cmp(&one.job.name))
        });
        runs
    }

    /// Puts a judged row in its place; whether it is different from what was there.
    fn place(&mut self, uid: &Arc<str>, judged: Option<(Job, Option<Instant>)>) -> bool {
        let Some((job, look_again)) = judged else { return false };
        match look_again {
            Some(at) => self.due.insert(uid.clone(), at),
            None => self.due.remove(uid),
        };
        if self.judged.get(uid).is_some_and(|known| **known == job) {
            return false;
        }
        let job = Arc::new(job);
        if let Some(before) = self.judged.insert(uid.clone(), job.clone()) {
            self.ordered.remove(&(before.verdict, before.job.clone()));
        }
        self.ordered.insert((job.verdict, job.job.clone()), job);
        true
    }

    /// The next moment at which time alone may change a verdict.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }

    /// Every row, worst first.
    pub(super) fn rows(&self) -> Arc<[Arc<Job>]> {
        self.rows.clone()
    }
}

impl JobRow {
    const fn kind(&self) -> JobKind {
        match self.what {
            What::Cron { .. } => JobKind::CronJob,
            What::Run { .. } => JobKind::Job,
        }
    }

    /// The CronJob it belongs to.
    fn owner(&self) -> Option<&Arc<str>> {
        match &self.what {
            What::Run { owner: Some((uid, _)), .. } => Some(uid),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "jobs_tests.rs"]
mod tests;
