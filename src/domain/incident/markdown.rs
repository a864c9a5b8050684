//! The report as Markdown.

use chrono::TimeDelta;

use super::{ClockState, EntryKind, Event, FollowUp, Query, Report, Role};
use crate::domain::time::{self, Instant, Zone};

/// What is written down within this of when it happened is written down at once.
const WRITTEN_AT_ONCE: TimeDelta = TimeDelta::minutes(1);

/// The report as Markdown, its times in UTC and on the clock of a zone.
pub fn markdown(report: &Report, zone: &str) -> String {
    let incident = &report.incident;
    let mut text = vec![format!("# Incident {}: {}", incident.number, line(&incident.title)), String::new()];
    text.extend(facts(report));
    section(&mut text, "Summary", vec!["_To be written: what happened, in three sentences._".to_owned()]);
    let since = incident.impact_since.map(|since| format!("Since {}.", utc(since)));
    section(&mut text, "Impact", std::iter::once(or_none(&line(&incident.impact))).chain(since).collect());
    let role = |role: Role| {
        let who = report.roles().find(|(held, _)| *held == role).map_or("nobody", |(_, who)| who);
        format!("- {}: {}", role.word(), line(who))
    };
    section(&mut text, "Roles", Role::ALL.map(role).to_vec());
    section(&mut text, "Times", times(report));
    section(&mut text, "Timeline", table(report, zone));
    let action = |event: &Event| {
        let what = event.after.as_deref().unwrap_or_default();
        format!("- {} {}: {} {}", utc(event.at), line(&event.actor), line(what), line(&event.words))
    };
    section(&mut text, "Actions", report.actions().map(action).collect());
    let told = report.timeline.iter().filter(|event| event.kind == EntryKind::Update);
    let update = |event: &Event| format!("- {} {}", utc(event.at), line(&event.sentence()));
    section(&mut text, "What was told", told.map(update).collect());
    let follow_up = |one: &FollowUp| {
        let due = one.due.as_ref().map(|due| format!(", due {}", line(due))).unwrap_or_default();
        format!("- [ ] {} ({}{due})", line(&one.words), line(one.owner.as_deref().unwrap_or("nobody")))
    };
    section(&mut text, "Follow-ups", report.follow_ups.iter().map(follow_up).collect());
    let open = report.open_items.iter().map(|item| format!("- [ ] {item}")).collect();
    section(&mut text, "Left open of the checklist", open);
    let factors = "_To be written: what led to it, what helped, what was in the way, where we were lucky._";
    section(&mut text, "Contributing factors", vec![factors.to_owned()]);
    let query = |one: &Query| {
        let value = one.value.map_or("NOT ASKED".to_owned(), |value| value.to_string());
        let (what, query) = (one.id.replace('_', " "), one.query.replace('`', "'"));
        format!("- {what} of {}: {value}\n  `{query}` at {}", line(&one.service), utc(one.at))
    };
    section(&mut text, "Figures", report.queries.iter().map(query).collect());
    text.push(String::new());
    text.join("\n")
}

/// What stands at its head.
fn facts(report: &Report) -> Vec<String> {
    let incident = &report.incident;
    let by = |stamp: &super::Stamp| format!("{} by {}", utc(stamp.at), line(&stamp.by));
    let phase = incident.phase.word().replace('_', " ");
    let facts = [
        ("Severity", Some(severities(report))),
        ("State", Some(format!("{}, {phase}", incident.state.word()))),
        ("Services", Some(or_none(&line(&report.services.join(", "))))),
        ("Found by", Some(incident.source.word().replace('-', " "))),
        ("Declared", Some(format!("{} by {}", utc(incident.created_at), line(&incident.declared_by)))),
        ("Acknowledged", incident.acknowledged.as_ref().map(by)),
        ("Resolved", incident.resolved.as_ref().map(by)),
        ("Response", Some(response(report))),
        ("Similar to", incident.similar_to.map(|number| format!("incident {number}"))),
        ("Went on in", incident.merged.as_ref().map(|merged| format!("incident {}", merged.into))),
        ("Review by", report.review_by.map(|by| by.format("%F").to_string())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some(format!("- **{name}:** {}", value?))).collect()
}

/// How long it took, each with where it is counted from.
fn times(report: &Report) -> Vec<String> {
    let incident = &report.incident;
    let length = |took: Option<TimeDelta>| took.map_or("n/a".to_owned(), time::length);
    let declared = "from when it was declared";
    let between = i64::try_from(incident.resolved_seconds).unwrap_or(i64::MAX);
    let mut lines = vec![
        format!("- time to detect: {} (from when it hurt to when it was declared)", length(incident.time_to_detect())),
        format!("- time to acknowledge: {} ({declared})", length(incident.time_to_acknowledge())),
        format!("- time to resolve: {} ({declared})", length(incident.time_to_resolve())),
    ];
    if between > 0 {
        lines.push(format!("- resolved in between: {}, not counted", time::length(time::seconds(between))));
    }
    lines
}

/// The timeline as a table, with the clock of a zone beside UTC.
fn table(report: &Report, zone: &str) -> Vec<String> {
    let clock = Zone::named(zone);
    let local = |at: Instant| clock.as_ref().map_or_else(|| utc(at), |zone| local(zone, at));
    let row = |event: &Event| {
        let late = event.recorded_at - event.at;
        let is_late = late > WRITTEN_AT_ONCE;
        let late = if is_late { format!(" (written {} later)", time::length(late)) } else { String::new() };
        let (what, who) = (cell(&event.sentence()), cell(&who(event)));
        format!("| {} | {} | {what}{late} | {who} |", utc(event.at), local(event.at))
    };
    let heads = [format!("| UTC | {zone} | what | who |"), "|---|---|---|---|".to_owned()];
    heads.into_iter().chain(report.timeline.iter().map(row)).collect()
}

fn section(text: &mut Vec<String>, words: &str, lines: Vec<String>) {
    text.extend([String::new(), format!("## {words}"), String::new()]);
    if lines.is_empty() {
        text.push("none".to_owned());
    }
    text.extend(lines);
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
