//! The service under the cursor in full: each of its workloads, what it remembers, and how it is brought back.

use crate::domain::environment::Guard;
use crate::domain::maintenance_mode::{Mode, ServiceMode, State, proposed};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::modes as said;

/// The most workloads that are named.
const MOST_NAMED: usize = 6;

/// What stands below the table.
pub(super) fn page(pen: &mut Pen<'_>, columns: u16, row: &ServiceMode, scene: &Scene<'_>) -> Page {
    let mut page = Page::new(columns);
    page.text(pen, 0, &format!("{} -n {} in {}", row.name, row.namespace, row.environment), Role::Title);
    if let Some(memory) = row.first() {
        page.text(pen, 0, &memory.sentence(), Role::Text);
        if memory.extensions > 0 {
            page.text(pen, 0, &said::extended(memory.extensions, &memory.extended_because), Role::Text);
        }
    }
    let guard = scene.world.sight(&row.environment).map_or(Guard::Production, |sight| sight.environment.guard);
    for mode in row.workloads.iter().take(MOST_NAMED) {
        page.text(pen, 2, &one(mode, guard), if mode.state == State::Unreadable { Role::Error } else { Role::Text });
    }
    let also: Vec<&str> =
        row.workloads.iter().filter_map(Mode::remembered).flat_map(|memory| &memory.also).map(String::as_str).collect();
    if !also.is_empty() {
        page.text(pen, 2, &said::also(&also), Role::Text);
    }
    if row.workloads.len() > MOST_NAMED {
        page.text(pen, 2, &said::more(row.workloads.len() - MOST_NAMED), Role::Muted);
    }
    if row.state != State::Off && row.workloads.len() < row.total {
        page.text(pen, 0, &said::others_run(row.total - row.workloads.len()), Role::Muted);
    }
    page
}

/// One workload in a line.
fn one(mode: &Mode, guard: Guard) -> String {
    let name = mode.workload.label();
    match (mode.state, mode.remembered()) {
        (State::Unreadable, _) => said::unreadable(&name, mode.problem().unwrap_or_default()),
        (State::Ending, Some(memory)) => said::ending(&name, mode.available, memory.replicas),
        (_, Some(memory)) => said::remembers(&name, memory.replicas, mode.desired),
        (State::ByOthers, None) => said::taken_down(&name, proposed(guard)),
        (_, None) => said::runs(&name, mode.available, mode.desired),
    }
}
