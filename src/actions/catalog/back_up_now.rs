//! Back up now: the program of a set that makes its backups is run once more.

use crate::actions::catalog::run_now;
use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::makers;
use crate::actions::observation::Observation;
use crate::actions::programs::{For, draft};
use crate::domain::action::{Given, Judgement, Step, Tier};

/// The action.
pub(super) struct BackUpNow;

impl Action for BackUpNow {
    fn about(&self) -> &'static About {
        &About {
            id: "back-up-now",
            command: "action.back-up-now",
            title: "Back up now",
            means: "what makes the backups of the set makes one more: a program is run on this machine, or an operator or a CronJob is asked. The backup is judged when it is listed.",
            word: "BACK-UP",
            tier: Tier::T2,
            reason: Reason::Welcome,
            fields: &[run_now::NAME],
            acts_here: true,
            ..About::ON_BACKUP
        }
    }

    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        makers::judge(step, seen)
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        draft(seen.backup()?, For::Backup, (given, context), &run_now::ACTION)
    }
}
