//! The role under the cursor: its next hand-over in several zones, the week drawn, and what it comes to.

use std::collections::BTreeMap;

use super::Row;
use super::table::turns;
use crate::domain::oncall::{Shift, awake, coverage};
use crate::domain::time::{self, Instant, NamedZone, Zone};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::rotations as said;

/// The zones in which people ask when.
const ZONES: [&str; 3] = ["UTC", "JST", "EST"];
/// How many days are drawn.
const DAYS: i64 = 7;
/// Cells of a day: half hours.
const CELLS: i64 = 48;
/// Over how long it is told what it comes to, in days.
const TOLD: i64 = 28;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, row: &Row, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let zone = &row.schedule.zone;
    page.heading(pen, &format!("{}/{}, {}", row.schedule.name, row.role, zone.iana_name().unwrap_or("UTC")));
    let turns = turns(row, pen.now);
    if let Some(next) = &turns.next {
        let who = next.person.as_deref().unwrap_or(said::NOBODY);
        let left = pen.left(next.from);
        let shown: Vec<String> = ZONES.iter().filter_map(|name| clock(name, next.from)).collect();
        page.text(pen, 0, &format!("hands over to {who} in {left}: {}", shown.join(", ")), Role::Text);
    }
    week(pen, row, &mut page);
    comes_to(pen, row, scene, &mut page);
    page
}

/// A time on the clock of a zone.
fn clock(name: &str, at: Instant) -> Option<String> {
    let zone = NamedZone::read(name).ok()?.zone;
    Some(format!("{} {}", zone.clock(at).format("%a %H:%M"), zone.abbreviation(at)))
}

/// Seven days on the clock of the schedule, a sign for each half hour.
fn week(pen: &Pen<'_>, row: &Row, page: &mut Page) {
    let zone = &row.schedule.zone;
    let Some(first) = zone.clock(pen.now).date().and_hms_opt(0, 0, 0) else { return };
    let day = |number: i64| zone.at_clock(first + time::days(number));
    let (from, until) = (day(0), day(DAYS));
    let shifts = row.schedule.shifts(&row.role, &row.overrides, from, until);
    let mut signs: BTreeMap<String, char> = BTreeMap::new();
    let mut letters = ('a'..='z').chain('A'..='Z');
    for person in shifts.iter().filter_map(|shift| shift.person.as_ref()) {
        if !signs.contains_key(person)
            && let Some(letter) = letters.next()
        {
            signs.insert(person.clone(), letter);
        }
    }
    for number in 0..DAYS {
        let (begins, ends) = (day(number), day(number + 1));
        let cells: String = (0..CELLS)
            .map(|cell| begins + time::minutes(cell * 30))
            .take_while(|at| *at < ends)
            .map(|at| sign(&shifts, at, &signs))
            .collect();
        let name = zone.clock(begins).format("%a %m-%d").to_string();
        let role = if cells.contains('.') { Role::Warning } else { Role::Text };
        page.line(vec![pen.span(&format!("{name}  "), Role::Muted), pen.span(&cells, role)]);
    }
    let mut legend: Vec<String> = signs.iter().map(|(person, letter)| format!("{letter} {person}")).collect();
    legend.sort();
    if shifts.iter().any(|shift| shift.person.is_none()) {
        legend.push(". nobody".to_owned());
    }
    page.text(pen, 0, &legend.join("  "), Role::Muted);
}

/// Who is on call then, as a sign.
fn sign(shifts: &[Shift], at: Instant, signs: &BTreeMap<String, char>) -> char {
    let shift = shifts.iter().find(|shift| shift.from <= at && at < shift.until);
    let person = shift.and_then(|shift| shift.person.as_ref());
    person.map_or('.', |person| signs.get(person).copied().unwrap_or('?'))
}

/// Gaps, loads and waking hours of the whole schedule over four weeks.
fn comes_to(pen: &Pen<'_>, row: &Row, scene: &Scene<'_>, page: &mut Page) {
    let within = (pen.now, time::within(pen.now + time::days(TOLD)));
    let schedule = &row.schedule;
    let roles = schedule.roles_from(pen.now);
    let shifts: Vec<_> = roles.iter().map(|role| schedule.shifts(role, &row.overrides, within.0, within.1)).collect();
    let zone_of = |handle: &str| scene.world.zone_of(handle);
    let found = coverage(&shifts, within, zone_of);
    let share = |share: f64| format!("{:.0} %", share * 100.0);
    let balance = found.balance.map(|balance| format!(", evenly shared to {}", share(balance))).unwrap_or_default();
    page.text(pen, 0, &format!("4 weeks: covered {}{balance}", share(found.covered)), Role::Text);
    for (person, load) in &found.loads {
        let hours = |length: chrono::TimeDelta| length.num_hours();
        let words = format!(
            "{person} {} h, {} h at night and {} h at weekends of their own",
            hours(load.total),
            hours(load.night),
            hours(load.weekend)
        );
        page.text(pen, 2, &words, Role::Muted);
    }
    let awake: Vec<String> = ZONES
        .iter()
        .filter_map(|name| {
            let zone: Zone = NamedZone::read(name).ok()?.zone;
            Some(format!("{name} {}", share(awake(&shifts, within, &zone, zone_of)?)))
        })
        .collect();
    page.text(pen, 0, &format!("09:00-18:00 with somebody awake: {}", awake.join(", ")), Role::Text);
    for clash in found.clashes.iter().take(3) {
        let from = schedule.zone.clock(clash.span.0).format("%a %m-%d %H:%M");
        let words = format!("{} is {} at once from {from}", clash.person, clash.roles.join(" and "));
        page.text(pen, 0, &words, Role::Warning);
    }
}
