//! What stands over the rows: how fresh the store is, what is frozen, what is due.

use crate::domain::maintenance::task;
use crate::domain::store::{StoredFreeze, StoredWindow, TaskTick};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
use crate::ui::widgets::page::Page;
use crate::ui::words::schedule as said;

/// What to know first.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let Some(store) = &scene.world.store else {
        page.text(pen, 0, said::NOT_HEARD, Role::Muted);
        return page;
    };
    freshness::over(&mut page, pen, std::slice::from_ref(&store.health));
    if store.health.last_good.is_none() {
        page.text(pen, 0, said::NOT_HEARD, Role::Muted);
    }
    let ticks = store.facts::<TaskTick>();
    let tick = |name: &str| ticks.and_then(|ticks| ticks.get(name));
    for stored in store.facts::<StoredWindow>().into_iter().flat_map(|held| held.values()) {
        let Some(window) = stored.window().filter(|window| window.emergency.is_some()) else { continue };
        for clock in window.clocks() {
            let done = tick(&format!("{}/{}", window.name, clock.what));
            if done.is_some_and(|done| done.at >= stored.announced) {
                continue;
            }
            let is_over = clock.due <= pen.now;
            let left = (!is_over).then(|| pen.left(clock.due));
            let words = said::due(&window.name, clock.what, left.as_deref());
            page.text(pen, 0, &words, if is_over { Role::Error } else { Role::Warning });
        }
    }
    for stored in store.facts::<StoredFreeze>().into_iter().flat_map(|held| held.values()) {
        let frozen = stored.freeze().and_then(|freeze| freeze.at(stored.service.as_deref(), pen.now));
        if let Some(frozen) = frozen {
            pen.wake_at(frozen.until);
            page.text(pen, 0, &said::frozen(&frozen.words, frozen.refuses), Role::Warning);
        }
    }
    let overdue: Vec<&str> = task::ALL
        .iter()
        .filter(|task| tick(task.name).is_some_and(|done| task.due(Some(done.at), pen.now) <= pen.now))
        .map(|task| task.name)
        .collect();
    if !overdue.is_empty() {
        page.text(pen, 0, &said::overdue(&overdue), Role::Warning);
    }
    page
}
