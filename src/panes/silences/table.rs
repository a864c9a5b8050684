//! The list of silences: what holds, what ends next on top; what will; what is over.

use chrono::TimeDelta;
use ratatui::layout::Rect;

use super::{Row, Silences, hidden, notice};
use crate::domain::alert::{Severity, SilenceState};
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
use crate::ui::words::{self, silences as said, silences::column};

/// From how many rows on the silence under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;
/// The most alerts that are named.
const MOST_NAMED: usize = 4;
/// What ends within this time is worth a look.
const SOON: TimeDelta = TimeDelta::minutes(15);

/// Draws it.
pub(super) fn draw(list: &List<Silences>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, scene), scene);
    let above = notice::above(pen, scene, list.all().len(), listing.columns());
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let page = notice::instead(pen, scene, list.all().len(), listing.columns().saturating_sub(2));
        return listing.instead(pen, &page);
    }
    if let Some(line) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more(pen, listing.columns(), line, scene);
        listing.more(pen, &page, listing.height() / 2);
    }
    let is_old = |line: &Row| notice::is_old(scene, &line.environment);
    list.finish(listing, pen, &placed(scene, area.width - 1), is_old, cell)
}

/// How many there are in which state.
fn facts(list: &List<Silences>, scene: &Scene<'_>) -> Vec<String> {
    // Before the first answer there is no number to say.
    let is_known = notice::asked(scene).any(|snapshot| snapshot.silences.is_some());
    let states = [SilenceState::Active, SilenceState::Pending, SilenceState::Expired];
    let counts = states.map(|state| list.count(|row| row.silence.state == state));
    let tally = said::tally(counts, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::STANDING_ONLY.to_owned()));
    facts
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let is_one = scene.environments.len() < 2;
    let [by, covers, why] = match Room::of(columns + 1) {
        Room::Narrow => [9, 18, 12],
        Room::Middle => [14, 34, 20],
        Room::Wide => [20, 70, 40],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 7, 0, Fit::Left),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 1 }, Fit::Left),
        column(column::WHEN, 15, 0, Fit::Left),
        column(column::HIDES, 5, 0, Fit::Right),
        column(column::BY, by, 2, Fit::Left),
        column(column::COVERS, covers, 0, Fit::Left),
    ];
    columns::place(&asked, columns, why, Some(Head { words: column::WHY, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, line: &Row) -> Cell {
    let silence = &line.silence;
    let is_over = silence.state == SilenceState::Expired;
    let plain = if is_over { Role::Muted } else { Role::Text };
    match column.id.words {
        column::STATE => {
            let role = if silence.state == SilenceState::Active { Role::Warning } else { Role::Muted };
            (silence.state.word().to_owned(), role)
        }
        words::column::ENVIRONMENT => (line.environment.to_string(), Role::Muted),
        column::WHEN => when(pen, line),
        column::HIDES if is_over => (String::new(), Role::Muted),
        column::HIDES => {
            let role = match line.worst {
                Some(Severity::Critical | Severity::High) => Role::Error,
                Some(Severity::Medium | Severity::Low) => Role::Text,
                None => Role::Muted,
            };
            (line.hides.to_string(), role)
        }
        column::BY => (silence.created_by.to_string(), plain),
        column::COVERS => (silence.covers(), plain),
        _ => (silence.comment.to_string(), plain),
    }
}

fn when(pen: &mut Pen<'_>, line: &Row) -> Cell {
    let silence = &line.silence;
    match silence.state {
        SilenceState::Active => {
            let role = if silence.ends_at - pen.now < SOON { Role::Warning } else { Role::Text };
            (said::ends(&pen.left(silence.ends_at)), role)
        }
        SilenceState::Pending => (said::begins(&pen.left(silence.starts_at)), Role::Muted),
        SilenceState::Expired => (said::ended(&pen.age(silence.ends_at)), Role::Muted),
    }
}

/// The whole of the silence under the cursor, and what it hides.
fn more(pen: &Pen<'_>, columns: u16, line: &Row, scene: &Scene<'_>) -> Page {
    let mut page = Page::new(columns);
    let silence = &line.silence;
    page.text(pen, 0, &silence.covers(), Role::Title);
    let moment = |at: crate::domain::time::Instant| at.format("%F %H:%M").to_string();
    let which = said::which(&silence.id, &line.environment, &moment(silence.starts_at), &moment(silence.ends_at));
    page.text(pen, 0, &which, Role::Muted);
    page.text(pen, 0, &said::why(&silence.created_by, &silence.comment), Role::Text);
    let hidden = hidden(scene.world, line);
    let named = hidden.iter().take(MOST_NAMED).map(|alert| format!("{} {}", alert.title(), alert.severity.word()));
    let named: Vec<String> = named.collect();
    match (silence.state, named.is_empty()) {
        (_, false) => page.text(pen, 0, &said::hides(&named, hidden.len()), Role::Text),
        (SilenceState::Active, true) => page.text(pen, 0, said::HIDES_NOTHING, Role::Warning),
        (SilenceState::Pending | SilenceState::Expired, true) => {}
    }
    page
}
