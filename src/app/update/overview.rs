//! The overview: shown, walked over, entered and come back to.

use super::{input, list, move_cursor, toast};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::time::Instant;
use crate::domain::timeline::Lead;
use crate::ui::overview::{SOURCES, Spot};
use crate::ui::state::{Behind, View};
use crate::ui::words::overview as said;

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &Model, command: Command) -> Option<Vec<Effect>> {
    // Rows of other panes are marked and chosen there.
    let is_dead = model.ui.view == View::Overview && matches!(command, Command::ProblemsOnly | Command::Mark);
    is_dead.then(Vec::new)
}

/// Makes it anew where it is shown; a held cursor stays on what it is on, or goes to the nearest line when that is gone.
pub(super) fn refresh(model: &mut Model, now: Instant) {
    if model.ui.view != View::Overview {
        return;
    }
    if model.world.frozen_at.is_none() {
        model.world.retell(now);
    }
    let spots = model.spots(now);
    let known = model.ui.overview.cursor.as_ref().and_then(|cursor| spots.iter().position(|spot| spot == cursor));
    let place = match known {
        Some(place) if model.ui.overview.is_cursor_held => place,
        _ if model.ui.overview.is_cursor_held => {
            model.ui.cursor_slid_at = Some(now);
            model.ui.overview.place.min(spots.len().saturating_sub(1))
        }
        _ => 0,
    };
    model.ui.overview.place = place;
    model.ui.overview.cursor = spots.into_iter().nth(place);
}

/// Moves the cursor by so many lines.
pub(super) fn step(model: &mut Model, by: isize, now: Instant) {
    let spots = model.spots(now);
    let state = &mut model.ui.overview;
    state.place = state.place.saturating_add_signed(by).min(spots.len().saturating_sub(1));
    state.is_cursor_held = state.place > 0 || by != isize::MIN;
    state.cursor = spots.into_iter().nth(state.place);
}

/// Enter: what is under the cursor, in its own pane.
pub(super) fn enter(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(spot) = model.ui.overview.cursor.clone() else { return Vec::new() };
    let pane = match spot {
        Spot::Headline(SOURCES) => {
            toast(model, said::HOW_SOURCES_ARE_SEEN, false, now);
            return Vec::new();
        }
        Spot::Headline(pane) => pane,
        Spot::Alert(environment, key) => return open_alert(model, View::Alert(environment, key), now),
        Spot::Moment(key) => {
            let moment = model.world.happened.shown.moments.iter().find(|moment| moment.key == key).cloned();
            match moment.map(|moment| (moment.lead.clone(), moment)) {
                Some((Lead::Workload(_), _)) => return input::run(model, Command::Details, now),
                Some((Lead::Alert(environment, key), _)) => {
                    return open_alert(model, View::Alert(environment, key), now);
                }
                Some((Lead::Journal, _)) => "journal",
                Some((Lead::Nowhere, moment)) => {
                    let words =
                        format!("{} {}: {}", moment.kind.word(), moment.about, said::by(&moment.by, &moment.words));
                    toast(model, &words, false, now);
                    return Vec::new();
                }
                None => return Vec::new(),
            }
        }
    };
    let effects = input::run(model, Command::Show(pane), now);
    // The pane opens on its worst row, which is the one the headline names.
    *move_cursor::held(model) = false;
    let view = model.ui.view.clone();
    list::relist(model, &view, now);
    model.ui.behind = vec![Behind { view: View::Overview, narrowed: None }];
    effects
}

fn open_alert(model: &mut Model, view: View, now: Instant) -> Vec<Effect> {
    list::remember(model, None, now);
    model.ui.alerts.scroll = 0;
    model.ui.view = view;
    vec![Effect::Focus(None)]
}
