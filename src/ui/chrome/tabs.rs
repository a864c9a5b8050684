//! The panes, by their number and title.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::{Scene, Tab};
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
    let troubled = words::tally(scene.rows.troubled, scene.rows.total);
    let room = usize::from(area.width).saturating_sub(text::width(&troubled) + 3);
    let width = |form: &Form| titles(&scene.tabs, *form).map(|(_, words)| text::width(&words) + 1).sum::<usize>();
    let form = FORMS.into_iter().find(|form| width(form) <= room).unwrap_or(Form::Letters(0));
    let mut x = area.x + 1;
    for (is_open, words) in titles(&scene.tabs, form) {
        let role = if is_open { Role::Title } else { Role::Muted };
        x += pen.put(x, area.y, area.right().saturating_sub(x), &words, pen.style(role)) + 1;
    }
    let role = if scene.rows.troubled > 0 { Role::Warning } else { Role::Muted };
    pen.put_right(x, area.y, area.right().saturating_sub(x + 1), &troubled, pen.style(role));
}

fn titles(tabs: &[Tab], form: Form) -> impl Iterator<Item = (bool, String)> {
    tabs.iter().map(move |Tab { key, title, is_open }| {
        let words = match form {
            _ if *is_open => format!("[{key} {title}]"),
            Form::Wide => format!(" {key} {title} "),
            Form::Tight => format!("{key} {title}"),
            Form::Letters(count) => {
                let beginning: String = title.chars().take(count).collect();
                format!("{key} {beginning}").trim_end().to_owned()
            }
        };
        (*is_open, words)
    })
}
