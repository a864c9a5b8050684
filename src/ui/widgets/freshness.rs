//! What is said of sources that do not tell how things are now: over rows that are old, and in place of rows.

use crate::domain::source::{SourceHealth, SourceState, together};
use crate::theme::Role;
use crate::ui::chrome::header;
use crate::ui::pen::Pen;
use crate::ui::widgets::page::Page;
use crate::ui::words;
use crate::world::World;

/// The most lines over rows that say how fresh they are.
pub const MOST: u16 = 4;

/// How old what is shown is, why, and when it is tried again; `None` of a source that is well, and of one that never told anything.
pub fn old(pen: &mut Pen<'_>, source: &SourceHealth) -> Option<String> {
    let at = source.last_good.filter(|_| !source.state.is_well())?;
    let age = pen.age(at);
    let retry = source.next_try.filter(|at| *at > pen.now).map(|at| pen.left(at));
    Some(words::list::old(&age, source.error.as_deref(), retry.as_deref()))
}

/// The same of each of several sources, a line each with its name; those in one trouble are said together.
pub fn over(page: &mut Page, pen: &mut Pen<'_>, sources: &[SourceHealth]) {
    for source in &together(sources) {
        if let Some(sentence) = old(pen, source) {
            page.text(pen, 0, &format!("{}: {sentence}", source.id), Role::Warning);
        }
    }
}

/// A source as the header says it, without its signs and colours.
pub fn sentence(pen: &mut Pen<'_>, source: &SourceHealth) -> String {
    header::health(pen, source).iter().map(|span| span.content.to_string()).collect()
}

/// Whether a source tells only how things were.
pub const fn is_away(source: &SourceHealth) -> bool {
    matches!(source.state, SourceState::Stale | SourceState::Down)
}

/// What a pane says where it has no rows.
#[derive(Debug, Clone, Copy)]
pub struct Absent {
    /// Nothing is asked anywhere.
    pub not_configured: &'static str,
    /// Before the first answer.
    pub loading: &'static str,
    /// There was no answer yet.
    pub never_read: &'static str,
    /// The answer of an environment has nothing in it.
    pub nothing: fn(&str) -> String,
    /// The filter leaves none of so many.
    pub nothing_matches: fn(usize) -> String,
}

/// What the sources of one environment say, beside what they tell.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The environment.
    pub environment: &'a str,
    /// How each of them is.
    pub health: &'a [SourceHealth],
    /// What else to know.
    pub notes: &'a [String],
}

/// What the store says of itself; nothing where there is none.
pub fn of_store(world: &World) -> Vec<Told<'_>> {
    let of = |store| Told { environment: "", health: std::slice::from_ref(store), notes: &[] };
    world.store.iter().map(|store| of(&store.health)).collect()
}

/// Whether what the store tells is only how things were.
pub fn is_store_old(world: &World) -> bool {
    world.store.as_ref().is_some_and(|store| is_away(&store.health))
}

/// Whether the store told anything yet: before that there is no number to say.
pub fn has_store_told(world: &World) -> bool {
    world.store.as_ref().is_some_and(|store| store.health.last_good.is_some())
}

/// Whether what an environment tells is the last good only: none of its sources answers.
pub fn is_old(told: &[Told<'_>], environment: &str) -> bool {
    let mut of_it = told.iter().filter(|one| one.environment == environment);
    of_it.any(|one| !one.health.is_empty() && one.health.iter().all(is_away))
}

/// What stands over rows: what is not fresh, what else to know.
pub fn above(pen: &mut Pen<'_>, columns: u16, told: &[Told<'_>]) -> Page {
    let mut page = Page::new(columns);
    let health: Vec<SourceHealth> = told.iter().flat_map(|one| one.health).cloned().collect();
    over(&mut page, pen, &health);
    for note in told.iter().flat_map(|one| one.notes) {
        page.text(pen, 0, note, Role::Warning);
    }
    page
}

/// What stands in place of rows: of `total` none passes the filter, or each environment's sources tell why there is none.
pub fn instead(pen: &mut Pen<'_>, columns: u16, said: &Absent, total: usize, told: &[Told<'_>]) -> Page {
    let mut page = Page::new(columns);
    if told.is_empty() {
        page.text(pen, 0, said.not_configured, Role::Text);
        return page;
    }
    if total > 0 {
        page.text(pen, 0, &(said.nothing_matches)(total), Role::Text);
        return page;
    }
    for one in told {
        for source in one.health {
            match (source.state, source.last_good) {
                (SourceState::Loading, _) => page.text(pen, 0, said.loading, Role::Text),
                (SourceState::Fresh | SourceState::Forbidden, _) => {
                    page.text(pen, 0, &(said.nothing)(one.environment), Role::Text);
                }
                (_, None) => {
                    page.text(pen, 0, said.never_read, Role::Error);
                    let sentence = sentence(pen, source);
                    page.text(pen, 2, &sentence, Role::Text);
                    page.text(pen, 0, words::list::RETRIES, Role::Muted);
                }
                // An old list that is empty says nothing of now; the line above says how old it is.
                (_, Some(_)) => {}
            }
        }
    }
    page
}
