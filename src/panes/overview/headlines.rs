//! What each pane would say first, in a line: the worst of it by name, and why.

use ratatui::layout::Rect;

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::overview::{self, Gravity, Headline, Spot, Told};
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::text;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, overview as said};

/// How wide the titles are, with the space behind them.
const TITLE: u16 = 11;
/// The most lines of each half of a headline.
const MOST_LINES: usize = 2;

/// Draws them, the gravest first; gives how many rows it took.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, has_second: bool) -> u16 {
    let overview = &scene.overview;
    let mut y = area.y;
    for told in &overview.headlines {
        let (gravity, headline) = (told.gravity, told.headline);
        if y >= area.bottom() {
            break;
        }
        let (words, more) = said_of(pen, scene, told);
        let x = area.x + 1;
        let right = area.right().saturating_sub(1);
        pen.put(x, y, TITLE, headline.title, pen.style(Role::Title));
        let room = right.saturating_sub(x + TITLE);
        let mut page = Page::new(room);
        match more {
            Some(more) if has_second => {
                some_lines(pen, &mut page, &words, role_of(gravity));
                some_lines(pen, &mut page, &more, Role::Text);
            }
            more => {
                let more = more.map(|more| pen.span(&format!(": {more}"), Role::Text));
                page.line([Some(pen.span(&words, role_of(gravity))), more].into_iter().flatten().collect());
            }
        }
        let rows = page.rows().min(area.bottom() - y);
        page.draw(pen, Rect { x: x + TITLE, y, width: room, height: rows }, 0);
        if overview.cursor == Some(&Spot::Headline(told.id)) {
            pen.choose(Rect { y, height: 1, ..area });
        }
        y += rows;
    }
    y - area.y
}

/// The first lines of a text; what has no room in them is cut in the last.
fn some_lines(pen: &Pen<'_>, page: &mut Page, words: &str, role: Role) {
    let columns = page.columns();
    let cleaned = crate::domain::text::clean(words);
    let lines = text::wrap(&cleaned, columns);
    let Some((last, first)) = lines.get(..lines.len().min(MOST_LINES)).and_then(<[_]>::split_last) else { return };
    for line in first {
        page.line(vec![pen.span(line, role)]);
    }
    let rest = if lines.len() > MOST_LINES { format!("{last}{}", pen.glyphs.ellipsis) } else { last.clone() };
    page.line(vec![pen.span(&rest, role)]);
}

const fn role_of(gravity: Gravity) -> Role {
    match gravity {
        Gravity::Well => Role::Ok,
        Gravity::Nothing | Gravity::Loading => Role::Muted,
        Gravity::Unknown => Role::VerdictUnknown,
        Gravity::Look => Role::Warning,
        Gravity::Bad => Role::Error,
    }
}

/// The headline, and the worst of it by name.
fn said_of(pen: &mut Pen<'_>, scene: &Scene<'_>, told: &Told) -> (String, Option<String>) {
    if told.gravity == Gravity::Loading && told.id != overview::SOURCES {
        return (said::READING.to_owned(), None);
    }
    (told.headline.words)(pen, &scene.overview.glance, told.gravity)
}

/// How fresh everything is.
pub(super) const SOURCES: Headline = Headline {
    title: said::SOURCES,
    parts: &[],
    gravity: |glance| match glance.sources.iter().map(|source| source.state).max_by_key(|state| state.gravity()) {
        Some(SourceState::Down) => Gravity::Bad,
        Some(SourceState::Stale) => Gravity::Look,
        Some(SourceState::Loading) => Gravity::Loading,
        Some(SourceState::Fresh | SourceState::Forbidden) | None => Gravity::Well,
    },
    words: |pen, glance, _| sources(pen, glance.sources),
    standing: None,
};

/// What is not fresh, with its age and why.
fn sources(pen: &mut Pen<'_>, sources: &[SourceHealth]) -> (String, Option<String>) {
    let mut troubled = together(sources);
    troubled.retain(|source| source.state != SourceState::Fresh);
    troubled.sort_by_key(|source| std::cmp::Reverse(source.state.gravity()));
    let Some(worst) = troubled.first() else { return (words::all_fresh(sources.len()), None) };
    let counts = [SourceState::Down, SourceState::Stale, SourceState::Loading, SourceState::Forbidden]
        .into_iter()
        .filter_map(|state| {
            let count = sources.iter().filter(|source| source.state == state).count();
            (count > 0).then(|| format!("{count} {}", state.word()))
        });
    let age = worst.last_good.map(|at| format!(", {}", said::old(&pen.age(at)))).unwrap_or_default();
    let error = worst.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    let named = said::and_more(&format!("{}{age}", worst.id), troubled.len() - 1);
    (counts.collect::<Vec<_>>().join(", "), Some(format!("{named}{error}")))
}
