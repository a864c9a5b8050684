//! The tab of pods: conditions, then every pod, those in trouble first.

use ratatui::layout::Rect;

use super::detail;
use crate::domain::rollout::{ContainerState, Pod, Revision};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Detail, Scene};
use crate::ui::widgets::columns::{self, Column};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::more;
use crate::ui::widgets::page::Page;
use crate::ui::words::{column, detail as said};

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, detail: &Detail) -> HitMap {
    let mut above = Page::new(area.width);
    if let Some(deployment) = &detail.report {
        detail::conditions(pen, &mut above, deployment);
    }
    let height = u16::try_from(above.len()).unwrap_or(0).min(area.height / 3);
    above.draw(pen, Rect { height, ..area }, 0);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let pods = match detail.pods.as_deref() {
        Some(pods) if !pods.is_empty() => pods,
        known => {
            let words = if known.is_some() { said::NO_PODS } else { said::READING };
            pen.put(area.x, area.y, area.width, words, pen.style(Role::Muted));
            return HitMap::default();
        }
    };
    let below = more::rows(area);
    let table = Rect { height: area.height - below, ..area };
    let room = Room::of(area.width);
    let name = match room {
        Room::Narrow => 26,
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
    let placed = columns::place(&asked, area.width - 1, 22, Some(Head { words: column::STATE, fit: Fit::Left }));
    let revisions = detail.revisions.as_deref().unwrap_or_default();
    let hit = grid::draw(pen, table, &placed, (pods.len(), scene.ui.detail_cursor), |pen, place| {
        let Some(pod) = pods.get(place) else { return Vec::new() };
        placed.iter().map(|column| cell(pen, column.id.words, pod, revisions)).collect()
    });
    if let Some(pod) = pods.get(scene.ui.detail_cursor.min(pods.len() - 1)) {
        let node = pod.node.as_deref().map(said::on_node).unwrap_or_default();
        let (state, _) = state(pen, pod);
        let words = [pod.name.as_ref(), &node, &state].map(ToOwned::to_owned);
        more::tell(pen, Rect { y: table.bottom(), height: below, ..area }, &words);
    }
    hit
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

/// Ready containers out of all but the init containers.
fn ready(pod: &Pod) -> Cell {
    let of = pod.containers.iter().filter(|container| !container.is_init);
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
