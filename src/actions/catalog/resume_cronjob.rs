//! Resume a CronJob: its runs begin again, and of those that were missed the newest begins at once.

use crate::actions::contract::{About, Context, Draft, Refusal};
use crate::actions::cron_jobs::{CronJob, ON_CRON_JOB, OnCronJob, written};
use crate::domain::action::{BlastRadius, Evidence, Given, Inverse, Tier};
use crate::domain::job::{Concurrency, MOST_MISSED, Missed};

/// The action.
pub(super) const ACTION: OnCronJob = OnCronJob {
    about: &About {
        id: "resume-cronjob",
        command: "action.resume-cronjob",
        title: "Resume CronJob",
        means: "Its runs begin by the schedule again.",
        word: "RESUME-JOB",
        tier: Tier::T1,
        ..ON_CRON_JOB
    },
    draft,
};

fn draft(cron: &CronJob<'_>, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let (job, report) = (cron.job, &cron.report);
    if !report.is_suspended {
        return Err(Refusal(format!("{job} is not suspended.")));
    }
    let draft = cron.suspending(false, "resume");
    let (mut warnings, mut evidence) = (Vec::new(), cron.evidence(context.now));
    let (mut tier, mut blast) = (draft.tier, draft.blast);
    let seen = |words: String| Evidence { words, observed_at: context.now };
    match cron.missed(context.now) {
        None => warnings.push(
            "WHETHER A RUN BEGINS AT ONCE IS NOT KNOWN: its schedule cannot be read here. Where runs were missed, its controller begins the newest.".to_owned(),
        ),
        Some(Missed::None) => evidence.push(seen("no run was missed: the next begins when it is due".to_owned())),
        Some(Missed::TooLate { due }) => {
            evidence.push(seen(format!("the newest missed run was due at {}", written(due))));
            warnings.push(
                "NO MISSED RUN BEGINS: the newest was due longer ago than startingDeadlineSeconds lets it begin late. What it was to do is not done; run-now does it.".to_owned(),
            );
        }
        Some(Missed::One { due, count }) => {
            let counted = if count > MOST_MISSED { format!("more than {MOST_MISSED}") } else { count.to_string() };
            evidence.push(seen(format!("{counted} missed, the newest was due at {}", written(due))));
            warnings.push(
                "ONE RUN BEGINS AT ONCE: runs were missed while it was suspended. Its controller begins one, for the newest of them; the others are never run.".to_owned(),
            );
            if count > MOST_MISSED {
                warnings.push(format!(
                    "MORE THAN {MOST_MISSED} WERE MISSED: Kubernetes 1.21 and newer says TooManyMissedTimes in an event and begins the newest all the same; an older controller begins none until startingDeadlineSeconds is set or lowered."
                ));
            }
            if report.concurrency == Concurrency::Forbid && report.active > 0 {
                warnings.push(
                    "IT WAITS for the run that is under way (concurrencyPolicy Forbid), and begins after it.".to_owned(),
                );
            }
            tier = Tier::T2;
            blast = BlastRadius { words: "one run begins at once".to_owned(), ..BlastRadius::default() };
        }
    }
    Ok(Draft {
        given: given.clone(),
        tier,
        blast,
        warnings,
        evidence,
        expected: "it is not suspended any more".to_owned(),
        inverse: Inverse {
            words: "Suspend it again; a run that has begun goes on.".to_owned(),
            command: Some(format!("quarterdeck plan suspend {job}")),
        },
        ..draft
    })
}
