//! The panes, by their number and title.

use ratatui::layout::Rect;

use crate::panes::{self, PaneId};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::{text, words};

/// How much is written of each pane, from the most.
const FORMS: [Form; 6] =
    [Form::Wide, Form::Tight, Form::Letters(4), Form::Letters(3), Form::Letters(2), Form::Letters(0)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Titles in full, spaced.
    Wide,
    /// Titles in full, one column apart.
    Tight,
    /// So many letters of a title, or the digits alone; the open one in full.
    Letters(usize),
}

/// Draws them, the open one marked by brackets as well as by style. How many rows need a look is never cut for a title.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) {
    let open = panes::of(&scene.ui.view);
    let troubled = words::tally(scene.rows.troubled, scene.rows.total);
    let room = usize::from(area.width).saturating_sub(text::width(&troubled) + 3);
    let width = |form: &Form| titles(open, *form).map(|(_, words)| text::width(&words) + 1).sum::<usize>();
    let form = FORMS.into_iter().find(|form| width(form) <= room).unwrap_or(Form::Letters(0));
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
        let words = match form {
            _ if pane.id == open => format!("[{} {}]", pane.key, pane.title),
            Form::Wide => format!(" {} {} ", pane.key, pane.title),
            Form::Tight => format!("{} {}", pane.key, pane.title),
            Form::Letters(count) => {
                let beginning: String = pane.title.chars().take(count).collect();
                format!("{} {beginning}", pane.key).trim_end().to_owned()
            }
        };
        (pane.id, words)
    })
}
