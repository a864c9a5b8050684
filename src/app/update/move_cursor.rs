//! Moving: by workload in the list, by line elsewhere.

use crate::app::commands::Command;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::ui::state::{DetailTab, Overlay, View};

/// How many lines of a difference a page moves by.
const DIFF_PAGE: isize = 5;

/// Moves whatever has the cursor; whether there was anything to move.
pub(super) fn step(model: &mut Model, command: Command, now: Instant) -> bool {
    let page = isize::try_from(model.page.max(2)).unwrap_or(isize::MAX);
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -page,
        Command::PageDown => page,
        Command::HalfUp => -page / 2,
        Command::HalfDown => page / 2,
        Command::Top => isize::MIN,
        Command::Bottom => isize::MAX,
        _ => return false,
    };
    let menu = model.menu.len();
    if let Some(overlay) = model.ui.overlays.last_mut() {
        match overlay {
            Overlay::Scope { selected } | Overlay::Actions { selected, .. } | Overlay::Palette { selected, .. } => {
                *selected = moved(*selected, by, menu);
            }
            Overlay::Help { scroll, .. } | Overlay::Plan { scroll, .. } | Overlay::Problems { scroll } => {
                *scroll = moved(*scroll, by, model.furthest + 1);
            }
        }
        return true;
    }
    match model.ui.view {
        View::Rollouts => {
            let place = model.cursor_place().unwrap_or(0);
            let next = moved(place, by, model.visible.len());
            model.ui.cursor = model.visible.get(next).map(|row| row.key());
        }
        // The list of revisions is short; what is long is the difference below it.
        View::Detail(_, DetailTab::History)
            if matches!(command, Command::PageUp | Command::PageDown | Command::HalfUp | Command::HalfDown) =>
        {
            model.ui.detail_scroll = model.ui.detail_scroll.saturating_add_signed(by.signum() * DIFF_PAGE);
        }
        View::Jobs => {
            let place = model.jobs.place().unwrap_or(0);
            super::jobs::choose(model, moved(place, by, model.jobs.visible.len()), command);
        }
        View::Job(_, tab) => {
            model.ui.detail_cursor = moved(model.ui.detail_cursor, by, super::jobs::lines(model, tab));
        }
        View::Detail(_, tab) => {
            model.ui.detail_cursor = moved(model.ui.detail_cursor, by, lines(model, tab));
            model.ui.detail_scroll = 0;
        }
        View::Overview => super::overview::step(model, by, now),
        View::Pane(_) => {
            if let Some(view) = model.front_mut() {
                let place = view.place().unwrap_or(0);
                view.go_to(moved(place, by, view.len()));
            }
        }
        // The log moves itself.
        View::Logs(_) => {}
        View::Alerts => {
            let place = model.alert_place().unwrap_or(0);
            let next = moved(place, by, model.alerts.len());
            model.ui.alerts.cursor = model.alerts.get(next).map(|line| line.place.clone());
        }
        View::Alert(..) => model.ui.alerts.scroll = moved(model.ui.alerts.scroll, by, model.furthest + 1),
        View::Journal => model.ui.detail_cursor = moved(model.ui.detail_cursor, by, model.world.journal.len()),
    }
    true
}

/// A cursor the operator uses stays on its workload from then on; sent to the top, it rests there again.
pub(super) fn hold(model: &mut Model, command: Command) {
    use Command::{
        Act, Actions, Bottom, Details, Diff, Down, Events, HalfDown, HalfUp, History, Mark, Open, PageDown, PageUp,
        Raw, RollBackService, Top, Up,
    };
    match command {
        Up | Down | PageUp | PageDown | HalfUp | HalfDown | Bottom | Mark | Open | Details | Events | History | Raw
        | Diff | Actions | Act(_) | RollBackService => *held(model) = true,
        Top => *held(model) = false,
        _ => {}
    }
}

/// Whether the cursor of the list in front is where the operator has put it.
pub(super) fn held(model: &mut Model) -> &mut bool {
    let view = model.ui.view.clone();
    match view {
        View::Alerts => &mut model.ui.alerts.is_cursor_held,
        View::Overview => &mut model.ui.overview.is_cursor_held,
        View::Pane(id) if model.panes.view(id).is_some() => {
            let view = model.panes.view_mut(id);
            view.map_or(&mut model.ui.is_cursor_held, |view| &mut view.choose().is_cursor_held)
        }
        View::Jobs => &mut model.jobs.is_cursor_held,
        _ => &mut model.ui.is_cursor_held,
    }
}

/// How many lines a tab of the detail has.
fn lines(model: &Model, tab: DetailTab) -> usize {
    let Some(detail) = &model.detail else { return 0 };
    match tab {
        DetailTab::Pods => detail.pods.as_ref().map_or(0, Vec::len),
        DetailTab::Events => detail.events.as_ref().map_or(0, Vec::len),
        DetailTab::History => detail.revisions.as_ref().map_or(0, Vec::len),
        DetailTab::Raw => detail.raw.as_ref().map_or(0, Vec::len),
    }
}

/// A place moved within `count` places.
fn moved(place: usize, by: isize, count: usize) -> usize {
    place.saturating_add_signed(by).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_stays_within_the_list() {
        assert_eq!(moved(0, -1, 5), 0);
        assert_eq!(moved(4, 1, 5), 4);
        assert_eq!(moved(2, isize::MAX, 5), 4);
        assert_eq!(moved(2, isize::MIN, 5), 0);
        assert_eq!(moved(7, 0, 0), 0);
    }
}
