//! Reaching into a pod: which one, what it means, and the fields that say how.

use ratatui::layout::Rect;

use crate::domain::action::Gesture;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::reaching::{ReachingScene, Way};
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::Field;
use crate::ui::widgets::form::Form;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, reaching as said};

/// Columns of a field's label.
const LABEL: u16 = 11;

/// Draws it over the whole body.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    scene: &Scene<'_>,
    (fields, at): (&[Field], usize),
    scroll: usize,
) -> HitMap {
    pen.clear(area, pen.style(Role::Background));
    let Some(open) = scene.reaching else { return HitMap::default() };
    let columns = area.width.saturating_sub(2);
    pen.put(area.x + 1, area.y, columns, &said::title(open.way, &open.pod), pen.style(Role::Title));
    let form = Form { labels: open.labels(), label: LABEL, fields, at, error: open.error.as_deref() };
    let (above, below) = form.part(pen, area);
    let mut hit = write(pen, open, scene, columns).fill(pen, above, scroll);
    hit.cursor = confirm(pen, below, open, &form);
    hit
}

fn write(pen: &mut Pen<'_>, open: &ReachingScene, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let guard = scene.guard_of(&open.environment);
    page.field(pen, said::ENVIRONMENT, &words::environment(&open.environment, guard), Role::of_guard(guard));
    page.field(pen, said::POD, &format!("{}/{}", open.namespace, open.pod), Role::Text);
    if open.way == Way::Exec && !open.containers.is_empty() {
        page.field(pen, said::CONTAINERS, &open.containers.join(", "), Role::Text);
    }
    if let Some(refusal) = &open.refusal {
        page.field(pen, said::REFUSED, refusal, Role::Error);
    }
    page.field(pen, said::MEANS, said::means(open.way), Role::Text);
    page.field(pen, said::ENDS, said::ends(open.way), Role::Muted);
    if open.way == Way::Forward {
        page.field(pen, said::PORTS, said::PORTS_HELP, Role::Muted);
    }
    page
}

/// What confirms it, and the fields; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, open: &ReachingScene, form: &Form<'_>) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let y = (area.height > 1).then_some(area.y + 1)?;
    if open.refusal.is_some() {
        pen.put(x, y, columns, said::NO_CONFIRMATION, pen.style(Role::Error));
        return None;
    }
    if open.is_starting {
        pen.put(x, y, columns, said::STARTING, pen.style(Role::Prompt));
        return None;
    }
    let is_typed = open.confirmation.gesture != Gesture::Enter && open.way == Way::Exec;
    let word = is_typed.then_some(&*open.confirmation.word);
    let used = pen.put(x, y, columns, &said::press(open.way, word), pen.style(Role::Prompt));
    if open.armed_at > pen.now {
        let words = words::plan::arming(&pen.countdown(open.armed_at));
        pen.put(x + used + 2, y, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    form.draw(pen, area)
}
