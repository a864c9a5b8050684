//! The service of a workload, in its detail: what is declared of it, or that it maps to none.

use crate::domain::backup::State;
use crate::domain::rollout::Rollout;
use crate::domain::service::{Service, Unmapped};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::{databases, service as said};
use crate::world::World;

/// Writes it: one line, and one more for what helps whoever is called.
pub(super) fn write(pen: &Pen<'_>, page: &mut Page, scene: &Scene<'_>, rollout: &Rollout) {
    let Some(name) = rollout.service.as_deref() else {
        // Where a list lacks it, the notes say so already.
        if !rollout.notes.iter().any(|note| note.starts_with(crate::domain::service::UNMAPPED)) {
            page.text(pen, 0, &Unmapped::Nameless.sentence(), Role::Muted);
        }
        return;
    };
    let separator = format!(" {} ", pen.glyphs.separator);
    let workload = &rollout.workload;
    let Some(service) = scene.services.named(&workload.environment, &workload.namespace, name) else {
        page.text(pen, 0, &said::found(name), Role::Muted);
        backups(pen, page, scene, name, None);
        return;
    };
    page.text(pen, 0, &facts(service, scene.world).join(&separator), Role::Text);
    if !service.runbooks.is_empty() {
        page.text(pen, 0, &said::runbooks(&service.runbooks), Role::Text);
    }
    backups(pen, page, scene, name, service.database.as_deref());
}

/// The backups a service is lost without, and how they stand.
fn backups(pen: &Pen<'_>, page: &mut Page, scene: &Scene<'_>, name: &str, database: Option<&str>) {
    for row in scene.world.coverage.rows.iter().filter(|row| row.declared.is_of(name, database)) {
        let role = if row.state == State::Ok { Role::Muted } else { Role::of_backup(row.state) };
        page.text(pen, 0, &said::backup(row), role);
    }
}

fn facts(service: &Service, world: &World) -> Vec<String> {
    let mut facts = vec![said::named(&service.name)];
    facts.extend(service.tier.map(said::tier));
    facts.extend(service.on_call.as_deref().map(said::on_call));
    facts.extend((!service.depends_on.is_empty()).then(|| said::needs(&service.depends_on)));
    facts.extend(service.database.as_deref().map(|name| {
        let known = world.standing.rows.iter().find(|row| &*row.name == name);
        said::database(name, known.map(databases::of_service).as_deref())
    }));
    facts.extend(service.objective.availability.map(said::availability));
    facts.extend(service.objective.latency_p95.map(said::latency));
    facts
}
