//! Five weeks of a role, a cell a day, with the day of the shift under the cursor marked; and that shift on the clocks people ask for.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::Row;
use crate::domain::oncall::Shift;
use crate::domain::time::{self, Instant, NamedZone, Zone};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::widgets::page::Page;
use crate::ui::words::shifts as said;

/// The zones in which people ask when.
const ZONES: [&str; 3] = ["UTC", "JST", "EST"];
/// How many weeks are drawn.
const WEEKS: i64 = 5;
/// Signs of a day: one for each six hours.
const SIGNS: i64 = 4;

/// Everything there is to say of it.
pub(super) fn page(pen: &Pen<'_>, row: &Row, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let zone = &row.schedule.zone;
    let name = zone.iana_name().unwrap_or("UTC");
    page.heading(pen, &format!("{}/{}, {name}", row.schedule.name, row.shift.role));
    let clocks = |at: Instant| {
        let own = std::iter::once(on_clock(zone, at));
        let others = ZONES.iter().filter_map(|name| NamedZone::read(name).ok()).map(|named| on_clock(&named.zone, at));
        let mut shown: Vec<String> = Vec::new();
        for one in own.chain(others) {
            if !shown.contains(&one) {
                shown.push(one);
            }
        }
        shown.join(", ")
    };
    let who = row.shift.person.as_deref().unwrap_or(said::NOBODY);
    page.text(pen, 0, &format!("{who} ({}) from {}", row.shift.source.word(), clocks(row.shift.from)), Role::Text);
    page.text(pen, 0, &format!("until {}", clocks(row.shift.until)), Role::Text);
    weeks(pen, row, &mut page);
    page
}

fn on_clock(zone: &Zone, at: Instant) -> String {
    format!("{} {}", zone.clock(at).format("%a %m-%d %H:%M"), zone.abbreviation(at))
}

/// Weeks from Monday to Sunday on the clock of the schedule.
fn weeks(pen: &Pen<'_>, row: &Row, page: &mut Page) {
    let zone = &row.schedule.zone;
    let today = zone.clock(pen.now).date();
    let Some(monday) = today.checked_sub_signed(time::days(i64::from(today.weekday().num_days_from_monday()))) else {
        return;
    };
    let signs = signs(&row.beside);
    let begins = zone.clock(row.shift.from).date();
    // Up to, and without, its end: one that ends at midnight has nothing of that day.
    let ends = zone.clock(row.shift.until - time::seconds(1)).date();
    let names: Vec<String> =
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().map(|day| format!(" {day:<8}")).collect();
    page.text(pen, 0, &format!("     {}", names.concat()), Role::Muted);
    for week in 0..WEEKS {
        let first = monday + time::days(week * 7);
        let mut spans = vec![pen.span(&format!("{}", first.format("%m   ")), Role::Muted)];
        for day in (0..7).map(|day| first + time::days(day)) {
            let cells: String = (0..SIGNS).map(|part| sign(row, zone, day, part, &signs)).collect();
            let is_under = begins <= day && day <= ends;
            let (open, close) = if is_under { ('[', ']') } else { (' ', ' ') };
            let role = match () {
                () if cells.contains('.') => Role::Warning,
                () if is_under => Role::Title,
                () if day < today => Role::Muted,
                () => Role::Text,
            };
            spans.push(pen.span(&format!("{open}{:02} {cells}{close}", day.day()), role));
        }
        page.line(spans);
    }
    let mut legend: Vec<String> = signs.iter().map(|(person, sign)| format!("{sign} {person}")).collect();
    legend.sort();
    legend.push(said::LEGEND.to_owned());
    page.text(pen, 0, &legend.join("  "), Role::Muted);
}

/// A letter for each person, in the order of their first shift.
fn signs(shifts: &[Shift]) -> BTreeMap<&str, char> {
    let mut signs = BTreeMap::new();
    let mut letters = ('a'..='z').chain('A'..='Z');
    for person in shifts.iter().filter_map(|shift| shift.person.as_deref()) {
        if !signs.contains_key(person)
            && let Some(letter) = letters.next()
        {
            signs.insert(person, letter);
        }
    }
    signs
}

/// Who has the role in a part of a day: a letter, `.` for nobody, `-` for what is over or not worked out.
fn sign(row: &Row, zone: &Zone, day: NaiveDate, part: i64, signs: &BTreeMap<&str, char>) -> char {
    let hours = 24 / SIGNS;
    let Some(shown) = day.and_hms_opt(0, 0, 0) else { return '-' };
    let at = zone.at_clock(shown + time::hours(part * hours + hours / 2));
    let shift = row.beside.iter().find(|shift| shift.from <= at && at < shift.until);
    let person = |shift: &Shift| match shift.person.as_deref() {
        Some(person) => signs.get(person).copied().unwrap_or('?'),
        None => '.',
    };
    shift.map_or('-', person)
}
