//! Keys: a chord becomes a command by the keymap, or a character of the field that has the keys.

use chrono::TimeDelta;

use super::{
    alerts, drafts, jobs, leave, list, logs, move_cursor, news, offers, on_alerts, on_subject, overview, palette, plan,
    pod_session, runbook, scope, service, silencing, toast, typing, world,
};
use crate::actions::{Action, Options};
use crate::app::commands::{Command, NAMED};
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::action::Given;
use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::SubjectKind;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::keys::{Chord, Context, Pressed};
use crate::ui::alerts::Place;
use crate::ui::state::{DetailTab, Field, Overlay, Slot, View};

/// Within this time of a row coming under the cursor by itself, a key was meant for the row before.
const JUST_NOW: TimeDelta = TimeDelta::seconds(1);

/// What has the keys.
pub(super) fn context(model: &Model) -> Context {
    match model.overlay() {
        Some(Overlay::Help { .. }) => Context::Help,
        Some(Overlay::Palette { .. }) => Context::Palette,
        Some(Overlay::Plan { .. }) => Context::Plan,
        Some(Overlay::Scope { .. } | Overlay::Actions { .. }) => Context::Menu,
        Some(Overlay::Problems { .. }) => Context::Text,
        None if model.ui.is_filtering => Context::Prompt,
        None => match model.ui.view {
            View::Rollouts | View::Alerts | View::Pane(_) | View::Overview => Context::List,
            View::Detail(..) | View::Alert(..) => Context::Detail,
            View::Jobs | View::Job(..) => Context::Jobs,
            View::Logs(_) => Context::Logs,
            View::Journal => Context::Text,
        },
    }
}

/// Takes a key.
pub(super) fn key(model: &mut Model, chord: Chord, now: Instant) -> Vec<Effect> {
    if model.is_too_small {
        return out_of_sight(model, chord, now);
    }
    let context = context(model);
    let pressed = model.keymap.press(context, &mut model.pending, chord);
    model.ui.pending_keys = model.pending.to_string();
    if !matches!(pressed, Pressed::Command(name) if named(model, name.0) == Some(Command::Escape)) {
        drafts::pressed(model);
    }
    if context == Context::List && pressed == Pressed::Unfinished {
        *move_cursor::held(model) = true;
    }
    match pressed {
        Pressed::Command(name) => match named(model, name.0) {
            Some(command) => {
                if context == Context::List {
                    move_cursor::hold(model, command);
                }
                run(model, command, now)
            }
            None => Vec::new(),
        },
        Pressed::Unbound if context.is_typing() => {
            typing::typed(model, chord, now);
            Vec::new()
        }
        Pressed::Unfinished | Pressed::Nothing | Pressed::Unbound => Vec::new(),
    }
}

/// Takes a key while the screen cannot be read: whatever lies under it, only leaving works.
fn out_of_sight(model: &mut Model, chord: Chord, now: Instant) -> Vec<Effect> {
    match model.keymap.press(Context::Global, &mut model.pending, chord) {
        Pressed::Command(name) => match named(model, name.0) {
            Some(command @ (Command::Quit | Command::Back | Command::Cancel)) => leave(model, command, now),
            Some(command @ (Command::Suspend | Command::Redraw)) => run(model, command, now),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The command of a name in a keymap.
pub(super) fn named(model: &Model, name: &str) -> Option<Command> {
    // On the palette an action goes by its bare name.
    let action = name.strip_prefix("action.").unwrap_or(name);
    let is_it = |known: &str| known == name || known.strip_prefix("action.") == Some(action);
    let listed = NAMED.iter().find(|(_, known, _)| is_it(known)).map(|(command, ..)| *command);
    let shown = || model.panes.named(name).map(|pane| Command::Show(pane.id));
    listed.or_else(shown).or_else(|| model.catalog.named(action).map(|action| Command::Act(action.id())))
}

/// What a command means in the pane in front, or in a room of its own; `None` where it means what it means everywhere.
fn own(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    let own = list::run(model, command)
        .or_else(|| overview::run(model, command))
        .or_else(|| jobs::run(model, command))
        .or_else(|| logs::run(model, command, now));
    own.or_else(|| runbook::run(model, command, now))
}

/// Runs a command.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Vec<Effect> {
    if command != Command::Back && command != Command::Cancel {
        model.leave_until = None;
    }
    if let Some(effects) = own(model, command, now) {
        return effects;
    }
    match command {
        Command::Help => open(model, Overlay::Help { filter: Field::default(), scroll: 0 }),
        Command::Palette => open(model, Overlay::Palette { input: Field::default(), selected: 0 }),
        Command::Problems => open(model, Overlay::Problems { scroll: 0 }),
        Command::Scope => {
            let selected = scope::scopes(model).iter().position(|scope| *scope == model.world.scope).unwrap_or(0);
            open(model, Overlay::Scope { selected })
        }
        Command::Actions => offers::open(model, now),
        Command::Back | Command::Escape | Command::Cancel => back(model, command, now),
        Command::Quit => leave(model, command, now),
        Command::Redraw => vec![Effect::Repaint],
        Command::Refresh => {
            toast(model, "Trying every source again now.", false, now);
            let mut effects = vec![Effect::Retry];
            if let View::Detail(workload, _) = &model.ui.view {
                effects.push(Effect::Read(workload.clone()));
            }
            effects
        }
        Command::Suspend => vec![Effect::Suspend],
        Command::Show(id) => model.panes.find(id).map(|pane| list::show(model, pane, now)).unwrap_or_default(),
        Command::SignalsAbout => list::signals_about(model, now),
        Command::AlertsAbout => alerts::about(model, now),
        Command::Freeze => freeze(model, now),
        Command::Header => toggled(&mut model.ui.is_header_compact),
        Command::Wide => toggled(&mut model.ui.is_wide),
        Command::ProblemsOnly => {
            if model.ui.view == View::Alerts {
                return alerts::firing_only(model);
            }
            model.ui.is_problems_only = !model.ui.is_problems_only;
            model.refilter();
            Vec::new()
        }
        Command::Filter => {
            model.ui.is_filtering = model.ui.view.is_filtered();
            Vec::new()
        }
        Command::Open => enter(model, now),
        Command::Details => tab(model, DetailTab::Pods, now),
        Command::Events => tab(model, DetailTab::Events, now),
        Command::History => tab(model, DetailTab::History, now),
        Command::Raw => tab(model, DetailTab::Raw, now),
        Command::Diff => diff(model, now),
        Command::NextTab | Command::PreviousTab => next_part(model, command, now),
        Command::Mark => {
            if let Some(key) = model.ui.cursor.clone()
                && !model.ui.marks.remove(&key)
            {
                model.ui.marks.insert(key);
            }
            move_cursor::step(model, Command::Down, now);
            Vec::new()
        }
        Command::ClearMarks => {
            model.ui.marks.clear();
            Vec::new()
        }
        Command::Dead => {
            toast(model, "This key changes nothing here. Use a: actions.", false, now);
            Vec::new()
        }
        Command::Act(action) => act(model, action, now),
        Command::EditText => typing::edit(model, now),
        Command::RollBackService if has_slid(model, now) => Vec::new(),
        Command::EndForward => pod_session::end(model, None, now),
        Command::RollBackService => service::whole(model, "rollback", now),
        moving => {
            move_cursor::step(model, moving, now);
            Vec::new()
        }
    }
}

fn open(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.ui.overlays.push(overlay);
    Vec::new()
}

fn toggled(flag: &mut bool) -> Vec<Effect> {
    *flag = !*flag;
    Vec::new()
}

/// One step back: overlay, filter, marks, view, and at the root out.
fn back(model: &mut Model, command: Command, now: Instant) -> Vec<Effect> {
    match model.ui.overlays.last() {
        Some(Overlay::Plan { .. }) => return plan::close(model, now),
        Some(_) => {
            model.ui.overlays.pop();
            return Vec::new();
        }
        None if command == Command::Escape => {
            if let Some(effects) = drafts::escape(model, now) {
                return effects;
            }
        }
        None => {}
    }
    if let Some(effects) = list::back(model, now) {
        return effects;
    }
    if model.ui.view != View::Rollouts {
        model.ui.view = if let View::Alert(..) = model.ui.view { View::Alerts } else { View::Rollouts };
        let view = model.ui.view.clone();
        list::relist(model, &view, now);
        return vec![Effect::Focus(None)];
    }
    if command == Command::Escape {
        model.ui.marks.clear();
        return Vec::new();
    }
    leave(model, command, now)
}

fn freeze(model: &mut Model, now: Instant) -> Vec<Effect> {
    if model.world.frozen_at.is_some() {
        return news::thaw(model, now);
    }
    model.world.frozen_at = Some(now);
    Vec::new()
}

/// Enter: opens a row, takes a menu line, confirms a plan, ends a filter.
fn enter(model: &mut Model, now: Instant) -> Vec<Effect> {
    match model.ui.overlays.last().cloned() {
        Some(Overlay::Plan { typed, reason, given, at, .. }) => {
            let needs_reason = model
                .planning
                .as_ref()
                .and_then(|planning| planning.scene.plan.as_ref())
                .is_some_and(|plan| plan.confirmation.needs_reason);
            if needs_reason && at == Slot::Typed && !text::is_visible(&reason.text) && !typed.text.trim().is_empty() {
                return next_part(model, Command::NextTab, now);
            }
            plan::confirm(model, (&typed.text, &reason.text), &given, now)
        }
        Some(Overlay::Scope { selected }) => {
            model.ui.overlays.pop();
            scope::switch(model, selected, now)
        }
        Some(Overlay::Actions { meant, selected }) => offers::choose(model, &meant, selected, now),
        Some(Overlay::Palette { input, selected }) => {
            let chosen = model.menu.get(selected).map(|line| line.words.clone());
            model.ui.overlays.pop();
            match chosen {
                // A line somebody moved to is the one they mean, whatever was typed to find it.
                Some(line) if selected > 0 => palette::run(model, &line, None, now),
                chosen => palette::run(model, input.text.trim(), chosen, now),
            }
        }
        Some(Overlay::Help { .. } | Overlay::Problems { .. }) => {
            model.ui.overlays.pop();
            Vec::new()
        }
        None if model.ui.is_filtering => {
            model.ui.is_filtering = false;
            Vec::new()
        }
        None => match model.ui.view.clone() {
            View::Overview => overview::enter(model, now),
            View::Pane(_) => list::enter(model, now),
            View::Rollouts | View::Alert(..) => tab(model, DetailTab::Pods, now),
            View::Alerts => {
                if model.alert_line().is_some_and(|line| matches!(line.place, Place::Alert(..))) {
                    list::remember(model, None, now);
                }
                model.enter_alert();
                Vec::new()
            }
            View::Detail(_, DetailTab::History) => diff(model, now),
            View::Detail(..) | View::Jobs | View::Job(..) | View::Logs(_) | View::Journal => Vec::new(),
        },
    }
}

/// Opens a part of the detail of what the operator means.
pub(super) fn tab(model: &mut Model, tab: DetailTab, now: Instant) -> Vec<Effect> {
    let Some(workload) = model.meant() else { return list::nowhere(model, now) };
    if !matches!(model.ui.view, View::Detail(..)) {
        list::remember(model, None, now);
    }
    if !matches!(model.ui.view, View::Detail(_, open) if open == tab) {
        model.ui.detail_cursor = 0;
    }
    model.ui.view = View::Detail(workload.clone(), tab);
    world::open(model, &workload)
}

fn next_part(model: &mut Model, command: Command, now: Instant) -> Vec<Effect> {
    if let Some(Overlay::Plan { .. }) = model.ui.overlays.last() {
        let is_back = command == Command::PreviousTab;
        if let Some(effects) = on_alerts::turn(model, is_back, now) {
            return effects;
        }
        plan::step(model, is_back);
        return Vec::new();
    }
    match (model.overlay(), &model.ui.view) {
        (Some(Overlay::Palette { .. }), _) => palette::complete(model),
        (None, view) if view.is_pane() => {
            return list::beside(model, command).map(|beside| run(model, beside, now)).unwrap_or_default();
        }
        (None, View::Detail(_, open)) => {
            let place = DetailTab::ALL.iter().position(|known| known == open).unwrap_or(0);
            let count = DetailTab::ALL.len();
            let next = if command == Command::NextTab { place + 1 } else { place + count - 1 };
            let next = DetailTab::ALL.into_iter().cycle().nth(next).unwrap_or_default();
            return tab(model, next, now);
        }
        _ => {}
    }
    Vec::new()
}

/// Chooses the revision under the cursor as the other side of the diff, or lets go of it.
fn diff(model: &mut Model, now: Instant) -> Vec<Effect> {
    let View::Detail(_, DetailTab::History) = model.ui.view else { return tab(model, DetailTab::History, now) };
    let revisions = model.detail.as_ref().and_then(|detail| detail.revisions.as_ref());
    let chosen =
        revisions.and_then(|revisions| revisions.get(model.ui.detail_cursor)).map(|revision| revision.uid.clone());
    model.ui.diff_against = chosen.filter(|uid| model.ui.diff_against.as_ref() != Some(uid));
    Vec::new()
}

/// The targets an action means: the marked rows, or the one under the cursor.
fn act(model: &mut Model, action: &'static str, now: Instant) -> Vec<Effect> {
    let Some(action) = model.catalog.named(action).filter(|_| !has_slid(model, now)) else { return Vec::new() };
    match action.about().on {
        SubjectKind::Silence => return silencing::open(model, action, now),
        SubjectKind::Alert => return on_alerts::open(model, action, now),
        SubjectKind::Pod => return pod_session::open(model, action, now),
        SubjectKind::Workload => {}
        SubjectKind::Incident
        | SubjectKind::Schedule
        | SubjectKind::Backup
        | SubjectKind::Database
        | SubjectKind::Job
        | SubjectKind::Object
        | SubjectKind::Address
        | SubjectKind::Made
        | SubjectKind::Window
        | SubjectKind::Task
        | SubjectKind::Freeze => {
            return on_subject::open(model, action, now);
        }
    }
    if model.ui.view == View::Rollouts && !model.ui.marks.is_empty() {
        let (marked, choice) = service::marked(model);
        return ask_or_plan(model, action, marked, Options { choice, ..Options::default() }, now);
    }
    let mut given = Given::default();
    if let Some(revision) = chosen_revision(model) {
        given = given.with("to", revision);
    }
    if let Some(pod) = chosen_pod(model) {
        given = given.with("pod", pod);
    }
    let options = Options { given: given.only(action.fields()), ..Options::default() };
    let targets: Vec<WorkloadRef> = model.meant().map(|one| model.together(action, one)).unwrap_or_default();
    ask_or_plan(model, action, targets, options, now)
}

/// Whether another row has just come under the cursor by itself: then the key was meant for the one before, and it is said.
pub(super) fn has_slid(model: &mut Model, now: Instant) -> bool {
    let is_recent = model.ui.cursor_slid_at.is_some_and(|at| now - at < JUST_NOW);
    let has_slid = is_recent && model.ui.view.is_list();
    if has_slid {
        model.ui.cursor_slid_at = None;
        let name = list::under_cursor(model).unwrap_or_else(|| "another line".to_owned());
        let words = format!(
            "The list has just changed: the cursor is on {} now. Press again if you mean it.",
            text::clean(&name)
        );
        toast(model, &words, true, now);
    }
    has_slid
}

/// Plans; an action that needs to be told more is begun on the palette, ready to be completed.
pub(super) fn ask_or_plan(
    model: &mut Model,
    action: &'static dyn Action,
    targets: Vec<WorkloadRef>,
    options: Options,
    now: Instant,
) -> Vec<Effect> {
    // The cursor on a pod has said which.
    let asked = action.asks().filter(|field| options.given.text(field.id).is_none());
    match (asked, targets.as_slice()) {
        (Some(field), [target]) => {
            let line =
                format!("{} {} {} {} ", action.id(), target.label(), scope::place(model, target), field.option());
            model.ui.overlays.retain(|overlay| !matches!(overlay, Overlay::Actions { .. }));
            open(model, Overlay::Palette { input: Field::holding(line), selected: 0 })
        }
        _ => plan::on_workloads(model, action, targets, options, now),
    }
}

/// On the history of the open workload the cursor says which revision a rollback means; the current one means the default.
fn chosen_revision(model: &Model) -> Option<u64> {
    let View::Detail(_, DetailTab::History) = model.ui.view else { return None };
    let revisions = model.detail.as_ref()?.revisions.as_ref()?;
    revisions.get(model.ui.detail_cursor).filter(|revision| !revision.is_current).map(|revision| revision.number)
}

/// On the pods of the open workload the cursor says which pod is meant.
pub(super) fn chosen_pod(model: &Model) -> Option<String> {
    let View::Detail(_, DetailTab::Pods) = model.ui.view else { return None };
    let pods = model.detail.as_ref()?.pods.as_ref()?;
    pods.get(model.ui.detail_cursor).map(|pod| pod.name.to_string())
}
