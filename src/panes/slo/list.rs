//! The list of objectives.

use ratatui::layout::Rect;

use super::{more, notice, role_of};
use crate::domain::slo::{Slo, Standing};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness;
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::widgets::listing::Listing;
use crate::ui::words::{self, slo as said, slo::column};

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let slo = &scene.slo;
    let mut list = Listing::begin(pen, area, facts(scene), (&scene.ui.slo.filter, scene.ui.is_filtering));
    let told = notice::told(slo);
    let above = freshness::above(pen, list.columns(), &told);
    list.above(pen, &above, freshness::MOST);
    if slo.lines.shown.is_empty() {
        let columns = list.columns().saturating_sub(2);
        let page = freshness::instead(pen, columns, &notice::ABSENT, slo.lines.total, &told);
        return list.instead(pen, &page);
    }
    let at = slo.cursor.unwrap_or(0);
    if let Some(line) = slo.lines.shown.get(at).filter(|_| list.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, line, scene, list.columns());
        list.more(pen, &page, list.height() * 3 / 5);
    }
    let is_old = |line: &Slo| freshness::is_old(&told, &line.environment);
    list.rows(pen, &placed(scene, area.width - 1), (&slo.lines.shown, at), is_old, |_, column, line| cell(column, line))
}

/// How many objectives are how.
fn facts(scene: &Scene<'_>) -> Vec<String> {
    let (slo, chosen) = (&scene.slo, &scene.ui.slo);
    // Before the first answer there is no number to say.
    let is_known = slo.snapshots.iter().flat_map(|snapshot| &snapshot.health).any(|health| health.last_good.is_some());
    let tally = said::tally(slo.lines.tally, slo.lines.shown.len(), slo.lines.total);
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let is_one = scene.slo.snapshots.len() < 2;
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
