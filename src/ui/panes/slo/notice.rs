//! What stands over the rows, and what stands in their place when there are none.

use crate::domain::source::SourceHealth;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness::{self, Absent};
use crate::ui::widgets::page::Page;
use crate::ui::words::slo as said;

/// The most lines over the rows.
pub(super) const MOST: u16 = 4;

const ABSENT: Absent = Absent {
    not_configured: said::NOT_CONFIGURED,
    loading: said::LOADING,
    never_read: said::NEVER_READ,
    nothing: said::nothing,
    nothing_matches: said::nothing_matches,
};

/// Whether what an environment tells is the last good only: none of its sources answers.
pub(super) fn is_old(scene: &Scene<'_>, environment: &str) -> bool {
    let mut of_it = scene.slo.snapshots.iter().filter(|snapshot| *snapshot.environment == *environment);
    of_it.any(|snapshot| !snapshot.health.is_empty() && snapshot.health.iter().all(freshness::is_away))
}

/// What stands over the rows: what is not fresh, what else to know.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let health: Vec<SourceHealth> = scene.slo.snapshots.iter().flat_map(|one| one.health.clone()).collect();
    freshness::over(&mut page, pen, &health);
    for note in scene.slo.snapshots.iter().flat_map(|snapshot| &snapshot.notes) {
        page.text(pen, 0, note, Role::Warning);
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let environments: Vec<(&str, &[SourceHealth])> =
        scene.slo.snapshots.iter().map(|snapshot| (&*snapshot.environment, &*snapshot.health)).collect();
    freshness::instead(pen, columns, &ABSENT, scene.slo.total, &environments)
}
