//! The line over a list: the panes of its group, what there is and what hides some of it; while a filter is typed, the filter beside it.

use ratatui::layout::Rect;

use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::{Scene, Tab};
use crate::ui::state::Field;
use crate::ui::text;
use crate::ui::widgets::prompt;

/// Draws it; gives back where the cursor stands while `filter` is typed.
pub fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    scene: &Scene<'_>,
    facts: &[String],
    filter: Option<&Field>,
) -> Option<(u16, u16)> {
    // The open pane is named already.
    let is_said = |fact: &&String| !scene.tabs.iter().any(|tab| scene.tabs.len() > 1 && tab.title == fact.as_str());
    let facts: Vec<&str> = facts.iter().filter(is_said).map(String::as_str).collect();
    let facts = facts.join(&format!(" {} ", pen.glyphs.separator));
    let x = area.x + 1;
    let Some(filter) = filter else {
        let tabs = Tabs::with_room_for(text::width(&facts), area.width.saturating_sub(2), scene);
        let x = x + tabs.draw(pen, Rect { x, width: area.width.saturating_sub(2), ..area }, scene);
        pen.put(x, area.y, area.right().saturating_sub(x + 1), &facts, pen.style(Role::Title));
        return None;
    };
    let half = area.width / 2;
    pen.put(x, area.y, 1, "/", pen.style(Role::Prompt));
    let cursor = prompt::draw(pen, x + 1, area.y, half.saturating_sub(2), filter);
    pen.put(x + half, area.y, (area.width - half).saturating_sub(2), &facts, pen.style(Role::Muted));
    Some(cursor)
}

/// How much is written of the panes of the group in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tabs {
    /// All of them in full.
    Whole,
    /// The first letters of those that are not open.
    Letters,
    /// The open one alone.
    Open,
    /// Nothing: what there is takes the whole line.
    Nothing,
}

/// How many letters.
const LETTERS: usize = 3;

impl Tabs {
    /// The most that leaves room for a text of so many columns: what there is goes before where else one could look.
    fn with_room_for(facts: usize, columns: u16, scene: &Scene<'_>) -> Self {
        let room = usize::from(columns).saturating_sub(facts);
        let fits = |form: &Self| form.words(scene).map(|(words, _)| text::width(&words) + 1).sum::<usize>() < room;
        [Self::Whole, Self::Letters, Self::Open].into_iter().find(fits).unwrap_or(Self::Nothing)
    }

    fn words(self, scene: &Scene<'_>) -> impl Iterator<Item = (String, Role)> {
        let tabs: &[Tab] = if scene.tabs.len() > 1 { &scene.tabs } else { &[] };
        tabs.iter().filter_map(move |tab| match self {
            Self::Nothing => None,
            _ if tab.is_open => Some((format!("[{}]", tab.title), Role::Title)),
            Self::Whole => Some((tab.title.to_owned(), Role::Muted)),
            Self::Letters => Some((tab.title.chars().take(LETTERS).collect(), Role::Muted)),
            Self::Open => None,
        })
    }

    /// Draws them, the open one marked; gives the columns used.
    fn draw(self, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> u16 {
        let mut x = area.x;
        for (words, role) in self.words(scene) {
            x += pen.put(x, area.y, area.right().saturating_sub(x), &words, pen.style(role)) + 1;
        }
        x - area.x + u16::from(x > area.x)
    }
}
