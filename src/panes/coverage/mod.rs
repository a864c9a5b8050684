//! The pane of backups: what could be had back, the worst first, with the ladder of the calendar drawn and its missing days named.

mod more;
mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::backup::{Coverage, State};
use crate::domain::subject::{BackupRef, Subject};
use crate::domain::time::Instant;
use crate::ui::overview::{Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::backups as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "coverage",
    command: "view.coverage",
    group: GroupId::Backups,
    title: said::TITLE,
    sentence: "show what could be had back",
    hints: &[("actions", "actions"), ("filter", "filter"), ("problems_only", "only problems"), ("help", "help")],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Sets>::boxed),
};

/// Every kind of every set, the worst first.
#[derive(Debug)]
struct Sets;

impl Rows for Sets {
    type Row = Coverage;

    const PARTS: &'static [Part] = &[Part::Backups];

    fn read(world: &World, _now: Instant) -> Vec<Coverage> {
        world.coverage.rows.clone()
    }

    fn key(row: &Coverage) -> RowKey {
        RowKey([row.set.clone(), row.kind.word().into(), "".into()])
    }

    fn is_trouble(row: &Coverage) -> bool {
        row.state != State::Ok
    }

    fn words(row: &Coverage) -> RowWords {
        let missing = row.ladder.steps().into_iter().flat_map(|(_, step)| &step.missing);
        RowWords {
            name: row.set.to_string(),
            state: row.state.word().to_owned(),
            more: std::iter::once(row.kind.word().to_owned())
                .chain(missing.map(|slot| slot.name()))
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    fn selection(row: &Coverage, world: &World) -> Selection {
        selection(row, world)
    }

    fn enter(row: &Coverage, _world: &World) -> Reaction {
        Reaction::Among { pane: super::restore_tests::PANE.id, filter: row.set.to_string() }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// A set for actions and ways: its services are meant with it.
pub(super) fn selection(row: &Coverage, world: &World) -> Selection {
    let shown = world.shown().next().map(|sight| sight.environment.name.clone());
    // What acts in a cluster is acted on there, whichever environment is in front.
    let acts_in = row.declared.said.acts_in.as_ref();
    let here = acts_in.and_then(|place| place.environment.clone()).or(shown);
    let namespace = acts_in.map(|place| place.namespace.clone());
    let subject =
        here.clone().map(|environment| Subject::Backup(BackupRef { environment, set: row.set.clone(), namespace }));
    let service = services(row, world).into_iter().next();
    Selection { name: row.set.to_string(), environment: here, subject, service, ..Selection::default() }
}

/// The services that are lost without a set: those it names, and those whose database it is of.
fn services(row: &Coverage, world: &World) -> Vec<Arc<str>> {
    let mut named = row.declared.said.services.to_vec();
    for service in world.services.declared() {
        if row.declared.is_of(&service.name, service.database.as_deref()) && !named.contains(&service.name) {
            named.push(service.name.clone());
        }
    }
    named
}

/// What could be had back.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: Some(standing) };

/// That a set is broken or missed.
fn standing(glance: &Glance<'_>, gravity: Gravity) -> Option<HeaderFact> {
    let [bad, ..] = glance.world.coverage.tally;
    (gravity == Gravity::Bad).then(|| HeaderFact::still(said::standing(bad)))
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    match glance.world.coverage.tally {
        _ if glance.world.coverage.rows.is_empty() => Gravity::Nothing,
        [0, 0, 0] => Gravity::Well,
        [0, 0, _] if !glance.world.backups.is_settled() => Gravity::Loading,
        [0, 0, _] => Gravity::Unknown,
        [0, ..] => Gravity::Look,
        _ => Gravity::Bad,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    let coverage = &glance.world.coverage;
    let worst = coverage.rows.first().filter(|_| gravity != Gravity::Well);
    let worst = worst.and_then(|row| Some(format!("{} {}: {}", row.set, row.kind.word(), row.reasons.first()?)));
    (said::headline(coverage.tally, coverage.rows.len()), worst)
}
