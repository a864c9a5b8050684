//! The jobs pane: CronJobs and Jobs, worst first, and one of them in detail.

pub mod detail;
pub mod list;
mod notice;

use super::{GroupId, Opens, Pane};
use crate::domain::job::{Job, JobVerdict};
use crate::domain::rollout::Verdict;
use crate::domain::time::{self, Instant};
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::state::View;
use crate::ui::words::overview as told;
use crate::ui::words::{self, jobs as said};

/// The pane.
pub const PANE: Pane = Pane {
    id: "jobs",
    command: "view.jobs",
    group: GroupId::Rollouts,
    title: words::JOBS,
    sentence: "show CronJobs and Jobs",
    hints: &[],
    headline: Some(HEADLINE),
    opens: Opens::Own(|| View::Jobs),
};

/// The verdict on a workload that looks alike: one sign and one colour for one gravity.
const fn alike(verdict: JobVerdict) -> Verdict {
    match verdict {
        JobVerdict::Failed => Verdict::Failed,
        JobVerdict::Stuck => Verdict::Stuck,
        JobVerdict::Late => Verdict::Degraded,
        JobVerdict::Suspended => Verdict::Paused,
        JobVerdict::Running => Verdict::Progressing,
        JobVerdict::Complete => Verdict::Complete,
    }
}

/// How long the newest run took, or takes so far.
fn took(pen: &mut Pen<'_>, job: &Job) -> Option<String> {
    let run = job.last_run?;
    match run.length() {
        Some(length) => Some(time::length(length)),
        None => (job.active > 0).then(|| pen.age(run.began)),
    }
}

/// An instant by the clock, in UTC.
fn clock(at: Instant) -> String {
    at.format("%m-%d %H:%M UTC").to_string()
}

/// When it runs next, in words.
fn next(pen: &mut Pen<'_>, at: Instant) -> String {
    let left = left(pen, at);
    if at <= pen.now { left } else { said::next(&clock(at), &left) }
}

/// How long until then.
fn left(pen: &mut Pen<'_>, at: Instant) -> String {
    if at <= pen.now { said::DUE.to_owned() } else { pen.left(at) }
}

/// How CronJobs and Jobs are.
const HEADLINE: Headline = Headline { title: words::JOBS, parts: &[], gravity, words: first, standing: None };

fn gravity(glance: &Glance<'_>) -> Gravity {
    match glance.world.snapshot.jobs.iter().find(|job| job.is_listed()).map(|job| job.verdict) {
        Some(JobVerdict::Failed | JobVerdict::Stuck) => Gravity::Bad,
        Some(JobVerdict::Late | JobVerdict::Suspended) => Gravity::Look,
        Some(JobVerdict::Running | JobVerdict::Complete) => Gravity::Well,
        None => glance.gravity_of_nothing(),
    }
}

fn first(pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let listed = || glance.world.snapshot.jobs.iter().filter(|job| job.is_listed());
    let mut troubled = listed().filter(|job| job.verdict.is_trouble());
    let Some(worst) = troubled.next() else { return (told::all_jobs_well(listed().count()), None) };
    let mut words: Vec<String> = Vec::new();
    for verdict in JobVerdict::ALL.into_iter().filter(|verdict| verdict.is_trouble()) {
        let count = listed().filter(|job| job.verdict == verdict).count();
        words.extend((count > 0).then(|| format!("{count} {}", verdict.word())));
    }
    let age = worst.last_run.map(|run| format!(", last run {} ago", pen.age(run.began))).unwrap_or_default();
    let reason = worst.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    (words.join(", "), Some(format!("{} -n {}{age}{reason}", worst.job.label(), worst.job.namespace)))
}
