//! The occurrence under the cursor: when it is on two clocks, what is done in it, what was said of it; and its month.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};

use super::{Row, role_of};
use crate::domain::maintenance::State;
use crate::domain::store::TaskTick;
use crate::domain::time::{self, Zone};
use crate::theme::Role;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::widgets::page::Page;
use crate::ui::words::schedule as said;

/// How many next ones are told.
const NEXT: usize = 3;
/// How many columns a day of a month takes.
const DAY: usize = 5;

/// Everything there is to say of it.
pub(super) fn page(pen: &mut Pen<'_>, row: &Row, scene: &Scene<'_>, columns: u16) -> Page {
    let mut page = Page::new(columns);
    let (window, one) = (&row.window, row.at(pen.now));
    page.line(vec![
        pen.span(&window.name, Role::Title),
        pen.span(&format!("  {}", one.state.word()), role_of(one.state)),
    ]);
    let elsewhere = (window.zone != Zone::UTC).then(|| window.zone.shown(one.start));
    let length = time::length(one.end - one.start);
    page.text(pen, 0, &said::span(&Zone::UTC.shown(one.start), elsewhere.as_deref(), &length), Role::Text);
    page.text(pen, 0, &said::rule(&window.rule_words(), window.service.as_deref(), window.is_downtime), Role::Muted);
    if let Some(told) = &row.said {
        let what = match (one.state, told.moved_to) {
            (State::Cancelled, _) => "called off".to_owned(),
            (State::Done, _) if told.finished.is_some() => "ended".to_owned(),
            (State::Running, _) => "begun".to_owned(),
            (_, Some(_)) => format!("moved from {}", Zone::UTC.shown(row.scheduled)),
            _ => "changed".to_owned(),
        };
        let age = pen.age(told.at);
        page.text(pen, 0, &said::said(&told.by, &what, &told.reason, &age), Role::Text);
    }
    if !row.overlaps.is_empty() {
        page.text(pen, 0, &said::meets(&row.overlaps), Role::Warning);
    }
    let next: Vec<String> = window.next(pen.now, NEXT).into_iter().map(|at| window.zone.shown(at)).collect();
    page.text(pen, 0, &said::next(&next), Role::Text);
    if one.state == State::Done && row.said.is_none() && window.name == "daily" {
        let age = pen.age(one.end);
        page.text(pen, 0, &said::success(&window.name, &age), Role::Ok);
    }
    let ticks = scene.world.store.as_ref().and_then(|store| store.facts::<TaskTick>());
    let activities: Vec<String> = window
        .activities
        .iter()
        .map(|name| {
            let done = ticks.and_then(|ticks| ticks.get(&format!("{}/{name}", window.name)));
            // What was ticked of an earlier occurrence is not done in this one.
            let done = done.filter(|done| done.at >= one.start).map(|done| (done.by.clone(), pen.age(done.at)));
            said::activity(name, done.as_ref().map(|(by, age)| (by.as_str(), age.as_str())))
        })
        .collect();
    if !activities.is_empty() {
        page.text(pen, 0, &activities.join("  "), Role::Muted);
    }
    page
}

/// The month of the occurrence: a sign for each day with windows, the day under the cursor in its own colour.
pub(super) fn month(pen: &Pen<'_>, row: &Row, all: &[Row], columns: u16) -> Page {
    let mut page = Page::new(columns);
    let at = row.at(pen.now).start.date_naive();
    let mut counts: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    for one in all {
        let of = one.at(pen.now);
        if of.state != State::Cancelled {
            *counts.entry(of.start.date_naive()).or_default() += 1;
        }
    }
    let Some(first) = at.with_day(1) else { return page };
    page.gap();
    page.line(vec![pen.span(&format!("{}  ", first.format("%B %Y")), Role::Title), pen.span(said::SIGNS, Role::Muted)]);
    let padded = |day: &&str| format!("{day:<DAY$}");
    let heads = said::WEEK.iter().map(padded).collect::<Vec<_>>().concat();
    page.line(vec![pen.span(&heads, Role::ColumnHead)]);
    let mut day = first.checked_sub_days(Days::new(u64::from(first.weekday().num_days_from_monday()))).unwrap_or(first);
    while day.year() < first.year() || day.year() == first.year() && day.month() <= first.month() {
        let mut week = Vec::new();
        for _ in 0..7 {
            let sign = match counts.get(&day).copied().unwrap_or(0) {
                _ if day.month() != first.month() => None,
                0 => Some(' '),
                1 => Some('-'),
                _ => Some('+'),
            };
            let words = sign.map_or_else(|| " ".repeat(DAY), |sign| format!("{:>2}{sign:<3}", day.day()));
            let role = match sign {
                Some(_) if day == at => Role::Mark,
                Some('+') => Role::Warning,
                Some('-') => Role::Text,
                _ => Role::Muted,
            };
            week.push(pen.span(&words, role));
            day = day.succ_opt().unwrap_or(day);
        }
        page.line(week);
    }
    page
}
