//! The list of databases.

use ratatui::layout::Rect;

use super::{Databases, more, role_of};
use crate::domain::database::words;
use crate::domain::database::{Condition, Readiness, Role as Is, Standing};
use crate::panes::list::List;
use crate::panes::view::View as _;
use crate::theme::Role;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::widgets::page::Page;
use crate::ui::words::databases::{self as said, column};

/// From how many rows on the database under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 12;

/// Draws it.
pub(super) fn draw(list: &List<Databases>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list, scene), scene);
    if list.is_empty() {
        let mut page = Page::new(listing.columns().saturating_sub(2));
        let words = match (list.all().len(), scene.world.databases.databases.len()) {
            (0, 0) => said::NOT_CONFIGURED.to_owned(),
            (0, _) => said::NOT_HERE.to_owned(),
            (total, _) => said::nothing_matches(total),
        };
        page.text(pen, 0, &words, Role::Muted);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, row, scene, listing.columns());
        listing.more(pen, &page, listing.height() * 3 / 5);
    }
    let placed = placed(area.width - 1);
    let is_old = |row: &Standing| row.verdict.condition == Condition::Unknown && !row.members.is_empty();
    list.finish(listing, pen, &placed, is_old, cell)
}

/// How many databases are how.
fn facts(list: &List<Databases>, scene: &Scene<'_>) -> Vec<String> {
    let is_known = !list.all().is_empty();
    let tally = said::tally(scene.world.standing.tally, list.len(), list.all().len());
    let mut facts = vec![if is_known { tally } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let [database, primary, reason] = match room {
        Room::Narrow => [14, 10, 8],
        Room::Middle => [20, 14, 20],
        Room::Wide => [30, 24, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 13, 0, Fit::Left),
        column(column::DATABASE, database, 0, Fit::Middle),
        column(column::KIND, 13, 5, Fit::Left),
        column(column::PRIMARY, primary, 0, Fit::Middle),
        column(column::MEMBERS, 7, 2, Fit::Right),
        column(column::LAG, 13, 1, Fit::Right),
        column(column::SYNC, 6, 4, Fit::Left),
        column(column::TIMELINE, 4, 4, Fit::Right),
        column(column::READY, primary.min(12), 2, Fit::Middle),
        column(column::READ, 5, 6, Fit::Right),
    ];
    columns::place(&asked, columns, reason, Some(Head { words: column::REASON, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, row: &Standing) -> Cell {
    let unknown = || ("?".to_owned(), Role::VerdictUnknown);
    let condition = row.verdict.condition;
    match column.id.words {
        column::STATE => (words::state(row), role_of(condition)),
        column::DATABASE => (row.name.to_string(), Role::Text),
        column::KIND => (row.kind.word().to_owned(), Role::Muted),
        column::PRIMARY => match (&row.primary, condition) {
            (Some(primary), _) => (primary.to_string(), Role::Text),
            (None, Condition::TwoPrimaries) => {
                let several = row.members.iter().filter(|member| member.role == Is::Primary).count();
                (format!("{several}!"), Role::Error)
            }
            (None, Condition::NoPrimary) => ("none".to_owned(), Role::Error),
            (None, _) => unknown(),
        },
        column::MEMBERS => {
            let answer = row.members.iter().filter(|member| member.error.is_none()).count();
            let role = if answer < row.members.len() { Role::Warning } else { Role::Muted };
            (format!("{answer}/{}", row.members.len()), role)
        }
        column::LAG => worst_lag(row),
        column::SYNC => (words::sync(row.sync).to_owned(), Role::Muted),
        column::TIMELINE => row.timeline.map_or_else(unknown, |timeline| (timeline.to_string(), Role::Muted)),
        column::READY => {
            let role = match row.readiness {
                Readiness::Ready { .. } => Role::Ok,
                Readiness::Blocked { .. } => Role::Warning,
                Readiness::Unknown { .. } => Role::VerdictUnknown,
                Readiness::Impossible { .. } => Role::Muted,
            };
            (words::ready(&row.readiness), role)
        }
        column::READ => row.at.map_or_else(unknown, |at| (pen.age(at), Role::Muted)),
        _ => {
            let role = if condition == Condition::Healthy { Role::Muted } else { role_of(condition) };
            (row.verdict.reasons.first().cloned().unwrap_or_default(), role)
        }
    }
}

/// Of the replica that is furthest behind; one of which it is not known is the worst.
fn worst_lag(row: &Standing) -> Cell {
    let lags = row.members.iter().filter_map(|member| member.lag);
    let worst = lags.max_by_key(|lag| (lag.receive_bytes.is_none(), lag.seconds, lag.receive_bytes));
    worst.map_or_else(
        || ("-".to_owned(), Role::Muted),
        |lag| {
            let is_known = lag.receive_bytes.is_some();
            (words::lag(&lag), if is_known { Role::Text } else { Role::VerdictUnknown })
        },
    )
}
