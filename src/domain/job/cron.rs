//! A CronJob: whether its runs come when they are due, and how they end.

use std::sync::Arc;

use chrono::TimeDelta;

use super::missed::MOST_MISSED;
use super::{Job, JobJudgement, JobVerdict, Schedule};
use crate::domain::time::Instant;

/// How long after it is due a run may begin: the controller looks every few seconds, a busy one less often.
const LATE_AFTER: TimeDelta = TimeDelta::seconds(60);
/// What happens when a run is due while another is still under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Concurrency {
    /// Both run.
    #[default]
    Allow,
    /// The new one is left out.
    Forbid,
    /// The old one is stopped.
    Replace,
}

/// What is read of a CronJob to judge it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CronReport {
    /// `spec.schedule`, as written.
    pub schedule: Arc<str>,
    /// `spec.timeZone`.
    pub zone: Option<Arc<str>>,
    /// `spec.suspend`.
    pub is_suspended: bool,
    /// `spec.concurrencyPolicy`.
    pub concurrency: Concurrency,
    /// How long after it was due a run may still begin.
    pub starting_deadline: Option<TimeDelta>,
    /// When it was made.
    pub created_at: Option<Instant>,
    /// The time the last run was due that was started. It moves even when the run then fails.
    pub last_scheduled: Option<Instant>,
    /// When a run last succeeded.
    pub last_succeeded: Option<Instant>,
    /// Runs the controller knows to be under way.
    pub active: u32,
    /// Whether its Jobs go as soon as they end: a history limit of 0, or a `ttlSecondsAfterFinished` of 0.
    pub keeps_no_jobs: bool,
}

impl CronReport {
    /// The schedule as a list shows it: `0 2 * * *`, `@daily Asia/Tokyo`.
    pub fn words(&self) -> String {
        self.zone.as_deref().map_or_else(|| self.schedule.to_string(), |zone| format!("{} {zone}", self.schedule))
    }
}

fn clock(at: Instant) -> String {
    at.format("%m-%d %H:%M UTC").to_string()
}

/// The runs that were due and were not started.
struct Overdue {
    newest: Instant,
    count: usize,
}

fn overdue(report: &CronReport, schedule: &Schedule, now: Instant) -> Option<Overdue> {
    let since = report.last_scheduled.or(report.created_at)?;
    let due = schedule.between(since, now - LATE_AFTER, MOST_MISSED);
    Some(Overdue { newest: *due.last()?, count: due.len() })
}

/// Judges a CronJob by its own report and by its runs, the newest first.
pub fn judge_cron(report: &CronReport, schedule: Result<&Schedule, &str>, runs: &[&Job], now: Instant) -> JobJudgement {
    let overdue = schedule.ok().filter(|_| !report.is_suspended).and_then(|schedule| overdue(report, schedule, now));
    let anchor = report.last_scheduled.or(report.created_at);
    let next_run = schedule.ok().filter(|_| !report.is_suspended).and_then(|schedule| schedule.upcoming(anchor, now));
    let mut judged = verdict(report, overdue.as_ref(), runs, now);
    if let Err(why) = schedule {
        judged.notes.push(format!("when it runs next is not known: {why}"));
    }
    if report.last_scheduled.is_none() && !report.is_suspended && overdue.is_none() {
        judged.notes.push("it has not run yet".to_owned());
    }
    judged.notes.extend(untold(report, runs, now));
    judged.missed = overdue.map_or(0, |overdue| u32::try_from(overdue.count).unwrap_or(u32::MAX));
    let becomes_late = schedule
        .ok()
        .filter(|_| !report.is_suspended)
        .and_then(|schedule| schedule.next(anchor?).map(|due| due + LATE_AFTER));
    judged.look_again = [next_run, becomes_late].into_iter().flatten().filter(|at| *at > now).min();
    judged.next_run = next_run;
    judged
}

fn verdict(report: &CronReport, overdue: Option<&Overdue>, runs: &[&Job], now: Instant) -> JobJudgement {
    let ended = runs.iter().find(|run| matches!(run.verdict, JobVerdict::Failed | JobVerdict::Complete));
    let failed = ended.filter(|run| run.verdict == JobVerdict::Failed).map(|run| {
        let began = run.last_run.map(|run| format!(" (run of {})", clock(run.began))).unwrap_or_default();
        format!("{}{began}", run.reason.as_deref().unwrap_or("it failed, and no reason was given"))
    });
    let failed = failed.or_else(|| vanished(report, runs, now));
    if report.is_suspended {
        // Somebody decided that; how it ended before is worth a line, not an alarm.
        let mut judged =
            JobJudgement::of(JobVerdict::Suspended, Some("suspended: no run begins until it is resumed".to_owned()));
        judged.notes.extend(failed);
        return judged;
    }
    if let Some(why) = failed {
        let mut judged = JobJudgement::of(JobVerdict::Failed, Some(why));
        if report.active > 0 {
            judged.notes.push("another run is under way".to_owned());
        }
        return judged;
    }
    if let Some(stuck) = runs.iter().find(|run| run.verdict == JobVerdict::Stuck) {
        return JobJudgement::of(JobVerdict::Stuck, stuck.reason.as_deref().map(str::to_owned));
    }
    let waits = report.concurrency == Concurrency::Forbid && report.active > 0;
    match overdue {
        Some(Overdue { newest, .. }) if waits => {
            let words =
                format!("the run due at {} waits for the one under way (concurrencyPolicy Forbid)", clock(*newest));
            return JobJudgement::of(JobVerdict::Running, Some(words));
        }
        Some(overdue) => return JobJudgement::of(JobVerdict::Late, Some(late(report, overdue, now))),
        None => {}
    }
    if report.active > 0 {
        let tries = runs.iter().find(|run| run.verdict == JobVerdict::Running).and_then(|run| run.reason.as_deref());
        return JobJudgement::of(JobVerdict::Running, tries.map(str::to_owned));
    }
    JobJudgement::of(JobVerdict::Complete, None)
}

fn late(report: &CronReport, overdue: &Overdue, now: Instant) -> String {
    let mut words = format!("the run due {} was not started", clock(overdue.newest));
    match overdue.count {
        0 | 1 => {}
        MOST_MISSED => words.push_str("; 100 or more runs were missed"),
        count => words = format!("{words}; {count} runs were missed"),
    }
    if report.starting_deadline.is_some_and(|deadline| overdue.newest + deadline < now) {
        words.push_str("; its startingDeadlineSeconds have passed, so it will not be made up for");
    }
    words
}

/// The newest run, where no success of it came and its Job is not there to say why.
fn lost(report: &CronReport, runs: &[&Job], now: Instant) -> Option<Instant> {
    let scheduled = report.last_scheduled?;
    let is_there = runs.iter().any(|run| run.last_run.is_some_and(|run| run.began >= scheduled));
    let is_without_success = report.last_succeeded.is_none_or(|succeeded| succeeded < scheduled);
    let is_lost = is_without_success && !is_there && report.active == 0 && now - scheduled >= LATE_AFTER;
    is_lost.then_some(scheduled)
}

/// A run that is lost although its Job would be kept: it did not succeed, or somebody deleted it.
fn vanished(report: &CronReport, runs: &[&Job], now: Instant) -> Option<String> {
    let scheduled = lost(report, runs, now).filter(|_| !report.keeps_no_jobs)?;
    Some(format!("no success of the run of {} is on record, and its Job is not there any more", clock(scheduled)))
}

/// A run whose Job went as soon as it ended: whether it succeeded nobody can tell, and it is no failure.
fn untold(report: &CronReport, runs: &[&Job], now: Instant) -> Option<String> {
    let scheduled = lost(report, runs, now).filter(|_| report.keeps_no_jobs)?;
    Some(format!(
        "how the run of {} ended is not known: its Jobs are not kept (history limit or TTL 0)",
        clock(scheduled)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{JobKind, JobRef, PodCounts, Run};
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("a time")
    }

    fn nightly() -> CronReport {
        CronReport {
            schedule: "0 2 * * *".into(),
            created_at: Some(at("2026-11-01T12:00:00Z")),
            last_scheduled: Some(at("2026-11-24T02:00:00Z")),
            last_succeeded: Some(at("2026-11-24T02:07:00Z")),
            ..CronReport::default()
        }
    }

    fn run(began: &str, verdict: JobVerdict, reason: Option<&str>) -> Job {
        let began = at(began);
        Job {
            job: JobRef {
                environment: "test".into(),
                namespace: "shop".into(),
                kind: JobKind::Job,
                name: "backup-1".into(),
            },
            uid: "u".into(),
            created_at: None,
            verdict,
            reason: reason.map(Into::into),
            owner: Some("backup".into()),
            schedule: None,
            last_run: Some(Run { began, ended: None }),
            last_success: None,
            next_run: None,
            missed: 0,
            active: 0,
            pods: PodCounts::default(),
            is_manual: false,
            notes: [].into(),
        }
    }

    fn judged(report: &CronReport, runs: &[Job], now: &str) -> JobJudgement {
        let schedule = Schedule::read(&report.schedule, report.zone.as_deref());
        let runs: Vec<&Job> = runs.iter().collect();
        judge_cron(report, schedule.as_ref().map_err(String::as_str), &runs, at(now))
    }

    #[test]
    fn a_nightly_run_that_succeeded_is_complete_and_the_next_one_known() {
        let judged =
            judged(&nightly(), &[run("2026-11-24T02:00:02Z", JobVerdict::Complete, None)], "2026-11-24T09:00:00Z");
        assert_eq!((judged.verdict, judged.missed), (JobVerdict::Complete, 0));
        assert_eq!(judged.next_run, Some(at("2026-11-25T02:00:00Z")));
        assert_eq!(judged.look_again, Some(at("2026-11-25T02:00:00Z")));
    }

    #[test]
    fn a_run_that_did_not_begin_is_late_after_a_minute_and_not_before() {
        assert_eq!(judged(&nightly(), &[], "2026-11-25T02:00:59Z").verdict, JobVerdict::Complete);
        let late = judged(&nightly(), &[], "2026-11-25T02:01:00Z");
        assert_eq!((late.verdict, late.missed), (JobVerdict::Late, 1));
        assert!(late.reason.as_deref().is_some_and(|why| why.contains("the run due 11-25 02:00 UTC")), "{late:?}");
        let strict = CronReport { starting_deadline: Some(TimeDelta::minutes(10)), ..nightly() };
        let given_up = judged(&strict, &[], "2026-11-27T03:00:00Z");
        assert_eq!(given_up.missed, 3);
        assert!(
            given_up
                .reason
                .is_some_and(|why| why.contains("3 runs were missed") && why.contains("startingDeadlineSeconds"))
        );
    }

    #[test]
    fn the_last_run_that_ended_decides_even_while_another_one_runs() {
        let failed = run("2026-11-24T02:00:00Z", JobVerdict::Failed, Some("BackoffLimitExceeded"));
        let again = run("2026-11-24T08:00:00Z", JobVerdict::Running, None);
        let report = CronReport { active: 1, last_succeeded: Some(at("2026-11-23T02:07:00Z")), ..nightly() };
        let judged_failed = judged(&report, &[again, failed.clone()], "2026-11-24T09:00:00Z");
        assert_eq!(judged_failed.verdict, JobVerdict::Failed);
        assert!(judged_failed.reason.is_some_and(|why| why.contains("BackoffLimitExceeded (run of 11-24 02:00 UTC)")));
        assert_eq!(judged_failed.notes, ["another run is under way"]);
        let well_again = run("2026-11-24T08:00:00Z", JobVerdict::Complete, None);
        assert_eq!(judged(&nightly(), &[well_again, failed], "2026-11-24T09:00:00Z").verdict, JobVerdict::Complete);
    }

    #[test]
    fn a_run_without_a_success_and_without_a_job_failed() {
        let report = CronReport { last_succeeded: Some(at("2026-11-23T02:07:00Z")), ..nightly() };
        assert_eq!(judged(&report, &[], "2026-11-24T09:00:00Z").verdict, JobVerdict::Failed);
        let running = CronReport { active: 1, ..report.clone() };
        assert_eq!(judged(&running, &[], "2026-11-24T09:00:00Z").verdict, JobVerdict::Running);
        let unkept = CronReport { keeps_no_jobs: true, ..report };
        let untold = judged(&unkept, &[], "2026-11-24T09:00:00Z");
        assert_eq!(untold.verdict, JobVerdict::Complete, "a Job that is not kept is no failure");
        assert!(untold.notes[0].contains("how the run of 11-24 02:00 UTC ended is not known"), "{:?}", untold.notes);
        let failed = run("2026-11-24T02:00:00Z", JobVerdict::Failed, Some("BackoffLimitExceeded"));
        assert_eq!(
            judged(&unkept, &[failed], "2026-11-24T09:00:00Z").verdict,
            JobVerdict::Failed,
            "one that is seen is"
        );
    }

    #[test]
    fn the_next_run_of_an_interval_stands_still() {
        let report = CronReport { schedule: "@every 6h".into(), ..nightly() };
        for now in ["2026-11-24T03:00:00Z", "2026-11-24T03:01:05Z"] {
            assert_eq!(judged(&report, &[], now).next_run, Some(at("2026-11-24T08:00:00Z")), "at {now}");
        }
        let young = CronReport { last_scheduled: None, last_succeeded: None, ..report };
        assert_eq!(
            judged(&young, &[], "2026-11-01T13:00:00Z").next_run,
            Some(at("2026-11-01T18:00:00Z")),
            "from its creation"
        );
    }

    #[test]
    fn suspended_is_a_decision_and_no_alarm() {
        let report = CronReport { is_suspended: true, last_succeeded: None, ..nightly() };
        let judged = judged(&report, &[], "2026-12-24T09:00:00Z");
        assert_eq!((judged.verdict, judged.next_run, judged.missed), (JobVerdict::Suspended, None, 0));
        assert!(judged.notes.iter().any(|note| note.contains("no success")), "{:?}", judged.notes);
    }

    #[test]
    fn one_that_may_not_overlap_waits_instead_of_being_late() {
        let report = CronReport { concurrency: Concurrency::Forbid, active: 1, ..nightly() };
        let judged = judged(&report, &[], "2026-11-25T09:00:00Z");
        assert_eq!(judged.verdict, JobVerdict::Running);
        assert!(judged.reason.is_some_and(|why| why.contains("Forbid")));
    }

    #[test]
    fn a_schedule_that_cannot_be_read_is_said_and_costs_only_the_next_run() {
        let report = CronReport { zone: Some("Mars/Olympus".into()), ..nightly() };
        let judged = judged(&report, &[], "2026-11-24T09:00:00Z");
        assert_eq!((judged.verdict, judged.next_run), (JobVerdict::Complete, None));
        assert!(judged.notes[0].contains("Mars/Olympus"), "{:?}", judged.notes);
    }
}
