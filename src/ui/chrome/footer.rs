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
    let mut x = area.x + 1;
    for (keys, words) in scene.hints {
        let wide = u16::try_from(text::width(keys) + 1 + text::width(words)).unwrap_or(u16::MAX);
        if x.saturating_add(wide) > right {
            // A hint that does not fit whole is left out: half a key helps nobody.
            break;
        }
        x += pen.put(x, area.y, wide, keys, pen.style(Role::Key)) + 1;
        x += pen.put(x, area.y, wide, words, pen.style(Role::Muted)) + 2;
    }
}
