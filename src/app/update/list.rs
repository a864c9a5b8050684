//! Panes that are shown, filtered and left, and the way back from what was opened in them.

use super::{alerts, input, toast, world};
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::alert::Alert;
use crate::domain::time::Instant;
use crate::panes::alerts::OVER;
use crate::panes::view::{Reaction, Selection};
use crate::panes::{self, Pane};
use crate::ui::state::{Behind, DetailTab, Field, RowKey, View};

/// The pane that a key leads to from an alert.
pub(super) const SILENCES: &str = "silences";
/// The pane that a key leads to from a row.
const SIGNALS: &str = "signals";

/// What a command means in a pane of rows; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    let chosen = model.front_mut()?.choose();
    match command {
        Command::ProblemsOnly => chosen.is_problems_only = !chosen.is_problems_only,
        // Nothing is done to several rows of these panes at once.
        Command::Mark => {}
        _ => return None,
    }
    Some(Vec::new())
}

/// Shows a pane; where it was opened from before is forgotten.
pub(super) fn show(model: &mut Model, pane: &'static Pane, now: Instant) -> Vec<Effect> {
    forget_way(model, now);
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    bring(model, pane.view(), now)
}

/// Brings a pane in front.
fn bring(model: &mut Model, view: View, now: Instant) -> Vec<Effect> {
    model.ui.view = view;
    match model.ui.view {
        View::Overview => {
            model.world.happened.touch();
            vec![Effect::Focus(None), Effect::ReadJournal]
        }
        View::Journal => {
            // Whoever looks there has seen how it ended.
            model.ended_badly = None;
            model.aftermath.dismiss();
            model.ui.detail_cursor = 0;
            vec![Effect::Focus(None), Effect::ReadJournal]
        }
        _ => {
            let view = model.ui.view.clone();
            relist(model, &view, now);
            vec![Effect::Focus(None)]
        }
    }
}

/// The pane beside the open one in its group; `None` where it is alone there.
pub(super) fn beside(model: &Model, command: Command) -> Option<Command> {
    let open = panes::of(&model.ui.view);
    let all: Vec<&Pane> = model.panes.beside(open).collect();
    let place = all.iter().position(|pane| pane.id == open)?;
    let by = if command == Command::NextTab { 1 } else { all.len() - 1 };
    all.get((place + by) % all.len()).filter(|pane| pane.id != open).map(|pane| Command::Show(pane.id))
}

/// Remembers what is in front: that is where back leads from what is opened now.
pub(super) fn remember(model: &mut Model, narrowed: Option<String>, now: Instant) {
    let view = match model.ui.view.clone() {
        // A log ends when it is left: back leads where esc leads from it.
        View::Logs(workload) => View::Detail(workload, DetailTab::Pods),
        view => view,
    };
    // Whoever comes by again does not go the same way back twice.
    if let Some(place) = model.ui.behind.iter().position(|behind| behind.view == view) {
        let dropped = model.ui.behind.split_off(place);
        let_go(model, &dropped, now);
    }
    model.ui.behind.push(Behind { view, narrowed });
}

/// Forgets what the pane in front was opened from: the operator has gone elsewhere.
pub(super) fn forget_way(model: &mut Model, now: Instant) {
    let behind = std::mem::take(&mut model.ui.behind);
    let_go(model, &behind, now);
}

/// Lets go of a way that led to what is in front. A filter that came with it goes with it, for a list that stays narrowed hides what fires;
/// one the operator has typed into stays.
fn let_go(model: &mut Model, behind: &[Behind], now: Instant) {
    let opened = behind.iter().skip(1).map(|behind| behind.view.clone()).chain([model.ui.view.clone()]);
    let opened: Vec<View> = opened.collect();
    for (behind, view) in behind.iter().zip(opened) {
        if let Some(narrowed) = &behind.narrowed
            && filter(model, &view).is_some_and(|filter| filter.text == *narrowed)
        {
            clear(model, &view, now);
        }
    }
}

/// One step back within what is in front, or to where it was opened from; `None` where there is none.
pub(super) fn back(model: &mut Model, now: Instant) -> Option<Vec<Effect>> {
    let view = model.ui.view.clone();
    let is_filtering = model.ui.is_filtering;
    let came = model.ui.behind.last().filter(|_| !is_filtering).and_then(|behind| behind.narrowed.clone());
    if came.is_some() {
        clear(model, &view, now);
        return pop(model, now);
    }
    if view.is_filtered() && filter(model, &view).is_some_and(|filter| is_filtering || !filter.text.is_empty()) {
        clear(model, &view, now);
        return Some(Vec::new());
    }
    pop(model, now)
}

/// Back to where what is in front was opened from.
fn pop(model: &mut Model, now: Instant) -> Option<Vec<Effect>> {
    let Behind { view, .. } = model.ui.behind.pop()?;
    model.ui.view = view;
    Some(match model.ui.view.clone() {
        View::Detail(workload, _) => world::open(model, &workload),
        View::Overview => {
            model.world.happened.touch();
            vec![Effect::Focus(None)]
        }
        view => {
            relist(model, &view, now);
            vec![Effect::Focus(None)]
        }
    })
}

/// The filter of a pane; `None` of one that has none.
pub(super) fn filter<'m>(model: &'m mut Model, view: &View) -> Option<&'m mut Field> {
    match view {
        View::Alerts => Some(&mut model.ui.alerts.filter),
        View::Pane(id) => model.panes.view_mut(id).map(|view| &mut view.choose().filter),
        View::Logs(_) => Some(&mut model.logs.search),
        View::Rollouts | View::Jobs => Some(&mut model.ui.filter),
        View::Detail(..) | View::Job(..) | View::Journal | View::Alert(..) | View::Overview => None,
    }
}

/// Clears the filter of a pane.
fn clear(model: &mut Model, view: &View, now: Instant) {
    if let Some(filter) = filter(model, view) {
        *filter = Field::default();
    }
    model.ui.is_filtering = false;
    relist(model, view, now);
}

/// Makes the rows of a pane anew after the operator chose something else of it.
pub(super) fn relist(model: &mut Model, view: &View, now: Instant) {
    match view {
        View::Alerts => model.refilter_alerts(),
        View::Pane(_) => {
            model.refresh_front(now);
        }
        _ => model.refilter(),
    }
}

/// Notes a cursor in front that has come to another row by itself: the next key may be meant for the row before.
pub(super) fn slid<P: PartialEq>(
    model: &mut Model,
    view: &View,
    (before, after): (Option<&P>, Option<&P>),
    now: Instant,
) {
    if model.ui.view == *view && before.is_some() && before != after {
        model.ui.cursor_slid_at = Some(now);
    }
}

/// Enter in a pane of rows.
pub(super) fn enter(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(reaction) = model.front().map(|view| view.enter(&model.world)) else { return Vec::new() };
    match reaction {
        Reaction::Stay => Vec::new(),
        Reaction::Workload => input::tab(model, DetailTab::Pods, now),
        Reaction::Say(words) => {
            toast(model, &words, false, now);
            Vec::new()
        }
        Reaction::Among { pane, filter } => among(model, pane, filter, now),
    }
}

/// Shows the rows of another pane that a filter finds, worst first.
pub(super) fn among(model: &mut Model, pane: &'static str, narrowed: String, now: Instant) -> Vec<Effect> {
    let Some(pane) = model.panes.find(pane) else { return Vec::new() };
    remember(model, Some(narrowed.clone()), now);
    model.ui.overlays.clear();
    model.ui.is_filtering = false;
    let view = pane.view();
    if let Some(filter) = filter(model, &view) {
        *filter = Field::holding(narrowed);
    }
    model.ui.view = view.clone();
    match &view {
        View::Alerts => {
            model.ui.alerts.is_firing_only = false;
            model.ui.alerts.is_cursor_held = false;
        }
        View::Pane(_) => {
            if let Some(view) = model.front_mut() {
                view.choose().is_problems_only = false;
                view.choose().is_cursor_held = false;
            }
        }
        _ => {
            model.ui.is_problems_only = false;
            model.ui.is_cursor_held = false;
        }
    }
    relist(model, &view, now);
    vec![Effect::Focus(None)]
}

/// Shows the silences over an alert, to choose one of them.
pub(super) fn silences_over(model: &mut Model, alert: &Alert, count: usize, now: Instant) -> Vec<Effect> {
    let name = if alert.title().contains(' ') { &*alert.key } else { alert.title() };
    let Some(pane) = model.panes.find(SILENCES) else { return Vec::new() };
    if let Some(view) = model.panes.view_mut(SILENCES) {
        view.choose().filter = Field::holding(format!("{OVER}{name}"));
        view.choose().is_cursor_held = false;
    }
    let effects = show(model, pane, now);
    let words = format!("{count} silences cover it. Choose one here and press the key again.");
    toast(model, &words, false, now);
    effects
}

/// Opens the signals on the service of what the operator means.
pub(super) fn signals_about(model: &mut Model, now: Instant) -> Vec<Effect> {
    let of_row = model.meant().and_then(|meant| {
        let row = model.world.snapshot.rollouts.iter().find(|row| row.workload == meant)?;
        Some((meant.environment, row.service.clone()?))
    });
    let of_alert = || {
        let alert = model.alerts_meant().into_iter().next()?;
        Some((alert.environment.clone(), alert.service.clone()?))
    };
    let Some((environment, service)) = of_row.or_else(of_alert) else {
        toast(model, "What is under the cursor maps to no service, and signals are by service.", true, now);
        return Vec::new();
    };
    let key = RowKey::new(&environment, &service);
    let world = &model.world;
    let place = model.panes.view_mut(SIGNALS).and_then(|view| {
        view.choose().filter = Field::default();
        view.choose().is_problems_only = false;
        view.refresh(world, now);
        let place = view.find(&key)?;
        view.choose().is_cursor_held = true;
        view.go_to(place);
        Some(place)
    });
    if place.is_none() {
        let words = match model.world.signals.of(&environment) {
            Some(_) => format!("No signal of service {service} is known: no series carries its name."),
            None => format!("No Prometheus is configured for {environment}: how {service} does is not known."),
        };
        toast(model, &words, true, now);
        return Vec::new();
    }
    remember(model, None, now);
    model.ui.overlays.clear();
    bring(model, View::Pane(SIGNALS), now)
}

/// What is under the cursor of the list in front, by its name.
pub(super) fn under_cursor(model: &Model) -> Option<String> {
    match model.ui.view {
        View::Alerts => model.alert_line().map(|line| line.alert.title().to_owned()),
        View::Pane(_) => model.selection().map(|Selection { name, .. }| name),
        View::Overview => model.overview_alert().map(|alert| alert.title().to_owned()).or_else(|| meant(model)),
        _ => meant(model),
    }
}

fn meant(model: &Model) -> Option<String> {
    model.meant().map(|workload| workload.label())
}

/// There is no workload to go to; of what there would be one.
pub(super) fn nowhere(model: &mut Model, now: Instant) -> Vec<Effect> {
    if let Some(Selection { service: Some(service), .. }) = model.selection() {
        let words = format!("No workload that is shown is of service {service}.");
        toast(model, &words, true, now);
        return Vec::new();
    }
    alerts::nowhere(model, now)
}
