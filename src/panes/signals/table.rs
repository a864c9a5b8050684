//! The list of services.

use ratatui::layout::Rect;

use super::{Services, hour, more, notice, role_of, snapshots, word_of};
use crate::domain::signal::query::{CPU, ERRORS, MEMORY, P50, P95, P99, REQUESTS};
use crate::domain::signal::{Board, Judged, State};
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
use crate::ui::words::{self, signals as said, signals::column};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub(super) fn draw(list: &List<Services>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, scene), scene);
    let snapshots = snapshots(scene);
    let told = notice::told(&snapshots);
    let above = freshness::above(pen, listing.columns(), &told);
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let columns = listing.columns().saturating_sub(2);
        let page = freshness::instead(pen, columns, &notice::ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    if let Some(board) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let foot = listing.foot(more::rows(board).min(listing.height() / 2));
        more::draw(pen, foot, board, scene);
    }
    let is_old = |board: &Board| freshness::is_old(&told, &board.environment);
    let placed = placed(list, snapshots.len() < 2, area.width - 1);
    list.finish(listing, pen, &placed, is_old, cell)
}

/// How many services are how.
fn facts(list: &List<Services>, scene: &Scene<'_>) -> Vec<String> {
    // Before the first answer there is no number to say.
    let is_known =
        snapshots(scene).iter().flat_map(|snapshot| &snapshot.health).any(|health| health.last_good.is_some());
    let counts = [State::Critical, State::Warning, State::Unknown].map(|state| list.count(|row| row.state == state));
    let tally = said::tally(counts, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(list: &List<Services>, is_one: bool, columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let has = |name: &str| list.visible().any(|board| board.signal(name).is_some());
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
