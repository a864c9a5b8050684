//! The pane of shifts: who has each role when, over five weeks, with a month drawn around the one under the cursor. Gaps are shifts of nobody.

mod month;
mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::oncall::{Schedule, Shift};
use crate::domain::subject::{ScheduleRef, Subject};
use crate::domain::time::{self, Instant};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::shifts as said;
use crate::world::{Part, Sight, World};

/// How far ahead shifts are shown, in days: five weeks.
const AHEAD: i64 = 35;
/// How many shifts of a role are shown at most: five weeks of hours.
const MOST: usize = 1_000;

/// The pane.
pub const PANE: Pane = Pane {
    id: "shifts",
    command: "view.shifts",
    group: GroupId::OnCall,
    title: said::TITLE,
    sentence: "show who is on call when",
    hints: &[
        ("action.take-shift", "take it"),
        ("action.override-shift", "override"),
        ("action.ask-swap", "ask to swap"),
        ("action.hand-off", "hand off"),
        ("problems_only", "only gaps"),
        ("help", "help"),
    ],
    headline: None,
    opens: Opens::View(List::<Shifts>::boxed),
};

/// A shift of a role of a schedule.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    schedule: Arc<Schedule>,
    shift: Shift,
    /// The other shifts of the role, to be drawn around it.
    beside: Arc<[Shift]>,
    /// Whether it had begun when the rows were made.
    is_running: bool,
    environment: Arc<str>,
}

/// The shifts of every role of every schedule, the soonest first.
#[derive(Debug)]
struct Shifts;

impl Rows for Shifts {
    type Row = Row;

    const PARTS: &'static [Part] = &[Part::Store];

    fn read(world: &World, now: Instant) -> Vec<Row> {
        let business = world.business();
        let Some(on_call) = world.on_call(&business) else { return Vec::new() };
        let environment: Arc<str> = world.shown().next().map(Sight::name).unwrap_or_default().into();
        let within = (now, time::within(now + time::days(AHEAD)));
        let mut rows = Vec::new();
        for schedule in on_call.schedules.values() {
            let shared = Arc::new(schedule.clone());
            for role in schedule.roles_from(now) {
                let beside: Arc<[Shift]> = on_call.shifts(schedule, role, within).into();
                rows.extend(beside.iter().take(MOST).map(|shift| Row {
                    schedule: shared.clone(),
                    shift: shift.clone(),
                    beside: beside.clone(),
                    is_running: shift.from <= now,
                    environment: environment.clone(),
                }));
            }
        }
        rows.sort_by_key(|row| row.shift.from);
        rows
    }

    fn key(row: &Row) -> RowKey {
        // What runs begins anew with every look: it is held by its end.
        let until = time::written(row.shift.until);
        RowKey([row.schedule.name.as_str().into(), row.shift.role.as_str().into(), until.into()])
    }

    fn is_trouble(row: &Row) -> bool {
        row.shift.person.is_none()
    }

    fn words(row: &Row) -> RowWords {
        let day = row.schedule.zone.clock(row.shift.from).format("%a %Y-%m-%d");
        RowWords {
            name: format!("{}/{}", row.schedule.name, row.shift.role),
            state: row.shift.source.word().to_owned(),
            more: format!("{} {day}", row.shift.person.as_deref().unwrap_or(said::NOBODY)),
        }
    }

    fn selection(row: &Row, _world: &World) -> Selection {
        let schedule = ScheduleRef { environment: row.environment.clone(), name: row.schedule.name.clone() };
        let (from, until) = (time::written(row.shift.from), time::written(row.shift.until));
        // What runs begins now.
        let begins = (!row.is_running).then(|| ("from", from.clone()));
        let given = [("role", row.shift.role.clone()), ("until", until)].into_iter().chain(begins).collect();
        Selection {
            name: format!("{}/{} from {from}", row.schedule.name, row.shift.role),
            environment: Some(row.environment.clone()),
            subject: Some(Subject::Schedule(schedule)),
            given,
            ..Selection::default()
        }
    }

    fn enter(_row: &Row, _world: &World) -> Reaction {
        Reaction::Stay
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}
