//! The list of incidents.

use ratatui::layout::Rect;

use super::{Incidents, more, open};
use crate::domain::incident::{Clock, ClockState, Incident, Severity, State, Urgency};
use crate::domain::time;
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness::{self, Absent};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::words::incidents::{self as said, column};

/// From how many rows on the incident under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;

/// What is said where there are no rows.
const ABSENT: Absent = Absent {
    not_configured: said::NOT_CONFIGURED,
    loading: said::LOADING,
    never_read: said::NEVER_READ,
    nothing: said::nothing,
    nothing_matches: said::nothing_matches,
};

/// Draws it.
pub(super) fn draw(list: &List<Incidents>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, scene), scene);
    let told = freshness::of_store(scene.world);
    let mut above = freshness::above(pen, listing.columns(), &told);
    if list.all().iter().any(|one| one.state.is_open()) {
        above.text(pen, 0, said::NOT_PAGING, Role::Warning);
    }
    if let Some(storm) = scene.world.storm(pen.now) {
        above.text(pen, 0, &said::storm(&storm), Role::Error);
    }
    listing.above(pen, &above, freshness::MOST);
    if list.is_empty() {
        let columns = listing.columns().saturating_sub(2);
        let page = freshness::instead(pen, columns, &ABSENT, list.all().len(), &told);
        return listing.instead(pen, &page);
    }
    if let Some(incident) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, listing.columns(), incident, scene);
        listing.more(pen, &page, listing.height() * 3 / 5);
    }
    let is_old = freshness::is_store_old(scene.world);
    let ahead = scene.world.store.as_ref().map_or(time::seconds(0), |store| store.ahead);
    list.finish(
        listing,
        pen,
        &placed(area.width - 1),
        |_| is_old,
        |pen, column, one| cell(pen, column, one, one.clock(pen.now + ahead)),
    )
}

/// How many are open.
fn facts(list: &List<Incidents>, scene: &Scene<'_>) -> Vec<String> {
    let is_known = freshness::has_store_told(scene.world);
    let tally = said::tally(open(list.all().iter()), list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::OPEN_ONLY.to_owned()));
    facts
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let [who, services, title] = match Room::of(columns + 1) {
        Room::Narrow => [9, 12, 12],
        Room::Middle => [12, 18, 20],
        Room::Wide => [18, 30, 40],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::NUMBER, 8, 0, Fit::Right),
        column(column::SEVERITY, 4, 0, Fit::Left),
        column(column::STATE, 12, 2, Fit::Left),
        column(column::CLOCK, 16, 0, Fit::Left),
        column(column::AGE, 7, 3, Fit::Right),
        column(column::ON_IT, who, 0, Fit::Left),
        column(column::COMMANDER, who, 1, Fit::Left),
        column(column::SERVICES, services, 4, Fit::Left),
    ];
    columns::place(&asked, columns, title, Some(Head { words: column::TITLE, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, incident: &Incident, clock: Clock) -> Cell {
    let is_open = incident.state.is_open();
    let plain = if is_open { Role::Text } else { Role::Muted };
    let named = |who: Option<&str>| match who {
        Some(who) => (who.to_owned(), plain),
        None => ("-".to_owned(), if is_open { Role::Warning } else { Role::Muted }),
    };
    match column.id.words {
        column::NUMBER => (incident.number.to_string(), plain),
        column::SEVERITY => {
            let role = match incident.severity {
                _ if !is_open => Role::Muted,
                Severity::Sev1 | Severity::Sev2 => Role::Error,
                Severity::Sev3 => Role::Warning,
                Severity::Sev4 => Role::Text,
            };
            (incident.severity.name().to_owned(), role)
        }
        column::STATE => {
            let role = if incident.state == State::Triggered { Role::Error } else { plain };
            (incident.state.word().to_owned(), role)
        }
        column::CLOCK => self::clock(pen, incident, clock),
        column::AGE => (pen.age(incident.created_at), Role::Muted),
        column::ON_IT => {
            let first = incident.acknowledged.as_ref().map(|stamp| stamp.by.as_str());
            named(incident.assignee.as_deref().or(first))
        }
        column::COMMANDER => named(incident.commander()),
        column::SERVICES => (incident.services().collect::<Vec<_>>().join(","), plain),
        _ => (incident.title.clone(), plain),
    }
}

/// The clock of the response in words, with how urgent it is.
pub(super) fn clock(pen: &mut Pen<'_>, incident: &Incident, clock: Clock) -> Cell {
    let role = match clock.urgency {
        Urgency::Calm if clock.state == ClockState::Met => Role::Ok,
        Urgency::Calm => Role::Text,
        Urgency::Half => Role::Warning,
        Urgency::Late | Urgency::Over => Role::Error,
    };
    let words = match clock.state {
        ClockState::Running => said::left(&pen.left(incident.respond_by)),
        ClockState::Overdue => said::overdue(&pen.age(incident.respond_by)),
        ClockState::Met => said::met(&time::coarse(clock.left)),
        ClockState::Missed => said::missed(&time::coarse(-clock.left)),
    };
    (words, role)
}
