//! The list of levels.

use ratatui::layout::Rect;

use super::{Levels, Place, Row};
use crate::domain::time::{Instant, NamedZone};
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
use crate::ui::words::escalation::{self as said, column, state};

/// The zones in which a time stands, as many as there is room for.
const ZONES: [&str; 3] = ["JST", "UTC", "EST"];

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
pub(super) fn draw(list: &List<Levels>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let now = pen.now;
    let incidents = each_once(list.all().iter());
    let due = each_once(list.all().iter().filter(|row| row.is_due(now))).len();
    let is_known = freshness::has_store_told(scene.world);
    let mut facts = vec![if is_known { said::tally(due, incidents.len()) } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    let mut listing = list.begin(pen, area, facts, scene);
    let told = freshness::of_store(scene.world);
    let mut above = freshness::above(pen, listing.columns(), &told);
    if list.all().iter().any(|row| {
        matches!(row.place, Place::Level { .. } | Place::Exhausted | Place::Responder { has_acknowledged: false, .. })
    }) {
        above.text(pen, 0, said::NOT_PAGED, Role::Error);
    }
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let page = freshness::instead(pen, listing.columns().saturating_sub(2), &ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    let is_old = freshness::is_store_old(scene.world);
    let room = Room::of(area.width);
    let placed = placed(room, area.width - 1);
    // The first level of each ladder that is not due yet is the next.
    let next: Vec<(u64, Instant)> = incidents
        .iter()
        .filter_map(|incident| {
            let of_it = list.all().iter().filter(|row| row.incident == *incident && row.at > now);
            of_it.map(|row| row.at).min().map(|at| (*incident, at))
        })
        .collect();
    list.finish(
        listing,
        pen,
        &placed,
        |_| is_old,
        |pen, column, row| {
            let is_next = next.contains(&(row.incident, row.at));
            cell(pen, column, row, is_next, room)
        },
    )
}

/// The incidents of some rows, each once: those of one stand together.
fn each_once<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<u64> {
    let mut incidents: Vec<u64> = rows.map(|row| row.incident).collect();
    incidents.dedup();
    incidents
}

fn placed(room: Room, columns: u16) -> Vec<Placed<Head>> {
    let at = match room {
        Room::Narrow => 13,
        Room::Middle => 33,
        Room::Wide => 43,
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::INCIDENT, 4, 0, Fit::Right),
        column(column::SEVERITY, 4, 0, Fit::Left),
        column(column::STATE, 9, 0, Fit::Left),
        column(column::LEVEL, 5, 0, Fit::Left),
        column(column::LEFT, 5, 0, Fit::Right),
        column(column::AT, at, 0, Fit::Left),
        column(column::AUTHORITY, 17, 2, Fit::Left),
    ];
    columns::place(&asked, columns, 12, Some(Head { words: column::PEOPLE, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Row, is_next: bool, room: Room) -> Cell {
    let is_due = row.is_due(pen.now);
    let role = if is_due { Role::Error } else { Role::Text };
    match column.id.words {
        column::INCIDENT => (row.incident.to_string(), Role::Text),
        column::SEVERITY => (row.severity.name().to_owned(), Role::Text),
        column::STATE => match &row.place {
            Place::Stopped { .. } | Place::Responder { has_acknowledged: true, .. } => {
                (state::STOPPED.to_owned(), Role::Ok)
            }
            Place::Snoozed => (state::SNOOZED.to_owned(), Role::Warning),
            Place::NoPolicy => (state::UNKNOWN.to_owned(), Role::Warning),
            _ if is_due => (state::DUE.to_owned(), Role::Error),
            _ if is_next => (state::NEXT.to_owned(), Role::Warning),
            _ => (state::LATER.to_owned(), Role::Muted),
        },
        column::LEVEL => match &row.place {
            Place::Level { number, .. } => (format!("L{number}"), role),
            Place::Responder { .. } => (said::RESPONDER.to_owned(), role),
            _ => (String::new(), role),
        },
        column::LEFT if row.at > pen.now => (pen.left(row.at), role),
        column::LEFT => (String::new(), role),
        column::AT => (at(row.at, room), role),
        column::AUTHORITY => match &row.place {
            Place::Level { authority, .. } => (authority.word().to_owned(), Role::Muted),
            _ => (String::new(), Role::Muted),
        },
        _ => match &row.place {
            Place::Level { people, .. } if people.is_empty() => (said::NOBODY.to_owned(), Role::Warning),
            Place::Level { people, .. } => (people.join(", "), role),
            Place::Exhausted => (said::EXHAUSTED.to_owned(), role),
            Place::Stopped { by } => (said::answered(by), Role::Muted),
            Place::Snoozed => (said::SNOOZED.to_owned(), Role::Muted),
            Place::Responder { person, has_acknowledged: false } => (person.clone(), role),
            Place::Responder { person, .. } => (said::page_answered(person), Role::Muted),
            Place::NoPolicy => (said::NO_POLICY.to_owned(), Role::Warning),
        },
    }
}

/// A time on the clocks people ask for: `Mon 09:00 JST 00:00 UTC 19:00 EST`.
fn at(at: Instant, room: Room) -> String {
    let most = match room {
        Room::Narrow => 1,
        Room::Middle | Room::Wide => ZONES.len(),
    };
    let zones = ZONES.iter().take(most).filter_map(|name| Some(NamedZone::read(name).ok()?.zone));
    let shown = zones.enumerate().map(|(place, zone)| {
        let clock = zone.clock(at);
        let clock = if place == 0 { clock.format("%a %H:%M") } else { clock.format("%H:%M") };
        format!("{clock} {}", zone.abbreviation(at))
    });
    shown.collect::<Vec<_>>().join(" ")
}
