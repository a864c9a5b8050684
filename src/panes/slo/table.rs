//! The list of objectives.

use ratatui::layout::Rect;

use super::{Objectives, more, notice, role_of, snapshots};
use crate::domain::slo::{Slo, Standing};
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
use crate::ui::words::{self, slo as said, slo::column};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub(super) fn draw(list: &List<Objectives>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
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
    if let Some(line) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, line, scene, listing.columns());
        listing.more(pen, &page, listing.height() * 3 / 5);
    }
    let is_old = |line: &Slo| freshness::is_old(&told, &line.environment);
    let placed = placed(snapshots.len() < 2, area.width - 1);
    list.finish(listing, pen, &placed, is_old, |_, column, line| cell(column, line))
}

/// How many objectives are how.
fn facts(list: &List<Objectives>, scene: &Scene<'_>) -> Vec<String> {
    // Before the first answer there is no number to say.
    let is_known =
        snapshots(scene).iter().flat_map(|snapshot| &snapshot.health).any(|health| health.last_good.is_some());
    let tally = said::tally(scene.world.objectives.tally, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(is_one: bool, columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let [service, goal, reason] = match room {
        Room::Narrow => [16, 12, 6],
        Room::Middle => [22, 14, 14],
        Room::Wide => [32, 20, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 8, 0, Fit::Left),
        column(column::SERVICE, service, 0, Fit::Middle),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 0 }, Fit::Left),
        column(column::GOAL, goal, 0, Fit::Middle),
        column(column::TARGET, 9, 3, Fit::Right),
        column(column::LEFT, 8, 0, Fit::Right),
        column(column::MINUTES, 10, 1, Fit::Right),
        column(column::HOUR, 7, 0, Fit::Right),
        column(column::NOW, 6, 2, Fit::Right),
        column(column::LASTS, 7, 4, Fit::Right),
    ];
    columns::place(&asked, columns, reason, Some(Head { words: column::REASON, fit: Fit::Left }))
}

fn cell(column: &Placed<Head>, slo: &Slo) -> Cell {
    let budget = slo.budget.as_ref().ok();
    let unknown = || "?".to_owned();
    let left = budget.map_or(Role::VerdictUnknown, |budget| if budget.left <= 0.0 { Role::Error } else { Role::Text });
    match column.id.words {
        column::STATE => (slo.standing.word().to_owned(), role_of(slo.standing)),
        column::SERVICE => (slo.service.to_string(), Role::Text),
        words::column::ENVIRONMENT => (slo.environment.to_string(), Role::Muted),
        column::GOAL => (slo.goal.to_string(), Role::Text),
        column::TARGET => (slo.target.map_or_else(unknown, |target| target.to_string()), Role::Muted),
        column::LEFT => (budget.map_or_else(unknown, |budget| said::percent(budget.left)), left),
        column::MINUTES => (budget.map_or_else(unknown, |budget| said::minutes(budget.minutes_left())), left),
        column::HOUR => burn(slo, |row| row.long_burn),
        column::NOW => burn(slo, |row| row.short_burn),
        column::LASTS => {
            let lasts = budget.and_then(|budget| budget.lasts).map(time::coarse);
            (lasts.unwrap_or_default(), Role::Muted)
        }
        _ => {
            let role = if slo.standing == Standing::Ok { Role::Muted } else { role_of(slo.standing) };
            (slo.reason.clone(), role)
        }
    }
}

/// A burn rate of the first row, with the row's threshold as the measure.
fn burn(slo: &Slo, of: impl Fn(&crate::domain::slo::Row) -> Option<f64>) -> Cell {
    let Some(row) = slo.rows.first() else { return ("?".to_owned(), Role::VerdictUnknown) };
    let role = match of(row) {
        None => Role::VerdictUnknown,
        Some(burn) if burn > row.threshold => Role::Error,
        Some(burn) if burn > 1.0 => Role::Warning,
        Some(_) => Role::Text,
    };
    (said::burn(of(row)), role)
}
