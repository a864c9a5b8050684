//! The tab of pods: conditions, then every pod, those in trouble first.

use ratatui::layout::Rect;

use super::detail;
use crate::domain::node::Millicores;
use crate::domain::rollout::{ContainerState, Pod, Revision};
use crate::domain::usage::{Measured, Reading, Resources, percent};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Detail, Scene};
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::widgets::{more, tabbed};
use crate::ui::words::{column, detail as said, usage};

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, detail: &Detail) -> HitMap {
    let mut above = Page::new(area.width);
    if let Some(deployment) = &detail.report {
        detail::conditions(pen, &mut above, deployment);
    }
    let height = above.rows().min(area.height / 3);
    above.draw(pen, Rect { height, ..area }, 0);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let Some(pods) = tabbed::lines(pen, area, detail.pods.as_deref(), said::NO_PODS) else {
        return HitMap::default();
    };
    let reading = scene.usage.of_pods(&detail.workload);
    // What it uses takes a line more.
    let below = more::rows(area) + u16::from(reading.is_some() && more::rows(area) > 0);
    let table = Rect { height: area.height - below, ..area };
    let room = Room::of(area.width);
    let is_measured = reading.is_some_and(|reading| reading.board.is_some());
    let name = match room {
        Room::Narrow => 26,
        Room::Middle if is_measured => 36,
        Room::Middle => 40,
        Room::Wide => 56,
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::POD, name, 0, Fit::Middle),
        column(column::READY, 5, 0, Fit::Right),
        column(column::RESTARTS, 8, 1, Fit::Right),
        column(column::AGE, 6, 2, Fit::Right),
        column(column::REVISION, 4, 3, Fit::Right),
        column(column::NODE, if room == Room::Wide { 30 } else { 16 }, 4, Fit::Middle),
    ];
    let figures = if room == Room::Wide { 11 } else { 6 };
    // Memory kills; a lack of CPU only slows.
    let figures = [(usage::column::CPU, 6), (usage::column::MEMORY, 5)]
        .map(|(words, rank)| column(words, figures, rank, Fit::Right));
    let asked: Vec<_> = asked.into_iter().chain(figures.into_iter().filter(|_| is_measured)).collect();
    let placed = columns::place(&asked, area.width - 1, 22, Some(Head { words: column::STATE, fit: Fit::Left }));
    let revisions = detail.revisions.as_deref().unwrap_or_default();
    let hit = grid::draw(pen, table, &placed, (pods.len(), scene.ui.detail_cursor), |pen, place| {
        let Some(pod) = pods.get(place) else { return Vec::new() };
        let measured = (reading.and_then(|reading| reading.of(&pod.name)), detail.resources.get(&pod.name));
        let cells = placed.iter().map(|column| match column.id.words {
            head @ (usage::column::CPU | usage::column::MEMORY) => figure(pen, head, measured, room),
            head => cell(pen, head, pod, revisions),
        });
        cells.collect()
    });
    if let Some(pod) = pods.get(scene.ui.detail_cursor.min(pods.len() - 1)) {
        let node = pod.node.as_deref().map(said::on_node).unwrap_or_default();
        let (state, _) = state(pen, pod);
        let usage = uses(pen, reading, pod, detail);
        let words = [pod.name.as_ref(), &node, &state, &usage].map(ToOwned::to_owned);
        more::tell(pen, Rect { y: table.bottom(), height: below, ..area }, &words);
    }
    hit
}

/// From how much of its memory limit on a pod is about to be killed for it, in percent.
const NEARLY: u64 = 90;

/// What a pod uses; where there is room, of what it may have or else asked for.
fn figure(pen: &Pen<'_>, head: &str, (used, asked): (Option<&Measured>, Option<&Resources>), room: Room) -> Cell {
    let Some(used) = used else { return (String::new(), Role::Muted) };
    let is_memory = head == usage::column::MEMORY;
    let (figure, amount, limit, request) = if is_memory {
        (
            used.memory.map(usage::mebibytes),
            used.memory.map(|memory| memory.0),
            asked.and_then(|asked| asked.memory_limit).map(|memory| memory.0),
            asked.and_then(|asked| asked.memory_request).map(|memory| memory.0),
        )
    } else {
        (
            used.cpu.map(Millicores::words),
            used.cpu.map(|cpu| cpu.0),
            asked.and_then(|asked| asked.cpu_limit).map(|cpu| cpu.0),
            asked.and_then(|asked| asked.cpu_request).map(|cpu| cpu.0),
        )
    };
    let of = |all: Option<u64>| percent(amount?, all?);
    let role = match of(limit) {
        _ if used.is_old(pen.now) => Role::StaleData,
        Some(NEARLY..) if is_memory => Role::Warning,
        _ => Role::Text,
    };
    let share = of(limit.or(request)).filter(|_| room == Room::Wide).map(|share| format!(" {share}%"));
    (figure.unwrap_or_default() + share.as_deref().unwrap_or_default(), role)
}

/// What the pod under the cursor uses, or why that is not known.
fn uses(pen: &mut Pen<'_>, reading: Option<&Reading>, pod: &Pod, detail: &Detail) -> String {
    let Some(reading) = reading else { return String::new() };
    match (reading.of(&pod.name), &reading.board, &reading.trouble) {
        (Some(used), ..) => {
            let age = used.at.map(|at| pen.age(at));
            let words = usage::pod(used, detail.resources.get(&pod.name), age.as_deref());
            let old = reading.trouble.as_ref().map(|trouble| format!(" ({})", usage::unavailable(trouble)));
            words + old.as_deref().unwrap_or_default()
        }
        (None, None, Some(trouble)) => usage::unavailable(trouble),
        (None, None, None) => usage::READING.to_owned(),
        (None, Some(_), _) => usage::NOT_MEASURED.to_owned(),
    }
}

fn cell(pen: &mut Pen<'_>, head: &str, pod: &Pod, revisions: &[Revision]) -> Cell {
    match head {
        column::POD => (pod.name.to_string(), Role::Text),
        column::READY => ready(pod),
        column::RESTARTS => {
            let restarts = pod.restarts();
            (restarts.to_string(), if restarts > 0 { Role::Warning } else { Role::Muted })
        }
        column::AGE => (pod.created_at.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted),
        column::REVISION => (revision(pod, revisions), Role::Muted),
        column::NODE => (pod.node.as_deref().unwrap_or_default().to_owned(), Role::Muted),
        _ => state(pen, pod),
    }
}

/// Ready containers out of those that stay, as kubectl counts them.
fn ready(pod: &Pod) -> Cell {
    let of = pod.containers.iter().filter(|container| container.stays());
    let (ready, all) = of.fold((0, 0), |(ready, all), container| (ready + u32::from(container.is_ready), all + 1));
    (format!("{ready}/{all}"), if pod.is_ready { Role::Ok } else { Role::Warning })
}

/// The revision whose ReplicaSet carries the pod's hash.
fn revision(pod: &Pod, revisions: &[Revision]) -> String {
    let hash = pod.template_hash.as_ref();
    let owner = revisions.iter().find(|revision| !hash.is_empty() && revision.name.ends_with(hash));
    owner.map(|revision| revision.number.to_string()).unwrap_or_default()
}

/// What it is doing: leaving, held by something, or on its way.
fn state(pen: &mut Pen<'_>, pod: &Pod) -> Cell {
    if let Some(gone_by) = pod.gone_by {
        if gone_by > pen.now {
            return (said::leaves(&pen.left(gone_by)), Role::Muted);
        }
        return (said::outlives(&pen.age(gone_by)), Role::Warning);
    }
    if let Some(at) = pod.next_look(pen.now) {
        pen.wake_at(at);
    }
    if let Some(blocked) = pod.blocked(pen.now) {
        return (said::blocked(&blocked.reason, &blocked.message), Role::Error);
    }
    let waiting = pod.containers.iter().find_map(|container| match &container.state {
        ContainerState::Waiting(reason, _) => Some(reason.to_string()),
        ContainerState::Terminated(code, reason) if *code != 0 => Some(said::exited(*code, reason)),
        _ => None,
    });
    let role = if pod.is_ready { Role::Ok } else { Role::Text };
    (waiting.unwrap_or_else(|| pod.phase.to_string()), role)
}
