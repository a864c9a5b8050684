//! One alert: what it says, who is on it, what it is about, what was released, what holds it back, and everything it carries.

use chrono::TimeDelta;
use ratatui::layout::Rect;

use super::{notice, role_of, role_of_state, workloads};
use crate::domain::alert::{Alert, Labels, Teller, comparison};
use crate::domain::rollout::Rollout;
use crate::domain::service::UNMAPPED;
use crate::domain::time::{self, Instant};
use crate::domain::timeline::AROUND;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::note::note;
use crate::ui::widgets::page::Page;
use crate::ui::words::alerts::{self as said, field};
use crate::ui::words::incidents;

/// The most releases of its hour that are shown, the newest.
const MOST_RELEASES: usize = 5;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let mut page = Page::new(area.width.saturating_sub(2));
    match scene.alerts.open {
        Some(alert) => write(pen, &mut page, alert, scene),
        None => page.text(pen, 0, said::GONE, Role::Text),
    }
    page.fill(pen, area, scene.ui.alerts.scroll)
}

fn write(pen: &mut Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    page.line(vec![
        pen.span(alert.title(), Role::Title),
        pen.span(&format!("  {} ", alert.severity.word()), role_of(alert.severity)),
        pen.span(&format!(" {}", alert.state().word()), role_of_state(alert.state())),
        pen.span(&format!("  {}", alert.environment), Role::Muted),
        pen.span(if alert.told_by == Teller::Local { said::LOCAL } else { "" }, Role::Warning),
    ]);
    page.gap();
    for name in ["summary", "description", "message"] {
        if let Some(text) = crate::domain::alert::value(&alert.annotations, name) {
            page.field(pen, field::SAYS, text, Role::Text);
        }
    }
    let (age, heard) = (pen.age(alert.started_at), pen.age(alert.heard_at));
    let at = alert.started_at.format("%Y-%m-%d %H:%M:%S").to_string();
    let since = if alert.is_pending { field::PENDING } else { field::SINCE };
    page.field(pen, since, &said::since(&age, &at, &heard), Role::Text);
    rule(pen, page, alert, scene);
    if alert.flaps > 0 {
        page.field(pen, "", &said::flapping(alert.flaps), Role::Warning);
    }
    match &alert.acknowledged {
        Some(word) => {
            let age = pen.age(word.at);
            page.field(pen, field::ON_IT, &said::acknowledged(&word.by, &age, &word.words), Role::Ok);
        }
        None if is_store_unread(scene) => page.field(pen, field::ON_IT, said::STORE_UNREAD, Role::Warning),
        None => page.field(pen, field::ON_IT, said::NOBODY, Role::Muted),
    }
    if let Some(words) = incidents::about(&scene.world.incidents_of_alert(alert)) {
        page.field(pen, field::INCIDENT, &words, Role::Warning);
    }
    notes(pen, page, alert, scene);
    page.field(
        pen,
        field::SERVICE,
        alert.service.as_deref().unwrap_or(UNMAPPED),
        if alert.service.is_some() { Role::Text } else { Role::Warning },
    );
    releases(pen, page, alert, scene);
    runbooks(pen, page, alert, scene);
    held(pen, page, alert, scene);
    if let Some(source) = &alert.source {
        page.field(pen, field::SOURCE, source, Role::Muted);
    }
    page.gap();
    pairs(pen, page, field::LABELS, &alert.labels);
    page.gap();
    pairs(pen, page, field::ANNOTATIONS, &alert.annotations);
}

/// What its rule says: the value beside the threshold, how long it has to hold, and who has been told.
fn rule(pen: &mut Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    if alert.told_by == Teller::Local {
        page.field(pen, field::TELLS, said::NOT_PAGING, Role::Warning);
    } else if alert.was_never_told(pen.now) {
        let has_managers = scene
            .alerts
            .snapshots
            .iter()
            .any(|snapshot| snapshot.environment == alert.environment && snapshot.teller == Teller::Alertmanager);
        let words = if has_managers { said::NEVER_TOLD } else { said::NOBODY_KNOWN };
        page.field(pen, field::TELLS, words, Role::Warning);
    }
    let Some(rule) = &alert.rule else { return };
    let age = pen.age(rule.observed_at);
    let measured = match (rule.said(), rule.value) {
        (Some(words), _) => said::measured(&words, &age),
        (None, Some(value)) => said::measured_alone(&comparison::said(value), &age),
        (None, None) => said::NOT_MEASURED.to_owned(),
    };
    page.field(pen, field::VALUE, &measured, Role::Text);
    if let Some(words) = super::fires(pen, alert) {
        page.field(pen, "", &words, Role::Warning);
    }
    // An age is told in steps; what a rule waits is not.
    let seconds = rule.held_for.num_seconds();
    let length = if seconds < 60 { format!("{seconds}s") } else { time::coarse(rule.held_for) };
    let held = (seconds > 0).then(|| said::held_for(&length));
    page.field(pen, field::RULE, &format!("{}{}", rule.expression, held.unwrap_or_default()), Role::Muted);
}

/// Whether the store never answered: that it names nobody says nothing then.
fn is_store_unread(scene: &Scene<'_>) -> bool {
    notice::store(scene).is_some_and(|store| store.last_good.is_none())
}

/// What was written down about it, the newest first.
fn notes(pen: &mut Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    let Some(notes) = scene.notes else { return };
    let notes = notes.of(&alert.environment, &alert.key);
    if is_store_unread(scene) {
        page.field(pen, field::NOTES, said::STORE_UNREAD, Role::Warning);
    } else if notes.is_empty() {
        page.field(pen, field::NOTES, said::NO_NOTES, Role::Muted);
    }
    for (place, one) in notes.iter().enumerate() {
        note(pen, page, if place == 0 { field::NOTES } else { "" }, one, Role::Text);
    }
    if let Some(last_good) =
        notice::store(scene).filter(|store| !store.state.is_well()).and_then(|store| store.last_good)
    {
        let age = pen.age(last_good);
        page.field(pen, "", &said::notes_as_of(&age), Role::Warning);
    }
}

/// The workloads it is about with their last release, and what was released in its hour: of its service, else of its namespace
/// or its environment.
fn releases(pen: &mut Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    let own = workloads(alert, scene.alerts.rollouts);
    for (place, row) in own.iter().enumerate() {
        let label = if place == 0 { field::WORKLOAD } else { "" };
        let age = row.changed_at.map(|at| said::last_release(&pen.age(at))).unwrap_or_default();
        let words =
            said::workload(&row.workload.label(), &row.workload.namespace, row.verdict.word(), &release(alert, row));
        page.field(pen, label, &format!("{words}{age}"), Role::of_verdict(row.verdict));
    }
    let Some((near, found)) = &scene.released else {
        let is_of_its_hour = |at: Instant| (alert.started_at - at) <= AROUND && (at - alert.started_at) <= AROUND;
        if own.iter().any(|row| row.changed_at.is_some_and(is_of_its_hour)) {
            return;
        }
        page.field(pen, field::RELEASED, said::NOTHING_RELEASED, Role::Muted);
        return;
    };
    page.field(pen, field::RELEASED, said::near(*near), Role::Muted);
    for moment in found.iter().take(MOST_RELEASES) {
        let apart = alert.started_at - moment.at;
        let (when, apart, is_before) =
            (moment.at.format("%H:%M:%S").to_string(), time::coarse(apart.abs()), apart >= TimeDelta::zero());
        let words = said::of_its_hour(&when, moment.kind.word(), &moment.about, &moment.words, &apart, is_before);
        page.field(pen, "", &words, if is_before { Role::Warning } else { Role::Text });
    }
    if found.len() > MOST_RELEASES {
        page.field(pen, "", &said::more_releases(found.len() - MOST_RELEASES), Role::Muted);
    }
}

/// Which image was released when, before or after it began.
fn release(alert: &Alert, row: &Rollout) -> String {
    let Some(at) = row.changed_at else { return String::new() };
    let apart = alert.started_at - at;
    let image = row.images.iter().map(|image| image.rsplit('/').next().unwrap_or(image)).collect::<Vec<_>>().join(", ");
    let when = at.format("%H:%M:%S").to_string();
    said::released(&image, &when, &time::coarse(apart.abs()), apart >= TimeDelta::zero())
}

/// Where what to do is written: as its rule says, then as its service says.
fn runbooks(pen: &Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    let all = alert.runbook().map(|link| &**link).into_iter();
    let all = all.chain(alert.declared_runbooks(scene.services).iter().map(String::as_str));
    for (place, runbook) in all.enumerate() {
        page.field(pen, if place == 0 { field::RUNBOOK } else { "" }, runbook, Role::Text);
    }
}

/// What keeps its notifications back, and who would get them.
fn held(pen: &mut Pen<'_>, page: &mut Page, alert: &Alert, scene: &Scene<'_>) {
    let snapshot = scene.alerts.snapshots.iter().find(|snapshot| snapshot.environment == alert.environment);
    let silences = snapshot.and_then(|snapshot| snapshot.silences.as_deref()).unwrap_or_default();
    for id in &alert.silenced_by {
        let words = match silences.iter().find(|silence| silence.id == *id) {
            Some(silence) => {
                let left = pen.left(silence.ends_at);
                said::silence(&silence.created_by, &left, &silence.comment, id)
            }
            None => said::silence_unknown(id),
        };
        page.field(pen, field::SILENCED, &words, Role::Warning);
        if let Some(silence) = silences.iter().find(|silence| silence.id == *id) {
            page.field(pen, "", &silence.covers(), Role::Muted);
        }
    }
    for fingerprint in &alert.inhibited_by {
        let known = snapshot.and_then(|snapshot| snapshot.alerts.iter().find(|one| one.fingerprint == *fingerprint));
        let words = known.map_or_else(|| fingerprint.to_string(), |by| format!("{}: {}", by.title(), by.summary()));
        page.field(pen, field::INHIBITED, &words, Role::Warning);
    }
    for interval in &alert.muted_by {
        page.field(pen, field::MUTED, interval, Role::Warning);
    }
    if !alert.receivers.is_empty() {
        page.field(pen, field::TELLS, &alert.receivers.join(", "), Role::Muted);
    }
}

fn pairs(pen: &Pen<'_>, page: &mut Page, label: &str, pairs: &Labels) {
    for (place, (name, value)) in pairs.iter().enumerate() {
        page.field(pen, if place == 0 { label } else { "" }, &format!("{name} = {value}"), Role::Muted);
    }
}
