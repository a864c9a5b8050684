//! A sentence that stays until it is dealt with, and the problems of the operator's own files.

use ratatui::layout::Rect;

use crate::domain::text::clean;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::words;

/// The lines it takes on a screen: at most two, and three on a tall one.
pub fn lines(scene: &Scene<'_>, screen: Rect) -> Vec<String> {
    let problems = match scene.problems {
        [] => None,
        [first, rest @ ..] => Some(words::problems(&first.to_string(), rest.len())),
    };
    let most = if screen.height >= 30 { 3 } else { 2 };
    let columns = usize::from(screen.width.saturating_sub(4));
    let mut lines: Vec<String> = scene
        .banner
        .map(str::to_owned)
        .into_iter()
        .chain(problems)
        .flat_map(|sentence| text::wrap(&clean(&sentence), columns))
        .collect();
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines
}

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, lines: &[String]) {
    let style = pen.style(Role::Banner);
    pen.tint(area, style);
    for (place, (y, line)) in (area.top()..area.bottom()).zip(lines).enumerate() {
        let mark = if place == 0 { pen.glyphs.warning } else { " " };
        pen.put(area.x + 1, y, 1, mark, style);
        pen.put(area.x + 3, y, area.width.saturating_sub(4), line, style);
    }
}
