//! The pane of objectives: what is left of each error budget, worst first, and how fast it is spent.

mod more;
mod notice;
mod table;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::slo::{Slo, SloSnapshot, Standing};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::overview as told;
use crate::ui::words::slo as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "slo",
    command: "view.slo",
    group: GroupId::Services,
    title: said::TITLE,
    sentence: "show what is left of error budgets",
    hints: super::hints::OF_SERVICES,
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Objectives>::boxed),
};

/// Every objective, worst first.
#[derive(Debug)]
struct Objectives;

impl Rows for Objectives {
    type Row = Slo;

    const PARTS: &'static [Part] = &[Part::Slos];

    fn read(world: &World, _now: Instant) -> Vec<Slo> {
        world.objectives.rows.clone()
    }

    fn key(row: &Slo) -> RowKey {
        RowKey([row.environment.clone(), row.service.clone(), row.goal.clone()])
    }

    fn is_trouble(row: &Slo) -> bool {
        row.standing != Standing::Ok
    }

    fn words(row: &Slo) -> RowWords {
        RowWords {
            name: row.service.to_string(),
            state: row.standing.word().to_owned(),
            more: format!("{} {}", row.goal, row.environment),
        }
    }

    fn selection(row: &Slo, _world: &World) -> Selection {
        Selection {
            name: format!("{} {}", row.service, row.goal),
            environment: Some(row.environment.clone()),
            service: Some(row.service.clone()),
            ..Selection::default()
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The newest of each environment that has a Prometheus.
fn snapshots<'a>(scene: &Scene<'a>) -> Vec<&'a SloSnapshot> {
    scene.world.shown().filter_map(|sight| scene.world.slos.of(sight.name())).collect()
}

/// The role of a standing's word.
const fn role_of(standing: Standing) -> Role {
    match standing {
        Standing::Page | Standing::Spent => Role::Error,
        Standing::Ticket => Role::Warning,
        Standing::Unknown => Role::VerdictUnknown,
        Standing::Ok => Role::Ok,
    }
}

/// What is left of what was promised.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: None };

fn gravity(glance: &Glance<'_>) -> Gravity {
    let objectives = &glance.world.objectives;
    match objectives.tally {
        _ if objectives.rows.is_empty() => Gravity::Nothing,
        [0, 0, 0, 0] => Gravity::Well,
        [0, 0, 0, _] => Gravity::Unknown,
        [0, 0, ..] => Gravity::Look,
        _ => Gravity::Bad,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    let objectives = &glance.world.objectives;
    let worst = objectives.rows.first().filter(|_| gravity != Gravity::Well);
    let worst = worst.map(|slo| format!("{} {}: {}", slo.service, slo.goal, slo.reason));
    (told::slo(objectives.tally, objectives.rows.len()), worst)
}
