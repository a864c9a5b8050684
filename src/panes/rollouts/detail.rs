//! One workload: what is said of it, and its tabs.

use ratatui::layout::Rect;

use super::{history, image, notice, pods, service, why};
use crate::domain::rollout::{Report, Rollout, WorkloadRef};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::{Detail, Scene};
use crate::ui::state::DetailTab;
use crate::ui::widgets::page::Page;
use crate::ui::widgets::{events, tabbed};
use crate::ui::words::{self, detail as said};

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>, workload: &WorkloadRef, tab: DetailTab) -> HitMap {
    let detail = scene.detail.filter(|detail| detail.workload == *workload);
    let rollout = detail.and_then(|detail| detail.rollout.as_deref());
    let old = notice::old(pen, scene.sources_of(&workload.environment));
    let mut facts = facts(pen, workload, rollout, detail, old.as_deref(), area.width.saturating_sub(2));
    if let Some(detail) = detail.filter(|_| tab == DetailTab::Pods) {
        why::of_one(pen, &mut facts, scene, detail);
        standing(pen, &mut facts, detail);
    }
    if let Some(rollout) = rollout {
        super::advice::write(pen, &mut facts, scene, rollout);
        service::write(pen, &mut facts, scene, rollout);
    }
    let counts = [
        detail.and_then(|detail| detail.pods.as_ref().map(Vec::len)),
        detail.and_then(|detail| detail.events.as_ref().map(Vec::len)),
        detail.and_then(|detail| detail.revisions.as_ref().map(Vec::len)),
        None,
    ];
    let body = tabbed::draw(pen, area, &facts, said::TABS.into_iter().zip(counts), tab as usize);
    let Some(detail) = detail else {
        pen.put(body.x, body.y, body.width, said::READING, pen.style(Role::Muted));
        return HitMap::default();
    };
    match tab {
        DetailTab::Pods => pods::draw(pen, body, scene, detail),
        DetailTab::Events => events::draw(pen, body, detail.events.as_deref(), scene.ui.detail_cursor),
        DetailTab::History => history::draw(pen, body, scene, detail),
        DetailTab::Raw => tabbed::raw(pen, body, detail.raw.as_deref(), scene.ui.detail_cursor),
    }
}

/// What is said of it, from the verdict down.
fn facts(
    pen: &mut Pen<'_>,
    workload: &WorkloadRef,
    rollout: Option<&Rollout>,
    detail: Option<&Detail>,
    old: Option<&str>,
    columns: u16,
) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    let mut head = vec![pen.span(&format!("{workload}  "), Role::Title)];
    if let Some(rollout) = rollout {
        let verdict = format!("{} {}", pen.glyphs.verdict(rollout.verdict), rollout.verdict.word());
        head.push(pen.span(&verdict, Role::of_verdict(rollout.verdict)));
        if let Some(at) = rollout.changed_at {
            let age = pen.age(at);
            head.push(pen.span(&format!("{separator}{}", said::changed(&age)), Role::Muted));
        }
    }
    page.line(head);
    if let Some(old) = old {
        page.text(pen, 0, old, Role::Warning);
    }
    if let Some(error) = detail.and_then(|detail| detail.error.as_deref()) {
        page.marked(pen, 0, pen.glyphs.warning, error, Role::Error);
    }
    let Some(rollout) = rollout else {
        if detail.is_some_and(|detail| detail.error.is_none()) {
            page.text(pen, 0, said::GONE, Role::Warning);
        }
        return page;
    };
    if let Some(record) = rollout.record.as_deref().filter(|record| record.is_live(pen.now)) {
        pen.age(record.started);
        pen.wake_at(record.expires);
        page.text(pen, 0, &record.sentence(pen.now), Role::Title);
    }
    if let Some(reason) = &rollout.reason {
        page.text(pen, 0, reason, Role::Text);
    }
    for note in rollout.notes.iter() {
        page.marked(pen, 0, pen.glyphs.warning, note, Role::Warning);
    }
    let figures = figures(pen, rollout).join(&separator);
    page.text(pen, 0, &figures, Role::Text);
    page.text(pen, 0, &images(pen, rollout), Role::Text);
    page
}

/// What decides how many pods it has, and what its template lacks: beside the pods, where it matters.
fn standing(pen: &mut Pen<'_>, page: &mut Page, detail: &Detail) {
    for scaler in &detail.autoscalers {
        let role = if scaler.wants_more() || scaler.idle().is_some() { Role::Warning } else { Role::Muted };
        page.text(pen, 0, &format!("{}: {}", scaler.who, scaler.sentence()), role);
    }
    if !detail.gaps.is_empty() {
        page.text(pen, 0, &said::lacks(&detail.gaps.join(", ")), Role::Muted);
    }
}

/// The figures, and where it is going.
fn figures(pen: &mut Pen<'_>, rollout: &Rollout) -> Vec<String> {
    let counts = rollout.counts;
    let mut facts =
        vec![said::ready(counts.ready, counts.desired), words::list::counts(counts.updated, counts.available)];
    facts.extend((rollout.terminating > 0).then(|| words::list::leaving(rollout.terminating)));
    facts.extend(rollout.revision.map(words::list::revision));
    facts.extend(super::pace(rollout));
    facts.extend(rollout.deadline_at.map(|at| super::deadline(pen, at)));
    facts
}

/// Every image, old and new.
fn images(pen: &Pen<'_>, rollout: &Rollout) -> String {
    let arrow = format!(" {} ", pen.glyphs.arrow);
    let all: Vec<String> = rollout
        .images
        .iter()
        .enumerate()
        .map(|(place, new)| {
            image::change(rollout.old_images.get(place..=place).unwrap_or_default(), std::slice::from_ref(new), &arrow)
        })
        .collect();
    all.join(", ")
}

/// Conditions, one a line.
pub fn conditions(pen: &mut Pen<'_>, page: &mut Page, deployment: &Report) {
    for condition in &deployment.conditions {
        let age = condition.updated_at.or(condition.since).map(|at| pen.age(at)).unwrap_or_default();
        let (sign, role) =
            if condition.is_true { (pen.glyphs.done, Role::Ok) } else { (pen.glyphs.failed, Role::Error) };
        // A true ReplicaFailure is bad news.
        let is_bad = condition.is_true == (condition.kind.as_ref() == "ReplicaFailure");
        let role = if is_bad { Role::Error } else { role };
        page.line(vec![
            pen.span(&format!("{sign} {:<15}", condition.kind), role),
            pen.span(&format!("{age:>6}  "), Role::Muted),
            pen.span(&format!("{}: ", condition.reason), Role::Text),
            pen.span(&condition.message, Role::Muted),
        ]);
    }
}

/// How many lines are further down, in the last line of an area.
pub fn more_below(pen: &mut Pen<'_>, area: Rect, lines: usize) {
    let words = format!(" {} {} ", pen.glyphs.below, words::more_lines(lines));
    pen.put_right(area.x, area.bottom().saturating_sub(1), area.width, &words, pen.style(Role::Muted));
}
