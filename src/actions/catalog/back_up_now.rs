//! Back up now: the program of a set that makes its backups is run once more.

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::observation::Observation;
use crate::actions::programs::{For, draft};
use crate::domain::action::{Given, Tier};

/// The action.
pub(super) struct BackUpNow;

impl Action for BackUpNow {
    fn about(&self) -> &'static About {
        &About {
            id: "back-up-now",
            command: "action.back-up-now",
            title: "Back up now",
            means: "the program that the configuration names is run once on this machine. That it ended well says that it exited 0: the backup is judged when it is listed.",
            word: "BACK-UP",
            tier: Tier::T2,
            reason: Reason::Welcome,
            acts_here: true,
            ..About::ON_BACKUP
        }
    }

    fn draft(&self, seen: &Observation, _: &Given, _: Context<'_>) -> Result<Draft, Refusal> {
        draft(seen.backup()?, For::Backup)
    }
}
