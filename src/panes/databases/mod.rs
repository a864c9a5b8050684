//! The pane of databases: who the primary is, how far the others are behind, and whether the primary could be changed now.

mod more;
mod table;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::view::{Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::database::words as database_words;
use crate::domain::database::{Condition, Standing};
use crate::domain::subject::{DatabaseRef, Subject};
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::overview::{Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::databases as said;
use crate::world::{Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "databases",
    command: "view.databases",
    group: GroupId::Backups,
    title: said::TITLE,
    sentence: "show databases, their primaries and their lags",
    hints: &[
        ("action.failover", "switch or fail over"),
        ("actions", "actions"),
        ("open", "its service's rollout"),
        ("filter", "filter"),
        ("problems_only", "only problems"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Databases>::boxed),
};

/// Every database, the worst first.
#[derive(Debug)]
struct Databases;

impl Rows for Databases {
    type Row = Standing;

    const PARTS: &'static [Part] = &[Part::Databases];

    fn read(world: &World, _now: Instant) -> Vec<Standing> {
        world.standing.rows.clone()
    }

    fn key(row: &Standing) -> RowKey {
        RowKey([row.name.clone(), "".into(), "".into()])
    }

    fn is_trouble(row: &Standing) -> bool {
        row.verdict.condition != Condition::Healthy
    }

    fn words(row: &Standing) -> RowWords {
        let members = row.members.iter().map(|member| format!("{} {}", member.name, member.role.word()));
        RowWords {
            name: row.name.to_string(),
            state: database_words::state(row),
            more: std::iter::once(row.kind.word().to_owned()).chain(members).collect::<Vec<_>>().join(" "),
        }
    }

    fn selection(row: &Standing, world: &World) -> Selection {
        let here = world.shown().next().map(|sight| sight.environment.name.clone());
        let environment = row.environment.clone().or(here);
        let subject = environment
            .clone()
            .map(|environment| Subject::Database(DatabaseRef { environment, name: row.name.clone() }));
        // Several services may use it: then none of them is meant.
        let service = match services(world, row).as_slice() {
            [one] => Some((*one).into()),
            _ => None,
        };
        Selection { name: row.name.to_string(), environment, subject, service, ..Selection::default() }
    }

    fn enter(row: &Standing, world: &World) -> Reaction {
        if services(world, row).len() == 1 { Reaction::Workload } else { Reaction::Stay }
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// The services that say they use it.
fn services<'w>(world: &'w World, row: &Standing) -> Vec<&'w str> {
    let uses = world.services.declared().iter().filter(|service| service.database.as_deref() == Some(&*row.name));
    let is_here = |environment: &std::sync::Arc<str>| row.environment.as_ref().is_none_or(|own| own == environment);
    uses.filter(|service| service.environments.is_empty() || service.environments.iter().any(is_here))
        .map(|service| &*service.name)
        .collect()
}

/// The role of a condition's word.
const fn role_of(condition: Condition) -> Role {
    match condition {
        Condition::TwoPrimaries | Condition::Foreign | Condition::NoPrimary => Role::Error,
        Condition::Degraded => Role::Warning,
        Condition::Unknown => Role::VerdictUnknown,
        Condition::Healthy => Role::Ok,
    }
}

/// How databases are.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: Some(standing) };

/// The worst of those that somebody has to look at now.
fn standing(glance: &Glance<'_>, gravity: Gravity) -> Option<HeaderFact> {
    let worst = glance.world.standing.rows.first().filter(|_| gravity == Gravity::Bad)?;
    Some(HeaderFact::still(said::standing(&worst.name, worst.verdict.condition)))
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    match glance.world.standing.tally {
        _ if glance.world.standing.rows.is_empty() => Gravity::Nothing,
        [0, 0, 0] => Gravity::Well,
        [0, 0, _] if !glance.world.databases.is_settled() => Gravity::Loading,
        [0, 0, _] => Gravity::Unknown,
        [0, ..] => Gravity::Look,
        _ => Gravity::Bad,
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    let standing = &glance.world.standing;
    let worst = standing.rows.first().filter(|_| gravity != Gravity::Well);
    let worst = worst.and_then(|row| Some(format!("{}: {}", row.name, row.verdict.reasons.first()?)));
    (said::headline(standing.tally, standing.rows.len()), worst)
}
