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
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::title;
use crate::ui::words::{self, slo as said, slo::column};

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
    if scene.slo.lines.is_empty() {
        let page = notice::instead(pen, scene, inner.width.saturating_sub(2));
        page.draw(pen, Rect { x: inner.x + 1, y: below.y + 1, height: below.height.saturating_sub(1), ..inner }, 0);
        return HitMap { cursor, ..HitMap::default() };
    }
    let at = scene.slo.cursor.unwrap_or(0);
    let told = scene.slo.lines.get(at).filter(|_| below.height >= ROOM_FOR_MORE);
    let told = told.map(|slo| more::page(pen, slo, scene, inner.width));
    let told_rows = told.as_ref().map_or(0, |page| page.rows().saturating_add(1));
    let told_rows = told_rows.min(below.height * 3 / 5);
    let table = Rect { height: below.height - told_rows, ..below };
    let placed = placed(scene, table.width - 1);
    let hit = grid::draw(pen, table, &placed, (scene.slo.lines.len(), at), |_, place| {
        let Some(slo) = scene.slo.lines.get(place) else { return Vec::new() };
        let is_old = notice::is_old(scene, &slo.environment);
        let cells = placed.iter().map(|column| cell(column, slo));
        cells.map(|(words, role)| (words, if is_old { Role::StaleData } else { role })).collect()
    });
    if let Some(page) = told {
        page.under_rule(pen, Rect { y: table.bottom(), height: told_rows, ..inner });
    }
    HitMap { cursor, ..hit }
}

/// How many objectives are how; or the filter while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> Option<(u16, u16)> {
    let (slo, chosen) = (&scene.slo, &scene.ui.slo);
    // Before the first answer there is no number to say.
    let is_known = slo.snapshots.iter().flat_map(|snapshot| &snapshot.health).any(|health| health.last_good.is_some());
    let tally = said::tally(slo.tally, slo.lines.len(), slo.total);
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    if !scene.ui.is_filtering && !chosen.filter.text.is_empty() {
        facts.push(words::list::filter(&chosen.filter.text));
    }
    title::draw(pen, area, &facts, scene.ui.is_filtering.then_some(&chosen.filter))
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
