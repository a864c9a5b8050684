//! The nodes pane: every node, worst first, with its pods, what presses it and what it holds.

mod more;
mod notice;
mod table;

use std::sync::Arc;

use ratatui::layout::Rect;

use super::list::{List, Rows};
use super::rollouts::filter;
use super::view::{Need, Reaction, RowWords, Selection};
use super::{GroupId, Opens, Pane};
use crate::domain::cause::Cause;
use crate::domain::cause::CauseKind;
use crate::domain::node::NodeCounts;
use crate::domain::node::{Node, NodeVerdict};
use crate::domain::rollout::Rollout;
use crate::domain::time::Instant;
use crate::domain::usage::UsageAsk;
use crate::theme::Role;
use crate::ui::overview::{Glance, Gravity, HeaderFact, Headline};
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::state::RowKey;
use crate::ui::words::nodes as said;
use crate::ui::words::overview as told;
use crate::world::{Link, Part, World};

/// The pane.
pub const PANE: Pane = Pane {
    id: "nodes",
    command: "view.nodes",
    group: GroupId::Rollouts,
    title: said::TITLE,
    sentence: "show the nodes",
    hints: &[
        ("open", "its rollouts"),
        ("filter", "filter"),
        ("problems_only", "only problems"),
        ("back", "back"),
        ("help", "help"),
    ],
    headline: Some(HEADLINE),
    opens: Opens::View(List::<Nodes>::boxed),
};

/// Every node, worst first.
#[derive(Debug)]
struct Nodes;

impl Rows for Nodes {
    type Row = Arc<Node>;

    const PARTS: &'static [Part] = &[Part::Clusters];

    fn read(world: &World, _now: Instant) -> Vec<Arc<Node>> {
        world.snapshot.nodes.to_vec()
    }

    fn key(row: &Arc<Node>) -> RowKey {
        RowKey::new(&row.node.environment, &row.node.name)
    }

    fn is_trouble(row: &Arc<Node>) -> bool {
        row.verdict() != NodeVerdict::Ready
    }

    fn words(row: &Arc<Node>) -> RowWords {
        let more = [
            &*row.node.environment,
            &row.complaint(),
            if row.is_cordoned { "cordoned" } else { "" },
            &row.version,
            &row.taints.join(" "),
        ];
        RowWords { name: row.node.name.to_string(), state: row.verdict().word().to_owned(), more: more.join(" ") }
    }

    fn selection(row: &Arc<Node>, world: &World) -> Selection {
        Selection {
            name: row.node.name.to_string(),
            environment: Some(row.node.environment.clone()),
            workload: harmed(world, row).first().map(|row| row.workload.clone()),
            ..Selection::default()
        }
    }

    /// The rollouts the node harms: one is opened, several are listed.
    fn enter(row: &Arc<Node>, world: &World) -> Reaction {
        let name = &row.node.name;
        match harmed(world, row).len() {
            0 if !row.verdict().is_trouble() => {
                Reaction::Say(format!("{name} is not in trouble: it holds no rollout."))
            }
            0 => Reaction::Say(format!("No rollout that is shown has a stuck pod on {name}.")),
            1 => Reaction::Workload,
            _ => Reaction::Among {
                pane: super::rollouts::ID,
                filter: filter::of_node(&row.node, world.shown().count() > 1),
            },
        }
    }

    fn needs(world: &World) -> Vec<Need> {
        let connected = world.shown().filter(|sight| sight.link == Link::Connected);
        connected.map(|sight| Need::Usage(UsageAsk::Nodes(sight.name().into()))).collect()
    }

    fn draw(list: &List<Self>, pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
        table::draw(list, pen, area, scene)
    }
}

/// What a node holds; `None` when no stuck pod is on it, or it is well.
fn cause<'a>(world: &'a World, node: &Node) -> Option<&'a Cause> {
    let is_it = |cause: &&Arc<Cause>| cause.is_of_node(&node.node.name) && cause.environment == node.node.environment;
    world.snapshot.causes.iter().find(is_it).map(AsRef::as_ref)
}

/// The workloads a node holds, worst first.
fn harmed<'a>(world: &'a World, node: &Node) -> Vec<&'a Arc<Rollout>> {
    let Some(cause) = cause(world, node) else { return Vec::new() };
    world.snapshot.rollouts.iter().filter(|row| cause.workloads.contains(&row.workload)).collect()
}

/// The role of a verdict's word.
const fn role_of(verdict: NodeVerdict) -> Role {
    match verdict {
        NodeVerdict::NotReady => Role::Error,
        NodeVerdict::Pressure => Role::Warning,
        NodeVerdict::Cordoned => Role::VerdictPaused,
        NodeVerdict::Ready => Role::Ok,
    }
}

/// How nodes are, and what holds several workloads.
const HEADLINE: Headline = Headline { title: said::TITLE, parts: &[], gravity, words, standing: Some(standing) };

/// How many nodes do not do, and how many pods have none.
fn standing(glance: &Glance<'_>, _gravity: Gravity) -> Option<HeaderFact> {
    let counts = said::counts(glance.world.snapshot.counts());
    (!counts.is_empty()).then(|| HeaderFact::still(counts))
}

fn gravity(glance: &Glance<'_>) -> Gravity {
    let known = &glance.world.snapshot;
    let NodeCounts { not_ready, pressed, pending } = known.counts();
    let is_api_ready = known.causes.iter().all(|cause| cause.kind != CauseKind::ApiServer);
    if not_ready > 0 || !is_api_ready {
        Gravity::Bad
    } else if pressed + pending > 0 || !known.causes.is_empty() {
        Gravity::Look
    } else if known.nodes.is_empty() {
        glance.gravity_of_nothing()
    } else {
        Gravity::Well
    }
}

fn words(_pen: &mut Pen<'_>, glance: &Glance<'_>, gravity: Gravity) -> (String, Option<String>) {
    if gravity == Gravity::Unknown {
        return (told::NEVER_READ.to_owned(), None);
    }
    let known = &glance.world.snapshot;
    let counts = known.counts();
    let words = match told::nodes(counts.not_ready, counts.pressed, counts.pending) {
        words if words.is_empty() => told::all_ready(known.nodes.len()),
        words => words,
    };
    let worst = known.nodes.first().filter(|node| node.verdict().is_trouble());
    let worst = worst.map(|node| format!("{} {}", node.node.name, node.complaint()));
    let cause = known.causes.first().map(|cause| told::and_more(&cause.words, known.causes.len() - 1));
    (words, cause.or(worst))
}
