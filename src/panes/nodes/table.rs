//! The list of nodes.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{Nodes, more, notice, role_of};
use crate::domain::node::{Node, NodeVerdict};
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::usage::{Measured, percent};
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness;
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::words::{self, nodes as said, nodes::column, usage};

/// From how many rows on the node under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;

/// Draws it.
pub(super) fn draw(list: &List<Nodes>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let health = notice::health(scene);
    let mut listing = list.begin(pen, area, facts(list, &health), scene);
    let above = notice::above(pen, (list.all().len(), &health), scene, listing.columns());
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let page = notice::instead(pen, (list.all().len(), &health), listing.columns().saturating_sub(2));
        return listing.instead(pen, &page);
    }
    if let Some(node) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, listing.columns(), node, scene);
        listing.more(pen, &page, listing.height() / 2);
    }
    let is_old = |node: &Arc<Node>| notice::is_old(&health, &node.node.environment);
    list.finish(listing, pen, &placed(scene, area.width - 1), is_old, |pen, column, node| {
        cell(pen, column, node, scene.usage.of_node(node))
    })
}

/// How many nodes are how.
fn facts(list: &List<Nodes>, health: &[SourceHealth]) -> Vec<String> {
    // Before the first answer, or without the right to ask, there is no number to say.
    let is_answered = |health: &SourceHealth| health.state != SourceState::Forbidden && health.last_good.is_some();
    let is_known = health.iter().any(is_answered);
    let counts = [NodeVerdict::NotReady, NodeVerdict::Pressure, NodeVerdict::Cordoned];
    let counts = counts.map(|verdict| list.count(|node| node.verdict() == verdict));
    let tally = said::tally(counts, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let is_one = scene.environments.len() < 2;
    // Which environment a node is of is never left out where there are several: clusters name theirs alike.
    let is_measured = scene.usage.has_nodes();
    let [name, why] = match (Room::of(columns + 1), is_one) {
        // What is wrong stands in full below the table.
        (Room::Narrow, true) if is_measured => [20, 16],
        (Room::Narrow, true) => [20, 26],
        (Room::Narrow, false) => [14, 12],
        (Room::Middle, true) => [30, 30],
        (Room::Middle, false) => [24, 20],
        (Room::Wide, _) => [44, 56],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let share = |words| is_measured.then_some(column(words, 4, 2, Fit::Right));
    let asked = [
        column(column::STATE, 9, 0, Fit::Left),
        column(words::column::NODE, name, 0, Fit::Middle),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 0 }, Fit::Left),
        column(column::SINCE, 6, 0, Fit::Right),
        column(column::PODS, 5, 0, Fit::Right),
        column(column::UNREADY, 7, 0, Fit::Right),
    ];
    let shares = [share(usage::column::CPU_SHARE), share(usage::column::MEMORY_SHARE)].into_iter().flatten();
    let room = [
        column(column::CPU, 5, 4, Fit::Right),
        column(column::MEMORY, 7, 3, Fit::Right),
        column(column::VERSION, 10, 5, Fit::Left),
    ];
    let asked: Vec<_> = asked.into_iter().chain(shares).chain(room).collect();
    columns::place(&asked, columns, why, Some(Head { words: column::WHY, fit: Fit::Left }))
}

/// From how much of it on a node is as good as full, in percent.
const FULL: u64 = 90;

fn share(percent: Option<u64>, is_old: bool) -> Cell {
    let role = match percent {
        _ if is_old => Role::StaleData,
        Some(FULL..) => Role::Warning,
        _ => Role::Text,
    };
    (usage::share(percent), role)
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, node: &Node, used: Option<&Measured>) -> Cell {
    let verdict = node.verdict();
    match column.id.words {
        column::STATE => (verdict.word().to_owned(), role_of(verdict)),
        words::column::NODE => (node.node.name.to_string(), Role::Text),
        words::column::ENVIRONMENT => (node.node.environment.to_string(), Role::Muted),
        column::SINCE => {
            let since = if verdict.is_trouble() { node.in_trouble_since() } else { node.since };
            let role = if verdict.is_trouble() { role_of(verdict) } else { Role::Muted };
            (since.map_or_else(|| "?".to_owned(), |at| pen.age(at)), role)
        }
        column::PODS => (node.pods.all.to_string(), Role::Text),
        column::UNREADY => {
            (node.pods.unready.to_string(), if node.pods.unready > 0 { Role::Warning } else { Role::Muted })
        }
        usage::column::CPU_SHARE | usage::column::MEMORY_SHARE => {
            let cpu = || percent(used?.cpu?.0, node.cpu?.0);
            let memory = || percent(used?.memory?.0, node.memory?.0);
            let of = if column.id.words == usage::column::CPU_SHARE { cpu() } else { memory() };
            share(of, used.is_some_and(|used| used.is_old(pen.now)))
        }
        column::CPU => (node.cpu.map(crate::domain::node::Millicores::words).unwrap_or_default(), Role::Muted),
        column::MEMORY => (node.memory.map(crate::domain::node::Bytes::words).unwrap_or_default(), Role::Muted),
        column::VERSION => (node.version.to_string(), Role::Muted),
        _ => (said::why(node), if verdict.is_trouble() { role_of(verdict) } else { Role::Muted }),
    }
}
