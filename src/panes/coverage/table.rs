//! The list of sets.

use ratatui::layout::Rect;

use super::{Sets, more};
use crate::domain::backup::{Coverage, State, size};
use crate::domain::time;
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::words::backups::{self as said, column};

/// From how many rows on the set under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub(super) fn draw(list: &List<Sets>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, scene), scene);
    if list.is_empty() {
        let mut page = Page::new(listing.columns().saturating_sub(2));
        let total = list.all().len();
        let words = if total == 0 { said::NOT_CONFIGURED.to_owned() } else { said::nothing_matches(total) };
        page.text(pen, 0, &words, Role::Muted);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, row, scene.world, listing.columns());
        listing.more(pen, &page, listing.height() * 3 / 5);
    }
    let placed = placed(area.width - 1);
    list.finish(listing, pen, &placed, |_| false, cell)
}

/// How many sets are how.
fn facts(list: &List<Sets>, scene: &Scene<'_>) -> Vec<String> {
    let is_known = !list.all().is_empty();
    let tally = said::tally(scene.world.coverage.tally, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let [set, reason] = match room {
        Room::Narrow => [16, 6],
        Room::Middle => [22, 14],
        Room::Wide => [32, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 8, 0, Fit::Left),
        column(column::SET, set, 0, Fit::Middle),
        column(column::KIND, 12, 1, Fit::Left),
        column(column::LAST, 10, 2, Fit::Right),
        column(column::DATA, 7, 0, Fit::Right),
        column(column::RPO, 7, 3, Fit::Right),
        column(column::DAYS, 7, 0, Fit::Left),
        column(column::NEXT, 6, 4, Fit::Right),
        column(column::SIZE, 8, 5, Fit::Right),
        column(column::VERIFIED, 9, 4, Fit::Right),
    ];
    columns::place(&asked, columns, reason, Some(Head { words: column::REASON, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Coverage) -> Cell {
    let unknown = || ("?".to_owned(), Role::VerdictUnknown);
    match column.id.words {
        column::STATE => {
            let word = row.state.word();
            let word = if row.state == State::Broken { word.to_uppercase() } else { word.to_owned() };
            (word, Role::of_backup(row.state))
        }
        column::SET => (row.set.to_string(), Role::Text),
        column::KIND => (row.kind.word().to_owned(), Role::Muted),
        column::LAST => row.last_good.as_ref().map_or_else(unknown, |good| (pen.age(good.at), Role::Text)),
        column::DATA => row.data_at.map_or_else(unknown, |at| {
            let is_old = time::age(at, pen.now) > row.rpo;
            (pen.age(at), if is_old && row.state != State::Ok { Role::Warning } else { Role::Text })
        }),
        column::RPO => (time::coarse(row.rpo), Role::Muted),
        column::DAYS => {
            let role = if row.ladder.daily.missing.is_empty() { Role::Text } else { Role::Error };
            (more::boxes(pen, &row.ladder.daily), role)
        }
        column::NEXT => row.next_due.map_or_else(|| (String::new(), Role::Muted), |at| (pen.left(at), Role::Muted)),
        column::SIZE => {
            let bytes = row.last_good.as_ref().and_then(|good| good.bytes);
            (bytes.map(size).unwrap_or_default(), Role::Muted)
        }
        column::VERIFIED => {
            let role = Role::of_verification(row.verification);
            (row.verified_at.map_or_else(|| "never".to_owned(), |at| pen.age(at)), role)
        }
        _ => {
            let role = if row.state == State::Ok { Role::Muted } else { Role::of_backup(row.state) };
            (row.reasons.first().cloned().unwrap_or_default(), role)
        }
    }
}
