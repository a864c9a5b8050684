//! The health matrix: every component in every environment, worst first, and what is impaired by what.

mod more;
mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::health::{Condition, Line};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::health as said;
use crate::ui::words::overview as told;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "health",
    command: "view.health",
    group: GroupId::Services,
    title: said::TITLE,
    sentence: "show whether components are well",
    hints: super::hints::OF_SERVICES,
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Components>::boxed),
};

/// Every component, worst first.
#[derive(Debug)]
struct Components;

impl Rows for Components {
    type Row = Line;

    const PARTS: &'static [Part] = &[Part::Health];

    fn read(world: &World, _now: Instant) -> Vec<Line> {
        world.components.rows.clone()
    }

    fn key(row: &Line) -> RowKey {
        RowKey::new(&row.service, &row.component)
    }

    fn is_trouble(row: &Line) -> bool {
        row.condition() != Condition::Healthy || row.is_impaired()
    }

    fn words(row: &Line) -> RowWords {
        RowWords {
            name: format!("{} {}", row.service, row.component),
            state: row.condition().word().to_owned(),
            more: String::new(),
        }
    }

    fn selection(row: &Line, _world: &World) -> Selection {
        Selection {
            name: format!("{} {}", row.service, row.component),
            environment: worst_environment(row).cloned(),
            service: Some(row.service.clone()),
            ..Selection::default()
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The environment of the worst cell of a line.
fn worst_environment(row: &Line) -> Option<&Arc<str>> {
    row.cells.iter().max_by_key(|cell| cell.condition).map(|cell| &cell.environment)
}

/// The role of a condition's word.
const fn role_of(condition: Condition) -> Role {
    match condition {
        Condition::Unhealthy => Role::Error,
        Condition::Degraded => Role::Warning,
        Condition::Unknown => Role::VerdictUnknown,
        Condition::Healthy => Role::Ok,
    }
}

/// Whether components are well.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: None };

fn gravity(glance: &Glance<'_>) -> Gravity {
    let components = &glance.world.components;
    match components.tally {
        _ if components.rows.is_empty() => Gravity::Nothing,
        [0, 0, 0] => Gravity::Well,
        [0, 0, _] => Gravity::Unknown,
        [0, ..] => Gravity::Look,
        _ => Gravity::Bad,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    let components = &glance.world.components;
    let worst = components.rows.first().filter(|_| gravity != Gravity::Well).and_then(|line| {
        let cell = line.cells.iter().max_by_key(|cell| cell.condition)?;
        let reason = cell.reason.as_deref().unwrap_or_default();
        Some(format!("{} {} in {}: {reason}", line.service, line.component, cell.environment))
    });
    (told::health(components.tally, components.rows.len()), worst)
}
