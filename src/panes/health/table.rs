//! The matrix itself.

use ratatui::layout::Rect;

use super::{Components, more, role_of};
use crate::domain::health::{Cell as Found, Condition, Line};
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{Cell, Fit, Head, Titled};
use crate::ui::widgets::page::Page;
use crate::ui::words::{health as said, health::column};
use crate::world::Sight;

/// From how many rows on the line under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// What heads a column of the matrix: a word of ours, or an environment by its name, which is the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over<'a> {
    Words(Head),
    Environment(&'a str),
}

impl Titled for Over<'_> {
    fn words(&self) -> &str {
        match self {
            Self::Words(head) => head.words,
            Self::Environment(name) => name,
        }
    }

    fn fit(&self) -> Fit {
        match self {
            Self::Words(head) => head.fit,
            Self::Environment(_) => Fit::Left,
        }
    }
}

/// Draws it.
pub(super) fn draw(list: &List<Components>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let environments = environments(scene);
    let placed = placed(&environments, area.width - 1);
    let facts = facts(list, &environments, scene, &placed);
    let mut listing = list.begin(pen, area, facts, scene);
    if list.is_empty() {
        let mut page = Page::new(listing.columns().saturating_sub(2));
        let is_configured = scene.world.services.declared().iter().any(|service| !service.probes.is_empty());
        let words = match (is_configured, list.all().len()) {
            (false, _) => said::NOT_CONFIGURED.to_owned(),
            (true, 0) => said::NOT_HERE.to_owned(),
            (true, total) => said::nothing_matches(total),
        };
        page.text(pen, 0, &words, Role::Text);
        return listing.instead(pen, &page);
    }
    if let Some(line) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, line, scene, listing.columns());
        listing.more(pen, &page, listing.height() / 2);
    }
    list.finish(listing, pen, &placed, |_| false, |_, column, line| cell(scene.clock, &column.id, line))
}

/// The environments that are asked, in their order.
fn environments<'a>(scene: &Scene<'a>) -> Vec<&'a str> {
    let names = scene.world.shown().map(Sight::name);
    names.filter(|name| scene.world.health.of(name).is_some()).collect()
}

/// How many components are how, and how many environments have no column.
fn facts(
    list: &List<Components>,
    environments: &[&str],
    scene: &Scene<'_>,
    placed: &[Placed<Over<'_>>],
) -> Vec<String> {
    let tally = said::tally(scene.world.components.tally, list.len(), list.all().len());
    let mut facts = vec![if list.all().is_empty() { said::TITLE.to_owned() } else { tally }];
    let has_column = |name: &&&str| placed.iter().any(|column| column.id == Over::Environment(name));
    let without = environments.iter().filter(|name| !has_column(name)).count();
    facts.extend((environments.len() > 1 && without > 0).then(|| said::without_column(without)));
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

/// The columns there is room for; of many environments the first.
fn placed<'a>(environments: &[&'a str], columns: u16) -> Vec<Placed<Over<'a>>> {
    let room = Room::of(columns + 1);
    let [service, component, wide, reason] = match room {
        Room::Narrow => [14, 10, 15, 8],
        Room::Middle => [20, 14, 18, 24],
        Room::Wide => [32, 20, 22, 50],
    };
    let over = |words, fit| Over::Words(Head { words, fit });
    let column = |words, width, rank, fit| Column { id: over(words, fit), width, rank };
    let mut asked = vec![
        column(column::STATE, 9, 0, Fit::Left),
        column(column::SERVICE, service, 0, Fit::Middle),
        column(column::COMPONENT, component, 0, Fit::Middle),
    ];
    if environments.len() > 1 {
        let ranks = (1..u8::MAX).chain(std::iter::repeat(u8::MAX));
        let environments = environments.iter().zip(ranks);
        asked.extend(environments.map(|(name, rank)| Column { id: Over::Environment(name), width: wide, rank }));
    } else {
        asked.extend([
            column(column::TOOK, 6, 0, Fit::Right),
            column(column::VERSION, 12, 2, Fit::Middle),
            column(column::CERTIFICATE, 5, 1, Fit::Right),
        ]);
    }
    columns::place(&asked, columns, reason, Some(over(column::REASON, Fit::Left)))
}

fn cell(now: crate::domain::time::Instant, over: &Over<'_>, line: &Line) -> Cell {
    let head = match over {
        Over::Words(head) => head.words,
        Over::Environment(name) => {
            return line.cell(name).map_or_else(|| (said::NOT_ASKED.to_owned(), Role::Muted), in_short);
        }
    };
    let worst =
        line.cells.iter().max_by_key(|cell| (cell.condition, cell.reason.is_some(), !cell.impaired_by.is_empty()));
    match head {
        column::STATE => (line.condition().word().to_owned(), role_of(line.condition())),
        column::SERVICE => (line.service.to_string(), Role::Text),
        column::COMPONENT => (line.component.to_string(), Role::Text),
        column::TOOK => {
            let took = worst.and_then(|cell| cell.check.took).map(said::took);
            (took.unwrap_or_default(), Role::Text)
        }
        column::VERSION => (worst.and_then(|cell| cell.check.version.clone()).unwrap_or_default(), Role::Muted),
        column::CERTIFICATE => {
            let certificate = worst.and_then(|cell| cell.check.certificate.as_ref());
            let days = certificate.map(|one| said::days(one.days_left(now)));
            let role =
                certificate.and_then(|one| one.now(now)).map_or(Role::Muted, |(condition, _)| role_of(condition));
            (days.unwrap_or_default(), role)
        }
        _ => worst.map_or_else(|| (String::new(), Role::Muted), reason),
    }
}

/// How it is in one environment, and how long the answer took.
fn in_short(cell: &Found) -> Cell {
    let took = cell.check.took.filter(|_| cell.condition != Condition::Unknown).map(said::took);
    let took = took.map(|took| format!(" {took}")).unwrap_or_default();
    let impaired = if cell.impaired_by.is_empty() { "" } else { "*" };
    (format!("{}{impaired}{took}", cell.condition.word()), role_of(cell.condition))
}

/// Why it is so, or what impairs it.
fn reason(cell: &Found) -> Cell {
    match (&cell.reason, cell.impaired_by.as_slice()) {
        (Some(reason), _) => (reason.clone(), role_of(cell.condition)),
        (None, []) => (String::new(), Role::Muted),
        (None, _) => (said::impaired_by(&more::names(cell)), Role::Warning),
    }
}
