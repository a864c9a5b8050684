//! PANES: what fills the body, one file or folder each and one line in [`SHIPPED`].
//!
//! A pane says what its rows are, how they look, and what is meant by the one under the cursor. It draws its states itself: loading, empty,
//! partial, stale or down. It does not know keys, effects or messages, nor another pane but by its id.
//! Invariant: a pane that is not in front costs nothing when the world moves.

pub mod alerts;
pub mod health;
pub mod hints;
pub mod jobs;
pub mod journal;
pub mod list;
pub mod nodes;
pub mod overview;
pub mod rollouts;
pub mod signals;
pub mod silences;
pub mod slo;
pub mod view;

use ratatui::layout::Rect;

use self::hints::Hint;
use self::view::View;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Draw, Scene};
use crate::ui::state;
use crate::ui::words;
use crate::world::World;

/// A pane in its registry.
#[derive(Debug, Clone, Copy)]
pub struct Pane {
    /// Its file or folder in this room.
    pub id: &'static str,
    /// The command that shows it, as a keymap names it: `view.ID`.
    pub command: &'static str,
    /// The digit that opens it.
    pub key: char,
    /// Its title.
    pub title: &'static str,
    /// What the command does, in the help.
    pub sentence: &'static str,
    /// The keys that stand in the footer, the most useful first.
    pub hints: &'static [Hint],
    /// What it opens.
    pub opens: Opens,
}

/// What a pane opens.
#[derive(Debug, Clone, Copy)]
pub enum Opens {
    /// A view that lives as long as the console.
    View(fn() -> Box<dyn View>),
    /// A view that the loop knows by itself.
    Own(fn() -> state::View),
}

/// Every pane, in the order of its digit.
pub const SHIPPED: &[Pane] = &[
    overview::PANE,
    alerts::PANE,
    rollouts::PANE,
    signals::PANE,
    nodes::PANE,
    silences::PANE,
    slo::PANE,
    health::PANE,
    journal::PANE,
    jobs::PANE,
];

/// The id of the pane a view belongs to.
pub const fn of(view: &state::View) -> &'static str {
    match view {
        state::View::Rollouts | state::View::Detail(..) | state::View::Logs(_) => rollouts::ID,
        state::View::Jobs | state::View::Job(..) => jobs::PANE.id,
        state::View::Journal => journal::PANE.id,
        state::View::Alerts | state::View::Alert(..) => alerts::ID,
        state::View::Overview => overview::PANE.id,
        state::View::Pane(id) => id,
    }
}

/// The views that the loop knows by itself.
impl Draw for state::View {
    fn draw(&self, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        match self {
            Self::Rollouts => rollouts::list::draw(pen, area, scene),
            Self::Detail(workload, tab) => rollouts::detail::draw(pen, area, scene, workload, *tab),
            Self::Logs(workload) => rollouts::logs::draw(pen, area, scene, workload),
            Self::Jobs => jobs::list::draw(pen, area, scene),
            Self::Job(job, tab) => jobs::detail::draw(pen, area, scene, job, *tab),
            Self::Journal => journal::draw(pen, area, scene),
            Self::Overview => overview::draw(pen, area, scene),
            Self::Alerts => alerts::list::draw(pen, area, scene),
            Self::Alert(..) => alerts::detail::draw(pen, area, scene),
            // Such a view draws itself.
            Self::Pane(_) => HitMap::default(),
        }
    }
}

/// The worst workload of a service in words; `None` where none that is shown is its.
fn worst_of_service(world: &World, environment: &str, service: &str) -> Option<String> {
    let rows = world.rollouts_of(environment, service);
    rows.first().map(|row| format!("{} {}", row.workload.label(), row.verdict.word()))
}

/// How many alerts are about a service, in words; `None` where there is none.
fn alerts_of_service(world: &World, environment: &str, service: &str) -> Option<String> {
    let count = world.alerts.of_service(environment, service).count();
    (count > 0).then(|| words::signals::alerts(count))
}
