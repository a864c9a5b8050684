//! In which of its states the list is, and what it says of it.

use ratatui::layout::Rect;

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words;

/// What can be said of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The first list is on its way; what is there is not all.
    Loading,
    /// They are current.
    Current,
    /// They are current, but something beside them is missing: pods that may not be listed, a source that is away.
    Partial,
    /// They are the last good ones.
    Old,
    /// There never were any.
    NeverRead,
}

/// The source the rows come from: the best of those of their kind, for rows of a namespace that can be read are no older for
/// another that cannot.
fn source<'a>(scene: &Scene<'a>) -> Option<&'a SourceHealth> {
    let of_rows = scene.sources.iter().filter(|source| source.name.contains("deployments"));
    of_rows.min_by_key(|source| source.state.gravity()).or(scene.sources.first())
}

/// What can be said of the rows of a scene.
pub(super) fn standing(scene: &Scene<'_>) -> Standing {
    let Some(source) = source(scene) else {
        return if scene.rows.total == 0 { Standing::Loading } else { Standing::Current };
    };
    let is_beside_missing = || scene.sources.iter().any(|other| !matches!(other.state, SourceState::Fresh));
    match source.state {
        SourceState::Loading => Standing::Loading,
        SourceState::Fresh if is_beside_missing() => Standing::Partial,
        SourceState::Fresh => Standing::Current,
        SourceState::Stale | SourceState::Down if source.last_good.is_none() && scene.rows.total == 0 => {
            Standing::NeverRead
        }
        SourceState::Stale | SourceState::Down => Standing::Old,
    }
}

/// What stands over the rows: what is missing, and why. At most two lines.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, standing: Standing, columns: u16) -> Page {
    let mut page = Page::new(columns);
    match standing {
        Standing::Loading if scene.rows.total > 0 => {
            page.text(pen, 0, &words::list::loading(scene.rows.total, scene.rows.pods), Role::Muted);
        }
        Standing::Current | Standing::NeverRead | Standing::Loading => {}
        Standing::Old => {
            let sentence = old(pen, scene).unwrap_or_default();
            page.text(pen, 0, &sentence, Role::Warning);
        }
        Standing::Partial => {
            for missing in together(scene.sources).iter().filter(|source| source.state != SourceState::Fresh) {
                page.line(header::health(pen, missing));
            }
        }
    }
    page
}

/// That what is shown is old, how old, and why; `None` while it is current.
pub(super) fn old(pen: &mut Pen<'_>, scene: &Scene<'_>) -> Option<String> {
    let source = source(scene).filter(|source| matches!(source.state, SourceState::Stale | SourceState::Down))?;
    let age = pen.age(source.last_good?);
    let retry = source.next_try.filter(|at| *at > pen.now).map(|at| pen.left(at));
    Some(words::list::old(&age, source.error.as_deref(), retry.as_deref()))
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, standing: Standing) {
    let mut page = Page::new(area.width.saturating_sub(4));
    match standing {
        Standing::NeverRead => {
            page.text(pen, 0, words::list::NEVER_READ, Role::Error);
            for source in together(scene.sources).iter().filter(|source| source.state != SourceState::Fresh) {
                let sentence: String = header::health(pen, source).iter().map(|span| span.content.as_ref()).collect();
                page.text(pen, 2, &sentence, Role::Text);
            }
            page.text(pen, 0, words::list::RETRIES, Role::Muted);
        }
        Standing::Loading => page.text(pen, 0, &words::list::loading(scene.rows.total, scene.rows.pods), Role::Text),
        Standing::Current | Standing::Partial | Standing::Old if scene.rows.total > 0 => {
            page.text(pen, 0, &words::list::nothing_matches(scene.rows.total), Role::Text);
        }
        Standing::Current | Standing::Partial | Standing::Old => {
            page.text(pen, 0, &words::list::empty(scene.header.scope), Role::Text);
        }
    }
    page.draw(
        pen,
        Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(1),
        },
        0,
    );
}
