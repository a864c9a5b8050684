//! What stands over the nodes, and what stands in their place when there are none.

use crate::domain::cause::ApiHealth;
use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::nodes::NodesScene;
use crate::ui::pen::Pen;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, nodes as said};

/// The most lines over the rows.
pub(super) const MOST: u16 = 4;

/// Whether any environment's nodes are the last good ones only.
pub(super) fn is_old(nodes: &NodesScene<'_>) -> bool {
    nodes.health.iter().any(|source| matches!(source.state, SourceState::Stale | SourceState::Down))
}

/// What stands over the rows: what is not fresh, and what is not there at all.
pub(super) fn above(pen: &mut Pen<'_>, nodes: &NodesScene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    for (environment, api) in &nodes.api {
        // Of a server that is away, its sources tell.
        let is_said = matches!(api, ApiHealth::Unknown(_)) && is_old(nodes);
        let Some(sentence) = api.sentence().filter(|_| !is_said) else { continue };
        let words = if nodes.environments > 1 { format!("{environment}: {sentence}") } else { sentence };
        let ApiHealth::NotReady { since, .. } = api else {
            page.text(pen, 0, &words, Role::Muted);
            continue;
        };
        let words = format!("{words} ({})", pen.age(*since));
        page.marked(pen, 0, pen.glyphs.warning, &words, Role::Error);
    }
    for source in &together(&nodes.health) {
        match (source.state, source.last_good) {
            (SourceState::Stale | SourceState::Down, Some(at)) => {
                let retry = source.next_try.filter(|at| *at > pen.now).map(|at| pen.left(at));
                let sentence = words::list::old(&pen.age(at), source.error.as_deref(), retry.as_deref());
                page.text(pen, 0, &format!("{}: {sentence}", source.name), Role::Warning);
            }
            (SourceState::Forbidden, _) if nodes.total > 0 => {
                page.text(pen, 0, &said::forbidden(place(source)), Role::Warning);
            }
            (SourceState::Stale | SourceState::Down, None) if nodes.total > 0 => {
                let sentence: String =
                    header::health(pen, source).iter().map(|span| span.content.to_string()).collect();
                page.text(pen, 0, &format!("{} {sentence}", said::NEVER_READ), Role::Error);
            }
            _ => {}
        }
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, nodes: &NodesScene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    if nodes.total > 0 {
        page.text(pen, 0, &said::nothing_matches(nodes.total), Role::Text);
        return page;
    }
    if nodes.health.is_empty() {
        page.text(pen, 0, said::LOADING, Role::Text);
    }
    for source in &together(&nodes.health) {
        match (source.state, source.last_good) {
            (SourceState::Loading, _) => page.text(pen, 0, said::LOADING, Role::Text),
            (SourceState::Forbidden, _) => page.text(pen, 0, &said::forbidden(place(source)), Role::Warning),
            (SourceState::Fresh, _) => page.text(pen, 0, &said::nothing(place(source)), Role::Text),
            (_, None) => {
                page.text(pen, 0, said::NEVER_READ, Role::Error);
                let sentence: String =
                    header::health(pen, source).iter().map(|span| span.content.to_string()).collect();
                page.text(pen, 2, &sentence, Role::Text);
                page.text(pen, 0, words::list::RETRIES, Role::Muted);
            }
            // An old list that is empty says nothing of now; the line above says how old it is.
            (_, Some(_)) => {}
        }
    }
    page
}

fn place(source: &SourceHealth) -> &str {
    source.name.split_once('/').map_or(&*source.name, |(environment, _)| environment)
}
