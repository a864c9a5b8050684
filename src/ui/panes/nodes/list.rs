//! The list of nodes.

use ratatui::layout::Rect;

use super::{more, notice, role_of};
use crate::domain::node::Node;
use crate::domain::source::{SourceHealth, SourceState};
use crate::domain::usage::{Measured, percent};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::title;
use crate::ui::words::{self, nodes as said, nodes::column, usage};

/// From how many rows on the node under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let nodes = &scene.nodes;
    let cursor = title(pen, Rect { height: 1, ..area }, scene);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let above = notice::above(pen, nodes, inner.width);
    let most = notice::MOST.min(area.height.saturating_sub(1));
    let height = above.rows().min(most);
    above.draw(pen, Rect { y: area.y + 1, height, ..inner }, 0);
    let top = area.y + 1 + height;
    let below = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    if nodes.lines.is_empty() {
        let page = notice::instead(pen, nodes, inner.width.saturating_sub(2));
        page.draw(pen, Rect { x: inner.x + 1, y: below.y + 1, height: below.height.saturating_sub(1), ..inner }, 0);
        return HitMap { cursor, ..HitMap::default() };
    }
    let at = nodes.cursor.unwrap_or(0);
    let told = nodes.lines.get(at).filter(|_| below.height >= ROOM_FOR_MORE);
    let told = told.map(|node| more::page(pen, inner.width, node, scene));
    let told_rows = told.as_ref().map_or(0, |page| page.rows().saturating_add(1).min(below.height / 2));
    let table = Rect { height: below.height - told_rows, ..below };
    let placed = placed(scene, table.width - 1);
    let hit = grid::draw(pen, table, &placed, (nodes.lines.len(), at), |pen, place| {
        let Some(node) = nodes.lines.get(place) else { return Vec::new() };
        let is_old = notice::is_old(nodes, &node.node.environment);
        let cells = placed.iter().map(|column| cell(pen, column, node, scene.usage.of_node(node)));
        cells.map(|(words, role)| (words, if is_old { Role::StaleData } else { role })).collect()
    });
    if let Some(page) = told {
        page.under_rule(pen, Rect { y: table.bottom(), height: told_rows, ..inner });
    }
    HitMap { cursor, ..hit }
}

/// How many nodes are how; or the filter while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> Option<(u16, u16)> {
    let (nodes, chosen) = (&scene.nodes, &scene.ui.nodes);
    // Before the first answer, or without the right to ask, there is no number to say.
    let is_answered = |health: &SourceHealth| health.state != SourceState::Forbidden && health.last_good.is_some();
    let is_known = nodes.health.iter().any(is_answered);
    let tally = said::tally(nodes.tally, nodes.lines.len(), nodes.total);
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    if !scene.ui.is_filtering && !chosen.filter.text.is_empty() {
        facts.push(words::list::filter(&chosen.filter.text));
    }
    title::draw(pen, area, &facts, scene.ui.is_filtering.then_some(&chosen.filter))
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let is_one = scene.nodes.environments < 2;
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
