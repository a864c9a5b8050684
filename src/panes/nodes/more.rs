//! The node under the cursor in full: what it says, what it takes, and the rollouts it holds.

use crate::domain::node::Node;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::{nodes as said, usage};

/// How many workloads are named.
const MOST_NAMED: usize = 6;

/// What stands below the table.
pub(super) fn page(pen: &mut Pen<'_>, columns: u16, node: &Node, scene: &Scene<'_>) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    let mut facts = vec![node.node.name.to_string(), said::pods(node)];
    facts.extend(said::room(node));
    page.text(pen, 0, &facts.join(&separator), Role::Title);
    uses(pen, &mut page, node, scene);
    if let Some(cause) = super::cause(scene.world, node) {
        page.text(pen, 0, &cause.words, Role::Warning);
    }
    if !node.message.is_empty() {
        page.text(pen, 0, &said::kubelet(&node.message), Role::Text);
    }
    for pressure in node.pressures.iter() {
        let age = pressure.since.map(|at| pen.age(at));
        page.text(pen, 0, &said::pressure(&pressure.kind, age.as_deref()), Role::Text);
    }
    if !node.taints.is_empty() {
        page.text(pen, 0, &said::taints(&node.taints), Role::Muted);
    }
    let harmed = super::harmed(scene.world, node);
    if harmed.is_empty() {
        page.text(pen, 0, said::HOLDS_NOTHING, Role::Muted);
        return page;
    }
    let named = harmed.iter().take(MOST_NAMED);
    let named: Vec<String> = named.map(|row| format!("{} {}", row.workload.label(), row.verdict.word())).collect();
    page.text(pen, 0, &said::holds(&named, harmed.len()), Role::Text);
    page
}

/// What it uses of that, or why this is not known.
fn uses(pen: &mut Pen<'_>, page: &mut Page, node: &Node, scene: &Scene<'_>) {
    let Some(reading) = scene.usage.of_environment(node) else { return };
    if let (Some(board), Some(trouble)) = (&reading.board, &reading.trouble) {
        let age = pen.age(board.read_at);
        page.text(pen, 0, &usage::old(&age, trouble), Role::Warning);
    }
    match (reading.of(&node.node.name), &reading.trouble) {
        (Some(used), _) => {
            let age = used.at.map(|at| pen.age(at));
            let role = if used.is_old(pen.now) { Role::StaleData } else { Role::Text };
            page.text(pen, 0, &usage::node(used, node, age.as_deref()), role);
        }
        (None, Some(trouble)) if reading.board.is_none() => {
            page.text(pen, 0, &usage::unavailable(trouble), Role::Muted);
        }
        (None, _) if reading.board.is_none() => page.text(pen, 0, usage::READING, Role::Muted),
        (None, _) => page.text(pen, 0, &usage::unmeasured(&node.node.name), Role::Muted),
    }
}
