//! The list of roles.

use ratatui::layout::Rect;

use super::{Rotations, Row, more};
use crate::domain::oncall::Shift;
use crate::domain::time::{self, Instant};
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
use crate::ui::words::rotations::{self as said, column, state};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 14;

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
pub(super) fn draw(list: &List<Rotations>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let open = list.count(|row| row.gap.is_some());
    let is_known = freshness::has_store_told(scene.world);
    let mut facts =
        vec![if is_known { said::tally(open, list.len(), list.all().len()) } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    let mut listing = list.begin(pen, area, facts, scene);
    let told = freshness::of_store(scene.world);
    let mut above = freshness::above(pen, listing.columns(), &told);
    let until = time::within(pen.now + time::days(super::AHEAD));
    if !list.all().is_empty() {
        for (service, on_call) in &scene.world.services_without_on_call(pen.now, until) {
            above.text(pen, 0, &said::service(service, on_call), Role::Warning);
        }
    }
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let page = freshness::instead(pen, listing.columns().saturating_sub(2), &ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, row, scene, listing.columns());
        let most = listing.height().saturating_sub(4);
        listing.more(pen, &page, most);
    }
    let is_old = freshness::is_store_old(scene.world);
    let placed = placed(area.width - 1);
    list.finish(listing, pen, &placed, |_| is_old, cell)
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let [schedule, role, person] = match Room::of(columns + 1) {
        Room::Narrow => [14, 10, 10],
        Room::Middle => [20, 14, 16],
        Room::Wide => [30, 20, 24],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 7, 0, Fit::Left),
        column(column::SCHEDULE, schedule, 0, Fit::Middle),
        column(column::ROLE, role, 0, Fit::Middle),
        column(column::NOW, person, 0, Fit::Middle),
        column(column::LEFT, 5, 0, Fit::Right),
        column(column::NEXT, person, 0, Fit::Middle),
    ];
    columns::place(&asked, columns, 10, Some(Head { words: column::AT, fit: Fit::Left }))
}

/// Who has a role now and next, with the times of it.
pub(super) struct Turns {
    pub(super) now: Option<String>,
    pub(super) until: Option<Instant>,
    pub(super) next: Option<Shift>,
}

/// Works it out for an instant.
pub(super) fn turns(row: &Row, at: Instant) -> Turns {
    let now = row.schedule.now(&row.role, &row.overrides, at);
    let until = now.as_ref().and_then(|(_, _, until)| *until);
    let next = row.schedule.next(&row.role, &row.overrides, at).map(|(shift, _)| shift);
    Turns { now: now.and_then(|(shift, _, _)| shift.person), until, next }
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Row) -> Cell {
    let turns = turns(row, pen.now);
    turns.until.iter().for_each(|until| pen.wake_at(*until));
    match column.id.words {
        column::STATE if turns.now.is_none() => (state::EMPTY.to_owned(), Role::Error),
        column::STATE if row.gap.is_some() => (state::GAP.to_owned(), Role::Warning),
        column::STATE if row.is_clash => (state::CLASH.to_owned(), Role::Warning),
        column::STATE => (state::COVERED.to_owned(), Role::Ok),
        column::SCHEDULE => (row.schedule.name.clone(), Role::Text),
        column::ROLE => (row.role.clone(), Role::Text),
        column::NOW => turns.now.map_or_else(|| (said::NOBODY.to_owned(), Role::Error), |who| (who, Role::Text)),
        column::LEFT => (turns.until.map(|until| pen.left(until)).unwrap_or_default(), Role::Muted),
        column::NEXT => {
            let next = turns.next.map(|shift| shift.person);
            let role = if next == Some(None) { Role::Warning } else { Role::Muted };
            (next.map(|who| who.unwrap_or_else(|| said::NOBODY.to_owned())).unwrap_or_default(), role)
        }
        _ => {
            let at = turns.next.map(|shift| shift.from);
            let zone = &row.schedule.zone;
            let shown = |at: Instant| format!("{} {}", zone.clock(at).format("%a %m-%d %H:%M"), zone.abbreviation(at));
            (at.map(shown).unwrap_or_default(), Role::Muted)
        }
    }
}
