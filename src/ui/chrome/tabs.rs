//! The panes, by their number and title.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::panes::{self, PaneId};
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::{text, words};

/// How much is written of each pane, from the most.
const FORMS: [Form; 3] = [Form::Wide, Form::Tight, Form::Short];
/// Letters of a title where there is room for no more.
const LETTERS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Titles in full, spaced.
    Wide,
    /// Titles in full, one column apart.
    Tight,
    /// The beginnings of titles; the open one in full.
    Short,
}

/// Draws them, the open one marked by brackets as well as by style. How many rows need a look is never cut for a title.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let open = panes::of(&scene.ui.view);
    let troubled = words::tally(scene.rows.troubled, scene.rows.total);
    let room = usize::from(area.width).saturating_sub(text::width(&troubled) + 3);
    let width = |form: &Form| titles(open, *form).map(|(_, words)| text::width(&words) + 1).sum::<usize>();
    let form = FORMS.into_iter().find(|form| width(form) <= room).unwrap_or(Form::Short);
    let mut x = area.x + 1;
    for (id, words) in titles(open, form) {
        let role = if id == open { Role::Title } else { Role::Muted };
        x += pen.put(x, area.y, area.right().saturating_sub(x), &words, pen.style(role)) + 1;
    }
    let role = if scene.rows.troubled > 0 { Role::Warning } else { Role::Muted };
    pen.put_right(x, area.y, area.right().saturating_sub(x + 1), &troubled, pen.style(role));
}

fn titles(open: PaneId, form: Form) -> impl Iterator<Item = (PaneId, String)> {
    panes::ALL.iter().map(move |pane| {
        let beginning: String = pane.title.chars().take(LETTERS).collect();
        let words = match form {
            _ if pane.id == open => format!("[{} {}]", pane.key, pane.title),
            Form::Wide => format!(" {} {} ", pane.key, pane.title),
            Form::Tight => format!("{} {}", pane.key, pane.title),
            Form::Short => format!("{} {beginning}", pane.key),
        };
        (pane.id, words)
    })
}
