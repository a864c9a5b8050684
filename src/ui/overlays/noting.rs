//! A note being written, changed or taken back: the alert it is on, what is there already, and the text.

use ratatui::layout::Rect;

use crate::domain::alert::{NoteDeed, Noting};
use crate::domain::service::UNMAPPED;
use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::noting::NotingScene;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::note::note;
use crate::ui::widgets::page::Page;
use crate::ui::widgets::text_area;
use crate::ui::words::noting as said;

/// The most notes of before that are shown.
const MOST_SHOWN: usize = 4;
/// The most lines of what was wrong.
const MOST_WRONG: usize = 2;

/// Draws it over the whole body.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, field: &Field, scroll: usize) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(open) = scene.noting else { return HitMap::default() };
    let columns = area.width.saturating_sub(2);
    let title = text::clip(&open.plan.title(), usize::from(columns), pen.glyphs.ellipsis).into_owned();
    pen.put(area.x + 1, area.y, columns, &title, pen.style(Role::Title));
    let wrong = wrong(open, usize::from(columns));
    let lines = (area.height / 3).clamp(3, 10);
    let rows = lines + 2 + u16::try_from(wrong.len()).unwrap_or(0);
    let bottom = rows.min(area.height.saturating_sub(1));
    let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
    let mut hit = write(pen, open, columns).fill(pen, above, scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..area };
    pen.rule(below.x, below.y, below.width, pen.style(Role::Border));
    hit.cursor = typed(pen, below, open, field, &wrong);
    hit
}

fn wrong(open: &NotingScene, columns: usize) -> Vec<String> {
    let lines = open.error.as_deref().map(|error| text::wrap(&clean(error), columns)).unwrap_or_default();
    lines.into_iter().take(MOST_WRONG).collect()
}

fn write(pen: &mut Pen<'_>, open: &NotingScene, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let plan = &open.plan;
    page.field(pen, said::ENVIRONMENT, &plan.environment, Role::Title);
    page.field(pen, said::AS, &plan.author.name, Role::Text);
    for refusal in &plan.refusals {
        page.field(pen, said::REFUSED, refusal, Role::Error);
    }
    for (place, warning) in plan.warnings.iter().enumerate() {
        page.field(pen, if place == 0 { said::WARNINGS } else { "" }, warning, Role::Warning);
    }
    page.field(pen, said::ALERT, &alert(plan), Role::Text);
    if let Some(seen) = &plan.seen {
        note(pen, &mut page, said::NOW, seen, Role::Warning);
    }
    let others = open.notes.iter().filter(|one| plan.seen.as_ref().is_none_or(|seen| seen.id != one.id));
    for (place, one) in others.clone().take(MOST_SHOWN).enumerate() {
        note(pen, &mut page, if place == 0 { said::OTHERS } else { "" }, one, Role::Text);
    }
    if others.clone().count() > MOST_SHOWN {
        page.field(pen, "", &said::more(others.count() - MOST_SHOWN), Role::Muted);
    }
    page.field(pen, said::MEANS, plan.action.means(), Role::Text);
    page.field(pen, said::INVERSE, plan.action.inverse(), Role::Muted);
    page
}

fn alert(plan: &Noting) -> String {
    let service = plan.alert.service.as_deref().unwrap_or(UNMAPPED);
    let words = format!("{} {}, {service}: {}", plan.alert.name, plan.alert.severity.word(), plan.alert.summary);
    words.trim_end_matches([':', ' ']).to_owned()
}

/// What confirms it, what was typed, and what was wrong; gives back where the cursor stands.
fn typed(pen: &mut Pen<'_>, area: Rect, open: &NotingScene, field: &Field, wrong: &[String]) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let y = (area.height > 1).then_some(area.y + 1)?;
    let is_ready = open.plan.is_applicable() && !open.is_writing;
    let (words, role) = match open.plan.action {
        _ if open.is_writing => (said::WRITING, Role::Prompt),
        _ if !open.plan.is_applicable() => (said::NO_CONFIRMATION, Role::Error),
        NoteDeed::Note => (said::PRESS, Role::Prompt),
        NoteDeed::EditNote => (said::PRESS_CHANGE, Role::Prompt),
        NoteDeed::WithdrawNote => (said::PRESS_BACK, Role::Danger),
    };
    let used = pen.put(x, y, columns, words, pen.style(role));
    if let Some(armed_at) = open.armed_at.filter(|at| *at > pen.now && is_ready) {
        let words = crate::ui::words::plan::arming(&pen.countdown(armed_at));
        pen.put(x + used + 2, y, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    let height = area.height.saturating_sub(2).saturating_sub(u16::try_from(wrong.len()).unwrap_or(0));
    let room = Rect { x, y: area.y + 2, width: columns, height };
    for (y, line) in (room.bottom()..area.bottom()).zip(wrong) {
        pen.put(x, y, columns, line, pen.style(Role::Error));
    }
    (height > 0).then(|| text_area::draw(pen, room, field)).filter(|_| !open.is_writing)
}
