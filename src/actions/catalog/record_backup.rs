//! Record a backup: a script says that it made one.

use crate::actions::backups::{BYTES, FINISHED, STARTED, made};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct RecordBackup;

impl Action for RecordBackup {
    fn about(&self) -> &'static About {
        &About {
            id: "record-backup",
            command: "action.record-backup",
            title: "Record a backup",
            means: "every console of the store counts it among the backups of the set. It makes none, and believes whoever says so.",
            word: "MADE",
            fields: &[FINISHED, STARTED, BYTES],
            ..About::ON_BACKUP
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        made(seen.backup()?, given, context)
    }
}
