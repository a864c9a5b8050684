//! In which of its states the list of jobs is, and what it says of it.

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::freshness;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, jobs as said};

/// The sources the rows come from, of one environment or of all; the way to the cluster while there is none.
fn sources<'a>(scene: &Scene<'a>, environment: Option<&str>) -> Vec<&'a SourceHealth> {
    let own = |source: &&SourceHealth| ["cronjobs", "jobs"].iter().any(|plural| source.id.kind.is_resource(plural));
    let all: Vec<&SourceHealth> = match environment {
        Some(environment) => scene.sources_of(environment).collect(),
        None => scene.sources.iter().collect(),
    };
    let found: Vec<&SourceHealth> = all.iter().copied().filter(own).collect();
    if found.is_empty() { all.into_iter().take(1).collect() } else { found }
}

/// Whether what is shown of an environment is old.
pub(super) fn is_old(scene: &Scene<'_>, environment: &str) -> bool {
    let sources = sources(scene, Some(environment));
    sources.iter().any(|source| matches!(source.state, SourceState::Stale | SourceState::Down))
}

/// What stands over the rows, of one environment or of all: that they are old or not all, and why. At most two lines.
pub(super) fn above(pen: &mut Pen<'_>, scene: &Scene<'_>, environment: Option<&str>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let sources = sources(scene, environment);
    let in_trouble = |source: &&&SourceHealth| source.state.gravity() > SourceState::Loading.gravity();
    if environment.is_none() && scene.header.environments > 1 {
        // What is true of one environment's rows is not of the others'.
        let owned: Vec<SourceHealth> = sources.into_iter().cloned().collect();
        for troubled in together(&owned).iter().filter(|source| !source.state.is_well()) {
            page.line(header::health(pen, troubled));
        }
    } else if let Some(worst) = sources.iter().filter(in_trouble).max_by_key(|source| source.state.gravity())
        && let Some(sentence) = freshness::old(pen, worst)
    {
        page.text(pen, 0, &sentence, Role::Warning);
    } else if sources.iter().any(|source| source.state == SourceState::Loading) && scene.jobs.total > 0 {
        page.text(pen, 0, &said::loading(scene.jobs.total), Role::Muted);
    } else {
        // Fresh, and yet with something to say: what may not be listed.
        for error in sources.iter().filter_map(|source| source.error.as_deref()).take(1) {
            page.text(pen, 0, error, Role::Muted);
        }
    }
    page
}

/// What stands in place of rows when there are none.
pub(super) fn instead(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let sources = sources(scene, None);
    let was_never_read = |source: &&SourceHealth| {
        matches!(source.state, SourceState::Stale | SourceState::Down) && source.last_good.is_none()
    };
    if scene.jobs.total > 0 {
        page.text(pen, 0, &said::nothing_matches(scene.jobs.total), Role::Text);
    } else if sources.iter().copied().any(|source| was_never_read(&source)) {
        page.text(pen, 0, said::NEVER_READ, Role::Error);
        let owned: Vec<SourceHealth> = sources.into_iter().cloned().collect();
        for source in together(&owned).iter().filter(|source| !source.state.is_well()) {
            let sentence: String = header::health(pen, source).iter().map(|span| span.content.as_ref()).collect();
            page.text(pen, 2, &sentence, Role::Text);
        }
        page.text(pen, 0, words::list::RETRIES, Role::Muted);
    } else if sources.is_empty() || sources.iter().any(|source| source.state == SourceState::Loading) {
        page.text(pen, 0, &said::loading(0), Role::Text);
    } else {
        let everywhere = words::environments(scene.header.environments);
        let scope = if scene.header.environments > 1 { &*everywhere } else { scene.header.scope };
        page.text(pen, 0, &said::empty(scope), Role::Text);
    }
    page
}
