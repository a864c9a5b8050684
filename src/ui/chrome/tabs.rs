//! The panes, by their number and title.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::panes;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::words;

/// Draws them, the open one marked by brackets as well as by style.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let open = panes::of(&scene.ui.view);
    let mut x = area.x + 1;
    for pane in &panes::ALL {
        let is_open = pane.id == open;
        let role = if is_open { Role::Title } else { Role::Muted };
        let words =
            if is_open { format!("[{} {}]", pane.key, pane.title) } else { format!(" {} {} ", pane.key, pane.title) };
        x += pen.put(x, area.y, area.right().saturating_sub(x), &words, pen.style(role)) + 1;
    }
    let troubled = words::tally(scene.rows.troubled, scene.rows.total);
    let role = if scene.rows.troubled > 0 { Role::Warning } else { Role::Muted };
    pen.put_right(x, area.y, area.right().saturating_sub(x + 1), &troubled, pen.style(role));
}
