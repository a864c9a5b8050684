//! The objective under the cursor: its budget, the four rows of the burn table, and what does not count.

use super::role_of;
use crate::domain::slo::{Row, RowState, Slo, Urgency};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::slo as said;

/// Columns of the burn table with the spaces behind them: for whom, the windows, the threshold, the two burn rates.
const COLUMNS: [usize; 4] = [8, 13, 8, 18];
/// The most exclusions told.
const EXCLUDED_AT_MOST: usize = 4;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, slo: &Slo, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let mut facts = vec![format!("{} {}", slo.service, slo.goal), said::promised(slo)];
    let age = pen.age(slo.observed_at);
    facts.push(said::counted(slo, &age));
    facts.extend(slo.known_days.and_then(said::known));
    facts.extend(crate::panes::worst_of_service(scene.world, &slo.environment, &slo.service));
    facts.extend(crate::panes::alerts_of_service(scene.world, &slo.environment, &slo.service));
    facts.extend(crate::panes::incidents_of_service(scene.world, &slo.service));
    page.line(vec![pen.span(&facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Title)]);
    page.text(pen, 0, &slo.reason, role_of(slo.standing));
    match &slo.budget {
        Ok(budget) => page.text(pen, 0, &said::left(budget), Role::Text),
        Err(why) if *why == slo.reason => {}
        Err(why) => page.text(pen, 0, why, Role::VerdictUnknown),
    }
    if !slo.rows.is_empty() {
        let [urgency, windows, above, burn, state] = said::column::BURN;
        let cells = [urgency, windows, above, burn].map(str::to_owned);
        page.line(vec![pen.span(&padded(&cells), Role::ColumnHead), pen.span(state, Role::ColumnHead)]);
    }
    for row in &slo.rows {
        let (state, role) = state(row);
        page.line(vec![pen.span(&padded(&cells(row)), Role::Text), pen.span(&state, role)]);
    }
    for one in slo.excluded.iter().take(EXCLUDED_AT_MOST) {
        let is_refused = one.counted.is_zero() && one.why_not.is_some();
        page.text(pen, 0, &said::excluded(one), if is_refused { Role::Warning } else { Role::Muted });
    }
    if slo.excluded.len() > EXCLUDED_AT_MOST {
        page.text(pen, 0, &said::more_excluded(slo.excluded.len() - EXCLUDED_AT_MOST), Role::Muted);
    }
    page
}

fn cells(row: &Row) -> [String; 4] {
    [
        row.urgency.word().to_owned(),
        said::windows(&time::coarse(row.long), &time::coarse(row.short)),
        said::burn(Some(row.threshold)),
        said::windows(&said::burn(row.long_burn), &said::burn(row.short_burn)),
    ]
}

fn padded(cells: &[String; 4]) -> String {
    let pad = |(cell, columns): (&String, usize)| {
        format!("{cell}{}", " ".repeat(columns.saturating_sub(text::width(cell)).max(1)))
    };
    cells.iter().zip(COLUMNS).map(pad).collect()
}

fn state(row: &Row) -> (String, Role) {
    match &row.state {
        RowState::Burning if row.urgency == Urgency::Page => (row.state.word().to_owned(), Role::Error),
        RowState::Burning => (row.state.word().to_owned(), Role::Warning),
        RowState::Quiet => (row.state.word().to_owned(), Role::Ok),
        RowState::LowTraffic { counted, needed, .. } => (said::low_traffic(*counted, *needed), Role::VerdictUnknown),
        RowState::Never => (said::NEVER.to_owned(), Role::Muted),
        RowState::Unknown(why) => (format!("unknown: {why}"), Role::VerdictUnknown),
    }
}
