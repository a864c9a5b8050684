//! The incidents pane: what is open, how long an answer may still take, who is on it, and what was done.

mod more;
mod table;

use std::cmp::Reverse;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::incident::{Incident, Severity};
use crate::domain::store::StoreSnapshot;
use crate::domain::subject::{IncidentRef, Subject};
use crate::domain::time::Instant;
use crate::ui::overview::{Clock, Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::{incidents as said, overview as told};
use crate::world::{Part, Sight, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "incidents",
    command: "view.incidents",
    group: GroupId::OnCall,
    title: said::TITLE,
    sentence: "show the incidents",
    hints: &[
        ("action.acknowledge-incident", "be on it"),
        ("action.declare", "declare"),
        ("open", "its rollout"),
        ("alerts_about", "its alerts"),
        ("action.rollback_service", "roll back"),
        ("action.silence", "silence"),
        ("runbook", "runbook"),
        ("problems_only", "only open"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Incidents>::boxed),
};

/// Every incident that is held: what is open, the gravest first, and what ended lately.
#[derive(Debug)]
struct Incidents;

impl Rows for Incidents {
    type Row = Incident;

    const PARTS: &'static [Part] = &[Part::Store];

    fn read(world: &World, _now: Instant) -> Vec<Incident> {
        let mut rows: Vec<Incident> = held(world).cloned().collect();
        rows.sort_by_key(|one| (!one.state.is_open(), one.severity, Reverse(one.number)));
        rows
    }

    fn key(row: &Incident) -> RowKey {
        RowKey(["".into(), "".into(), row.number.to_string().into()])
    }

    fn is_trouble(row: &Incident) -> bool {
        row.state.is_open()
    }

    fn words(row: &Incident) -> RowWords {
        let people = row.people().join(" ");
        let services = row.services().collect::<Vec<_>>().join(" ");
        RowWords {
            name: row.title.clone(),
            state: format!("{} {}", row.severity.word(), row.state.word()),
            more: format!("{} {services} {people} {}", row.number, row.team),
        }
    }

    fn selection(row: &Incident, world: &World) -> Selection {
        // It is of every environment: what is done to it is done from the one it was declared in, where that is shown.
        let mut shown = world.shown().map(Sight::name);
        let own = world.shown().map(Sight::name).find(|name| **name == *row.environment);
        let environment: Option<Arc<str>> = own.or_else(|| shown.next()).map(Into::into);
        let subject = environment.clone().map(|environment| {
            Subject::Incident(IncidentRef { environment, number: row.number, title: row.title.clone() })
        });
        Selection {
            name: format!("incident {}", row.number),
            environment,
            subject,
            service: row.services().next().map(Into::into),
            ..Selection::default()
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The incidents a console holds.
fn held(world: &World) -> impl Iterator<Item = &Incident> {
    world.store.as_ref().and_then(StoreSnapshot::facts::<Incident>).into_iter().flat_map(|held| held.values())
}

/// How many are open: the grave ones, and all.
fn open<'i>(incidents: impl Iterator<Item = &'i Incident>) -> [usize; 2] {
    incidents
        .filter(|one| one.state.is_open())
        .fold([0, 0], |[grave, all], one| [grave + usize::from(one.severity.is_grave()), all + 1])
}

/// What is open, and how grave the gravest is.
const HEADLINE: Headline =
    Headline { title: said::TITLE, parts: &[Part::Store], gravity, words, standing: Some(standing) };

/// The worst of those that are SEV1 or SEV2, with its clock while nobody has acknowledged it.
fn standing(glance: &Glance<'_>, _gravity: Gravity) -> Option<HeaderFact> {
    let grave = held(glance.world).filter(|one| one.state.is_open() && one.severity <= Severity::Sev2);
    let [more, _] = open(held(glance.world));
    let worst = grave.min_by_key(|one| (one.acknowledged.is_some(), one.severity, one.respond_by))?;
    let words = said::standing(worst.severity, worst.number, worst.acknowledged.is_some(), more.saturating_sub(1));
    let clock = match worst.acknowledged {
        Some(_) => Clock::Still,
        None if worst.respond_by > glance.now => Clock::Left(worst.respond_by),
        None => Clock::Over(worst.respond_by),
    };
    Some(HeaderFact { words, clock })
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    if let Some(silent) = glance.gravity_of_silent_store() {
        return silent;
    }
    match worst(glance.world) {
        Some(Severity::Sev1 | Severity::Sev2) => Gravity::Bad,
        Some(Severity::Sev3) => Gravity::Look,
        Some(Severity::Sev4) => Gravity::Well,
        None => Gravity::Nothing,
    }
}

/// The gravest of those that are open.
fn worst(world: &World) -> Option<Severity> {
    held(world).filter(|one| one.state.is_open()).map(|one| one.severity).min()
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let [grave, open] = open(held(glance.world));
    let worst = held(glance.world).filter(|one| one.state.is_open()).min_by_key(|one| (one.severity, one.number));
    let worst = worst.map(|one| format!("{} {}: {}", one.severity.name(), one.number, one.title));
    (said::headline(grave, open), worst)
}
