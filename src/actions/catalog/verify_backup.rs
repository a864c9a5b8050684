//! Verify a backup: the program of a set that restores the newest one and records how that went is run.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::programs::{For, draft};
use crate::domain::action::{Given, Tier};

/// The action.
pub(super) struct VerifyBackup;

impl Action for VerifyBackup {
    fn about(&self) -> &'static About {
        &About {
            id: "verify-backup",
            command: "action.verify-backup",
            title: "Verify a backup",
            means: "the program that the configuration names restores a backup on this machine and records how that went. It counts where what was asked for was reached.",
            word: "VERIFY",
            tier: Tier::T2,
            reason: Reason::Welcome,
            acts_here: true,
            ..About::ON_BACKUP
        }
    }

    fn draft(&self, seen: &Observation, _: &Given, _: Context<'_>) -> Result<Draft, Refusal> {
        draft(seen.backup()?, For::Proof)
    }
}
