//! The pane of rotations: who has each role of each schedule, until when, and who is next.

mod more;
mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::oncall::{Override, Schedule, coverage};
use crate::domain::subject::{ScheduleRef, Subject};
use crate::domain::time::{self, Instant};
use crate::ui::overview::{Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::{overview as told, rotations as said};
use crate::world::{Part, Sight, World};

/// How far ahead a gap is looked for, in days.
const AHEAD: i64 = 14;

/// The pane.
pub const PANE: Pane = Pane {
    id: "rotations",
    command: "view.rotations",
    group: GroupId::OnCall,
    title: said::TITLE,
    sentence: "show who is on call, and who is next",
    hints: &[
        ("action.override-shift", "override"),
        ("action.take-shift", "take it"),
        ("action.hand-off", "hand off"),
        ("open", "its shifts"),
        ("problems_only", "only gaps"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Rotations>::boxed),
};

/// A role of a schedule. Who has it is worked out when it is drawn: it changes without anything being told.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    schedule: Arc<Schedule>,
    role: String,
    overrides: Arc<[Override]>,
    /// When nobody has it next, within a fortnight.
    gap: Option<Instant>,
    /// Whether somebody has another role of the schedule at the same time, within a fortnight.
    is_clash: bool,
    environment: Arc<str>,
}

/// Every role of every schedule, those that are not covered first.
#[derive(Debug)]
struct Rotations;

impl Rows for Rotations {
    type Row = Row;

    const PARTS: &'static [Part] = &[Part::Store];

    fn read(world: &World, now: Instant) -> Vec<Row> {
        let business = world.business();
        let Some(on_call) = world.on_call(&business) else { return Vec::new() };
        let environment: Arc<str> = world.shown().next().map(Sight::name).unwrap_or_default().into();
        let within = (now, time::within(now + time::days(AHEAD)));
        let mut rows = Vec::new();
        for schedule in on_call.schedules.values() {
            let overrides: Arc<[Override]> = on_call.overrides_of(&schedule.name).into();
            let shared = Arc::new(schedule.clone());
            let roles = schedule.roles_from(now);
            let shifts: Vec<_> = roles.iter().map(|role| on_call.shifts(schedule, role, within)).collect();
            let found = coverage(&shifts, within, |handle| world.zone_of(handle));
            for (role, shifts) in roles.into_iter().zip(&shifts) {
                rows.push(Row {
                    schedule: shared.clone(),
                    role: role.to_owned(),
                    overrides: overrides.clone(),
                    gap: shifts.iter().find(|shift| shift.person.is_none()).map(|shift| shift.from),
                    is_clash: found.clashes.iter().any(|clash| clash.roles.iter().any(|one| one == role)),
                    environment: environment.clone(),
                });
            }
        }
        rows.sort_by_key(|row| (row.gap.is_none(), !row.is_clash));
        rows
    }

    fn key(row: &Row) -> RowKey {
        RowKey([row.schedule.name.as_str().into(), row.role.as_str().into(), "".into()])
    }

    fn is_trouble(row: &Row) -> bool {
        row.gap.is_some() || row.is_clash
    }

    fn words(row: &Row) -> RowWords {
        let layers = row.schedule.layers.iter().filter(|layer| layer.role == row.role);
        let people = layers.flat_map(|layer| layer.rotation.roster.iter().flatten());
        RowWords {
            name: format!("{}/{}", row.schedule.name, row.role),
            state: if row.gap.is_some() { said::state::GAP } else { said::state::COVERED }.to_owned(),
            more: people.cloned().collect::<Vec<_>>().join(" "),
        }
    }

    fn selection(row: &Row, _world: &World) -> Selection {
        let schedule = ScheduleRef { environment: row.environment.clone(), name: row.schedule.name.clone() };
        Selection {
            name: format!("schedule {}", row.schedule.name),
            environment: Some(row.environment.clone()),
            subject: Some(Subject::Schedule(schedule)),
            given: vec![("role", row.role.clone())],
            ..Selection::default()
        }
    }

    fn enter(row: &Row, _world: &World) -> Reaction {
        Reaction::Among { pane: "shifts", filter: format!("{}/{}", row.schedule.name, row.role) }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// Who is on call.
const HEADLINE: Headline =
    Headline { title: said::TITLE, parts: &[Part::Store], gravity, words, standing: Some(standing) };

/// Who is on call, or that a role has nobody.
fn standing(glance: &Glance<'_>, gravity: Gravity) -> Option<HeaderFact> {
    match gravity {
        Gravity::Nothing | Gravity::Loading => None,
        Gravity::Unknown => Some(HeaderFact::still(said::NOT_KNOWN)),
        _ => Some(HeaderFact::still(said::standing(&holders(glance)))),
    }
}

/// Who has each role now, as far as the store told.
fn holders(glance: &Glance<'_>) -> Vec<Option<String>> {
    let business = glance.world.business();
    let held = glance.world.on_call(&business).map(|on_call| on_call.now(None, glance.now));
    held.into_iter().flatten().map(|holder| holder.person).collect()
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    if let Some(silent) = glance.gravity_of_silent_store() {
        return silent;
    }
    match holders(glance) {
        holders if holders.is_empty() => Gravity::Nothing,
        holders if holders.iter().any(Option::is_none) => Gravity::Bad,
        _ => Gravity::Well,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let holders = holders(glance);
    let total = holders.len();
    let mut people: Vec<String> = Vec::new();
    for person in holders.into_iter().flatten() {
        if !people.contains(&person) {
            people.push(person);
        }
    }
    (said::headline(&people, total), None)
}
