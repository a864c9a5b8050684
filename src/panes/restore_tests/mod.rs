//! The pane of restore tests: what has been proven of each set by a restore that was tried, how long that took, and what a loss would cost
//! now. What nobody tried is unproven, whatever its backups look like.

mod more;
mod table;

use std::cmp::Reverse;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::backup::{Coverage, Verification};
use crate::domain::time::Instant;
use crate::panes::coverage;
use crate::ui::overview::{Glance, Gravity, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::restore_tests as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "restore_tests",
    command: "view.restore_tests",
    group: GroupId::Backups,
    title: said::TITLE,
    sentence: "show what restores have proven",
    hints: &[
        ("action.verify-backup", "verify now"),
        ("actions", "actions"),
        ("filter", "filter"),
        ("problems_only", "only problems"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Tests>::boxed),
};

/// Every set that stands alone, what was proven least of first; of those that are alike what hangs most on.
#[derive(Debug)]
struct Tests;

impl Rows for Tests {
    type Row = Coverage;

    const PARTS: &'static [Part] = &[Part::Backups];

    fn read(world: &World, _now: Instant) -> Vec<Coverage> {
        let mut rows: Vec<Coverage> = whole(world).cloned().collect();
        // What is of no tier hangs on nobody who said so.
        rows.sort_by_key(|row| {
            (Reverse(row.verification), row.declared.tier.is_none(), row.declared.tier, row.verified_at)
        });
        rows
    }

    fn key(row: &Coverage) -> RowKey {
        RowKey([row.set.clone(), row.kind.word().into(), "".into()])
    }

    fn is_trouble(row: &Coverage) -> bool {
        row.verification != Verification::Ok || row.rto_measured.is_some_and(|took| took > row.rto)
    }

    fn words(row: &Coverage) -> RowWords {
        RowWords {
            name: row.set.to_string(),
            state: row.verification.word().to_owned(),
            more: format!("{} {}", row.proven.word(), row.kind.word()),
        }
    }

    fn selection(row: &Coverage, world: &World) -> Selection {
        coverage::selection(row, world)
    }

    fn enter(row: &Coverage, _world: &World) -> Reaction {
        Reaction::Among { pane: coverage::PANE.id, filter: row.set.to_string() }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// What has been proven.
const HEADLINE: Headline = Headline { title: said::SHORT, parts: &[], gravity, words, standing: None };

fn whole(world: &World) -> impl Iterator<Item = &Coverage> {
    world.coverage.rows.iter().filter(|row| row.kind.is_whole())
}

fn tally(glance: &Glance<'_>) -> [usize; 3] {
    let mut counts = [0; 3];
    for row in whole(glance.world) {
        match row.verification {
            Verification::Never | Verification::Missed => counts[0] += 1,
            Verification::Late => counts[1] += 1,
            Verification::Ok => counts[2] += 1,
        }
    }
    counts
}

/// That a restore was never tried is for today: whoever is on call can do nothing about it now.
fn gravity(glance: &Glance<'_>) -> Gravity {
    match tally(glance) {
        [0, 0, 0] => Gravity::Nothing,
        [0, 0, _] => Gravity::Well,
        _ => Gravity::Look,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, _gravity: Gravity) -> (String, Option<String>) {
    (said::headline(tally(glance)), None)
}
