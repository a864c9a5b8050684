//! The list of maintenance modes.

use ratatui::layout::Rect;

use super::{Modes, more, role_of};
use crate::domain::maintenance_mode::{ServiceMode, State};
use crate::domain::source::SourceHealth;
use crate::domain::time;
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness::{self, Absent, Told};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::words::{self, modes as said, modes::column};
use crate::world::Sight;

/// From how many rows on the service under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;

/// What is said where there are no rows.
const ABSENT: Absent = Absent {
    not_configured: said::LOADING,
    loading: said::LOADING,
    never_read: said::NEVER_READ,
    nothing: said::nothing,
    nothing_matches: said::nothing_matches,
};

/// Draws it.
pub(super) fn draw(list: &List<Modes>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let health: Vec<(&str, Vec<SourceHealth>)> =
        scene.world.shown().map(|sight| (sight.name(), sources(sight))).collect();
    let told: Vec<Told<'_>> =
        health.iter().map(|(environment, health)| Told { environment, health, notes: &[] }).collect();
    let mut listing = list.begin(pen, area, facts(list, &health), scene);
    let above = freshness::above(pen, listing.columns(), &told);
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let columns = listing.columns().saturating_sub(2);
        let page = freshness::instead(pen, columns, &ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, listing.columns(), row, scene);
        listing.more(pen, &page, listing.height() / 2);
    }
    let is_old = |row: &ServiceMode| freshness::is_old(&told, &row.environment);
    list.finish(listing, pen, &placed(scene, area.width - 1), is_old, cell)
}

/// Where the workloads of an environment come from; what keeps it away altogether while nothing is watched yet.
fn sources(sight: &Sight) -> Vec<SourceHealth> {
    let is_of_workloads =
        |source: &SourceHealth| ["deployments", "statefulsets"].iter().any(|plural| source.id.kind.is_resource(plural));
    let (own, others): (Vec<_>, Vec<_>) = sight.sources().into_iter().partition(is_of_workloads);
    if own.is_empty() { others } else { own }
}

/// How many services are how.
fn facts(list: &List<Modes>, health: &[(&str, Vec<SourceHealth>)]) -> Vec<String> {
    // Before the first answer there is no number to say.
    let is_known = health.iter().flat_map(|(_, health)| health).any(|source| source.last_good.is_some());
    let is_remembered = |row: &ServiceMode| matches!(row.state, State::On | State::Ending | State::Unreadable);
    let counts = [list.count(is_remembered), list.count(|row| row.state == State::ByOthers)];
    let tally = said::tally(counts, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let is_one = scene.environments.len() < 2;
    let [name, by, why] = match Room::of(columns + 1) {
        Room::Narrow => [18, 8, 10],
        Room::Middle => [24, 14, 24],
        Room::Wide => [36, 24, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 10, 0, Fit::Left),
        column(column::SERVICE, name, 0, Fit::Middle),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 0 }, Fit::Left),
        column(words::column::NAMESPACE, 12, 4, Fit::Left),
        column(column::UNTIL, 14, 0, Fit::Left),
        column(column::SINCE, 6, 2, Fit::Right),
        column(column::BY, by, 1, Fit::Left),
        column(column::COMES_BACK, 10, 0, Fit::Right),
    ];
    columns::place(&asked, columns, why, Some(Head { words: column::WHY, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &ServiceMode) -> Cell {
    let memory = row.first();
    let overdue = row.overdue(pen.now);
    let plain = if row.state == State::Off { Role::Muted } else { Role::Text };
    match column.id.words {
        column::STATE => {
            (said::state(row.state).to_owned(), if overdue.is_some() { Role::Error } else { role_of(row.state) })
        }
        column::SERVICE => (row.name.clone(), plain),
        words::column::ENVIRONMENT => (row.environment.to_string(), Role::Muted),
        words::column::NAMESPACE => (row.namespace.to_string(), Role::Muted),
        column::UNTIL => match (overdue, memory) {
            (Some(over), Some(memory)) => {
                // The words change with the clock alone.
                pen.age(memory.until);
                (said::over(&time::coarse(over)), Role::Error)
            }
            (_, Some(memory)) => (said::ends(&pen.left(memory.until)), Role::Text),
            (_, None) => (String::new(), Role::Muted),
        },
        column::SINCE => (memory.map(|memory| pen.age(memory.since)).unwrap_or_default(), Role::Muted),
        column::BY => {
            let by = memory.map_or(if row.state == State::ByOthers { said::OTHERS } else { "" }, |memory| &memory.by);
            (by.to_owned(), plain)
        }
        column::COMES_BACK => (said::comes_back(row), plain),
        _ => (memory.map(|memory| memory.reason.clone()).unwrap_or_default(), plain),
    }
}
