//! A calendar as calendar programs read it (RFC 5545): one event for each thing that happens, in UTC.
//!
//! The id of an event is the caller's and stays, so that a program that reads the calendar again finds the event again.

use crate::domain::time::Instant;

/// A line is folded before it is longer than this, in bytes (RFC 5545, 3.1).
const LONGEST_LINE: usize = 75;

/// Something in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, without the domain behind it: the same for the same thing, whenever it is written.
    pub uid: String,
    /// How often it was changed: a program takes the higher one.
    pub sequence: u64,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
    /// What it is, in a line.
    pub summary: String,
    /// What else there is to know; may have several lines, and may be empty.
    pub description: String,
    /// Whether it does not happen after all.
    pub is_cancelled: bool,
    /// What kind of thing it is, in a word of capitals.
    pub category: &'static str,
}

/// The events as a calendar of this name, its lines ended by CR and LF.
pub fn calendar(name: &str, events: &[Event], now: Instant) -> String {
    let mut text = String::new();
    let mut line = |line: &str| fold(&mut text, line);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//Quarterdeck//Quarterdeck//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    line(&format!("X-WR-CALNAME:{}", escaped(name)));
    for event in events {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}@quarterdeck", escaped(&event.uid)));
        line(&format!("DTSTAMP:{}", stamp(now)));
        line(&format!("DTSTART:{}", stamp(event.from)));
        line(&format!("DTEND:{}", stamp(event.until)));
        line(&format!("SEQUENCE:{}", event.sequence));
        line(&format!("STATUS:{}", if event.is_cancelled { "CANCELLED" } else { "CONFIRMED" }));
        line(&format!("SUMMARY:{}", escaped(&event.summary)));
        if !event.description.is_empty() {
            line(&format!("DESCRIPTION:{}", escaped(&event.description)));
        }
        line(&format!("CATEGORIES:{}", event.category));
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

/// A time in UTC as a calendar writes it.
pub fn stamp(at: Instant) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(summary: &str) -> Event {
        Event {
            uid: "shop-primary-20261019T130000Z".into(),
            sequence: 2,
            from: "2026-10-19T13:00:00Z".parse().expect("a time"),
            until: "2026-10-26T13:00:00Z".parse().expect("a time"),
            summary: summary.into(),
            description: "one\ntwo, three; four\\".into(),
            is_cancelled: false,
            category: "ON-CALL",
        }
    }

    #[test]
    fn a_calendar_program_reads_it() {
        let text = calendar("On call: shop", &[event("Ada, primary")], Instant::default());
        assert!(text.lines().all(|line| !line.is_empty()) && text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "every line ends with CR and LF");
        for line in [
            "UID:shop-primary-20261019T130000Z@quarterdeck",
            "DTSTART:20261019T130000Z",
            "DTEND:20261026T130000Z",
            "SEQUENCE:2",
            "SUMMARY:Ada\\, primary",
            "DESCRIPTION:one\\ntwo\\, three\\; four\\\\",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
        }
    }

    #[test]
    fn long_lines_are_folded_and_no_character_is_parted() {
        let summary = "決済 ".repeat(60);
        let text = calendar("x", &[event(&summary)], Instant::default());
        assert!(text.split("\r\n").all(|line| line.len() <= 75));
        assert!(text.replace("\r\n ", "").contains(&summary));
    }

    #[test]
    fn hostile_text_adds_no_line() {
        let text = calendar("x", &[event("a\r\nEND:VCALENDAR\u{1b}[2J")], Instant::default());
        assert_eq!(text.matches("\r\nEND:VCALENDAR").count(), 1);
        assert!(!text.contains('\u{1b}'));
    }
}
