//! What stands over the silences, and what stands in their place when there are none.

use crate::domain::alert::{AlertSnapshot, Teller};
use crate::domain::source::{SourceState, together};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, alerts, silences as said};

/// The environments that have an Alertmanager.
pub(super) fn asked<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a AlertSnapshot> {
    scene.alerts.snapshots.iter().filter(|snapshot| snapshot.teller == Teller::Alertmanager)
}

/// Whether the silences of an environment are the last good ones only.
pub(super) fn is_old(scene: &Scene<'_>, environment: &str) -> bool {
    let mut of_it = asked(scene).filter(|snapshot| *snapshot.environment == *environment);
    of_it.any(|snapshot| snapshot.best().is_some_and(freshness::is_away))
}

/// What stands over the rows: what is not fresh, and what is not known beside what is.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, total: usize, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let health: Vec<_> = asked(scene).flat_map(|snapshot| snapshot.health.iter().cloned()).collect();
    for source in together(&health).iter().filter(|source| !source.state.is_well()) {
        match source.last_good {
            Some(_) => freshness::over(&mut page, pen, std::slice::from_ref(source)),
            None if total > 0 && source.state != SourceState::Loading => {
                let sentence = freshness::sentence(pen, source);
                page.text(pen, 0, &format!("{} {sentence}", said::NEVER_READ), Role::Error);
            }
            None => {}
        }
    }
    for snapshot in asked(scene).filter(|snapshot| snapshot.knows_silences() == Some(false)) {
        page.text(pen, 0, &said::not_known(&snapshot.environment), Role::Warning);
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, scene: &Scene<'_>, total: usize, columns: u16) -> Page {
    let mut page = Page::new(columns);
    if total > 0 {
        page.text(pen, 0, &said::nothing_matches(total), Role::Text);
        return page;
    }
    if asked(scene).next().is_none() {
        page.text(pen, 0, alerts::NOT_CONFIGURED, Role::Text);
        return page;
    }
    for snapshot in asked(scene) {
        let Some(best) = snapshot.best() else { continue };
        match (best.state, best.last_good) {
            (SourceState::Loading, _) => page.text(pen, 0, said::LOADING, Role::Text),
            (SourceState::Stale | SourceState::Down, None) => {
                page.text(pen, 0, said::NEVER_READ, Role::Error);
                for source in together(&snapshot.health) {
                    let sentence = freshness::sentence(pen, &source);
                    page.text(pen, 2, &sentence, Role::Text);
                }
                page.text(pen, 0, words::list::RETRIES, Role::Muted);
            }
            (SourceState::Fresh | SourceState::Forbidden, _) if snapshot.silences.is_some() => {
                page.text(pen, 0, &said::nothing(&snapshot.environment), Role::Text);
            }
            // An old list that is empty says nothing of now; the lines above say how old it is, and what is not told.
            _ => {}
        }
    }
    page
}
