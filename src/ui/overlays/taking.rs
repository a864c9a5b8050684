//! Saying that somebody is on an alert, or nobody any more: what it means, what to know first, and the note with it.

use ratatui::layout::Rect;

use crate::domain::alert::{Deed, Taken, Taking};
use crate::domain::service::UNMAPPED;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Scene, TakingScene};
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::widgets::prompt;
use crate::ui::words::taking as said;

/// The most alerts that are listed by name.
const MOST_NAMED: usize = 6;

/// Draws it over the whole body.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, note: &Field, scroll: usize) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(open) = scene.taking else { return HitMap::default() };
    let columns = area.width.saturating_sub(2);
    pen.put(area.x + 1, area.y, columns, &open.taking.title(), pen.style(Role::Title));
    let bottom = 4.min(area.height.saturating_sub(1));
    let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
    let mut hit = write(pen, &open.taking, columns).fill(pen, above, scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..area };
    pen.rule(below.x, below.y, below.width, pen.style(Role::Border));
    hit.cursor = confirm(pen, below, open, note);
    hit
}

fn write(pen: &mut Pen<'_>, taking: &Taking, columns: u16) -> Page {
    let mut page = Page::new(columns);
    page.field(pen, said::ENVIRONMENT, &taking.environment, Role::Title);
    page.field(pen, said::AS, &taking.author.name, Role::Text);
    for refusal in &taking.refusals {
        page.field(pen, said::REFUSED, refusal, Role::Error);
    }
    for (place, warning) in taking.warnings.iter().enumerate() {
        page.field(pen, if place == 0 { said::WARNINGS } else { "" }, warning, Role::Warning);
    }
    for (place, taken) in taking.alerts.iter().take(MOST_NAMED).enumerate() {
        let label = if place == 0 { said::ALERTS } else { "" };
        let words = one(pen, taken);
        page.field(pen, label, &words, Role::Text);
        if let Some(seen) = &taken.seen.as_ref().filter(|seen| seen.covers(taken.firing_since, pen.now)) {
            let age = pen.age(seen.at);
            page.field(pen, "", &said::held(&seen.by, &age, &seen.note), Role::Warning);
        }
    }
    if taking.alerts.len() > MOST_NAMED {
        page.field(pen, "", &said::more(taking.alerts.len() - MOST_NAMED), Role::Muted);
    }
    page.field(pen, said::MEANS, taking.action.means(), Role::Text);
    page.field(pen, said::INVERSE, said::inverse(taking.action), Role::Muted);
    page
}

fn one(pen: &mut Pen<'_>, taken: &Taken) -> String {
    let service = taken.service.as_deref().unwrap_or(UNMAPPED);
    let severity = taken.severity.word();
    let words = format!("{} {severity}, {service}, {}: {}", taken.alert, pen.age(taken.firing_since), taken.summary);
    words.trim_end_matches([':', ' ']).to_owned()
}

/// The note, and what confirms; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, open: &TakingScene, note: &Field) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let row = |number: u16| (area.height > number).then_some(area.y + number);
    let taking = &open.taking;
    if open.is_writing {
        pen.put(x, row(1)?, columns, said::WRITING, pen.style(Role::Prompt));
        return None;
    }
    if !taking.is_applicable() {
        pen.put(x, row(1)?, columns, said::NO_CONFIRMATION, pen.style(Role::Error));
        return None;
    }
    let used = pen.put(x, row(1)?, columns, said::PRESS, pen.style(Role::Prompt));
    if let Some(armed_at) = open.armed_at.filter(|at| *at > pen.now) {
        let words = crate::ui::words::plan::arming(&pen.countdown(armed_at));
        pen.put(x + used + 2, row(1)?, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    if let (Some(error), Some(y)) = (&open.error, row(3)) {
        pen.put(x, y, columns, error, pen.style(Role::Error));
    }
    if taking.action == Deed::GiveBack {
        return None;
    }
    let y = row(2)?;
    let wide = u16::try_from(text::width(said::NOTE)).unwrap_or(u16::MAX).min(columns / 2);
    pen.put(x, y, wide, said::NOTE, pen.style(Role::Muted));
    Some(prompt::draw(pen, x + wide + 1, y, columns.saturating_sub(wide + 1), note))
}
