//! Backups that a CronJob or a Job makes: as its runs end, so is the backup. A run that ended well says that it exited 0 and no more.

use std::sync::Arc;

use super::{Backup, BackupKind, CLOCKS_DIFFER, Outcome, Reading};
use crate::domain::job::{Job, JobKind, JobVerdict, Schedule};
use crate::domain::text;

/// What the runs of a job do not say.
const WROTE: &str = "That a run ended well says that it exited 0: how much it wrote is known where its script ends in quarterdeck record backup SET --bytes N.";

/// Which CronJob or Job makes the backups of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBy {
    /// The environment it is in; `None` for the only one.
    pub environment: Option<Arc<str>>,
    /// Its namespace; `None` where its name is enough.
    pub namespace: Option<Arc<str>>,
    /// Its kind.
    pub kind: JobKind,
    /// Its name.
    pub name: Arc<str>,
}

impl MadeBy {
    /// Whether it is to be looked for in an environment.
    pub fn is_in(&self, environment: &str) -> bool {
        self.environment.as_ref().is_none_or(|named| **named == *environment)
    }

    fn is(&self, job: &Job) -> bool {
        job.job.kind == self.kind
            && *job.job.name == *self.name
            && self.namespace.as_ref().is_none_or(|namespace| job.job.namespace == *namespace)
    }

    /// What the jobs of its cluster tell of it.
    ///
    /// # Errors
    /// The sentence to show when it is not there, or is not the only one of its name.
    pub fn read(&self, jobs: &[Arc<Job>], kind: BackupKind) -> Result<Reading, String> {
        let named: Vec<&Arc<Job>> = jobs.iter().filter(|job| self.is(job)).collect();
        let place = self.namespace.as_ref().map(|namespace| format!(" in namespace {namespace}")).unwrap_or_default();
        let [job] = named.as_slice() else {
            return Err(match named.as_slice() {
                [] => format!("There is no {} {}{place}: was it deleted or renamed?", self.kind.word(), self.name),
                several => {
                    let places: Vec<&str> = several.iter().map(|job| &*job.job.namespace).collect();
                    format!(
                        "{} {} is in {}: say which with namespace.",
                        self.kind.word(),
                        self.name,
                        places.join(" and ")
                    )
                }
            });
        };
        let mut reading =
            Reading { is_suspended: job.verdict == JobVerdict::Suspended, since: job.created_at, ..Reading::default() };
        // The zone stands behind the five fields of what a list shows.
        reading.schedule = job.schedule.as_deref().and_then(|words| {
            let zone = words
                .rsplit_once(' ')
                .filter(|(_, zone)| zone.contains('/'))
                .map(|(fields, zone)| (fields, Some(zone)));
            let (fields, zone) = zone.unwrap_or((words, None));
            Schedule::read(fields, zone).ok()
        });
        let is_run = |run: &&Arc<Job>| {
            let is_its = run.owner.as_deref() == Some(&*job.job.name) && run.job.namespace == job.job.namespace;
            run.job.kind == JobKind::Job && (is_its || run.uid == job.uid)
        };
        reading.backups = jobs.iter().filter(is_run).map(|run| backup(run, kind)).collect();
        // Its Jobs go after a while; the controller remembers the last that succeeded.
        let newest =
            reading.backups.iter().filter(|one| one.outcome == Outcome::Good).filter_map(|one| one.finished).max();
        if let Some(at) = job.last_success.filter(|at| newest.is_none_or(|newest| newest < *at)) {
            let id = format!("{} of {}", job.job.name, at.format("%Y-%m-%d %H:%M UTC"));
            reading.backups.push(Backup {
                id: id.into(),
                began: None,
                finished: Some(at),
                outcome: Outcome::Good,
                ..blank(kind)
            });
        }
        if !reading.backups.is_empty() {
            reading.notes.push(WROTE.to_owned());
        }
        Ok(reading)
    }
}

impl Reading {
    /// Adds what scripts recorded. A record that was made while a run went on, or as it ended, is of that run: it says what the run wrote,
    /// and a run that wrote nothing is no backup, however well it ended.
    pub(super) fn record(&mut self, recorded: &[Backup], kind: BackupKind) {
        for record in recorded {
            let of = |run: &&mut Backup| {
                let (Some(at), Some(began)) = (record.finished, run.began) else { return false };
                let ended = run.finished.unwrap_or(at);
                !run.is_physical && run.bytes.is_none() && at >= began - CLOCKS_DIFFER && at <= ended + CLOCKS_DIFFER
            };
            match self.backups.iter_mut().find(of) {
                Some(run) => run.bytes = record.bytes,
                None => self.backups.push(Backup { kind, ..record.clone() }),
            }
        }
    }
}

fn blank(kind: BackupKind) -> Backup {
    Backup {
        id: Arc::default(),
        kind,
        outcome: Outcome::Running,
        began: None,
        finished: None,
        bytes: None,
        is_physical: false,
        wal: None,
        parents: Vec::new(),
    }
}

fn backup(run: &Job, kind: BackupKind) -> Backup {
    let outcome = match run.verdict {
        JobVerdict::Complete => Outcome::Good,
        JobVerdict::Failed => {
            let why = run.reason.as_deref().unwrap_or("it failed, and no reason was given");
            Outcome::Bad(why.trim_end_matches('.').to_owned())
        }
        _ => Outcome::Running,
    };
    Backup {
        id: text::clean(&run.job.name).into(),
        outcome,
        began: run.last_run.map(|run| run.began),
        finished: run.last_run.and_then(|run| run.ended),
        ..blank(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::{JobRef, PodCounts, Run};
    use crate::domain::time::Instant;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn job(kind: JobKind, name: &str, verdict: JobVerdict) -> Job {
        Job {
            job: JobRef { environment: "production".into(), namespace: "shop".into(), kind, name: name.into() },
            uid: name.into(),
            created_at: Some(at("2026-11-01T00:00:00Z")),
            verdict,
            reason: None,
            owner: None,
            schedule: None,
            last_run: None,
            last_success: None,
            next_run: None,
            missed: 0,
            active: 0,
            pods: PodCounts::default(),
            is_manual: false,
            notes: [].into(),
        }
    }

    fn run(name: &str, day: u32, verdict: JobVerdict) -> Job {
        let began = at(&format!("2026-11-{day}T02:00:00Z"));
        let ended = (verdict != JobVerdict::Running).then(|| began + chrono::TimeDelta::minutes(20));
        Job { owner: Some("dump".into()), last_run: Some(Run { began, ended }), ..job(JobKind::Job, name, verdict) }
    }

    fn dump() -> MadeBy {
        MadeBy { environment: None, namespace: None, kind: JobKind::CronJob, name: "dump".into() }
    }

    #[test]
    fn runs_are_backups_as_they_ended() {
        let cron = Job {
            schedule: Some("30 1 * * * Asia/Tokyo".into()),
            last_success: Some(at("2026-11-24T02:20:00Z")),
            ..job(JobKind::CronJob, "dump", JobVerdict::Failed)
        };
        let runs = [
            run("dump-1", 24, JobVerdict::Complete),
            run("dump-2", 25, JobVerdict::Failed),
            run("dump-3", 26, JobVerdict::Running),
        ];
        let other = Job { owner: Some("other".into()), ..run("other-1", 26, JobVerdict::Complete) };
        let jobs: Vec<Arc<Job>> = runs.into_iter().chain([cron, other]).map(Arc::new).collect();
        let reading = dump().read(&jobs, BackupKind::Full).expect("it is there");
        let told: Vec<_> = reading.backups.iter().map(|one| (&*one.id, one.outcome == Outcome::Good)).collect();
        assert_eq!(told, [("dump-1", true), ("dump-2", false), ("dump-3", false)]);
        assert_eq!(reading.backups[0].data_at(), Some(at("2026-11-24T02:00:00Z")), "a dump is as old as its beginning");
        assert_eq!(reading.schedule, Schedule::read("30 1 * * *", Some("Asia/Tokyo")).ok());
        assert_eq!((reading.is_suspended, reading.since), (false, Some(at("2026-11-01T00:00:00Z"))));
    }

    #[test]
    fn a_success_whose_job_is_gone_is_remembered_by_the_controller() {
        let cron = Job {
            last_success: Some(at("2026-11-24T02:20:00Z")),
            ..job(JobKind::CronJob, "dump", JobVerdict::Suspended)
        };
        let reading = dump().read(&[Arc::new(cron)], BackupKind::Full).expect("it is there");
        assert_eq!(reading.backups[0].finished, Some(at("2026-11-24T02:20:00Z")));
        assert!(reading.is_suspended);
    }

    #[test]
    fn a_run_that_wrote_nothing_is_no_backup_however_well_it_ended() {
        let jobs: Vec<Arc<Job>> = [
            job(JobKind::CronJob, "dump", JobVerdict::Complete),
            run("dump-1", 24, JobVerdict::Complete),
            run("dump-2", 25, JobVerdict::Complete),
        ]
        .map(Arc::new)
        .into();
        let mut reading = dump().read(&jobs, BackupKind::Full).expect("it is there");
        let record = |time: &str, bytes| Backup {
            id: time.into(),
            finished: Some(at(time)),
            outcome: Outcome::Good,
            bytes: Some(bytes),
            ..blank(BackupKind::Full)
        };
        let records = [
            record("2026-11-25T02:20:30Z", 20),
            record("2026-11-24T02:19:00Z", 4_000_000),
            record("2026-11-23T02:19:00Z", 9),
        ];
        reading.record(&records, BackupKind::Files);
        let told: Vec<_> = reading.backups.iter().map(|one| (&*one.id, one.bytes)).collect();
        assert_eq!(
            told,
            [("dump-1", Some(4_000_000)), ("dump-2", Some(20)), ("2026-11-23T02:19:00Z", Some(9))],
            "20 bytes are what a dump that failed leaves of gzip"
        );
    }

    #[test]
    fn one_that_is_not_there_or_not_the_only_one_is_said() {
        assert_eq!(
            dump().read(&[], BackupKind::Full),
            Err("There is no CronJob dump: was it deleted or renamed?".to_owned())
        );
        let mut far = job(JobKind::CronJob, "dump", JobVerdict::Complete);
        far.job.namespace = "billing".into();
        let jobs = [Arc::new(job(JobKind::CronJob, "dump", JobVerdict::Complete)), Arc::new(far)];
        let why = dump().read(&jobs, BackupKind::Full).expect_err("two");
        assert_eq!(why, "CronJob dump is in shop and billing: say which with namespace.");
        let near = MadeBy { namespace: Some("shop".into()), ..dump() };
        assert!(near.read(&jobs, BackupKind::Full).is_ok());
    }
}
