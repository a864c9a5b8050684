//! What stands over the services, and what stands in their place when there are none.

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, signals as said};

/// The most lines over the rows.
pub(super) const MOST: u16 = 4;

/// Whether any environment's signals are the last good ones only: none of its sources answers.
pub(super) fn is_old(scene: &Scene<'_>) -> bool {
    let is_away = |source: &SourceHealth| matches!(source.state, SourceState::Stale | SourceState::Down);
    scene.signals.snapshots.iter().any(|one| !one.health.is_empty() && one.health.iter().all(is_away))
}

/// What stands over the rows: what is not fresh, what else to know.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    for source in together(&health(scene)).iter().filter(|source| source.last_good.is_some()) {
        if let Some(age) = source.last_good.filter(|_| !source.state.is_well()).map(|at| pen.age(at)) {
            let retry = source.next_try.filter(|at| *at > pen.now).map(|at| pen.left(at));
            let sentence = words::list::old(&age, source.error.as_deref(), retry.as_deref());
            page.text(pen, 0, &format!("{}: {sentence}", source.name), Role::Warning);
        }
    }
    for note in scene.signals.snapshots.iter().flat_map(|snapshot| &snapshot.notes) {
        page.text(pen, 0, note, Role::Warning);
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let signals = &scene.signals;
    if signals.snapshots.is_empty() {
        page.text(pen, 0, said::NOT_CONFIGURED, Role::Text);
        return page;
    }
    if signals.total > 0 {
        page.text(pen, 0, &said::nothing_matches(signals.total), Role::Text);
        return page;
    }
    for snapshot in &signals.snapshots {
        for source in &snapshot.health {
            match (source.state, source.last_good) {
                (SourceState::Loading, _) => page.text(pen, 0, said::LOADING, Role::Text),
                (SourceState::Fresh | SourceState::Forbidden, _) => {
                    page.text(pen, 0, &said::nothing(&snapshot.environment), Role::Text);
                }
                (_, None) => {
                    page.text(pen, 0, said::NEVER_READ, Role::Error);
                    let sentence: String =
                        header::health(pen, source).iter().map(|span| span.content.to_string()).collect();
                    page.text(pen, 2, &sentence, Role::Text);
                    page.text(pen, 0, words::list::RETRIES, Role::Muted);
                }
                // An old list that is empty says nothing of now; the line above says how old it is.
                (_, Some(_)) => {}
            }
        }
    }
    page
}

fn health(scene: &Scene<'_>) -> Vec<SourceHealth> {
    scene.signals.snapshots.iter().flat_map(|snapshot| snapshot.health.clone()).collect()
}
