//! The footer: a passing sentence if there is one, else the keys that help here; and the keys of an unfinished sequence.

use ratatui::layout::Rect;

use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::state::Toast;
use crate::ui::text;

/// The most rows a passing sentence takes.
const MOST: usize = 3;

/// How many rows the footer takes on a screen of so many columns: one, and more for a passing sentence that needs them. Its end is often
/// what is to be done.
pub fn rows(scene: &Scene<'_>, columns: u16) -> u16 {
    passing(scene).map_or(1, |toast| u16::try_from(lines(scene, toast, columns).len()).unwrap_or(1))
}

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let bottom = area.bottom().saturating_sub(1);
    let pending = &scene.ui.pending_keys;
    let wide = pending_columns(scene, area.width);
    let right = area.right().saturating_sub(1 + wide);
    if !pending.is_empty() {
        pen.put(right, bottom, wide, &format!(" {pending} "), pen.style(Role::Key));
    }
    if let Some(toast) = passing(scene) {
        pen.wake_at(toast.until);
        let role = if toast.is_warning { Role::Warning } else { Role::Ok };
        for (y, line) in (area.top()..area.bottom()).zip(lines(scene, toast, area.width)) {
            pen.put(area.x + 1, y, right.saturating_sub(area.x + 1), &line, pen.style(role));
        }
        return;
    }
    let wide = |(keys, words): &(String, String)| {
        u16::try_from(text::width(keys) + 1 + text::width(words)).unwrap_or(u16::MAX)
    };
    let Some((last, others)) = scene.hints.split_last() else { return };
    // The last is the way to all others, or out: it stays. One that does not fit whole is left out: half a key helps nobody.
    let room = right.saturating_sub(wide(last).saturating_add(2));
    let mut x = area.x + 1;
    for hint in others {
        if x.saturating_add(wide(hint)) > room {
            break;
        }
        x = put(pen, bottom, x, hint);
    }
    if x.saturating_add(wide(last)) <= right {
        put(pen, bottom, x, last);
    }
}

/// The sentence that passes now.
fn passing<'a>(scene: &'a Scene<'_>) -> Option<&'a Toast> {
    scene.ui.toast.as_ref().filter(|toast| toast.until > scene.now)
}

/// Its lines beside the keys of an unfinished sequence; what is left of a very long one is the last, to be cut where it is drawn.
fn lines(scene: &Scene<'_>, toast: &Toast, columns: u16) -> Vec<String> {
    let room = columns.saturating_sub(2 + pending_columns(scene, columns));
    let mut lines = text::wrap(&clean(&toast.words), usize::from(room));
    if lines.len() > MOST {
        let rest = lines.split_off(MOST - 1).join(" ");
        lines.push(rest);
    }
    lines
}

/// The columns of the keys of an unfinished sequence.
fn pending_columns(scene: &Scene<'_>, columns: u16) -> u16 {
    let pending = &scene.ui.pending_keys;
    if pending.is_empty() { 0 } else { u16::try_from(text::width(pending) + 2).unwrap_or(0).min(columns / 2) }
}

/// Writes a hint; gives back where the next one may stand.
fn put(pen: &mut Pen<'_>, y: u16, x: u16, (keys, words): &(String, String)) -> u16 {
    let x = x + pen.put(x, y, u16::MAX - x, keys, pen.style(Role::Key)) + 1;
    x + pen.put(x, y, u16::MAX - x, words, pen.style(Role::Muted)) + 2
}
