//! A silence being planned: what it hides as the server says, what to know first, and the fields that make it.

use ratatui::layout::Rect;

use crate::domain::alert::{Hidden, SilenceDeed, Silencing};
use crate::domain::service::UNMAPPED;
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::silencing::SilencingScene;
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::form::Form;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, silencing as said};

/// Columns of a field's label.
const LABEL: u16 = 9;
/// The most alerts that are named.
const MOST_NAMED: usize = 6;

/// Draws it over the whole body.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    scene: &Scene<'_>,
    (fields, at): (&[Field], usize),
    scroll: usize,
) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(open) = scene.silencing else { return HitMap::default() };
    let columns = area.width.saturating_sub(2);
    let title = open.plan.as_ref().map_or_else(|| said::title(open.action).to_owned(), |plan| plan.title());
    let title = text::clip(&title, usize::from(columns), pen.glyphs.ellipsis);
    pen.put(area.x + 1, area.y, columns, &title, pen.style(Role::Title));
    let form = Form { labels: open.labels(), label: LABEL, fields, at, error: open.error.as_deref() };
    let (above, below) = form.part(pen, area);
    let mut page = Page::new(columns);
    let guard = scene.guard_of(&open.environment);
    page.field(pen, said::ENVIRONMENT, &words::environment(&open.environment, guard), Role::of_guard(guard));
    match &open.plan {
        Some(plan) => write(pen, &mut page, plan),
        None => page.field(pen, "", said::ASKING, Role::Muted),
    }
    let mut hit = page.fill(pen, above, scroll);
    hit.cursor = confirm(pen, below, open, &form);
    hit
}

fn write(pen: &mut Pen<'_>, page: &mut Page, plan: &Silencing) {
    page.field(pen, said::AS, &plan.author.name, Role::Text);
    for refusal in &plan.refusals {
        page.field(pen, said::REFUSED, refusal, Role::Error);
    }
    for (place, warning) in plan.warnings.iter().enumerate() {
        page.field(pen, if place == 0 { said::WARNINGS } else { "" }, warning, Role::Warning);
    }
    if let Some(seen) = &plan.seen {
        let until = seen.ends_at.format("%F %H:%M UTC");
        let words = format!("{} by {}, until {until}: {}", seen.id, seen.created_by, seen.comment);
        page.field(pen, said::SILENCE, &words, Role::Text);
    }
    if plan.action != SilenceDeed::ExpireSilence {
        let holds = time::coarse(plan.ends_at - plan.made_at);
        page.field(pen, said::UNTIL, &format!("{}, for {holds}", plan.ends_at.format("%F %H:%M UTC")), Role::Text);
    }
    let label = if plan.action == SilenceDeed::ExpireSilence { said::LETS } else { said::HIDES };
    if plan.hides.is_empty() && plan.is_applicable() {
        page.field(pen, label, said::NOTHING, Role::Muted);
    }
    for (place, hidden) in plan.hides.iter().take(MOST_NAMED).enumerate() {
        let role = if hidden.is_chosen || plan.seen.is_some() { Role::Text } else { Role::Warning };
        page.field(pen, if place == 0 { label } else { "" }, &one(hidden), role);
    }
    if plan.hides.len() > MOST_NAMED {
        page.field(pen, "", &said::more(plan.hides.len() - MOST_NAMED), Role::Muted);
    }
    page.field(pen, said::MEANS, plan.action.means(), Role::Text);
    page.field(pen, said::INVERSE, &plan.inverse(), Role::Muted);
}

fn one(hidden: &Hidden) -> String {
    let service = hidden.service.as_deref().unwrap_or(UNMAPPED);
    let words = format!("{} {}, {service}: {}", hidden.alert, hidden.severity.word(), hidden.summary);
    words.trim_end_matches([':', ' ']).to_owned()
}

/// What confirms it, and the fields; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, open: &SilencingScene, form: &Form<'_>) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let y = (area.height > 1).then_some(area.y + 1)?;
    if open.is_sending {
        pen.put(x, y, columns, said::SENDING, pen.style(Role::Prompt));
        return None;
    }
    let is_changed = open.is_changed(form.fields);
    let (words, role) = match &open.plan {
        None => (said::ASKING.to_owned(), Role::Muted),
        Some(_) if is_changed => (said::REPLAN.to_owned(), Role::Prompt),
        Some(plan) if !plan.is_applicable() => (said::NO_CONFIRMATION.to_owned(), Role::Error),
        Some(plan) => (said::press(plan.confirmation.gesture, &plan.confirmation.word), Role::Prompt),
    };
    let used = pen.put(x, y, columns, &words, pen.style(role));
    let is_ready = !is_changed && open.plan.as_ref().is_some_and(|plan| plan.is_applicable());
    if let Some(armed_at) = open.armed_at.filter(|armed_at| *armed_at > pen.now && is_ready) {
        let words = words::plan::arming(&pen.countdown(armed_at));
        pen.put(x + used + 2, y, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    form.draw(pen, area)
}
