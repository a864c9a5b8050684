//! The agenda.

use chrono::TimeDelta;
use ratatui::layout::Rect;

use super::{Agenda, Row, more, notice, role_of};
use crate::domain::maintenance::{Relation, State};
use crate::domain::time;
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
use crate::ui::widgets::page::Page;
use crate::ui::words::{schedule as said, schedule::column};

/// From how many rows on the occurrence under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;
/// From how many rows on its month is drawn too.
const ROOM_FOR_A_MONTH: u16 = 30;
/// What ends or begins within this time is worth a look.
const SOON: TimeDelta = TimeDelta::minutes(15);

/// Draws it.
pub(super) fn draw(list: &List<Agenda>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, pen), scene);
    let above = notice::above(pen, scene, listing.columns());
    listing.above(pen, &above, freshness::MOST + 2);
    if list.is_empty() {
        let mut page = Page::new(listing.columns().saturating_sub(2));
        page.text(pen, 0, &said::nothing_matches(list.all().len()), Role::Text);
        return listing.instead(pen, &page);
    }
    if let Some(line) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let mut page = more::page(pen, line, scene, listing.columns());
        if listing.height() >= ROOM_FOR_A_MONTH {
            page.append(more::month(pen, line, list.all(), listing.columns()));
        }
        listing.more(pen, &page, listing.height() * 2 / 3);
    }
    let is_old = freshness::is_store_old(scene.world);
    list.finish(listing, pen, &placed(area.width - 1), |_| is_old, cell)
}

/// How many there are, and how many meet.
fn facts(list: &List<Agenda>, pen: &Pen<'_>) -> Vec<String> {
    let ahead = list.count(|row| row.at(pen.now).state != State::Done);
    let inside = |row: &Row| row.overlaps.iter().filter(|met| met.relation == Relation::Inside).count();
    let crossing = |row: &Row| row.overlaps.iter().filter(|met| met.relation == Relation::Crosses).count();
    // Each pair once: of two that cross both say so.
    let pairs = list.all().iter().map(inside).sum::<usize>() + list.all().iter().map(crossing).sum::<usize>() / 2;
    let mut facts = vec![said::tally(ahead, pairs, list.len(), list.all().len())];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let [window, service, meets] = match Room::of(columns + 1) {
        Room::Narrow => [16, 10, 14],
        Room::Middle => [22, 16, 30],
        Room::Wide => [32, 24, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 9, 0, Fit::Left),
        column(column::WHEN, 13, 0, Fit::Left),
        column(column::START, 16, 0, Fit::Left),
        column(column::LASTS, 7, 2, Fit::Right),
        column(column::WINDOW, window, 0, Fit::Middle),
        column(column::SERVICE, service, 3, Fit::Middle),
    ];
    columns::place(&asked, columns, meets, Some(Head { words: column::MEETS, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Row) -> Cell {
    let one = row.at(pen.now);
    let plain = if matches!(one.state, State::Done | State::Cancelled) { Role::Muted } else { Role::Text };
    match column.id.words {
        column::STATE if one.overdue(pen.now).is_some() => (one.state.word().to_owned(), Role::Error),
        column::STATE => (one.state.word().to_owned(), role_of(one.state)),
        column::WHEN => match (one.state, one.overdue(pen.now)) {
            (_, Some(_)) => (said::over(&pen.age(one.end)), Role::Error),
            (State::Running, None) => {
                let role = if one.end - pen.now < SOON { Role::Warning } else { Role::Text };
                (said::ends(&pen.left(one.end)), role)
            }
            (State::Planned, None) => {
                let role = if one.start - pen.now < SOON { Role::Warning } else { Role::Text };
                (said::begins(&pen.left(one.start)), role)
            }
            (State::Done, None) => (said::ended(&pen.age(one.end)), Role::Muted),
            (State::Cancelled, None) => (String::new(), Role::Muted),
        },
        column::START => (one.start.format("%a %m-%d %H:%M").to_string(), plain),
        column::LASTS => (time::length(one.end - one.start).replace(" 00s", ""), plain),
        column::WINDOW => (row.window.name.clone(), plain),
        column::SERVICE => (row.window.service.clone().unwrap_or_default(), Role::Muted),
        _ => (said::meets(&row.overlaps), Role::Muted),
    }
}
