//! What stands over the alerts, and in place of them when there are none.

use crate::domain::alert::{AlertSnapshot, Teller, Watchdog};
use crate::domain::source::{SourceHealth, SourceKind, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, alerts as said};

/// How the store is, in which is who is on what.
pub(super) fn store<'a>(scene: &Scene<'a>) -> Option<&'a SourceHealth> {
    scene.sources.iter().find(|source| source.id.kind == SourceKind::Store)
}

/// Whether the alerts of an environment are the last good ones only.
pub(super) fn is_old(scene: &Scene<'_>, environment: &str) -> bool {
    let mut of_it = scene.alerts.snapshots.iter().filter(|snapshot| *snapshot.environment == *environment);
    of_it.any(|snapshot| snapshot.best().is_some_and(freshness::is_away))
}

/// Whether the rules of an environment's Prometheus were not read lately: what is pending, and the values, are those of then.
pub(super) fn are_rules_old(scene: &Scene<'_>, environment: &str) -> bool {
    let mut of_it = scene.alerts.snapshots.iter().filter(|snapshot| *snapshot.environment == *environment);
    of_it.any(|snapshot| snapshot.rules.as_ref().is_some_and(freshness::is_away))
}

/// What stands over the rows: a missing watchdog, what is not fresh, what else to know.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    for snapshot in scene.alerts.snapshots {
        if let Watchdog::Missing(name) = &snapshot.watchdog {
            page.text(pen, 0, &said::watchdog_missing(&snapshot.environment, name), Role::Error);
        }
    }
    freshness::over(&mut page, pen, &health(scene));
    // Before its first answer it says nothing yet; that nobody is on an alert must not be read out of one that is away.
    if let Some((store, cause)) = store(scene).and_then(|store| Some((store, store.error.as_deref()?))) {
        let words = match store.last_good {
            Some(at) => said::store_old(&pen.age(at), cause),
            None => said::store_never(cause),
        };
        page.text(pen, 0, &words, Role::Warning);
    }
    for snapshot in scene.alerts.snapshots.iter().filter(|snapshot| snapshot.teller == Teller::Prometheus) {
        if !snapshot.alerts.is_empty() {
            page.text(pen, 0, &said::rules_alone(&snapshot.environment), Role::Warning);
        }
    }
    let local = scene.alerts.local.iter().flat_map(|local| &local.notes);
    for note in scene.alerts.snapshots.iter().flat_map(|snapshot| &snapshot.notes).chain(local) {
        page.text(pen, 0, note, Role::Warning);
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let alerts = &scene.alerts;
    if alerts.snapshots.is_empty() && alerts.local.is_empty() {
        page.text(pen, 0, said::NOT_CONFIGURED, Role::Text);
        return page;
    }
    if alerts.total > 0 {
        page.text(pen, 0, &said::nothing_matches(alerts.total), Role::Text);
        return page;
    }
    for snapshot in alerts.snapshots {
        let Some(best) = snapshot.best() else { continue };
        match (best.state, best.last_good) {
            (SourceState::Loading, _) => page.text(pen, 0, said::LOADING, Role::Text),
            (SourceState::Stale | SourceState::Down, None) => {
                page.text(pen, 0, said::NEVER_READ, Role::Error);
                for source in together(&snapshot.health) {
                    let sentence: String =
                        header::health(pen, &source).iter().map(|span| span.content.to_string()).collect();
                    page.text(pen, 2, &sentence, Role::Text);
                }
                page.text(pen, 0, words::list::RETRIES, Role::Muted);
            }
            // An old list that is empty says nothing of now; the line above says how old it is.
            (SourceState::Stale | SourceState::Down, Some(_)) => {}
            (SourceState::Fresh | SourceState::Forbidden, _) => match &snapshot.watchdog {
                Watchdog::Heard(at) => {
                    let heard = pen.age(*at);
                    page.text(pen, 0, &said::quiet(&snapshot.environment, &heard), Role::Ok);
                }
                Watchdog::NotAsked if snapshot.teller == Teller::Prometheus => {
                    page.text(pen, 0, &said::quiet_rules(&snapshot.environment), Role::Text);
                }
                Watchdog::NotAsked => page.text(pen, 0, &said::quiet_unproven(&snapshot.environment), Role::Text),
                Watchdog::Missing(_) | Watchdog::Unknown => {}
            },
        }
    }
    page
}

fn health(scene: &Scene<'_>) -> Vec<SourceHealth> {
    scene.alerts.snapshots.iter().flat_map(AlertSnapshot::sources).cloned().collect()
}
