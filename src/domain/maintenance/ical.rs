//! The schedule for a calendar (RFC 5545): one event an occurrence, so that what was moved or cancelled is what the calendar shows.
//!
//! The id of an event follows from the window and the time its rule gives it: a calendar that reads the schedule again finds the event again.

use super::{Occurrence, State};
use crate::domain::time::Instant;

/// A line is folded before it is longer than this, in bytes (RFC 5545, 3.1).
const LONGEST_LINE: usize = 75;

/// The occurrences as a calendar, its lines ended by CR and LF.
pub fn calendar(occurrences: &[Occurrence<'_>], now: Instant) -> String {
    let mut text = String::new();
    let mut line = |line: &str| fold(&mut text, line);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Quarterdeck//Maintenance schedule//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    for one in occurrences {
        let window = one.window;
        line("BEGIN:VEVENT");
        line(&format!("UID:{}-{}@quarterdeck", window.name, stamp(one.scheduled)));
        line(&format!("DTSTAMP:{}", stamp(now)));
        line(&format!("DTSTART:{}", stamp(one.start)));
        line(&format!("DTEND:{}", stamp(one.end)));
        line(&format!("SEQUENCE:{}", one.exception.map_or(0, |said| said.version)));
        line(&format!("STATUS:{}", if one.state == State::Cancelled { "CANCELLED" } else { "CONFIRMED" }));
        line(&format!("SUMMARY:{}", escaped(&summary(one))));
        line(&format!("DESCRIPTION:{}", escaped(&description(one))));
        line("CATEGORIES:MAINTENANCE");
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
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

/// A time in UTC as a calendar writes it.
fn stamp(at: Instant) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as the value of a property; control characters other than the end of a line have no place in one.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => {
                safe.push('\\');
                safe.push(letter);
            }
            '\n' => safe.push_str("\\n"),
            _ if letter.is_control() => {}
            _ => safe.push(letter),
        }
    }
    safe
}

/// Writes a line, folded where it is too long: a line that goes on begins with a space, and no character is parted.
fn fold(text: &mut String, line: &str) {
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > LONGEST_LINE {
            text.push_str("\r\n ");
            length = 1;
        }
        text.push(letter);
        length += letter.len_utf8();
    }
    text.push_str("\r\n");
}
