//! Verify a backup: the program of a set that restores the newest one and records how that went is run.

use crate::actions::catalog::run_now;
use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::makers;
use crate::actions::observation::Observation;
use crate::actions::programs::{For, draft};
use crate::domain::action::{Given, Judgement, Step, Tier};

/// The action.
pub(super) struct VerifyBackup;

impl Action for VerifyBackup {
    fn about(&self) -> &'static About {
        &About {
            id: "verify-backup",
            command: "action.verify-backup",
            title: "Verify a backup",
            means: "what the configuration names restores a backup, on this machine or as a Job, and records how that went. It counts where what was asked for was reached.",
            word: "VERIFY",
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
        draft(seen.backup()?, For::Proof, (given, context), &run_now::ACTION)
    }
}
