//! The plan: worked out, shown, confirmed, run, and how it ended. The confirmation is always in sight.

use ratatui::layout::Rect;

use super::{plan_page, plan_run};
use crate::domain::action::{Gesture, Phase, Plan};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{PlanScene, Scene};
use crate::ui::state::{Field, Slot};
use crate::ui::text;
use crate::ui::widgets::form::Form;
use crate::ui::widgets::page::{self, Page};
use crate::ui::widgets::prompt;
use crate::ui::words;

/// What the operator typed so far.
pub(super) struct Typing<'a> {
    /// The first line shown.
    pub scroll: usize,
    /// The word or the name.
    pub typed: &'a Field,
    /// The reason.
    pub reason: &'a Field,
    /// What is given for the fields of the action.
    pub given: &'a [Field],
    /// What has the keys.
    pub at: Slot,
}

/// Columns of a field's label at least.
const LABEL: u16 = 9;

/// Draws it over the whole body.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, typing: &Typing<'_>) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(shown) = scene.plan else {
        return HitMap::default();
    };
    pen.put(area.x + 1, area.y, area.width.saturating_sub(2), &shown.title, pen.style(Role::Title));
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let columns = area.width.saturating_sub(2);
    let is_running = shown.run.as_ref().is_some_and(|run| !matches!(run.phase, Phase::Draft | Phase::Planned));
    if shown.is_form() && !is_running {
        return form(pen, area, shown, typing);
    }
    let Some(plan) = shown.plan.as_deref() else {
        return unplanned(pen, shown, columns).fill(pen, body, typing.scroll);
    };
    if is_running {
        return plan_run::draw(pen, body, shown, plan, typing.scroll);
    }
    let bottom = prompt_rows(plan).min(body.height);
    let above = Rect { height: body.height - bottom, ..body };
    let page = plan_page::write(pen, plan, columns);
    let mut hit = page.fill(pen, above, typing.scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..body };
    page::rule(pen, below, hit.offset, hit.furthest);
    hit.cursor = confirm(pen, below, shown, plan, typing);
    hit
}

/// What there is to say while there is no plan.
fn unplanned(pen: &Pen<'_>, shown: &PlanScene, columns: u16) -> Page {
    let mut page = Page::new(columns);
    page.gap();
    match &shown.error {
        Some(why) => {
            page.text(pen, 0, words::plan::FAILED, Role::Error);
            page.text(pen, 2, why, Role::Text);
        }
        None => page.text(pen, 0, words::plan::WORKING, Role::Text),
    }
    page
}

/// A plan whose action is given something on it: what it comes to above, its fields below.
fn form(pen: &mut Pen<'_>, area: Rect, shown: &PlanScene, typing: &Typing<'_>) -> HitMap {
    let slots = shown.slots();
    let labels: Vec<&str> = slots
        .iter()
        .map(|slot| match slot {
            Slot::Typed => words::plan::TYPED,
            Slot::Reason => words::plan::REASON,
            Slot::Given(place) => shown.form.get(*place).map(|field| field.id).unwrap_or_default(),
        })
        .collect();
    let empty = Field::default();
    let field = |slot: &Slot| match slot {
        Slot::Typed => typing.typed,
        Slot::Reason => typing.reason,
        Slot::Given(place) => typing.given.get(*place).unwrap_or(&empty),
    };
    let fields: Vec<Field> = slots.iter().map(|slot| field(slot).clone()).collect();
    let at = slots.iter().position(|slot| *slot == typing.at).unwrap_or_default();
    let has_lines = |slot: &Slot| match slot {
        Slot::Given(place) => shown.form.get(*place).is_some_and(|field| field.has_lines()),
        _ => false,
    };
    let rows: Vec<u16> =
        slots.iter().map(|slot| if has_lines(slot) { (area.height / 3).clamp(3, 10) } else { 1 }).collect();
    let label = labels.iter().map(|label| text::width(label) + 2).fold(usize::from(LABEL), usize::max);
    let label = u16::try_from(label).unwrap_or(LABEL);
    let form = Form { labels: &labels, label, rows: &rows, fields: &fields, at, error: shown.wrong.as_deref() };
    let (above, below) = form.part(pen, area);
    let columns = area.width.saturating_sub(2);
    let page = match shown.plan.as_deref() {
        Some(plan) => plan_page::write(pen, plan, columns),
        None => unplanned(pen, shown, columns),
    };
    let mut hit = page.fill(pen, above, typing.scroll);
    page::rule(pen, below, hit.offset, hit.furthest);
    let (x, y) = (below.x + 1, below.y + 1);
    if below.height > 1 {
        match shown.plan.as_deref() {
            None => {}
            Some(_) if shown.is_changed(typing.given) => {
                pen.put(x, y, columns, words::plan::REPLAN, pen.style(Role::Prompt));
            }
            Some(plan) => {
                ready(pen, (x, y, columns), shown, plan);
            }
        }
    }
    hit.cursor = form.draw(pen, below);
    hit
}

/// The line that says what confirms it; whether it can be confirmed.
fn ready(pen: &mut Pen<'_>, (x, y, columns): (u16, u16, u16), shown: &PlanScene, plan: &Plan) -> bool {
    if !plan.is_applicable() {
        pen.put(x, y, columns, words::plan::NO_CONFIRMATION, pen.style(Role::Error));
        return false;
    }
    if plan.is_expired(pen.now) {
        pen.put(x, y, columns, words::plan::EXPIRED, pen.style(Role::Error));
        return false;
    }
    let sentence = match plan.confirmation.gesture {
        Gesture::Enter if plan.confirmation.needs_reason => words::plan::GIVE_REASON.to_owned(),
        Gesture::Enter => words::plan::PRESS.to_owned(),
        Gesture::TypeWord => words::plan::type_word(&plan.confirmation.word),
        Gesture::TypeNameAndReason => words::plan::type_name(&plan.confirmation.word),
    };
    let used = pen.put(x, y, columns, &sentence, pen.style(Role::Prompt));
    if let Some(armed_at) = shown.armed_at.filter(|at| *at > pen.now) {
        let words = words::plan::arming(&pen.countdown(armed_at));
        pen.put(x + used + 2, y, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    true
}

fn prompt_rows(plan: &Plan) -> u16 {
    match (plan.is_applicable(), plan.confirmation.needs_reason) {
        (true, true) => 4,
        (true, false) if plan.confirmation.gesture != Gesture::Enter => 3,
        _ => 2,
    }
}

/// What confirms it; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, shown: &PlanScene, plan: &Plan, typing: &Typing<'_>) -> Option<(u16, u16)> {
    let x = area.x + 1;
    let columns = area.width.saturating_sub(2);
    let y = area.y + 1;
    if !ready(pen, (x, y, columns), shown, plan) {
        return None;
    }
    if plan.confirmation.gesture == Gesture::Enter && !plan.confirmation.needs_reason {
        return None;
    }
    let typed = field(pen, Rect { x, y: y + 1, width: columns, height: 1 }, words::plan::TYPED, typing.typed);
    let mut cursor = typed;
    if plan.confirmation.needs_reason {
        let reason = field(pen, Rect { x, y: y + 2, width: columns, height: 1 }, words::plan::REASON, typing.reason);
        if typing.at == Slot::Reason {
            cursor = reason;
        }
    }
    Some(cursor)
}

/// A labelled field.
fn field(pen: &mut Pen<'_>, area: Rect, label: &str, field: &Field) -> (u16, u16) {
    let wide = u16::try_from(text::width(label)).unwrap_or(u16::MAX).clamp(8, area.width / 2);
    pen.put(area.x, area.y, wide, label, pen.style(Role::Muted));
    prompt::draw(pen, area.x + wide + 1, area.y, area.width.saturating_sub(wide + 1), field)
}
