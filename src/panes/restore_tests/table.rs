//! The list of restore tests.

use ratatui::layout::Rect;

use super::{Tests, more};
use crate::domain::backup::{Coverage, Level, RestoreTest, size};
use crate::domain::time;
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
use crate::ui::words::backups;
use crate::ui::words::restore_tests::{self as said, column};

/// From how many rows on the set under the cursor is told in full.
const ROOM_FOR_MORE: u16 = 15;

/// Draws it.
pub(super) fn draw(list: &List<Tests>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut listing = list.begin(pen, area, facts(list), scene);
    if list.is_empty() {
        let mut page = Page::new(listing.columns().saturating_sub(2));
        let total = list.all().len();
        let words = if total == 0 { backups::NOT_CONFIGURED.to_owned() } else { backups::nothing_matches(total) };
        page.text(pen, 0, &words, Role::Muted);
        return listing.instead(pen, &page);
    }
    if let Some(row) = list.cursor().filter(|_| listing.height() >= ROOM_FOR_MORE) {
        let page = more::page(pen, row, listing.columns());
        listing.more(pen, &page, listing.height() * 3 / 5);
    }
    let placed = placed(area.width - 1);
    list.finish(listing, pen, &placed, |_| false, cell)
}

/// How many sets there are, and how many are shown.
fn facts(list: &List<Tests>) -> Vec<String> {
    let is_known = !list.all().is_empty();
    let mut facts = vec![if is_known { said::shown(list.len(), list.all().len()) } else { said::TITLE.to_owned() }];
    facts.extend(list.chosen().is_problems_only.then(|| said::PROBLEMS_ONLY.to_owned()));
    facts
}

fn placed(columns: u16) -> Vec<Placed<Head>> {
    let [set, reason] = match Room::of(columns + 1) {
        Room::Narrow => [16, 6],
        Room::Middle => [22, 14],
        Room::Wide => [32, 60],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let asked = [
        column(column::STATE, 8, 0, Fit::Left),
        column(column::SET, set, 0, Fit::Middle),
        column(column::TIER, 4, 4, Fit::Left),
        column(column::LEVEL, 23, 0, Fit::Left),
        column(column::VERIFIED, 8, 0, Fit::Right),
        column(column::TOOK, 9, 1, Fit::Right),
        column(column::RTO, 6, 1, Fit::Right),
        column(column::RATE, 10, 3, Fit::Right),
        column(column::TRIED, 15, 2, Fit::Left),
    ];
    columns::place(&asked, columns, reason, Some(Head { words: column::REASON, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, column: &Placed<Head>, set: &Coverage) -> Cell {
    match column.id.words {
        column::STATE => (set.verification.word().to_owned(), Role::of_verification(set.verification)),
        column::SET => (set.set.to_string(), Role::Text),
        column::TIER => (set.declared.tier.map(|tier| tier.word().to_owned()).unwrap_or_default(), Role::Muted),
        column::LEVEL => {
            let role = if set.proven >= Level::Reached { Role::Ok } else { Role::Warning };
            (said::level(set.proven), role)
        }
        column::VERIFIED => match set.verified_at {
            Some(at) => (pen.age(at), Role::of_verification(set.verification)),
            None => (said::NEVER.to_owned(), Role::Error),
        },
        column::TOOK => match set.rto_measured {
            Some(took) => (time::coarse(took), if took > set.rto { Role::Error } else { Role::Text }),
            None => (said::UNPROVEN.to_owned(), Role::VerdictUnknown),
        },
        column::RTO => (time::coarse(set.rto), Role::Muted),
        column::RATE => {
            let rate = set.last_verified.as_ref().and_then(RestoreTest::rate);
            (rate.map(|rate| format!("{}/s", size(rate))).unwrap_or_default(), Role::Muted)
        }
        column::TRIED => match &set.last_test {
            Some(test) => {
                let age = pen.age(test.at);
                (said::tried(test.is_ok, &age), if test.is_ok { Role::Muted } else { Role::Error })
            }
            None => (String::new(), Role::Muted),
        },
        _ => (said::reason(set), Role::of_verification(set.verification)),
    }
}
