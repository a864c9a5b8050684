//! The pane of maintenance modes: on or off per environment and service, by whom, until when, and what comes back.

mod more;
mod table;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::maintenance_mode::{Mode, ServiceMode, State, services};
use crate::domain::time::{self, Instant};
use crate::theme::Role;
use crate::ui::overview::{Clock, Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::modes as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "modes",
    command: "view.modes",
    group: GroupId::Maintenance,
    title: said::TITLE,
    sentence: "show what is in maintenance mode",
    hints: &[
        ("action.maintenance-on", "on"),
        ("action.maintenance-extend", "extend"),
        ("action.maintenance-off", "off"),
        ("open", "its rollout"),
        ("filter", "filter"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Modes>::boxed),
};

/// Every service, what is over its end first.
#[derive(Debug)]
struct Modes;

impl Rows for Modes {
    type Row = ServiceMode;

    const PARTS: &'static [Part] = &[Part::Clusters];

    fn read(world: &World, now: Instant) -> Vec<ServiceMode> {
        services(world.snapshot.rollouts.iter(), now)
    }

    fn key(row: &ServiceMode) -> RowKey {
        RowKey::new(&row.environment, &format!("{} {}", row.namespace, row.name).into())
    }

    fn is_trouble(row: &ServiceMode) -> bool {
        row.state != State::Off
    }

    fn words(row: &ServiceMode) -> RowWords {
        let who = row.first().map(|memory| format!("{} {}", memory.by, memory.reason)).unwrap_or_default();
        let names: Vec<String> = row.workloads.iter().map(|mode| mode.workload.label()).collect();
        RowWords {
            name: row.name.clone(),
            state: said::state(row.state).to_owned(),
            more: format!("{} {} {} {who}", row.environment, row.namespace, names.join(" ")),
        }
    }

    fn selection(row: &ServiceMode, _world: &World) -> Selection {
        let workloads: Vec<_> = row.workloads.iter().map(|mode| mode.workload.clone()).collect();
        Selection {
            name: row.name.clone(),
            environment: Some(row.environment.clone()),
            service: row.service.clone(),
            workload: workloads.first().cloned(),
            workloads,
            ..Selection::default()
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The role of a state's word.
const fn role_of(state: State) -> Role {
    match state {
        State::Unreadable => Role::Error,
        State::On | State::Ending => Role::Warning,
        State::ByOthers => Role::VerdictPaused,
        State::Off => Role::Muted,
    }
}

/// What is in maintenance mode, and what is over its end.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: Some(standing) };

/// The one that is longest over its end, else the one that ends first.
fn standing(glance: &Glance<'_>, _gravity: Gravity) -> Option<HeaderFact> {
    let remembered = glance.world.modes.iter().filter_map(|mode| Some((mode, mode.remembered()?)));
    let (mode, memory) = remembered.min_by_key(|(_, memory)| memory.until)?;
    let clock = if memory.until <= glance.now { Clock::Over(memory.until) } else { Clock::Left(memory.until) };
    Some(HeaderFact { words: said::standing(&mode.workload.name, &memory.by), clock })
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    let now = glance.world.taken_at();
    // What other hands took down may be meant so: the pane alone tells of it.
    let is_grave = |mode: &Mode| mode.state == State::Unreadable || mode.overdue(now).is_some();
    match glance.world.modes.as_slice() {
        [] => Gravity::Nothing,
        modes if modes.iter().any(is_grave) => Gravity::Bad,
        _ => Gravity::Look,
    }
}

fn words(pen: &mut Pen<'_>, glance: &Glance<'_>, _gravity: Gravity) -> (String, Option<String>) {
    let modes = &glance.world.modes;
    let overdue = modes.iter().filter(|mode| mode.overdue(pen.now).is_some()).count();
    let worst = modes.iter().max_by_key(|mode| mode.overdue(pen.now));
    let more = worst.and_then(|mode| {
        let memory = mode.remembered()?;
        let end = match mode.overdue(pen.now) {
            Some(over) => said::over(&time::coarse(over)),
            None => said::ends(&pen.left(memory.until)),
        };
        Some(format!("{}: {end}, {}", mode.workload.label(), memory.by))
    });
    (said::headline(modes.len(), overdue), more)
}
