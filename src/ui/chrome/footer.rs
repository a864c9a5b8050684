//! The footer: a passing line if there is one, else the keys that help here; and the keys of an unfinished sequence.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let pending = &scene.ui.pending_keys;
    let mut right = area.right().saturating_sub(1);
    if !pending.is_empty() {
        let wide = u16::try_from(text::width(pending) + 2).unwrap_or(0).min(area.width / 2);
        right = right.saturating_sub(wide);
        pen.put(right, area.y, wide, &format!(" {pending} "), pen.style(Role::Key));
    }
    let room = right.saturating_sub(area.x + 1);
    if let Some(toast) = scene.ui.toast.as_ref().filter(|toast| toast.until > scene.now) {
        pen.wake_at(toast.until);
        let role = if toast.is_warning { Role::Warning } else { Role::Ok };
        pen.put(area.x + 1, area.y, room, &toast.words, pen.style(role));
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
        x = put(pen, area.y, x, hint);
    }
    if x.saturating_add(wide(last)) <= right {
        put(pen, area.y, x, last);
    }
}

/// Writes a hint; gives back where the next one may stand.
fn put(pen: &mut Pen<'_>, y: u16, x: u16, (keys, words): &(String, String)) -> u16 {
    let x = x + pen.put(x, y, u16::MAX - x, keys, pen.style(Role::Key)) + 1;
    x + pen.put(x, y, u16::MAX - x, words, pen.style(Role::Muted)) + 2
}
