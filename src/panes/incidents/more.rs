//! The incident under the cursor: whom it hits, who has which role, what is to be done, and the end of its timeline.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::table::clock;
use crate::domain::incident::{Entry, Event, Incident, Role as InIncident, hints};
use crate::domain::store::StoreSnapshot;
use crate::domain::time::Instant;
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::incidents as said;

/// How many lines of the timeline are told: the last.
const MOST_LINES: usize = 5;
/// How long somebody who did something about it counts as being on it.
const LATELY: TimeDelta = TimeDelta::minutes(10);
/// How many incidents are told that may belong to it.
const MOST_HINTS: usize = 2;

/// Everything there is to say of it in a few lines.
pub(super) fn page(pen: &mut Pen<'_>, columns: u16, incident: &Incident, scene: &Scene<'_>) -> Page {
    let mut page = Page::new(columns);
    let separator = format!(" {} ", pen.glyphs.separator);
    page.text(pen, 0, &format!("{}: {}", incident.number, incident.title), Role::Title);
    let ahead = scene.world.store.as_ref().map(|store| store.ahead).unwrap_or_default();
    let (words, role) = clock(pen, incident, incident.clock(pen.now + ahead));
    page.text(pen, 0, &format!("{}{separator}{words}", incident.severity.means()), role);
    if !incident.impact.is_empty() {
        page.text(pen, 0, &incident.impact, Role::Text);
    }
    let holder = |role: &InIncident| {
        said::role(role.word(), incident.roles.get(role).map_or(said::NOBODY, |stamp| stamp.by.as_str()))
    };
    let roles: Vec<String> = InIncident::ALL.iter().map(holder).collect();
    page.text(pen, 0, &roles.join(&separator), Role::Text);
    let open: Vec<&str> = incident.open_items(incident.phase).map(|item| item.id).collect();
    let phase = incident.phase.word().replace('_', " ");
    let (phase, role) =
        if open.is_empty() { (phase, Role::Muted) } else { (said::open_items(&phase, &open.join(", ")), Role::Text) };
    page.text(pen, 0, &phase, role);
    let mut is_late = false;
    let tellings: Vec<String> = incident
        .tellings()
        .into_iter()
        .map(|(audience, by)| {
            let is_over = by <= pen.now + ahead;
            is_late |= is_over;
            if is_over {
                said::tell_overdue(audience.word(), &pen.age(by))
            } else {
                said::tell_in(audience.word(), &pen.left(by))
            }
        })
        .collect();
    if !tellings.is_empty() {
        page.text(pen, 0, &tellings.join(&separator), if is_late { Role::Warning } else { Role::Muted });
    }
    let links: Vec<String> = incident.links.iter().map(ToString::to_string).collect();
    if !links.is_empty() {
        page.text(pen, 0, &links.join(", "), Role::Muted);
    }
    let open = scene.world.open_incidents();
    let others = open.into_iter().filter(|one| one.number != incident.number);
    for hint in hints(&incident.links, incident.created_at, others).into_iter().take(MOST_HINTS) {
        page.text(pen, 0, &hint.words, Role::Warning);
    }
    if let Some(number) = incident.similar_to {
        page.text(pen, 0, &said::similar(number), Role::Muted);
    }
    let present = active(pen, lines(scene, incident.number), ahead);
    if !present.is_empty() {
        page.text(pen, 0, &said::lately(&present), Role::Text);
    }
    // What was written down about it, and what happened to what it is about, whoever did it.
    let mut told: Vec<(Instant, String)> = lines(scene, incident.number)
        .iter()
        .map(|entry| {
            let event = Event::from(entry);
            (event.at, format!("{}: {}", event.actor, event.sentence()))
        })
        .collect();
    let happened = scene.world.happened_about(incident, pen.now).into_iter().take(MOST_LINES);
    told.extend(happened.map(|moment| {
        let by = if moment.by.is_empty() { String::new() } else { format!("{}: ", moment.by) };
        (moment.at, format!("{by}{} {} {}", moment.kind.word(), moment.about, moment.words))
    }));
    told.sort_by_key(|(at, _)| *at);
    for (at, words) in told.iter().skip(told.len().saturating_sub(MOST_LINES)) {
        page.text(pen, 0, &format!("{} {words}", at.format("%H:%M")), Role::Muted);
    }
    page
}

/// Who did something about it in the last minutes, each once, the last first, with how long ago.
fn active(pen: &mut Pen<'_>, lines: &[Entry], ahead: TimeDelta) -> Vec<String> {
    let mut seen: Vec<(&str, Instant)> = Vec::new();
    for line in lines.iter().rev().filter(|line| line.recorded_at > pen.now + ahead - LATELY) {
        if !seen.iter().any(|(who, _)| *who == line.actor) {
            seen.push((&line.actor, line.recorded_at));
        }
    }
    seen.into_iter().map(|(who, at)| format!("{who} {}", pen.age(at))).collect()
}

/// The lines of its timeline that are held.
fn lines<'s>(scene: &Scene<'s>, number: u64) -> &'s [Entry] {
    let held: Option<&BTreeMap<u64, Vec<Entry>>> = scene.world.store.as_ref().and_then(StoreSnapshot::facts::<Entry>);
    held.and_then(|held| held.get(&number)).map(Vec::as_slice).unwrap_or_default()
}
