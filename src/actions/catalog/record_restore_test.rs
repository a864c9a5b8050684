//! Record a restore test: a script says how a restore went that it tried.

use crate::actions::backups::{BYTES, CHECKED, REACHED, RESULT, SECONDS, TARGET, restored};
use crate::actions::contract::{About, Action, Context, Draft, Refusal};
use crate::actions::observation::Observation;
use crate::domain::action::Given;

/// The action.
pub(super) struct RecordRestoreTest;

impl Action for RecordRestoreTest {
    fn about(&self) -> &'static About {
        &About {
            id: "record-restore-test",
            command: "action.record-restore-test",
            title: "Record a restore test",
            means: "every console of the store shows when a restore was last verified. It restores nothing, and believes whoever says so.",
            word: "TESTED",
            fields: &[RESULT, TARGET, REACHED, SECONDS, BYTES, CHECKED],
            ..About::ON_BACKUP
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, _: Context<'_>) -> Result<Draft, Refusal> {
        restored(seen.backup()?, given)
    }
}
