//! The list of shifts.

use ratatui::layout::Rect;

use super::{Row, Shifts, month};
use crate::domain::oncall::ShiftSource;
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness::{self, Absent};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::words::shifts::{self as said, column};

/// From how many rows on the month is drawn.
const ROOM_FOR_MORE: u16 = 16;

/// What is said where there are no rows.
const ABSENT: Absent = Absent {
    // There is always a store: before its first word it is only being read.
    not_configured: said::LOADING,
    loading: said::LOADING,
    never_read: said::NEVER_READ,
    nothing: said::nothing,
    nothing_matches: said::nothing_matches,
};

/// Draws it.
pub(super) fn draw(list: &List<Shifts>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let gaps = list.count(|row| row.shift.person.is_none());
    let is_known = freshness::has_store_told(scene.world);
    let tally = said::tally(gaps, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    let mut listing = list.begin(pen, area, facts, scene);
    let told = freshness::of_store(scene.world);
    let above = freshness::above(pen, listing.columns(), &told);
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let page = freshness::instead(pen, listing.columns().saturating_sub(2), &ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = month::page(pen, row, listing.columns());
        let most = listing.height().saturating_sub(5);
        listing.more(pen, &page, most);
    }
    let is_old = freshness::is_store_old(scene.world);
    list.finish(listing, pen, &placed(area.width - 1), |_| is_old, cell)
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let [schedule, role, person] = match Room::of(columns + 1) {
        Room::Narrow => [10, 10, 10],
        Room::Middle => [18, 14, 16],
        Room::Wide => [28, 20, 24],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::FROM, 20, 0, Fit::Left),
        column(column::UNTIL, 20, 0, Fit::Left),
        column(column::SCHEDULE, schedule, 1, Fit::Middle),
        column(column::ROLE, role, 0, Fit::Middle),
        column(column::WHY, 9, 2, Fit::Left),
    ];
    columns::place(&asked, columns, person, Some(Head { words: column::PERSON, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Row) -> Cell {
    let zone = &row.schedule.zone;
    let at = |at| format!("{} {}", zone.clock(at).format("%a %m-%d %H:%M"), zone.abbreviation(at));
    let is_on = row.shift.from <= pen.now && pen.now < row.shift.until;
    let role = if is_on { Role::Text } else { Role::Muted };
    match column.id.words {
        column::FROM => (at(row.shift.from), role),
        column::UNTIL => (at(row.shift.until), role),
        column::SCHEDULE => (row.schedule.name.clone(), role),
        column::ROLE => (row.shift.role.clone(), role),
        column::WHY => {
            let role = if row.shift.source == ShiftSource::Rotation { Role::Muted } else { Role::Text };
            (row.shift.source.word().to_owned(), role)
        }
        _ => match &row.shift.person {
            Some(person) => (person.clone(), role),
            None => (said::NOBODY.to_owned(), if is_on { Role::Error } else { Role::Warning }),
        },
    }
}
