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
use crate::ui::widgets::page::Page;
use crate::ui::widgets::prompt;
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
    let fields_high = u16::try_from(open.labels().len()).unwrap_or(u16::MAX);
    let bottom = fields_high.saturating_add(3).min(area.height.saturating_sub(1));
    let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
    let mut page = Page::new(columns);
    let guard = scene.guard_of(&open.environment);
    page.field(pen, said::ENVIRONMENT, &words::environment(&open.environment, guard), Role::of_guard(guard));
    match &open.plan {
        Some(plan) => write(pen, &mut page, plan),
        None => page.field(pen, "", said::ASKING, Role::Muted),
    }
    let mut hit = page.fill(pen, above, scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..area };
    pen.rule(below.x, below.y, below.width, pen.style(Role::Border));
    hit.cursor = confirm(pen, below, open, fields, at);
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

/// The fields, and what confirms; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, open: &SilencingScene, fields: &[Field], at: usize) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let mut rows = area.y + 1..area.bottom();
    let y = rows.next()?;
    if open.is_sending {
        pen.put(x, y, columns, said::SENDING, pen.style(Role::Prompt));
        return None;
    }
    let is_changed = fields.get(1).zip(fields.get(2)).is_some_and(|(covers, holds)| {
        open.action != SilenceDeed::ExpireSilence && (&covers.text, &holds.text) != (&open.planned.0, &open.planned.1)
    });
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
    let mut cursor = None;
    for (place, (label, field)) in open.labels().iter().zip(fields).enumerate() {
        let y = rows.next()?;
        let role = if place == at { Role::Prompt } else { Role::Muted };
        pen.put(x, y, LABEL, label, pen.style(role));
        // Where nobody types the beginning says more than the end.
        let field = if place == at { field } else { &Field { cursor: 0, ..field.clone() } };
        let stands = prompt::draw(pen, x + LABEL, y, columns.saturating_sub(LABEL), field);
        if place == at {
            cursor = Some(stands);
        }
    }
    if let (Some(error), Some(y)) = (&open.error, rows.next()) {
        pen.put(x, y, columns, &text::clip(error, usize::from(columns), pen.glyphs.ellipsis), pen.style(Role::Error));
    }
    cursor
}
