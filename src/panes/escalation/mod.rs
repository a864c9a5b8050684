//! The pane of escalation: the ladder of each open incident, level by level, with the time at which each is paged.

mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::incident::Severity;
use crate::domain::oncall::escalation::{Authority, Policy, Responder, RunState, Rung};
use crate::domain::subject::{IncidentRef, Subject};
use crate::domain::time::Instant;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::{escalation as said, overview as told};
use crate::world::{Climb, Part, Sight, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "escalation",
    command: "view.escalation",
    group: GroupId::OnCall,
    title: said::TITLE,
    sentence: "show whom each open incident calls, and when",
    hints: &[
        ("action.acknowledge-incident", "acknowledge"),
        ("action.escalate", "escalate now"),
        ("action.add-responder", "add a responder"),
        ("action.reassign", "reassign"),
        ("action.snooze", "snooze"),
        ("problems_only", "only unanswered"),
        ("back", "back"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Levels>::boxed),
};

/// What stands at a place of a ladder.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// A level, from 1, and whom it pages.
    Level { number: usize, people: Vec<String>, authority: Authority },
    /// Nobody is left to page.
    Exhausted,
    /// Somebody answered.
    Stopped { by: String },
    /// Somebody put it off: its levels begin again then.
    Snoozed,
    /// Somebody was asked to help, and whether they have answered.
    Responder { person: String, has_acknowledged: bool },
    /// No policy says whom to page.
    NoPolicy,
}

/// A place of the ladder of an open incident. Whether it is due is worked out when it is drawn.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    incident: u64,
    title: String,
    severity: Severity,
    place: Place,
    /// When it is paged, or was.
    at: Instant,
    /// The environment of this console.
    environment: Arc<str>,
}

impl Row {
    /// Whether somebody should be paged by now who is not known to answer.
    fn is_due(&self, now: Instant) -> bool {
        let calls = match self.place {
            Place::Level { .. } | Place::Exhausted => true,
            Place::Responder { has_acknowledged, .. } => !has_acknowledged,
            Place::Stopped { .. } | Place::Snoozed | Place::NoPolicy => false,
        };
        calls && self.at <= now
    }
}

/// Every place of every ladder, the gravest incident first.
#[derive(Debug)]
struct Levels;

/// The places of an incident, in their order.
fn places(climb: &Climb<'_>) -> Vec<(Instant, Place)> {
    let Climb { incident, run, ladder } = climb;
    let responder = |one: &Responder| {
        let asked = run.iter().flat_map(|run| &run.pages).rfind(|page| page.person == one.person);
        let at = asked.map_or(incident.created_at, |page| page.at);
        (at, Place::Responder { person: one.person.clone(), has_acknowledged: one.has_acknowledged })
    };
    let responders = run.iter().flat_map(|run| &run.responders).map(responder);
    let has_escalated =
        run.is_some_and(|run| matches!(run.state, RunState::Running { .. } | RunState::Exhausted { .. }));
    if let Some(stamp) = incident.acknowledged.as_ref().filter(|_| !has_escalated) {
        let by = match run.map(|run| &run.state) {
            Some(RunState::Stopped { by, .. }) => by,
            _ => &stamp.by,
        };
        return std::iter::once((stamp.at, Place::Stopped { by: by.clone() })).chain(responders).collect();
    }
    let ladder = ladder.as_ref().filter(|ladder| !ladder.rungs.is_empty());
    let Some(ladder) = ladder else {
        return std::iter::once((incident.created_at, Place::NoPolicy)).chain(responders).collect();
    };
    let snoozed = run.and_then(|run| run.state.snoozed_until()).map(|until| (until, Place::Snoozed));
    let level = |(place, rung): (usize, &Rung)| {
        let (number, authority) = (place + 1, Policy::authority(place));
        (rung.at, Place::Level { number, people: rung.people.clone(), authority })
    };
    let exhausted = ladder.exhausted_at.map(|at| (at, Place::Exhausted));
    let levels = ladder.rungs.iter().enumerate().map(level);
    snoozed.into_iter().chain(levels).chain(exhausted).chain(responders).collect()
}

impl Rows for Levels {
    type Row = Row;

    const PARTS: &'static [Part] = &[Part::Store];

    fn read(world: &World, _now: Instant) -> Vec<Row> {
        let environment: Arc<str> = world.shown().next().map(Sight::name).unwrap_or_default().into();
        let mut ladders = world.ladders();
        ladders.sort_by_key(|Climb { incident, .. }| {
            (incident.acknowledged.is_some(), incident.severity, incident.created_at)
        });
        let rows = ladders.into_iter().flat_map(|climb| {
            let incident = climb.incident;
            let row = |(at, place)| Row {
                incident: incident.number,
                title: incident.title.clone(),
                severity: incident.severity,
                place,
                at,
                environment: environment.clone(),
            };
            places(&climb).into_iter().map(row).collect::<Vec<_>>()
        });
        rows.collect()
    }

    fn key(row: &Row) -> RowKey {
        let place = match &row.place {
            Place::Level { number, .. } => number.to_string(),
            Place::Exhausted => "exhausted".to_owned(),
            Place::Stopped { .. } | Place::NoPolicy | Place::Snoozed => "0".to_owned(),
            Place::Responder { person, .. } => format!("responder {person}"),
        };
        RowKey([row.incident.to_string().into(), place.into(), "".into()])
    }

    fn is_trouble(row: &Row) -> bool {
        !matches!(row.place, Place::Stopped { .. } | Place::Responder { has_acknowledged: true, .. })
    }

    fn words(row: &Row) -> RowWords {
        let people = match &row.place {
            Place::Level { people, .. } => people.join(" "),
            Place::Stopped { by: person } | Place::Responder { person, .. } => person.clone(),
            Place::Exhausted | Place::Snoozed | Place::NoPolicy => String::new(),
        };
        RowWords {
            name: format!("incident {}", row.incident),
            state: row.severity.name().to_owned(),
            more: format!("{} {people}", row.title),
        }
    }

    fn selection(row: &Row, _world: &World) -> Selection {
        let incident =
            IncidentRef { environment: row.environment.clone(), number: row.incident, title: row.title.clone() };
        Selection {
            name: format!("incident {}", row.incident),
            environment: Some(row.environment.clone()),
            subject: Some(Subject::Incident(incident)),
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

/// What is due.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[Part::Store], gravity, words, standing: None };

/// How many open incidents wait for an answer that a policy says should have been asked for, and how many are open.
fn due(glance: &Glance<'_>) -> (usize, usize) {
    let ladders = glance.world.ladders();
    let waits = |Climb { incident, ladder, .. }: &&Climb<'_>| {
        incident.acknowledged.is_none() && ladder.as_ref().is_some_and(|ladder| ladder.is_due(glance.now))
    };
    (ladders.iter().filter(waits).count(), ladders.len())
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    if let Some(silent) = glance.gravity_of_silent_store() {
        return silent;
    }
    match due(glance) {
        (_, 0) => Gravity::Nothing,
        (0, _) => Gravity::Look,
        _ => Gravity::Bad,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let (due, open) = due(glance);
    (said::tally(due, open), (gravity == Gravity::Bad).then(|| said::NOT_PAGED.to_owned()))
}
