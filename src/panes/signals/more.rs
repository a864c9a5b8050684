//! The service under the cursor: each of its signals with its threshold, its last hour, or why it is not known.

use ratatui::layout::Rect;

use super::{hour, role_of, word_of};
use crate::domain::signal::{Board, Judged, Origin};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::signals as said;

/// Columns of the name, the value, the threshold and the state, with the spaces behind them.
const COLUMNS: [u16; 4] = [23, 10, 10, 9];

/// How many rows it takes.
pub(super) fn rows(board: &Board) -> u16 {
    u16::try_from(board.signals.len()).unwrap_or(u16::MAX).saturating_add(2)
}

/// Draws it.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, board: &Board, scene: &Scene<'_>) {
    pen.rule(area.x, area.y, area.width, pen.style(Role::Border));
    let mut facts = vec![board.service.to_string()];
    let first = board.signals.first().map(|signal| signal.reading.origin);
    let is_mixed = board.signals.iter().any(|signal| Some(signal.reading.origin) != first);
    // Where one source stands in for another, some values are of the one and some of the other.
    for origin in [Origin::Prometheus, Origin::Direct] {
        let newest = board
            .signals
            .iter()
            .map(|signal| &signal.reading)
            .filter(|one| one.origin == origin && one.value.is_some());
        facts.extend(newest.map(|one| one.observed_at).max().map(|at| {
            said::measured(
                if is_mixed && origin == Origin::Direct { said::DIRECT_HERE } else { origin.word() },
                &pen.age(at),
            )
        }));
    }
    facts.extend(board.released.last().map(|at| said::released(&pen.age(*at))));
    match scene.world.rollouts_of(&board.environment, &board.service).as_slice() {
        [] => facts.push(said::NO_WORKLOAD.to_owned()),
        rows => facts.extend(rows.iter().take(2).map(|row| format!("{} {}", row.workload.label(), row.verdict.word()))),
    }
    facts.extend(crate::panes::alerts_of_service(scene.world, &board.environment, &board.service));
    facts.extend(crate::panes::incidents_of_service(scene.world, &board.service));
    let mut page = Page::new(area.width);
    page.line(vec![pen.span(&facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Title)]);
    page.draw(pen, Rect { y: area.y + 1, height: 1, ..area }, 0);
    for (y, signal) in (area.y + 2..area.bottom()).zip(&board.signals) {
        line(pen, Rect { y, height: 1, ..area }, signal, board);
    }
}

fn line(pen: &mut Pen<'_>, area: Rect, signal: &Judged, board: &Board) {
    let reading = &signal.reading;
    let is_mixed = board.signals.iter().any(|one| one.reading.origin != reading.origin);
    let name = if is_mixed && reading.origin == Origin::Direct {
        said::direct(&reading.name)
    } else {
        reading.name.to_string()
    };
    let value = reading.value.map_or_else(|| "?".to_owned(), |value| reading.unit.say(value));
    let threshold = signal.threshold.map(|one| said::above(&reading.unit.say(one))).unwrap_or_default();
    let cells = [
        (name, Role::Text),
        (value, role_of(signal.state)),
        (threshold, Role::Muted),
        (word_of(signal.state).to_owned(), role_of(signal.state)),
    ];
    let mut x = area.x;
    for ((words, role), columns) in cells.iter().zip(COLUMNS) {
        let left = area.right().saturating_sub(x);
        pen.put(x, area.y, (columns - 1).min(left), words, pen.style(*role));
        x += columns;
    }
    let left = area.right().saturating_sub(x);
    let (words, role) = match &reading.why_absent {
        Some(why) => (why.clone(), Role::Muted),
        None => (hour(pen, signal, left, &board.released), role_of(signal.state)),
    };
    pen.put(x, area.y, left, &words, pen.style(role));
}
