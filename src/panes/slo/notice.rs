//! What is said of the sources of the rows, over them and in their place.

use crate::domain::slo::SloSnapshot;
use crate::ui::widgets::freshness::{Absent, Told};
use crate::ui::words::slo as said;

/// What is said where there are no rows.
pub(super) const ABSENT: Absent = Absent {
    not_configured: said::NOT_CONFIGURED,
    loading: said::LOADING,
    never_read: said::NEVER_READ,
    nothing: said::nothing,
    nothing_matches: said::nothing_matches,
};

/// What the sources of each environment say.
pub(super) fn told<'a>(of: &[&'a SloSnapshot]) -> Vec<Told<'a>> {
    of.iter().map(|one| Told { environment: &one.environment, health: &one.health, notes: &one.notes }).collect()
}
