//! A word about alerts: who is on them, or a note on one. What it means, what to know first, what is there already, and the text.

use ratatui::layout::Rect;

use crate::domain::alert::{NoteDeed, Noting, Severity, Taken, Taking, Word};
use crate::domain::service::UNMAPPED;
use crate::domain::store::AlertNotes;
use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Scene, WordScene};
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::note::note;
use crate::ui::widgets::page::{self, Page};
use crate::ui::widgets::{prompt, text_area};
use crate::ui::words::word as said;

/// The most alerts that are listed by name.
const MOST_NAMED: usize = 6;
/// The most notes of before that are shown.
const MOST_SHOWN: usize = 4;
/// The most lines of what was wrong.
const MOST_WRONG: usize = 2;

/// Draws it over the whole body.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, field: &Field, scroll: usize) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(open) = scene.word else { return HitMap::default() };
    let columns = area.width.saturating_sub(2);
    let title = text::clip(&open.plan.title(), usize::from(columns), pen.glyphs.ellipsis).into_owned();
    pen.put(area.x + 1, area.y, columns, &title, pen.style(Role::Title));
    let wrong = wrong(open, usize::from(columns));
    let lines = match &*open.plan {
        Word::Taking(_) => 1,
        Word::Noting(_) => (area.height / 3).clamp(3, 10),
    };
    let rows = lines + 2 + u16::try_from(wrong.len()).unwrap_or(0);
    let bottom = rows.min(area.height.saturating_sub(1));
    let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
    let mut hit = write(pen, &open.plan, scene.notes, columns).fill(pen, above, scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..area };
    page::rule(pen, below, hit.offset, hit.furthest);
    hit.cursor = typed(pen, below, open, field, &wrong);
    hit
}

fn wrong(open: &WordScene, columns: usize) -> Vec<String> {
    let lines = open.error.as_deref().map(|error| text::wrap(&clean(error), columns)).unwrap_or_default();
    lines.into_iter().take(MOST_WRONG).collect()
}

fn write(pen: &mut Pen<'_>, plan: &Word, notes: Option<&AlertNotes>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let terms = plan.terms();
    page.field(pen, said::ENVIRONMENT, &terms.environment, Role::Title);
    page.field(pen, said::AS, &terms.author.name, Role::Text);
    for refusal in &terms.refusals {
        page.field(pen, said::REFUSED, refusal, Role::Error);
    }
    for (place, warning) in terms.warnings.iter().enumerate() {
        page.field(pen, if place == 0 { said::WARNINGS } else { "" }, warning, Role::Warning);
    }
    match plan {
        Word::Taking(taking) => alerts(pen, &mut page, taking),
        Word::Noting(noting) => known(pen, &mut page, noting, notes),
    }
    page.field(pen, said::MEANS, plan.means(), Role::Text);
    page.field(pen, said::INVERSE, plan.inverse(), Role::Muted);
    page
}

/// The alerts, and who has them now.
fn alerts(pen: &mut Pen<'_>, page: &mut Page, taking: &Taking) {
    for (place, taken) in taking.alerts.iter().take(MOST_NAMED).enumerate() {
        let Taken { alert, service, severity, summary, firing_since, .. } = taken;
        let age = format!(", {}", pen.age(*firing_since));
        let words = alert_in_words(alert, *severity, service.as_deref(), &age, summary);
        page.field(pen, if place == 0 { said::ALERTS } else { "" }, &words, Role::Text);
        if let Some(seen) = taken.held(pen.now) {
            let age = pen.age(seen.at);
            page.field(pen, "", &said::held(&seen.by, &age, &seen.note), Role::Warning);
        }
    }
    if taking.alerts.len() > MOST_NAMED {
        page.field(pen, "", &said::more(taking.alerts.len() - MOST_NAMED), Role::Muted);
    }
}

/// The alert, and what is written down about it already.
fn known(pen: &mut Pen<'_>, page: &mut Page, noting: &Noting, notes: Option<&AlertNotes>) {
    let on = &noting.alert;
    let words = alert_in_words(&on.name, on.severity, on.service.as_deref(), "", &on.summary);
    page.field(pen, said::ALERT, &words, Role::Text);
    if let Some(seen) = &noting.seen {
        note(pen, page, said::NOW, seen, Role::Warning);
    }
    let notes = notes.map(|notes| notes.of(&noting.terms.environment, &on.fingerprint)).unwrap_or_default();
    let others = notes.iter().filter(|one| noting.seen.as_ref().is_none_or(|seen| seen.id != one.id));
    for (place, one) in others.clone().take(MOST_SHOWN).enumerate() {
        note(pen, page, if place == 0 { said::OTHERS } else { "" }, one, Role::Text);
    }
    let count = others.count();
    if count > MOST_SHOWN {
        page.field(pen, "", &said::older(count - MOST_SHOWN), Role::Muted);
    }
}

fn alert_in_words(name: &str, severity: Severity, service: Option<&str>, age: &str, summary: &str) -> String {
    let words = format!("{name} {}, {}{age}: {summary}", severity.word(), service.unwrap_or(UNMAPPED));
    words.trim_end_matches([':', ' ']).to_owned()
}

/// What confirms it, what was typed, and what was wrong; gives back where the cursor stands.
fn typed(pen: &mut Pen<'_>, area: Rect, open: &WordScene, field: &Field, wrong: &[String]) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let y = (area.height > 1).then_some(area.y + 1)?;
    let is_ready = open.plan.terms().is_applicable() && !open.is_writing;
    let is_withdrawn = matches!(&*open.plan, Word::Noting(noting) if noting.action == NoteDeed::WithdrawNote);
    let (words, role) = match &*open.plan {
        _ if open.is_writing => (said::WRITING, Role::Prompt),
        word if !is_ready => (said::no_confirmation(word), Role::Error),
        word => (said::press(word), if is_withdrawn { Role::Danger } else { Role::Prompt }),
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
    if height == 0 || !open.plan.has_text() {
        return None;
    }
    let cursor = match &*open.plan {
        Word::Taking(_) => {
            let wide = u16::try_from(text::width(said::NOTE)).unwrap_or(u16::MAX).min(columns / 2);
            pen.put(x, room.y, wide, said::NOTE, pen.style(Role::Muted));
            prompt::draw(pen, x + wide + 1, room.y, columns.saturating_sub(wide + 1), field)
        }
        Word::Noting(_) => text_area::draw(pen, room, field),
    };
    (!open.is_writing).then_some(cursor)
}
