//! The list of alerts, worst first: what fires and nobody is on before what somebody is on, what is held back last.

use ratatui::layout::Rect;

use super::{notice, role_of, role_of_state, workloads};
use crate::domain::alert::{Alert, State, local};
use crate::domain::service::UNMAPPED;
use crate::theme::Role;
use crate::ui::alerts::AlertLine;
use crate::ui::layout::Room;
use crate::ui::pen::Pen;
use crate::ui::root::HitMap;
use crate::ui::scene::Scene;
use crate::ui::widgets::columns::{self, Column, Placed};
use crate::ui::widgets::freshness;
use crate::ui::widgets::grid::{Cell, Fit, Head};
use crate::ui::widgets::listing::Listing;
use crate::ui::widgets::page::Page;
use crate::ui::words::{self, alerts as said, alerts::column};

/// Lines that tell more of the alert under the cursor.
const MORE: u16 = 3;
/// From how many rows on there is room for them.
const ROOM_FOR_MORE: u16 = 14;

/// Draws it.
pub fn draw(pen: &mut Pen<'_>, area: Rect, scene: &Scene<'_>) -> HitMap {
    let alerts = &scene.alerts;
    let mut list = Listing::begin(pen, area, scene, facts(scene), &scene.ui.alerts.filter);
    let above = notice::above(pen, scene, list.columns());
    list.above(pen, &above, freshness::MOST);
    if alerts.lines.is_empty() {
        let page = notice::instead(pen, scene, list.columns().saturating_sub(2));
        return list.instead(pen, &page);
    }
    let at = alerts.cursor.unwrap_or(0);
    if let Some(line) = alerts.lines.get(at).filter(|_| list.height() >= ROOM_FOR_MORE) {
        let foot = list.foot(MORE);
        tell_more(pen, foot, line, scene);
    }
    let is_old = |line: &AlertLine| notice::is_old(scene, &line.alert.environment);
    let lines = alerts.lines;
    list.rows(
        pen,
        &placed(scene, area.width - 1),
        (lines.len(), at),
        |place| lines.get(place),
        is_old,
        |pen, column, line| cell(pen, column.id.words, line, scene),
    )
}

/// How many of each severity.
fn facts(scene: &Scene<'_>) -> Vec<String> {
    let (alerts, chosen) = (&scene.alerts, &scene.ui.alerts);
    let shown = alerts.lines.iter().filter(|line| !line.is_member).map(|line| line.members).sum();
    // Before the first answer there is no number to say.
    let mut sources = alerts.snapshots.iter().flat_map(|snapshot| &snapshot.health);
    let is_known = alerts.total > 0 || sources.any(|health| health.last_good.is_some());
    let mut facts =
        vec![if is_known { said::tally(alerts.tally, shown, alerts.total) } else { said::TITLE.to_owned() }];
    facts.extend(chosen.is_firing_only.then(|| said::FIRING_ONLY.to_owned()));
    facts
}

fn placed(scene: &Scene<'_>, columns: u16) -> Vec<Placed<Head>> {
    let room = Room::of(columns + 1);
    let is_one = scene.alerts.snapshots.len() < 2;
    // Without a Prometheus no value is known of any.
    let has_values = scene.alerts.lines.iter().any(|line| line.alert.rule.is_some());
    let [name, service, value, who, summary] = match room {
        Room::Narrow => [21, 11, 12, 10, 14],
        Room::Middle if has_values => [30, 14, 14, 10, 16],
        Room::Middle => [32, 16, 0, 12, 22],
        Room::Wide => [40, 20, 16, 16, 40],
    };
    let column = |words, width, rank, fit| Column { id: Head { words, fit }, width, rank };
    let mut asked = vec![
        column(column::SEVERITY, 8, 0, Fit::Left),
        column(column::STATE, 12, 0, Fit::Left),
        column(column::ALERT, name, 0, Fit::Middle),
        column(words::column::ENVIRONMENT, 12, if is_one { 9 } else { 1 }, Fit::Left),
        column(column::SERVICE, service, 2, Fit::Middle),
        column(column::AGE, 6, 0, Fit::Right),
        column(column::RELEASED, 8, 5, Fit::Right),
        column(column::FLAPS, 5, 6, Fit::Right),
        column(column::ON_IT, who, 4, Fit::Left),
    ];
    if has_values {
        asked.insert(6, column(column::VALUE, value, 3, Fit::Right));
    }
    columns::place(&asked, columns, summary, Some(Head { words: column::SUMMARY, fit: Fit::Left }))
}

fn cell(pen: &mut Pen<'_>, head: &str, line: &AlertLine, scene: &Scene<'_>) -> Cell {
    let alert = &line.alert;
    let state = alert.state();
    let is_held = matches!(state, State::Silenced | State::Inhibited);
    let muted = |role| if is_held { Role::Muted } else { role };
    match head {
        column::SEVERITY => (alert.severity.word().to_owned(), muted(role_of(alert.severity))),
        column::STATE if line.members > 1 && line.firing > 0 && line.firing < line.members => {
            (said::of_them(line.firing, line.members), role_of_state(state))
        }
        column::STATE => (state.word().to_owned(), role_of_state(state)),
        column::ALERT => (name(pen, line), muted(Role::Text)),
        words::column::ENVIRONMENT => (alert.environment.to_string(), Role::Muted),
        column::SERVICE => {
            let role = if alert.service.is_none() && !is_held { Role::Warning } else { muted(Role::Text) };
            (alert.service.as_deref().unwrap_or(UNMAPPED).to_owned(), role)
        }
        column::AGE => (pen.age(line.started_at), Role::Muted),
        column::VALUE => value(line, scene),
        column::RELEASED => {
            let changed = workloads(alert, scene.alerts.rollouts).iter().filter_map(|row| row.changed_at).max();
            (changed.map(|at| pen.age(at)).unwrap_or_default(), Role::Muted)
        }
        column::FLAPS => {
            let flaps = if alert.flaps == 0 { String::new() } else { alert.flaps.to_string() };
            (flaps, if alert.is_flapping() { Role::Warning } else { Role::Muted })
        }
        column::ON_IT => (alert.acknowledged.as_ref().map(|word| word.by.to_string()).unwrap_or_default(), Role::Ok),
        _ => (local::summary(alert), muted(Role::Text)),
    }
}

/// The value beside its threshold; nothing for a group, whose members have each their own, and a dash where its rule is no comparison
/// with a number.
fn value(line: &AlertLine, scene: &Scene<'_>) -> Cell {
    let Some(rule) = line.alert.rule.as_ref().filter(|_| line.members == 1) else {
        return (String::new(), Role::Muted);
    };
    let words = rule.said().unwrap_or_else(|| "-".to_owned());
    let is_old = notice::are_rules_old(scene, &line.alert.environment);
    (words, if is_old { Role::StaleData } else { Role::Text })
}

/// The name, of a group with how many it stands for; members are set in.
fn name(pen: &Pen<'_>, line: &AlertLine) -> String {
    let name = line.alert.title();
    if line.members > 1 {
        let sign = if line.is_unfolded { "-" } else { "+" };
        return format!("{sign} {}", said::group(name, line.members));
    }
    if !line.is_member {
        return name.to_owned();
    }
    // What tells members apart is on other labels than their name.
    let own = ["pod", "instance", "node", "persistentvolumeclaim", "device", "job"];
    let own = own.iter().find_map(|label| line.alert.label(label)).map_or(name, |value| value);
    format!("  {} {own}", pen.glyphs.separator)
}

/// Its value beside its threshold, and when it fires if it is about to.
fn rule_words(pen: &mut Pen<'_>, alert: &Alert) -> Vec<String> {
    let Some(rule) = &alert.rule else { return Vec::new() };
    rule.said().into_iter().chain(super::fires(pen, alert)).collect()
}

/// What the columns have no room for, of the alert under the cursor.
fn tell_more(pen: &mut Pen<'_>, area: Rect, line: &AlertLine, scene: &Scene<'_>) {
    let alert = &line.alert;
    let mut page = Page::new(area.width);
    let mut facts = vec![alert.title().to_owned(), alert.severity.word().to_owned(), alert.state().word().to_owned()];
    facts.extend(rule_words(pen, alert));
    facts.extend((alert.flaps > 0).then(|| said::flapping(alert.flaps)));
    if let Some(word) = &alert.acknowledged {
        facts.push(said::acknowledged(&word.by, &pen.age(word.at), &word.words));
    }
    let notes = scene.notes.map(|notes| notes.of(&alert.environment, &alert.key)).unwrap_or_default();
    if let Some(note) = notes.first() {
        facts.push(said::note(notes.len(), &note.by, &pen.age(note.at), &note.text));
    }
    page.text(pen, 0, &facts.join(&format!(" {} ", pen.glyphs.separator)), Role::Title);
    page.text(pen, 0, &local::summary(alert), Role::Text);
    let labels: Vec<String> = alert
        .labels
        .iter()
        .filter(|(name, _)| !matches!(&**name, "alertname" | "severity"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    page.text(pen, 0, &labels.join(" "), Role::Muted);
    page.draw(pen, area, 0);
}
