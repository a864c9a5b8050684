//! The pane of the maintenance schedule: what runs, what comes, what meets; a month of it, and what is frozen or due.

mod more;
mod notice;
mod table;

use std::cmp::Reverse;

use chrono::TimeDelta;
use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::maintenance::schedule::occurrence;
use crate::domain::maintenance::{Exception, Occurrence, Overlap, Schedule, State, Window, overlap};
use crate::domain::store::StoreSnapshot;
use crate::domain::subject::{NamedRef, Subject};
use crate::domain::time::{self, Instant};
use crate::theme::Role;
use crate::ui::overview::{Clock, Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::{overview as told, schedule as said};
use crate::world::{Part, Sight, World};

/// How far back and ahead the agenda goes.
const BACK: TimeDelta = TimeDelta::hours(24);
/// How far ahead it goes.
const AHEAD: TimeDelta = TimeDelta::days(60);

/// The pane.
pub const PANE: Pane = Pane {
    id: "schedule",
    command: "view.schedule",
    group: GroupId::Maintenance,
    title: said::TITLE,
    sentence: "show the maintenance schedule",
    hints: &[
        ("action.add-window", "plan one"),
        ("action.move-window", "move it"),
        ("action.start-window", "begin"),
        ("action.finish-window", "end"),
        ("filter", "filter"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Agenda>::boxed),
};

/// An occurrence of a window. What it is now follows from the clock when it is drawn.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    window: Window,
    scheduled: Instant,
    said: Option<Exception>,
    overlaps: Vec<Overlap>,
    /// How it was when the rows were made.
    state: State,
}

impl Row {
    /// What it is at a moment.
    fn at(&self, now: Instant) -> Occurrence<'_> {
        occurrence(&self.window, self.scheduled, self.said.as_ref(), now)
    }
}

/// Every window of a day back and of the time ahead: what runs, what comes, what is over.
#[derive(Debug)]
struct Agenda;

/// The schedule as far as it is known: at least what is shipped.
fn schedule(world: &World) -> Schedule {
    world.store.as_ref().map_or_else(|| Schedule::of([], []), StoreSnapshot::schedule)
}

impl Rows for Agenda {
    type Row = Row;

    const PARTS: &'static [Part] = &[Part::Store];

    fn read(world: &World, now: Instant) -> Vec<Row> {
        let schedule = schedule(world);
        let found = schedule.between(now - BACK, now + AHEAD, now);
        let overlaps = overlap::overlaps(&found);
        let row = |(one, overlaps): (&Occurrence<'_>, Vec<Overlap>)| Row {
            window: one.window.clone(),
            scheduled: one.scheduled,
            said: one.exception.cloned(),
            overlaps,
            state: one.state,
        };
        let mut rows: Vec<Row> = found.iter().zip(overlaps).map(row).collect();
        rows.sort_by_cached_key(|row| {
            let one = row.at(now);
            let rank = match one.state {
                State::Running => 0,
                State::Planned => 1,
                State::Cancelled | State::Done if one.start > now => 1,
                State::Cancelled | State::Done => 2,
            };
            (rank, one.start, Reverse(one.end), row.window.name.clone())
        });
        rows
    }

    fn key(row: &Row) -> RowKey {
        RowKey::new(&row.window.name.as_str().into(), &time::written(row.scheduled).into())
    }

    fn is_trouble(row: &Row) -> bool {
        row.state == State::Running || !row.overlaps.is_empty()
    }

    fn words(row: &Row) -> RowWords {
        RowWords {
            name: row.window.name.clone(),
            state: row.state.word().to_owned(),
            more: format!(
                "{} {} {}",
                row.window.service.as_deref().unwrap_or_default(),
                row.scheduled.format("%a %F"),
                said::meets(&row.overlaps)
            ),
        }
    }

    fn selection(row: &Row, world: &World) -> Selection {
        let environment: std::sync::Arc<str> = world.shown().next().map(Sight::name).unwrap_or_default().into();
        // The occurrence under the cursor travels with the name of its window.
        let name = format!("{}@{}", row.window.name, time::written(row.scheduled));
        Selection {
            name: format!("{} of {}", row.window.name, row.scheduled.format("%F %H:%M")),
            environment: Some(environment.clone()),
            subject: Some(Subject::Window(NamedRef { environment, name })),
            service: row.window.service.as_deref().map(Into::into),
            ..Selection::default()
        }
    }

    fn enter(row: &Row, _world: &World) -> Reaction {
        if row.window.service.is_some() {
            Reaction::Workload
        } else {
            Reaction::Say("It is of every service.".to_owned())
        }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The role of a state's word.
const fn role_of(state: State) -> Role {
    match state {
        State::Running => Role::Warning,
        State::Planned => Role::Text,
        State::Done | State::Cancelled => Role::Muted,
    }
}

/// What runs or comes next.
const HEADLINE: Headline =
    Headline { title: said::TITLE, parts: &[Part::Store], gravity, words, standing: Some(standing) };

/// What is over its time, what runs, or what comes next.
fn standing(glance: &Glance<'_>, gravity: Gravity) -> Option<HeaderFact> {
    if gravity == Gravity::Loading {
        return None;
    }
    let schedule = schedule(glance.world);
    let ahead = schedule.ahead(glance.now);
    let over = ahead.iter().find(|one| one.overdue(glance.now).is_some());
    let running = || ahead.iter().find(|one| one.state == State::Running);
    let one = over.or_else(running).or_else(|| ahead.iter().find(|one| one.state == State::Planned))?;
    let clock = match one.state {
        _ if over.is_some() => Clock::Over(one.end),
        State::Running => Clock::Left(one.end),
        _ => Clock::Until(one.start),
    };
    Some(HeaderFact { words: one.window.name.clone(), clock })
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    // The schedule that is shipped is always there; what people planned only where the store tells.
    if glance.world.store.is_none() {
        return Gravity::Nothing;
    }
    let is_over = || schedule(glance.world).ahead(glance.now).iter().any(|one| one.overdue(glance.now).is_some());
    glance.gravity_of_silent_store().unwrap_or_else(|| if is_over() { Gravity::Look } else { Gravity::Well })
}

fn words(pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let schedule = schedule(glance.world);
    let ahead = schedule.ahead(pen.now);
    let running: Vec<String> =
        ahead.iter().filter(|one| one.state == State::Running).map(|one| one.window.name.clone()).collect();
    let over = ahead.iter().find_map(|one| Some((one.window.name.clone(), one.overdue(pen.now)?)));
    let next = ahead.iter().find(|one| one.state == State::Planned);
    let next = next.map(|one| (one.window.name.clone(), pen.left(one.start)));
    let words = said::headline(&running, next.as_ref().map(|(name, left)| (name.as_str(), left.as_str())));
    (words, over.map(|(name, over)| format!("{name}: {}", said::over(&time::coarse(over)))))
}
