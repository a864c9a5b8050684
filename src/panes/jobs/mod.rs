//! The jobs pane: CronJobs and Jobs, worst first, and one of them in detail.

pub mod detail;
pub mod list;
mod notice;

use super::{Opens, Pane};
use crate::domain::job::{Job, JobVerdict};
use crate::domain::rollout::Verdict;
use crate::domain::time::{self, Instant};
use crate::ui::pen::Pen;
use crate::ui::state::View;
use crate::ui::words::{self, jobs as said};

/// The pane.
pub const PANE: Pane = Pane {
    id: "jobs",
    command: "view.jobs",
    key: '9',
    title: words::JOBS,
    sentence: "show CronJobs and Jobs",
    hints: &[],
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
