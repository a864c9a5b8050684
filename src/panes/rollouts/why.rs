//! Why workloads are stuck: what several share, over the list; what holds one, in its detail.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::domain::cause::Cause;
use crate::domain::cluster::ClusterEvent;
use crate::domain::rollout::Budget;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::{Detail, Scene};
use crate::ui::widgets::page::Page;
use crate::ui::words::why as said;

/// How long a probe that failed is told of.
const PROBES_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What several stuck workloads share, a line each, in at most `most` lines: the one that holds most first.
pub(super) fn shared(pen: &mut Pen<'_>, scene: &Scene<'_>, columns: u16, most: usize) -> Page {
    let mut page = Page::new(columns);
    let shared: Vec<&Arc<Cause>> = scene.world.snapshot.causes.iter().filter(|cause| cause.is_shared()).collect();
    for (place, cause) in shared.iter().take(most).enumerate() {
        let mut words = sentence(pen, cause);
        if scene.header.environments > 1 {
            words = format!("{}: {words}", cause.environment);
        }
        let left = shared.len() - most.min(shared.len());
        if place + 1 == most && left > 0 {
            words = said::and_more(&words, left);
        }
        let line = vec![pen.span(&format!("{} {words}", pen.glyphs.warning), Role::Warning)];
        page.line(line);
    }
    page
}

/// What holds the open workload: causes, probes that fail, budgets that let no pod go.
pub(super) fn of_one(pen: &mut Pen<'_>, page: &mut Page, scene: &Scene<'_>, detail: &Detail) {
    for cause in scene.world.snapshot.causes.iter().filter(|cause| cause.holds(&detail.workload)) {
        let words = said::why(&sentence(pen, cause));
        page.marked(pen, 0, pen.glyphs.warning, &words, Role::Warning);
        if let Some(seen) = cause.evidence.first() {
            page.text(pen, 2, seen, Role::Muted);
        }
    }
    if let Some((event, at)) = detail.events.as_deref().and_then(|events| probe(events, pen)) {
        let age = pen.age(at);
        page.marked(pen, 0, pen.glyphs.warning, &said::probe(event, &age), Role::Warning);
    }
    for words in detail.budgets.iter().filter_map(Budget::standstill) {
        page.text(pen, 0, &words, Role::Muted);
    }
}

/// The newest probe that failed lately.
fn probe<'a>(events: &'a [ClusterEvent], pen: &Pen<'_>) -> Option<(&'a ClusterEvent, crate::domain::time::Instant)> {
    let failed = events.iter().filter(|event| event.reason == "Unhealthy");
    let failed = failed.filter_map(|event| Some((event, event.at?)));
    failed.filter(|(_, at)| pen.now - *at <= PROBES_WITHIN).max_by_key(|(_, at)| *at)
}

/// A cause with its age.
fn sentence(pen: &mut Pen<'_>, cause: &Cause) -> String {
    let age = cause.since.map(|at| pen.age(at));
    said::cause(&cause.words, age.as_deref(), cause.workloads.len())
}
