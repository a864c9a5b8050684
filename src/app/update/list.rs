//! The panes that are one list: opened, filtered and left in the same way.

use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::app::{filter, silence_list};
use crate::domain::time::Instant;
use crate::ui::lines::{Line, Lines};
use crate::ui::state::{Field, ListState, UiState, View};

/// The pane a command opens, where it is one of these.
const fn opened_by(command: Command) -> Option<View> {
    Some(match command {
        Command::Signals => View::Signals,
        Command::Slo => View::Slo,
        Command::Health => View::Health,
        Command::Nodes => View::Nodes,
        Command::Silences => View::Silences,
        _ => return None,
    })
}

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    if let Some(view) = opened_by(command) {
        return Some(show(model, view, now));
    }
    let view = model.ui.view.clone();
    let (_, is_problems_only) = model.ui.list(&view)?;
    match command {
        Command::ProblemsOnly => {
            *is_problems_only = !*is_problems_only;
            relist(model, &view, now);
        }
        // Nothing is done to several lines of these panes at once.
        Command::Mark => {}
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens a pane.
pub(super) fn show(model: &mut Model, view: View, now: Instant) -> Vec<Effect> {
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    model.ui.came_from = None;
    relist(model, &view, now);
    model.ui.view = view;
    vec![Effect::Focus(None)]
}

/// Forgets what the pane in front was opened from: the operator has gone elsewhere. A filter that came with the way goes with it, for a
/// list that stays narrowed hides what fires; one the operator has typed into stays.
pub(super) fn forget_way(model: &mut Model) {
    model.ui.overview.is_behind = false;
    if std::mem::take(&mut model.ui.nodes.is_behind) && filter::asks_only_of_node(&model.ui.filter.text) {
        model.ui.filter = Field::default();
        model.refilter();
    }
    if std::mem::take(&mut model.ui.silences.is_behind) && silence_list::is_under(&model.ui.alerts.filter.text) {
        model.ui.alerts.filter = Field::default();
        model.refilter_alerts();
    }
}

/// One step back within the pane, or to where it was opened from; whether there was one.
pub(super) fn back(model: &mut Model, now: Instant) -> bool {
    let view = model.ui.view.clone();
    let is_filtering = model.ui.is_filtering;
    let Some((filter, _)) = model.ui.list(&view) else { return false };
    if is_filtering || !filter.text.is_empty() {
        *filter = Field::default();
        model.ui.is_filtering = false;
        relist(model, &view, now);
        return true;
    }
    model.ui.came_from.take().is_some_and(|origin| {
        model.ui.view = origin;
        true
    })
}

/// Makes the lines of a pane anew; whether it is one of these.
pub(super) fn relist(model: &mut Model, view: &View, now: Instant) -> bool {
    match view {
        View::Signals => model.refilter_signals(now),
        View::Slo => model.refilter_slos(now),
        View::Health => model.refilter_health(now),
        View::Nodes => model.refilter_nodes(),
        View::Silences => model.refilter_silences(),
        _ => return false,
    }
    true
}

/// Makes the lines of all of them anew.
pub(super) fn relist_all(model: &mut Model, now: Instant) {
    for view in [View::Signals, View::Slo, View::Health, View::Nodes, View::Silences] {
        relist(model, &view, now);
    }
}

/// Makes the lines of a pane anew after something came in. A cursor in front that comes to another line by itself is noted: the next
/// key may be meant for the line before.
pub(super) fn moved_on<P: PartialEq + Clone>(
    model: &mut Model,
    view: &View,
    cursor: fn(&UiState) -> &Option<P>,
    now: Instant,
) {
    let before = cursor(&model.ui).clone();
    relist(model, view, now);
    slid(model, view, before.as_ref(), cursor, now);
}

/// Notes a cursor in front that has come to another line by itself.
pub(super) fn slid<P: PartialEq>(
    model: &mut Model,
    view: &View,
    before: Option<&P>,
    cursor: fn(&UiState) -> &Option<P>,
    now: Instant,
) {
    if model.ui.view == *view && before.is_some() && before != cursor(&model.ui).as_ref() {
        model.ui.cursor_slid_at = Some(now);
    }
}

/// The place of the cursor in the pane in front, and how many lines it has; `None` where it is another pane.
pub(super) fn place(model: &Model) -> Option<(usize, usize)> {
    fn of<L: Line, const KINDS: usize>(lines: &Lines<L, KINDS>, chosen: &ListState<L::Place>) -> (usize, usize) {
        (lines.place(chosen.cursor.as_ref()).unwrap_or(0), lines.shown.len())
    }
    let ui = &model.ui;
    Some(match ui.view {
        View::Signals => of(&model.signals, &ui.signals),
        View::Slo => of(&model.slos.lines, &ui.slo),
        View::Health => of(&model.health.lines, &ui.health),
        View::Nodes => of(&model.nodes, &ui.nodes),
        View::Silences => of(&model.silences, &ui.silences),
        _ => return None,
    })
}

/// Puts the cursor of the pane in front on a line.
pub(super) fn choose(model: &mut Model, place: usize) {
    let ui = &mut model.ui;
    match ui.view {
        View::Signals => ui.signals.cursor = model.signals.shown.get(place).map(Line::place),
        View::Slo => ui.slo.cursor = model.slos.lines.shown.get(place).map(Line::place),
        View::Health => ui.health.cursor = model.health.lines.shown.get(place).map(Line::place),
        View::Nodes => ui.nodes.cursor = model.nodes.shown.get(place).map(Line::place),
        View::Silences => ui.silences.cursor = model.silences.shown.get(place).map(Line::place),
        _ => {}
    }
}

/// What is under the cursor of the list in front, by its name.
pub(super) fn under_cursor(model: &Model) -> Option<String> {
    match model.ui.view {
        View::Alerts => model.alert_line().map(|line| line.alert.title().to_owned()),
        View::Signals => model.signal_line().map(|line| line.service.to_string()),
        View::Slo => model.slo_line().map(|line| format!("{} {}", line.service, line.goal)),
        View::Health => model.health_line().map(|line| format!("{} {}", line.service, line.component)),
        View::Nodes => model.node_line().map(|line| line.node.name.to_string()),
        View::Silences => model.silence_line().map(|line| format!("silence {}", line.silence.id)),
        View::Overview => model.overview_alert().map(|alert| alert.title().to_owned()).or_else(|| meant(model)),
        _ => meant(model),
    }
}

fn meant(model: &Model) -> Option<String> {
    model.meant().map(|workload| workload.label())
}
