//! The groups of panes, by their digit, their word, and how grave the gravest of them is.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::overview::Gravity;
use crate::ui::pen::Pen;
use crate::ui::scene::{GroupTab, Scene};
use crate::ui::{text, words};

/// From this width on words are written in full.
const WIDE: u16 = 110;

/// Draws them, the open one marked by brackets as well as by style; at the right how many workloads need a look, where there is room.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let (is_wide, room) = (area.width >= WIDE, |x: u16| area.right().saturating_sub(x));
    let (mut x, mut was_open) = (area.x, false);
    for group in &scene.groups {
        let between = match (was_open, group.is_open, is_wide) {
            (true, _, true) => "] ",
            (true, _, false) => "]",
            (false, true, true) => " [",
            (false, true, false) => "[",
            (false, false, true) => "  ",
            (false, false, false) => " ",
        };
        let (sign, role) = mark(group);
        let (style, open) = (pen.style(if group.is_open { Role::Title } else { Role::Muted }), pen.style(Role::Title));
        x += pen.put(x, area.y, room(x), between, open);
        x += pen.put(x, area.y, room(x), &group.key.to_string(), style);
        x += pen.put(x, area.y, room(x), sign, pen.style(role));
        x += pen.put(x, area.y, room(x), if is_wide { group.title } else { group.short }, style);
        was_open = group.is_open;
    }
    x += pen.put(x, area.y, room(x), if was_open { "]" } else { " " }, pen.style(Role::Title));
    let troubled = words::tally(scene.rows.troubled, scene.rows.total);
    let wide = u16::try_from(text::width(&troubled)).unwrap_or(u16::MAX);
    if x.saturating_add(wide + 2) <= area.right() {
        let role = if scene.rows.troubled > 0 { Role::Warning } else { Role::Muted };
        pen.put_right(x, area.y, area.right().saturating_sub(x + 1), &troubled, pen.style(role));
    }
}

/// The sign between the digit and the word: how grave the gravest of the group is.
const fn mark(group: &GroupTab) -> (&'static str, Role) {
    match group.gravity {
        Gravity::Bad => ("!", Role::Error),
        Gravity::Look => ("~", Role::Warning),
        Gravity::Unknown => ("?", Role::VerdictUnknown),
        Gravity::Nothing | Gravity::Well | Gravity::Loading => (" ", Role::Muted),
    }
}
