//! The list of services.

use ratatui::layout::Rect;

use super::{hour, more, notice, role_of, word_of};
use crate::domain::signal::query::{CPU, ERRORS, MEMORY, P50, P95, P99, REQUESTS};
use crate::domain::signal::{Board, Judged, State};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::title;
use crate::ui::words::{self, signals as said, signals::column};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let cursor = title(pen, Rect { height: 1, ..area }, scene);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let above = notice::above(pen, scene, inner.width);
    let most = notice::MOST.min(area.height.saturating_sub(1));
    let height = above.rows().min(most);
    above.draw(pen, Rect { y: area.y + 1, height, ..inner }, 0);
    let top = area.y + 1 + height;
    let below = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    if scene.signals.lines.is_empty() {
        let page = notice::instead(pen, scene, inner.width.saturating_sub(2));
        page.draw(pen, Rect { x: inner.x + 1, y: below.y + 1, height: below.height.saturating_sub(1), ..inner }, 0);
        return HitMap { cursor, ..HitMap::default() };
    }
    let at = scene.signals.cursor.unwrap_or(0);
    let told = scene.signals.lines.get(at).filter(|_| below.height >= ROOM_FOR_MORE);
    let told_rows = told.map_or(0, |board| more::rows(board).min(below.height / 2));
    let table = Rect { height: below.height - told_rows, ..below };
    let placed = placed(scene, table.width - 1);
    let hit = grid::draw(pen, table, &placed, (scene.signals.lines.len(), at), |pen, place| {
        let Some(board) = scene.signals.lines.get(place) else { return Vec::new() };
        let is_old = notice::is_old(scene, &board.environment);
        let cells = placed.iter().map(|column| cell(pen, column, board));
        cells.map(|(words, role)| (words, if is_old { Role::StaleData } else { role })).collect()
    });
    if let Some(board) = told {
        more::draw(pen, Rect { y: table.bottom(), height: told_rows, ..inner }, board, scene);
    }
    HitMap { cursor, ..hit }
}

/// How many services are how; or the filter while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> Option<(u16, u16)> {
    let (signals, chosen) = (&scene.signals, &scene.ui.signals);
    // Before the first answer there is no number to say.
    let is_known =
        signals.snapshots.iter().flat_map(|snapshot| &snapshot.health).any(|health| health.last_good.is_some());
    let tally = said::tally(signals.tally, signals.lines.len(), signals.total);
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    if !scene.ui.is_filtering && !chosen.filter.text.is_empty() {
        facts.push(words::list::filter(&chosen.filter.text));
    }
    title::draw(pen, area, &facts, scene.ui.is_filtering.then_some(&chosen.filter))
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let is_one = scene.signals.snapshots.len() < 2;
    let has = |name: &str| scene.signals.lines.iter().any(|board| board.signal(name).is_some());
    let [service, hour] = match room {
        // Two rows of one service are told apart before how full they are is told.
        Room::Narrow if !is_one => [15, 17],
        Room::Narrow => [16, 17],
        Room::Middle => [24, 24],
        Room::Wide => [36, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let mut asked = vec![
        column(column::STATE, 8, 0, Fit::Left),
        column(column::SERVICE, service, 0, Fit::Middle),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 0 }, Fit::Left),
        column(column::REQUESTS, 7, 0, Fit::Right),
        column(column::ERRORS, 7, 0, Fit::Right),
        column(column::P50, 7, 4, Fit::Right),
        column(column::P95, 7, 0, Fit::Right),
        column(column::P99, 7, 3, Fit::Right),
    ];
    // No metric says everywhere how full a service is: without a query of one's own there is nothing to show.
    for (name, words) in [(CPU, column::CPU), (MEMORY, column::MEMORY)] {
        asked.extend(has(name).then(|| column(words, 5, 2, Fit::Right)));
    }
    asked.push(column(column::RELEASED, 8, 5, Fit::Right));
    columns::place(&asked, columns, hour, Some(Head { words: column::HOUR, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, board: &Board) -> Cell {
    match column.id.words {
        column::STATE => (word_of(board.state).to_owned(), role_of(board.state)),
        column::SERVICE => (board.service.to_string(), Role::Text),
        words::column::ENVIRONMENT => (board.environment.to_string(), Role::Muted),
        column::REQUESTS => value(board.signal(REQUESTS), true),
        column::ERRORS => value(board.signal(ERRORS), false),
        column::P50 => value(board.signal(P50), false),
        column::P95 => value(board.signal(P95), false),
        column::P99 => value(board.signal(P99), false),
        column::CPU => value(board.signal(CPU), false),
        column::MEMORY => value(board.signal(MEMORY), false),
        column::RELEASED => (board.released.last().map(|at| pen.age(*at)).unwrap_or_default(), Role::Muted),
        _ => board.signal(ERRORS).map_or_else(
            || (String::new(), Role::Muted),
            |signal| (hour(pen, signal, column.width, &board.released), role_of(signal.state)),
        ),
    }
}

/// A value; a question mark where it is not known, nothing where it is not asked for.
fn value(signal: Option<&Judged>, is_head_said: bool) -> Cell {
    let Some(signal) = signal else { return (String::new(), Role::Muted) };
    let role = match signal.state {
        State::Ok => Role::Text,
        state => role_of(state),
    };
    let said = match signal.reading.value {
        Some(value) => signal.reading.unit.say(value),
        None => "?".to_owned(),
    };
    (if is_head_said { said.trim_end_matches("/s").to_owned() } else { said }, role)
}
