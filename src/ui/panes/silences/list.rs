//! The list of silences: what holds, what ends next on top; what will; what is over.

use chrono::TimeDelta;
use ratatui::layout::Rect;

use super::notice;
use crate::domain::alert::{Severity, SilenceState};
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::silences::SilenceLine;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{self, Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::widgets::title;
use crate::ui::words::{self, silences as said, silences::column};

/// From how many rows on the silence under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;
/// The most alerts that are named.
const MOST_NAMED: usize = 4;
/// What ends within this time is worth a look.
const SOON: TimeDelta = TimeDelta::minutes(15);

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let silences = &scene.silences;
    let cursor = title(pen, Rect { height: 1, ..area }, scene);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let above = notice::above(pen, scene, inner.width);
    let height = above.rows().min(notice::MOST.min(area.height.saturating_sub(1)));
    above.draw(pen, Rect { y: area.y + 1, height, ..inner }, 0);
    let top = area.y + 1 + height;
    let below = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    if silences.lines.is_empty() {
        let page = notice::instead(pen, scene, inner.width.saturating_sub(2));
        page.draw(pen, Rect { x: inner.x + 1, y: below.y + 1, height: below.height.saturating_sub(1), ..inner }, 0);
        return HitMap { cursor, ..HitMap::default() };
    }
    let at = silences.cursor.unwrap_or(0);
    let told = silences.lines.get(at).filter(|_| below.height >= ROOM_FOR_MORE);
    let told = told.map(|line| more(pen, inner.width, line, scene));
    let told_rows = told.as_ref().map_or(0, |page| page.rows().saturating_add(1).min(below.height / 2));
    let table = Rect { height: below.height - told_rows, ..below };
    let placed = placed(scene, table.width - 1);
    let hit = grid::draw(pen, table, &placed, (silences.lines.len(), at), |pen, place| {
        let Some(line) = silences.lines.get(place) else { return Vec::new() };
        let is_old = notice::is_old(scene, &line.environment);
        let cells = placed.iter().map(|column| cell(pen, column.id.words, line));
        cells.map(|(words, role)| (words, if is_old { Role::StaleData } else { role })).collect()
    });
    if let Some(page) = told {
        page.under_rule(pen, Rect { y: table.bottom(), height: told_rows, ..inner });
    }
    HitMap { cursor, ..hit }
}

/// How many there are in which state; or the filter while it is typed.
fn title(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> Option<(u16, u16)> {
    let (silences, chosen) = (&scene.silences, &scene.ui.silences);
    // Before the first answer there is no number to say.
    let is_known = notice::asked(scene).any(|snapshot| snapshot.silences.is_some());
    let tally = said::tally(silences.tally, silences.lines.len(), silences.total);
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_problems_only.then(|| said::STANDING_ONLY.to_owned()));
    if !scene.ui.is_filtering && !chosen.filter.text.is_empty() {
        facts.push(words::list::filter(&chosen.filter.text));
    }
    title::draw(pen, area, &facts, scene.ui.is_filtering.then_some(&chosen.filter))
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

fn cell(pen: &mut Pen<'_>, head: &str, line: &SilenceLine) -> Cell {
    let silence = &line.silence;
    let is_over = silence.state == SilenceState::Expired;
    let plain = if is_over { Role::Muted } else { Role::Text };
    match head {
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

fn when(pen: &mut Pen<'_>, line: &SilenceLine) -> Cell {
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
fn more(pen: &Pen<'_>, columns: u16, line: &SilenceLine, scene: &Scene<'_>) -> Page {
    let mut page = Page::new(columns);
    let silence = &line.silence;
    page.text(pen, 0, &silence.covers(), Role::Title);
    let moment = |at: crate::domain::time::Instant| at.format("%F %H:%M").to_string();
    let which = said::which(&silence.id, &line.environment, &moment(silence.starts_at), &moment(silence.ends_at));
    page.text(pen, 0, &which, Role::Muted);
    page.text(pen, 0, &said::why(&silence.created_by, &silence.comment), Role::Text);
    let hidden = &scene.silences.hidden;
    let named = hidden.iter().take(MOST_NAMED).map(|alert| format!("{} {}", alert.title(), alert.severity.word()));
    let named: Vec<String> = named.collect();
    match (silence.state, named.is_empty()) {
        (_, false) => page.text(pen, 0, &said::hides(&named, hidden.len()), Role::Text),
        (SilenceState::Active, true) => page.text(pen, 0, said::HIDES_NOTHING, Role::Warning),
        (SilenceState::Pending | SilenceState::Expired, true) => {}
    }
    page
}
