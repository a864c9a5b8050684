//! The component under the cursor, in every environment: what it answered, its certificate, what it needs, and who needs its service.

use super::{role_of, worst_environment};
use crate::domain::health::{Cell, Line, Part};
use crate::domain::time;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::health as said;

/// The most parts told of one answer.
const PARTS_AT_MOST: usize = 6;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, line: &Line, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    let mut facts = vec![format!("{} {}", line.service, line.component)];
    let worst = worst_environment(line);
    facts.extend(worst.and_then(|worst| crate::panes::worst_of_service(scene.world, worst, &line.service)));
    facts.extend(crate::panes::incidents_of_service(scene.world, &line.service));
    page.line(vec![pen.span(&facts.join(&separator), Role::Title)]);
    for cell in &line.cells {
        let mut facts = vec![format!("{}: {}", cell.environment, cell.condition.word())];
        let check = &cell.check;
        facts.extend(check.took.map(said::took));
        facts.push(format!("{} {}", check.kind.word(), check.at));
        facts.extend(said::version(check.version.as_deref(), check.expected.as_deref()));
        facts.extend(check.uptime_seconds.and_then(|seconds| {
            let seconds = i64::try_from(seconds).ok().and_then(chrono::TimeDelta::try_seconds)?;
            Some(said::up(&time::coarse(seconds)))
        }));
        if let Some(one) = &check.certificate {
            facts.push(said::certificate(one.days_left(scene.clock), &one.issuer));
            facts.extend((!one.is_chain_seen).then(|| said::CHAIN_UNSEEN.to_owned()));
        }
        facts.extend(check.certificate_missing.map(said::certificate_missing));
        facts.extend(check.checked_at.map(|at| said::asked(&pen.age(at))));
        page.text(pen, 0, &facts.join(&separator), role_of(cell.condition));
        if let Some(reason) = &cell.reason {
            page.text(pen, 2, reason, Role::Text);
        }
        for part in check.parts.iter().take(PARTS_AT_MOST) {
            page.text(pen, 2, &told(part), role_of(part.condition));
        }
        if !cell.impaired_by.is_empty() {
            page.text(pen, 2, &said::impaired_by(&names(cell)), Role::Warning);
        }
    }
    let needing = worst.map(|worst| scene.world.services.needing_in(worst, &line.service));
    let needing: Vec<_> = needing.into_iter().flatten().collect();
    if !needing.is_empty() {
        page.text(pen, 0, &said::needed_by(&needing), Role::Text);
    }
    page
}

/// What impairs a component, each with how it is.
pub(super) fn names(cell: &Cell) -> String {
    let name = |(name, condition): &(std::sync::Arc<str>, crate::domain::health::Condition)| {
        format!("{name} ({})", condition.word())
    };
    cell.impaired_by.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn told(part: &Part) -> String {
    let took = part.took_ms.map(|took| format!(" {took}ms")).unwrap_or_default();
    let critical = if part.is_critical == Some(false) { ", not critical" } else { "" };
    let error = part.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    format!("{} {}{took}{critical}{error}", part.name, part.condition.word())
}
