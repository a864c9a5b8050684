//! New observations: rows, details, events.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::effect::Effect;
use crate::app::model::Model;
use crate::domain::cluster::ClusterEvent;
use crate::domain::rollout::{Autoscaler, Budget, Revision, Rollout, WorkloadRef, gaps};
use crate::domain::source::SourceHealth;
use crate::domain::time::Instant;
use crate::sources::observe::WorkloadFacts;
use crate::ui::scene::Detail;
use crate::ui::state::{DetailTab, View};

/// How often an open workload is read again: its events and its history are not watched.
const READ_EVERY: TimeDelta = TimeDelta::seconds(10);

/// The rows have moved: the open workload is as its own says, and read again when that is another.
pub(super) fn moved(model: &mut Model) -> Option<Effect> {
    let View::Detail(workload, _) = model.ui.view.clone() else { return None };
    let row = row_of(model, &workload);
    let cluster = &model.world.sight(&workload.environment)?.snapshot;
    let detail = model.detail.as_mut()?;
    let has_moved = detail.rollout.as_ref().map(|known| (known.revision, known.verdict))
        != row.as_ref().map(|row| (row.revision, row.verdict));
    detail.rollout = row;
    if let Some(focus) = cluster.focus.as_ref().filter(|focus| focus.workload == workload) {
        detail.report = Some(focus.report.clone());
        // Before the pods were listed once, none known is not none there.
        let are_listed = |health: &SourceHealth| health.id.kind.is_resource("pods") && health.last_good.is_some();
        if cluster.health.iter().any(are_listed) {
            detail.pods = Some(focus.pods.clone());
        }
    }
    has_moved.then_some(Effect::Read(workload))
}

fn row_of(model: &Model, workload: &WorkloadRef) -> Option<Arc<Rollout>> {
    model.world.snapshot.rollouts.iter().find(|row| row.workload == *workload).cloned()
}

/// Opens a workload's detail with what is known already.
pub(super) fn open(model: &mut Model, workload: &WorkloadRef) -> Vec<Effect> {
    let is_open = model.detail.as_ref().is_some_and(|detail| detail.workload == *workload);
    if !is_open {
        model.detail = Some(Detail {
            workload: workload.clone(),
            rollout: row_of(model, workload),
            report: None,
            pods: None,
            revisions: None,
            events: None,
            raw: None,
            autoscalers: Vec::new(),
            budgets: Vec::new(),
            gaps: Vec::new(),
            selector: None,
            resources: HashMap::new(),
            error: None,
        });
        model.ui.detail_cursor = 0;
        model.ui.diff_against = None;
    }
    vec![Effect::Focus(Some(workload.clone())), Effect::Read(workload.clone())]
}

/// The open workload, read whole.
pub(super) fn facts(
    model: &mut Model,
    workload: &WorkloadRef,
    facts: Result<Box<WorkloadFacts>, String>,
    now: Instant,
) -> Vec<Effect> {
    model.detail_due = Some(now + READ_EVERY);
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.workload == *workload) else { return Vec::new() };
    match facts {
        Ok(facts) => {
            let mut revisions: Vec<Revision> = facts.revisions;
            revisions.sort_by_key(|revision| std::cmp::Reverse(revision.number));
            if let View::Detail(_, DetailTab::History) = model.ui.view {
                // The cursor stays on its revision, wherever a newer one has moved it.
                let at = detail.revisions.as_ref().and_then(|known| known.get(model.ui.detail_cursor));
                let place = at.and_then(|at| revisions.iter().position(|revision| revision.uid == at.uid));
                model.ui.detail_cursor = place.unwrap_or(model.ui.detail_cursor);
            }
            detail.revisions = Some(revisions);
            detail.report.get_or_insert(facts.report);
            detail.pods.get_or_insert(facts.pods);
            detail.gaps = gaps(facts.object.pointer("/spec/template").unwrap_or(&serde_json::Value::Null));
            detail.selector = facts.object.pointer("/spec/selector").cloned().map(Arc::new);
            detail.resources = facts.resources.into_iter().collect();
            detail.raw = Some(super::menu::raw_lines(&facts.object));
            detail.error = (!facts.missing.is_empty()).then(|| facts.missing.join(" "));
        }
        // What was read before stays; the error says that it is old.
        Err(error) => detail.error = Some(error),
    }
    Vec::new()
}

/// What scales the open workload. Who may not see that, or has none of it, sees the rest all the same.
pub(super) fn autoscalers(model: &mut Model, workload: &WorkloadRef, found: Vec<Autoscaler>) -> Vec<Effect> {
    if let Some(detail) = model.detail.as_mut().filter(|detail| detail.workload == *workload) {
        detail.autoscalers = found;
    }
    Vec::new()
}

/// The budgets over the pods of the open workload.
pub(super) fn budgets(model: &mut Model, workload: &WorkloadRef, found: Vec<Budget>) -> Vec<Effect> {
    if let Some(detail) = model.detail.as_mut().filter(|detail| detail.workload == *workload) {
        detail.budgets = found;
    }
    Vec::new()
}

/// The events of the open workload.
pub(super) fn events(
    model: &mut Model,
    workload: &WorkloadRef,
    events: Result<Vec<ClusterEvent>, String>,
) -> Vec<Effect> {
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.workload == *workload) else { return Vec::new() };
    match events {
        Ok(events) => detail.events = Some(events),
        Err(error) => {
            // Nothing came, and nothing will until it is asked for again: an empty list is what there is to show.
            detail.events.get_or_insert_default();
            detail.error = Some(error);
        }
    }
    Vec::new()
}
