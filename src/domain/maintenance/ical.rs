//! The schedule for a calendar: one event an occurrence, so that what was moved or cancelled is what the calendar shows.
//!
//! The id of an event follows from the window and the time its rule gives it: a calendar that reads the schedule again finds the event again.

use super::{Occurrence, State};
use crate::domain::ical::{self, Event, stamp};
use crate::domain::time::Instant;

/// What the calendar is called.
const NAME: &str = "Maintenance";

/// The occurrences as a calendar.
pub fn calendar(occurrences: &[Occurrence<'_>], now: Instant) -> String {
    let events: Vec<Event> = occurrences.iter().map(event).collect();
    ical::calendar(NAME, &events, now)
}

fn event(of: &Occurrence<'_>) -> Event {
    Event {
        uid: format!("{}-{}", of.window.name, stamp(of.scheduled)),
        sequence: of.exception.map_or(0, |said| said.version),
        from: of.start,
        until: of.end,
        summary: summary(of),
        description: description(of),
        is_cancelled: of.state == State::Cancelled,
        category: "MAINTENANCE",
    }
}

fn summary(of: &Occurrence<'_>) -> String {
    let service = of.window.service.as_ref().map(|service| format!(" of {service}")).unwrap_or_default();
    let downtime = if of.window.is_downtime { " (downtime)" } else { "" };
    format!("Maintenance{service}: {}{downtime}", of.window.name)
}

fn description(of: &Occurrence<'_>) -> String {
    let mut lines = vec![of.window.rule_words()];
    lines.extend(of.window.activities.iter().map(|activity| format!("- {activity}")));
    lines.extend(of.exception.map(|said| said.reason.clone()).filter(|reason| !reason.is_empty()));
    lines.join("\n")
}
