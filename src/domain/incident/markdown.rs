//! The report as Markdown.

use super::{ClockState, EntryKind, Event, Report, Role};
use crate::domain::time::{self, Instant, Zone};

/// The report as Markdown, its times in UTC and on the clock of a zone.
pub fn markdown(report: &Report, zone: &str) -> String {
    let incident = &report.incident;
    let clock = Zone::named(zone);
    let at = |at: Instant| match &clock {
        Some(zone) => format!("{} | {}", utc(at), local(zone, at)),
        None => format!("{} | {}", utc(at), utc(at)),
    };
    let mut text = vec![format!("# Incident {}: {}", incident.number, line(&incident.title)), String::new()];
    let mut fact = |name: &str, value: String| text.push(format!("- **{name}:** {value}"));
    fact("Severity", severities(report));
    fact("State", format!("{}, {}", incident.state.word(), incident.phase.word().replace('_', " ")));
    fact("Services", or_none(&report.services.join(", ")));
    fact("Found by", incident.source.word().replace('-', " "));
    fact("Declared", format!("{} by {}", utc(incident.created_at), line(&incident.declared_by)));
    if let Some(stamp) = &incident.acknowledged {
        fact("Acknowledged", format!("{} by {}", utc(stamp.at), line(&stamp.by)));
    }
    if let Some(stamp) = &incident.resolved {
        fact("Resolved", format!("{} by {}", utc(stamp.at), line(&stamp.by)));
    }
    fact("Response", response(report));
    if let Some(number) = incident.similar_to {
        fact("Similar to", format!("incident {number}"));
    }
    if let Some(merged) = &incident.merged {
        fact("Went on in", format!("incident {}", merged.into));
    }
    if let Some(by) = report.review_by {
        fact("Review by", by.format("%F").to_string());
    }
    heading(&mut text, "Summary");
    text.push("_To be written: what happened, in three sentences._".to_owned());
    heading(&mut text, "Impact");
    text.push(or_none(&line(&incident.impact)));
    text.extend(incident.impact_since.map(|since| format!("Since {}.", utc(since))));
    heading(&mut text, "Roles");
    for role in Role::ALL {
        let who = report.roles().find(|(held, _)| *held == role).map_or("nobody", |(_, who)| who);
        text.push(format!("- {}: {}", role.word(), line(who)));
    }
    heading(&mut text, "Times");
    let length = |took: Option<chrono::TimeDelta>| took.map_or("n/a".to_owned(), time::length);
    text.push(format!(
        "- time to detect: {} (from when it hurt to when it was declared)",
        length(incident.time_to_detect())
    ));
    text.push(format!("- time to acknowledge: {} (from when it was declared)", length(incident.time_to_acknowledge())));
    text.push(format!("- time to resolve: {} (from when it was declared)", length(incident.time_to_resolve())));
    if incident.resolved_seconds > 0 {
        let between = i64::try_from(incident.resolved_seconds).unwrap_or(i64::MAX);
        text.push(format!("- resolved in between: {}, not counted", time::length(time::seconds(between))));
    }
    heading(&mut text, "Timeline");
    text.push(format!("| UTC | {zone} | what | who |"));
    text.push("|---|---|---|---|".to_owned());
    text.extend(report.timeline.iter().map(|event| {
        let recorded = event.recorded_at - event.at;
        let late = if recorded.num_seconds() > 60 {
            format!(" (written {} later)", time::length(recorded))
        } else {
            String::new()
        };
        format!("| {} | {}{late} | {} |", at(event.at), cell(&event.sentence()), cell(&who(event)))
    }));
    heading(&mut text, "Actions");
    let before = text.len();
    text.extend(report.actions().map(|event| {
        format!(
            "- {} {}: {} {}",
            utc(event.at),
            line(&event.actor),
            line(event.after.as_deref().unwrap_or_default()),
            line(&event.words)
        )
    }));
    if text.len() == before {
        text.push("none".to_owned());
    }
    heading(&mut text, "What was told");
    let before = text.len();
    let told = report.timeline.iter().filter(|event| event.kind == EntryKind::Update);
    text.extend(told.map(|event| format!("- {} {}", utc(event.at), line(&event.sentence()))));
    if text.len() == before {
        text.push("none".to_owned());
    }
    heading(&mut text, "Follow-ups");
    text.extend(report.follow_ups.iter().map(|one| {
        let due = one.due.as_ref().map(|due| format!(", due {}", line(due))).unwrap_or_default();
        format!("- [ ] {} ({}{due})", line(&one.words), line(one.owner.as_deref().unwrap_or("nobody")))
    }));
    if report.follow_ups.is_empty() {
        text.push("none".to_owned());
    }
    if !report.open_items.is_empty() {
        heading(&mut text, "Left open of the checklist");
        text.extend(report.open_items.iter().map(|item| format!("- [ ] {item}")));
    }
    heading(&mut text, "Contributing factors");
    text.push("_To be written: what led to it, what helped, what was in the way, where we were lucky._".to_owned());
    if !report.queries.is_empty() {
        heading(&mut text, "Figures");
        for query in &report.queries {
            let value = query.value.map_or("NOT ASKED".to_owned(), |value| format!("{value}"));
            text.push(format!(
                "- {} of {}: {value}\n  `{}`",
                query.id.replace('_', " "),
                line(&query.service),
                query.query.replace('`', "'")
            ));
        }
    }
    text.push(String::new());
    text.join("\n")
}

fn heading(text: &mut Vec<String>, words: &str) {
    text.extend([String::new(), format!("## {words}"), String::new()]);
}

fn utc(at: Instant) -> String {
    at.format("%F %H:%M:%S").to_string()
}

fn local(zone: &Zone, at: Instant) -> String {
    zone.read(at).map_or_else(
        || utc(at),
        |shown| format!("{:04}-{:02}-{:02} {:02}:{:02}", shown.year, shown.month, shown.day, shown.hour, shown.minute),
    )
}

/// A text in one line that makes no Markdown of its own.
fn line(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => made.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' => made.extend(['\\', letter]),
            letter => made.push(letter),
        }
    }
    made
}

/// The same in a cell of a table.
fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "nobody said".to_owned() } else { text.to_owned() }
}

fn who(event: &Event) -> String {
    match &event.on_behalf_of {
        Some(actor) => format!("{actor}, written by {}", event.recorded_by),
        None => event.actor.clone(),
    }
}

fn severities(report: &Report) -> String {
    let span = |span: &super::Span| format!("{} for {} min", span.severity.name(), span.minutes);
    report.severities.iter().map(span).collect::<Vec<_>>().join(", then ")
}

fn response(report: &Report) -> String {
    let by = time::length(report.clock.left.abs());
    let deadline = utc(report.incident.respond_by);
    match report.clock.state {
        ClockState::Met => format!("MET by {by} (deadline {deadline})"),
        ClockState::Missed => format!("MISSED by {by} (deadline {deadline})"),
        ClockState::Running => format!("{by} left (deadline {deadline})"),
        ClockState::Overdue => format!("OVERDUE by {by} (deadline {deadline})"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, incident};
    use super::super::{Severity, Stamp, State};
    use super::*;

    #[test]
    fn it_tells_the_clock_the_times_and_makes_no_markdown_of_what_people_wrote() {
        let mut one = incident(Severity::Sev1);
        one.title = "# Down | *now*".into();
        one.acknowledged = Some(Stamp { by: "mori".into(), at: at(960) });
        one.resolved = Some(Stamp { by: "mori".into(), at: at(3_600) });
        one.state = State::Resolved;
        let text = markdown(&Report::of(&one, &[], Vec::new(), Vec::new(), at(9_000)), "Asia/Tokyo");
        assert!(text.starts_with("# Incident 7: \\# Down | \\*now\\*\n"), "{text}");
        for words in ["MISSED by 1m 00s", "time to acknowledge: 16m 00s", "SEV1 for 60 min", "2027-01-15 17:00"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let row = text.lines().find(|line| line.contains("declared sev1")).expect("a row");
        assert!(row.contains("Down \\| "), "{row}");
    }
}
