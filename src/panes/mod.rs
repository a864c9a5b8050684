//! PANES: what fills the body, one file or folder each and one line in [`SHIPPED`].
//!
//! A pane says what its rows are, how they look, and what is meant by the one under the cursor. It draws its states itself: loading, empty,
//! partial, stale or down. It does not know keys, effects or messages, nor another pane but by its id.
//! Invariant: a pane that is not in front costs nothing when the world moves.

pub mod alerts;
pub mod coverage;
pub mod databases;
pub mod escalation;
pub mod health;
pub mod hints;
pub mod incidents;
pub mod jobs;
pub mod journal;
pub mod list;
pub mod modes;
pub mod nodes;
pub mod overview;
pub mod restore_tests;
pub mod rollouts;
pub mod rotations;
pub mod schedule;
pub mod shifts;
pub mod signals;
pub mod silences;
pub mod slo;
pub mod view;

use ratatui::layout::Rect;

use self::hints::Hint;
use self::view::View;
use crate::ui::overview::Headline;
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
    /// The group it is in.
    pub group: GroupId,
    /// Its title.
    pub title: &'static str,
    /// What the command does, in the help.
    pub sentence: &'static str,
    /// The keys that stand in the footer, the most useful first.
    pub hints: &'static [Hint],
    /// What it says first on the overview; `None` where it says nothing there.
    pub headline: Option<Headline>,
    /// What it opens.
    pub opens: Opens,
}

/// Which group of panes; the number of its digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupId {
    /// What every pane says first.
    Overview,
    /// What fires, and what is kept back.
    Alerts,
    /// What runs, and on what.
    Rollouts,
    /// What could be had back.
    Backups,
    /// Who is on it.
    OnCall,
    /// What is planned.
    Maintenance,
    /// How services do for their users.
    Services,
    /// How what runs comes to be.
    Delivery,
    /// What was done.
    Record,
    /// What the operator put there.
    Own,
}

/// A group of panes: a digit opens the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// Its digit.
    pub key: char,
    /// Its word where there is little room.
    pub short: &'static str,
    /// Its word.
    pub title: &'static str,
}

/// Every group, in the order of its digit. One without panes is not drawn.
pub const GROUPS: [Group; 10] = [
    Group { id: GroupId::Overview, key: '0', short: "over", title: "overview" },
    Group { id: GroupId::Alerts, key: '1', short: "alert", title: "alerts" },
    Group { id: GroupId::Rollouts, key: '2', short: "roll", title: "rollouts" },
    Group { id: GroupId::Backups, key: '3', short: "back", title: "backups" },
    Group { id: GroupId::OnCall, key: '4', short: "call", title: "on call" },
    Group { id: GroupId::Maintenance, key: '5', short: "maint", title: "maintenance" },
    Group { id: GroupId::Services, key: '6', short: "serv", title: "services" },
    Group { id: GroupId::Delivery, key: '7', short: "deliv", title: "delivery" },
    Group { id: GroupId::Record, key: '8', short: "rec", title: "record" },
    Group { id: GroupId::Own, key: '9', short: "own", title: "own" },
];

impl Pane {
    /// What is in front when it is shown.
    pub fn view(&self) -> state::View {
        match self.opens {
            Opens::View(_) => state::View::Pane(self.id),
            Opens::Own(view) => view(),
        }
    }
}

/// What a pane opens.
#[derive(Debug, Clone, Copy)]
pub enum Opens {
    /// A view that lives as long as the console.
    View(fn() -> Box<dyn View>),
    /// A view that the loop knows by itself.
    Own(fn() -> state::View),
}

/// Every pane, in the order of its group and of its place there.
pub const SHIPPED: &[Pane] = &[
    overview::PANE,
    alerts::PANE,
    silences::PANE,
    rollouts::PANE,
    nodes::PANE,
    jobs::PANE,
    coverage::PANE,
    databases::PANE,
    restore_tests::PANE,
    incidents::PANE,
    escalation::PANE,
    rotations::PANE,
    shifts::PANE,
    schedule::PANE,
    modes::PANE,
    signals::PANE,
    slo::PANE,
    health::PANE,
    journal::PANE,
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

/// The incidents that are open about a service, in words; `None` where there is none.
fn incidents_of_service(world: &World, service: &str) -> Option<String> {
    words::incidents::about(&world.incidents_of_service(service))
}

/// How many alerts are about a service, in words; `None` where there is none.
fn alerts_of_service(world: &World, environment: &str, service: &str) -> Option<String> {
    let count = world.alerts.of_service(environment, service).count();
    (count > 0).then(|| words::signals::alerts(count))
}
