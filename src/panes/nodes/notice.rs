//! What stands over the nodes, and what stands in their place when there are none.

use crate::domain::cause::ApiHealth;
use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, nodes as said};
use crate::world::Sight;

/// Where the nodes come from, of each environment that is shown.
pub(super) fn health(scene: &Scene<'_>) -> Vec<SourceHealth> {
    scene.world.shown().flat_map(sources).collect()
}

/// Where the nodes of an environment come from; what keeps it away altogether when nothing is watched yet.
fn sources(sight: &Sight) -> Vec<SourceHealth> {
    let (nodes, others): (Vec<_>, Vec<_>) =
        sight.sources().into_iter().partition(|source| source.id.kind.is_resource("nodes"));
    if nodes.is_empty() { others } else { nodes }
}

/// Whether the nodes of an environment are the last good ones only.
pub(super) fn is_old(health: &[SourceHealth], environment: &str) -> bool {
    let is_its = |source: &&SourceHealth| *source.id.environment == *environment;
    health.iter().filter(is_its).any(freshness::is_away)
}

/// What stands over the rows: what is not fresh, and what is not there at all.
pub(super) fn above(
    pen: &mut Pen<'_>,
    (total, health): (usize, &[SourceHealth]),
    scene: &Scene<'_>,
    columns: u16,
) -> Page {
    let mut page = Page::new(columns);
    for sight in scene.world.shown() {
        let (environment, Some(api)) = (sight.name(), &sight.snapshot.api) else { continue };
        // Of a server that is away, its sources tell.
        let is_said = matches!(api, ApiHealth::Unknown(_)) && is_old(health, environment);
        let Some(sentence) = api.sentence().filter(|_| !is_said) else { continue };
        let words = if scene.environments.len() > 1 { format!("{environment}: {sentence}") } else { sentence };
        let ApiHealth::NotReady { since, .. } = api else {
            page.text(pen, 0, &words, Role::Muted);
            continue;
        };
        let words = format!("{words} ({})", pen.age(*since));
        page.marked(pen, 0, pen.glyphs.warning, &words, Role::Error);
    }
    for source in &together(health) {
        match (source.state, source.last_good) {
            (SourceState::Stale | SourceState::Down, Some(_)) => {
                freshness::over(&mut page, pen, std::slice::from_ref(source));
            }
            (SourceState::Forbidden, _) if total > 0 => {
                page.text(pen, 0, &said::forbidden(&source.id.environment), Role::Warning);
            }
            (SourceState::Stale | SourceState::Down, None) if total > 0 => {
                let sentence = freshness::sentence(pen, source);
                page.text(pen, 0, &format!("{} {sentence}", said::NEVER_READ), Role::Error);
            }
            _ => {}
        }
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, (total, health): (usize, &[SourceHealth]), columns: u16) -> Page {
    let mut page = Page::new(columns);
    if total > 0 {
        page.text(pen, 0, &said::nothing_matches(total), Role::Text);
        return page;
    }
    if health.is_empty() {
        page.text(pen, 0, said::LOADING, Role::Text);
    }
    for source in &together(health) {
        match (source.state, source.last_good) {
            (SourceState::Loading, _) => page.text(pen, 0, said::LOADING, Role::Text),
            (SourceState::Forbidden, _) => page.text(pen, 0, &said::forbidden(&source.id.environment), Role::Warning),
            (SourceState::Fresh, _) => page.text(pen, 0, &said::nothing(&source.id.environment), Role::Text),
            (_, None) => {
                page.text(pen, 0, said::NEVER_READ, Role::Error);
                let sentence = freshness::sentence(pen, source);
                page.text(pen, 2, &sentence, Role::Text);
                page.text(pen, 0, words::list::RETRIES, Role::Muted);
            }
            // An old list that is empty says nothing of now; the line above says how old it is.
            (_, Some(_)) => {}
        }
    }
    page
}
