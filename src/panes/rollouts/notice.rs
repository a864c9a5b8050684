//! In which of its states the list is, and what it says of it.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::domain::rollout::Rollout;
use crate::domain::source::{SourceHealth, SourceKind, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
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

/// The source rows of an environment come from: the best of those of their kind, for rows of a namespace that can be read are no older for
/// another that cannot.
fn source<'a>(sources: impl Iterator<Item = &'a SourceHealth> + Clone) -> Option<&'a SourceHealth> {
    let of_rows = sources.clone().filter(|source| source.id.kind.is_resource("deployments"));
    let mut any = sources;
    of_rows.min_by_key(|source| source.state.gravity()).or_else(|| any.next())
}

/// Whether a row is the last good one of a source that is not current: the one of its kind and namespace, in its own environment.
pub(super) fn is_old(scene: &Scene<'_>, rollout: &Rollout) -> bool {
    let Rollout { workload, .. } = rollout;
    let mut own = scene.sources_of(&workload.environment).filter(|source| {
        let is_there = |place: &Option<Arc<str>>| place.as_ref().is_none_or(|place| *place == workload.namespace);
        matches!(&source.id.kind, SourceKind::Resource(plural, place) if *plural == workload.kind.plural() && is_there(place))
    });
    let own = own.next().or_else(|| source(scene.sources_of(&workload.environment)));
    own.is_some_and(|source| matches!(source.state, SourceState::Stale | SourceState::Down))
}

/// What can be said of the rows of a scene: the same of all environments, or that they differ.
pub(super) fn standing(scene: &Scene<'_>) -> Standing {
    if scene.header.environments < 2 {
        return standing_of(scene.sources.iter(), scene.rows.total);
    }
    let mut all = scene.environments.iter().map(|one| standing_of(scene.sources_of(one.name), one.rows));
    let first = all.next().unwrap_or(Standing::Loading);
    if all.all(|other| other == first) { first } else { Standing::Partial }
}

fn standing_of<'a>(sources: impl Iterator<Item = &'a SourceHealth> + Clone, rows: usize) -> Standing {
    let Some(source) = source(sources.clone()) else {
        return if rows == 0 { Standing::Loading } else { Standing::Current };
    };
    let mut all = sources;
    match source.state {
        SourceState::Loading => Standing::Loading,
        SourceState::Fresh | SourceState::Forbidden if all.any(|other| !other.state.is_well()) => Standing::Partial,
        SourceState::Fresh | SourceState::Forbidden => Standing::Current,
        SourceState::Stale | SourceState::Down if source.last_good.is_none() && rows == 0 => Standing::NeverRead,
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
        Standing::Old if scene.header.environments < 2 => {
            let sentence = old(pen, scene.sources.iter()).unwrap_or_default();
            page.text(pen, 0, &sentence, Role::Warning);
        }
        Standing::Partial | Standing::Old => {
            for missing in together(scene.sources).iter().filter(|source| !source.state.is_well()) {
                page.line(header::health(pen, missing));
            }
        }
    }
    page
}

/// That what is shown is old, how old, and why; `None` while it is current.
pub(super) fn old<'a>(pen: &mut Pen<'_>, sources: impl Iterator<Item = &'a SourceHealth> + Clone) -> Option<String> {
    freshness::old(pen, source(sources).filter(|source| freshness::is_away(source))?)
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, standing: Standing) {
    let mut page = Page::new(area.width.saturating_sub(4));
    match standing {
        Standing::NeverRead => {
            page.text(pen, 0, words::list::NEVER_READ, Role::Error);
            for source in together(scene.sources).iter().filter(|source| !source.state.is_well()) {
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
            let everywhere = words::environments(scene.header.environments);
            let scope = if scene.header.environments > 1 { &*everywhere } else { scene.header.scope };
            page.text(pen, 0, &words::list::empty(scope), Role::Text);
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
