//! Suspend: no further run of a CronJob begins; what is under way goes on.

use crate::actions::contract::{About, Context, Draft, Refusal};
use crate::actions::cron_jobs::{CronJob, ON_CRON_JOB, OnCronJob};
use crate::domain::action::{Given, Inverse, Tier};

/// The action.
pub(super) const ACTION: OnCronJob = OnCronJob {
    about: &About {
        id: "suspend",
        command: "action.suspend",
        title: "Suspend",
        means: "No further run begins by the schedule until the CronJob is resumed; runs under way go on, and run-now still works.",
        word: "SUSPEND",
        tier: Tier::T1,
        ..ON_CRON_JOB
    },
    draft,
};

fn draft(cron: &CronJob<'_>, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let job = cron.job;
    if cron.report.is_suspended {
        return Err(Refusal(format!("{job} is suspended already: no run begins until it is resumed.")));
    }
    let mut warnings = vec![
        "RUNS THAT ARE DUE MEANWHILE ARE MISSED: once it is resumed, its controller begins one of them at most, the newest, and that at once.".to_owned(),
    ];
    if cron.report.active > 0 {
        warnings.push("A RUN IS UNDER WAY: it goes on to its end.".to_owned());
    }
    Ok(Draft {
        given: given.clone(),
        warnings,
        evidence: cron.evidence(context.now),
        expected: "it is suspended".to_owned(),
        inverse: Inverse {
            words: "Resume it.".to_owned(),
            command: Some(format!("quarterdeck plan resume-cronjob {job}")),
        },
        ..cron.suspending(true, "suspend")
    })
}
