//! The logs pane: what its keys do.

use std::sync::Arc;

use super::toast;
use crate::app::commands::Command;
use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::log::LogNews;
use crate::domain::log::{Level, LogAsk, Since};
use crate::domain::rollout::{Verdict, WorkloadRef};
use crate::domain::time::{self, Instant};
use crate::ui::state::{DetailTab, Field, View};

/// The newest lines of each container that are read at first.
const FIRST: u32 = 200;
/// What the digits stand for, in minutes.
const ANCHORS: [i64; 5] = [1, 5, 15, 30, 60];

/// What a command means here; `None` where it means what it means everywhere.
pub(super) fn run(model: &mut Model, command: Command, now: Instant) -> Option<Vec<Effect>> {
    if command == Command::Logs && model.ui.overlays.is_empty() {
        return Some(open(model, now));
    }
    let View::Logs(workload) = &model.ui.view else { return None };
    if !model.ui.overlays.is_empty() {
        return None;
    }
    let workload = workload.clone();
    let is_leaving = matches!(command, Command::Back | Command::Escape | Command::Cancel);
    if model.ui.is_filtering {
        if is_leaving {
            model.logs.search = Field::default();
        }
        model.ui.is_filtering = !is_leaving && command != Command::Open;
        return Some(Vec::new());
    }
    if is_leaving {
        if std::mem::take(&mut model.logs.is_opened) {
            return Some(Vec::new());
        }
        model.ui.view = View::Detail(workload.clone(), DetailTab::Pods);
        return Some(super::world::open(model, &workload));
    }
    let pane = &mut model.logs;
    match command {
        Command::Open => pane.is_opened = !pane.is_opened,
        Command::Filter => model.ui.is_filtering = true,
        Command::LogNext | Command::LogBefore => {
            if !pane.seek(command == Command::LogNext, false) {
                toast(model, "Nothing like that is in these lines.", true, now);
            }
        }
        Command::LogLevel => {
            let place = Level::STEPS.iter().position(|level| *level == pane.least).unwrap_or(0);
            pane.least = Level::STEPS[(place + 1) % Level::STEPS.len()];
            let held = pane.visible.get(pane.cursor).cloned();
            pane.relevel(held.as_ref());
        }
        Command::LogWrap => pane.is_wrapped = !pane.is_wrapped,
        Command::LogFollow => {
            pane.is_at_end = !pane.is_at_end;
            pane.relevel(None);
        }
        Command::LogPrevious => return Some(again(model, |ask| ask.is_previous = !ask.is_previous)),
        Command::LogContainer => return Some(next_container(model)),
        Command::LogPods => return Some(every_pod(model, now)),
        Command::LogSince(anchor) => return Some(since(model, anchor, now)),
        Command::Copy => {
            let Some(line) = pane.visible.get(pane.cursor) else { return Some(Vec::new()) };
            let text = line.written();
            toast(model, "Copied, as far as this terminal lets programs copy (OSC 52).", false, now);
            return Some(vec![Effect::Copy(text)]);
        }
        Command::Save => {
            let lines = pane.visible.iter().map(|line| line.written()).collect();
            return Some(vec![Effect::SaveLines(workload.name.to_string(), lines)]);
        }
        Command::Top
        | Command::Bottom
        | Command::Up
        | Command::Down
        | Command::PageUp
        | Command::PageDown
        | Command::HalfUp
        | Command::HalfDown => {
            step(model, command);
        }
        Command::Mark
        | Command::NextTab
        | Command::PreviousTab
        | Command::Details
        | Command::Events
        | Command::History
        | Command::Raw => {}
        _ => return None,
    }
    Some(Vec::new())
}

/// Opens the log of what the operator means.
fn open(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(workload) = model.meant() else {
        toast(model, "There is no workload under the cursor.", true, now);
        return Vec::new();
    };
    // On a pod of the detail: that pod's log.
    let pod = match &model.ui.view {
        View::Detail(_, DetailTab::Pods) => {
            let pods = model.detail.as_ref().and_then(|detail| detail.pods.as_ref());
            pods.and_then(|pods| pods.get(model.ui.detail_cursor))
                .map(|pod| pod.name.clone())
                .filter(|_| model.ui.detail_cursor > 0)
        }
        _ => None,
    };
    // Among the lines of those that are well, what the one that falls says last would be lost.
    let pod = pod.or_else(|| stuck_pod(model, &workload));
    let ask = LogAsk {
        workload: workload.clone(),
        pod,
        container: None,
        is_previous: false,
        since: Since::Tail(FIRST),
        is_followed: true,
    };
    model.ui.view = View::Logs(workload.clone());
    let mut effects = vec![Effect::Focus(Some(workload))];
    effects.extend(begin(model, ask));
    effects
}

/// The pod that holds a workload up.
fn stuck_pod(model: &Model, workload: &WorkloadRef) -> Option<Arc<str>> {
    let row = model.world.snapshot.rollouts.iter().find(|row| row.workload == *workload)?;
    row.stuck_pod.clone().filter(|_| row.verdict != Verdict::Complete)
}

/// From one pod to all of them; from all of them to the one that is stuck.
fn every_pod(model: &mut Model, now: Instant) -> Vec<Effect> {
    let Some(asked) = model.logs.ask.clone() else { return Vec::new() };
    let next = match asked.pod {
        Some(_) => None,
        None => stuck_pod(model, &asked.workload),
    };
    if asked.pod == next {
        toast(model, "Every pod is followed already, and none of them is stuck.", false, now);
        return Vec::new();
    }
    again(model, |ask| ask.pod = next)
}

fn begin(model: &mut Model, ask: LogAsk) -> Vec<Effect> {
    model.logs.begin(ask.clone());
    vec![Effect::ReadLogs(model.logs.number, Box::new(ask))]
}

/// Reads again with something else asked.
fn again(model: &mut Model, change: impl FnOnce(&mut LogAsk)) -> Vec<Effect> {
    let Some(mut ask) = model.logs.ask.clone() else { return Vec::new() };
    change(&mut ask);
    begin(model, ask)
}

/// From a moment on: 0 the newest lines, 1 to 5 minutes, 6 since the release began.
fn since(model: &mut Model, anchor: u8, now: Instant) -> Vec<Effect> {
    let since = match anchor {
        0 => Since::Tail(FIRST),
        6 => {
            let workload = model.logs.ask.as_ref().map(|ask| ask.workload.clone());
            let row = model.world.snapshot.rollouts.iter().find(|row| Some(&row.workload) == workload.as_ref());
            match row.and_then(|row| row.changed_at) {
                Some(at) => Since::Time(at),
                None => {
                    toast(model, "When the present release began is not known.", true, now);
                    return Vec::new();
                }
            }
        }
        anchor => Since::Time(now - time::minutes(ANCHORS[usize::from(anchor - 1).min(ANCHORS.len() - 1)])),
    };
    again(model, |ask| ask.since = since)
}

/// The next container of those seen, and after the last one all of them again.
fn next_container(model: &mut Model) -> Vec<Effect> {
    let mut names: Vec<Arc<str>> = match &model.detail {
        Some(detail) => {
            let pods = detail.pods.iter().flatten();
            pods.flat_map(|pod| pod.containers.iter().map(|container| container.name.clone())).collect()
        }
        None => Vec::new(),
    };
    names.extend(model.logs.standings.keys().map(|origin| origin.container.clone()));
    names.sort();
    names.dedup();
    let chosen = model.logs.ask.as_ref().and_then(|ask| ask.container.clone());
    let next = match chosen {
        None => names.first().cloned(),
        Some(chosen) => names.iter().skip_while(|name| **name != chosen).nth(1).cloned(),
    };
    again(model, |ask| ask.container = next)
}

fn step(model: &mut Model, command: Command) {
    let rows = model.page.max(2);
    let pane = &mut model.logs;
    let last = pane.visible.len().saturating_sub(1);
    pane.cursor = match command {
        Command::Top => 0,
        Command::Up => pane.cursor.saturating_sub(1),
        Command::Down => pane.cursor + 1,
        Command::PageUp => pane.cursor.saturating_sub(rows),
        Command::PageDown => pane.cursor + rows,
        Command::HalfUp => pane.cursor.saturating_sub(rows / 2),
        Command::HalfDown => pane.cursor + rows / 2,
        _ => last,
    }
    .min(last);
    pane.is_at_end = pane.cursor == last;
}

/// News of the open log.
pub(super) fn news(model: &mut Model, number: u64, news: LogNews) -> Vec<Effect> {
    if model.logs.number == number && matches!(model.ui.view, View::Logs(_)) {
        model.logs.take(news);
    }
    Vec::new()
}

/// What was typed into the search moves the cursor to the first line that has it.
pub(super) fn searched(model: &mut Model) {
    model.logs.seek(true, true);
}

/// A log that was left is not read on, and its lines are let go.
pub(super) fn end_if_left(model: &mut Model) -> Vec<Effect> {
    if model.logs.ask.is_none() || matches!(model.ui.view, View::Logs(_)) {
        return Vec::new();
    }
    model.logs.close();
    vec![Effect::EndLogs]
}
