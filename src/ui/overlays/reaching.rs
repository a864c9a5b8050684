//! Reaching into a pod: which one, what it means, and the fields that say how.

use ratatui::layout::Rect;

use crate::domain::action::Gesture;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::reaching::{ReachingScene, Way};
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::widgets::prompt;
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
    let fields_high = u16::try_from(fields.len()).unwrap_or(u16::MAX);
    let bottom = fields_high.saturating_add(3).min(area.height.saturating_sub(1));
    let above = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + bottom), ..area };
    let mut hit = write(pen, open, scene, columns).fill(pen, above, scroll);
    let below = Rect { y: above.bottom(), height: bottom, ..area };
    pen.rule(below.x, below.y, below.width, pen.style(Role::Border));
    hit.cursor = confirm(pen, below, open, fields, at);
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

/// The fields, and what confirms; gives back where the cursor stands.
fn confirm(pen: &mut Pen<'_>, area: Rect, open: &ReachingScene, fields: &[Field], at: usize) -> Option<(u16, u16)> {
    let (x, columns) = (area.x + 1, area.width.saturating_sub(2));
    let mut rows = (area.y + 1..area.bottom()).take(usize::from(area.height.saturating_sub(1)));
    if open.refusal.is_some() {
        pen.put(x, rows.next()?, columns, said::NO_CONFIRMATION, pen.style(Role::Error));
        return None;
    }
    if open.is_starting {
        pen.put(x, rows.next()?, columns, said::STARTING, pen.style(Role::Prompt));
        return None;
    }
    let word =
        (open.confirmation.gesture != Gesture::Enter && open.way == Way::Exec).then_some(&*open.confirmation.word);
    let y = rows.next()?;
    let used = pen.put(x, y, columns, &said::press(open.way, word), pen.style(Role::Prompt));
    if open.armed_at > pen.now {
        let words = words::plan::arming(&pen.countdown(open.armed_at));
        pen.put(x + used + 2, y, columns.saturating_sub(used + 2), &words, pen.style(Role::Warning));
    }
    let mut cursor = None;
    for (place, (label, field)) in open.labels().iter().zip(fields).enumerate() {
        let y = rows.next()?;
        let role = if place == at { Role::Prompt } else { Role::Muted };
        pen.put(x, y, LABEL, label, pen.style(role));
        let room = columns.saturating_sub(LABEL);
        let stands = prompt::draw(pen, x + LABEL, y, room, field);
        if place == at {
            cursor = Some(stands);
        }
    }
    if let (Some(error), Some(y)) = (&open.error, rows.next()) {
        pen.put(x, y, columns, &text::clip(error, usize::from(columns), pen.glyphs.ellipsis), pen.style(Role::Error));
    }
    cursor
}
