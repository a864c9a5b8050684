//! What was promised of a service: one function per rule, each with its sentence.

use chrono::TimeDelta;

use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::service::{Objective, Share};
use crate::domain::slo::objective::{AVAILABILITY, LATENCY};
use crate::domain::slo::{Exclusion, Goal, Indicator, Reason, Window};
use crate::domain::time::{self, Instant};

/// The most days a window rolls over.
const DAYS_AT_MOST: u16 = 90;

/// Reads `slo` of a service.
pub(super) fn objective(table: &Table<'_, '_>, problems: &mut Problems) -> Objective {
    table.refuse_unknown(&["availability", "latency_p95", "window", "goals", "exclude"], problems);
    let mut objective = Objective { availability: target(table, AVAILABILITY, problems), ..Objective::default() };
    if let Some((text, entry)) = table.text("latency_p95", problems) {
        objective.latency_p95 = duration(text);
        if objective.latency_p95.is_none() {
            problems.at(&entry, format!("{text:?} is no time."), "Write it like \"200 ms\" or \"2 s\".");
        }
    }
    if let Some((text, entry)) = table.text("window", problems) {
        match window(text) {
            Some(window) => objective.window = window,
            None => problems.at(
                &entry,
                format!("{text:?} is no window of 1 to {DAYS_AT_MOST} days."),
                "Write it like \"30 d\", or \"month\" for the calendar month.",
            ),
        }
    }
    let goals = table.table("goals", problems);
    objective.goals = goals.iter().flat_map(Table::entries).filter_map(|entry| goal(&entry, problems)).collect();
    if let Some(entry) = table.entry("exclude") {
        objective.exclusions = exclusions(&entry, problems);
    }
    objective
}

fn target(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<Share> {
    let (text, entry) = table.text(key, problems)?;
    let found = share(text);
    match found {
        None => problems.at(&entry, format!("{text:?} is no share of the time."), "Write it like \"99.9 %\"."),
        Some(Share(1_000_000)) => {
            problems.at(&entry, "A goal of 100 % leaves no error budget.", "Write what may fail, like \"99.99 %\".");
        }
        Some(_) => {}
    }
    found
}

fn goal(entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<Goal> {
    let table = entry.table(problems)?;
    table.refuse_unknown(&["target", "bad", "total"], problems);
    if [AVAILABILITY, LATENCY].contains(&entry.name) || entry.name.trim().is_empty() {
        let sentence = format!("A goal of one's own is not named {:?}.", entry.name);
        problems.at(entry, sentence, "Give it another name.");
        return None;
    }
    let target = target(&table, "target", problems);
    let mut query = |key: &str| {
        let (text, entry) = table.text(key, problems)?;
        if !text.contains("{range}") {
            problems.at(
                &entry,
                "It does not say {range}, so it cannot be asked for windows from 5 minutes to the whole one.",
                "Write rate(metric{{service}}[{range}]).",
            );
            return None;
        }
        Some(text.trim())
    };
    let (bad, total) = (query("bad"), query("total"));
    let (Some(target), Some(bad), Some(total)) = (target, bad, total) else {
        let has_all = ["target", "bad", "total"].iter().all(|key| table.entry(key).is_some());
        if !has_all {
            problems.at(
                entry,
                "A goal says what is promised and how it is counted.",
                "Write { target = \"95 %\", bad = \"PromQL\", total = \"PromQL\" }, both per second by {service_label} over {range}.",
            );
        }
        return None;
    };
    let indicator = Indicator::Queries { bad: bad.into(), total: total.into() };
    Some(Goal { name: entry.name.into(), target, indicator })
}

fn exclusions(entry: &Entry<'_, '_>, problems: &mut Problems) -> Vec<Exclusion> {
    let Some(parts) = entry.parts() else {
        problems.at(
            entry,
            format!("Expected a list of tables, found {}.", entry.kind()),
            "Write [[service.NAME.slo.exclude]] on a line of its own for each.",
        );
        return Vec::new();
    };
    parts.iter().filter_map(|part| exclusion(part, problems)).collect()
}

fn exclusion(part: &Entry<'_, '_>, problems: &mut Problems) -> Option<Exclusion> {
    let Some(table) = part.as_table() else {
        problems.at(part, format!("Expected a table, found {}.", part.kind()), "Write { reason, from, to, evidence }.");
        return None;
    };
    table.refuse_unknown(&["reason", "from", "to", "evidence", "announced"], problems);
    let words = Reason::ALL.map(Reason::word);
    let reason = table.text("reason", problems).and_then(|(text, entry)| {
        let found = Reason::of_word(text);
        if found.is_none() {
            problems.at(&entry, format!("{text:?} is no reason."), document::did_you_mean(text, &words));
        }
        found
    });
    let (from, to) = (instant(&table, "from", problems), instant(&table, "to", problems));
    let announced = instant(&table, "announced", problems);
    let evidence = table.text("evidence", problems).map(|(text, _)| text.trim().to_owned()).unwrap_or_default();
    for key in ["reason", "from", "to", "evidence"] {
        if table.entry(key).is_none() {
            problems.at(
                part,
                format!("It does not say {key}."),
                "What does not count has a reason, from, to, and evidence.",
            );
        }
    }
    let (reason, from, to) = (reason?, from?, to?);
    if from >= to {
        problems.at(part, "It ends before it begins.", "Write from before to.");
        return None;
    }
    Some(Exclusion { reason, from, to, evidence, announced })
}

fn instant(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<Instant> {
    let (text, entry) = table.text(key, problems)?;
    let found = time::read(text);
    if found.is_none() {
        problems.at(
            &entry,
            format!("{text:?} is no time with its zone."),
            "Write it like \"2026-11-20T01:00:00Z\" or \"2026-11-20T10:00:00+09:00\".",
        );
    }
    found
}

/// `30 d` or `month`.
fn window(text: &str) -> Option<Window> {
    if text.trim() == "month" {
        return Some(Window::Month);
    }
    let days = text.trim().strip_suffix('d')?.trim().parse::<u16>().ok()?;
    (1..=DAYS_AT_MOST).contains(&days).then_some(Window::Rolling(days))
}

/// `99.9 %`: above 0, at most 100, at most four digits after the point.
fn share(text: &str) -> Option<Share> {
    let number = text.strip_suffix('%')?.trim();
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || rest.len() > 4 || !is_number(whole) || !is_number(rest) {
        return None;
    }
    let millionths = whole.parse::<u32>().ok()? * 10_000 + format!("{rest:0<4}").parse::<u32>().ok()?;
    (1..=1_000_000).contains(&millionths).then_some(Share(millionths))
}

/// `200 ms`, `2 s`, `1 min`: above zero.
pub(super) fn duration(text: &str) -> Option<TimeDelta> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number = number.parse::<i64>().ok().filter(|number| (1..=1_000_000).contains(number))?;
    match unit.trim() {
        "ms" => Some(time::milliseconds(number)),
        "s" => Some(time::seconds(number)),
        "m" | "min" => Some(time::minutes(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Asked, Settings};

    fn read(lines: &str) -> (Objective, Vec<String>) {
        let text = format!("[environment.a]\ncontext = \"x\"\n[service.shop]\n{lines}");
        let (settings, problems) = Settings::parse("q.toml".as_ref(), &text, &Asked::default());
        let found = settings.services.declared().first().map(|service| service.objective.clone()).unwrap_or_default();
        (found, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn goals_windows_and_exclusions_are_read() {
        let (found, problems) = read(
            r#"[service.shop.slo]
availability = "99.95 %"
latency_p95 = "500 ms"
window = "month"
[service.shop.slo.goals]
search = { target = "95 %", bad = "slow{range}", total = "all{range}" }
[[service.shop.slo.exclude]]
reason = "maintenance"
from = "2026-11-20T01:00:00Z"
to = "2026-11-20T11:30:00+09:00"
evidence = "CHG-1042"
announced = "2026-11-10T00:00:00Z"
[[service.shop.slo.exclude]]
reason = "external"
from = "2026-11-21T01:00:00Z"
to = "2026-11-21T02:00:00Z"
evidence = "https://status.example/1"
"#,
        );
        assert_eq!(problems, Vec::<String>::new());
        let goals: Vec<String> = found.goals().iter().map(|goal| format!("{} {}", goal.name, goal.target)).collect();
        assert_eq!(goals, ["availability 99.95 %", "latency 95 %", "search 95 %"]);
        assert_eq!((found.window, found.exclusions.len()), (Window::Month, 2));
        assert_eq!(found.exclusions[0].to - found.exclusions[0].from, TimeDelta::minutes(90));
        assert_eq!(window("28 d"), Some(Window::Rolling(28)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_fix() {
        for (line, problem) in [
            (
                "slo = { availability = \"100 %\" }",
                "q.toml:4: service.shop.slo.availability: A goal of 100 % leaves no error budget. Write what may fail, like \"99.99 %\".",
            ),
            (
                "slo = { window = \"a year\" }",
                "q.toml:4: service.shop.slo.window: \"a year\" is no window of 1 to 90 days. Write it like \"30 d\", or \"month\" for the calendar month.",
            ),
            (
                "slo = { goals = { latency = { target = \"9 %\", bad = \"a{range}\", total = \"b{range}\" } } }",
                "q.toml:4: service.shop.slo.goals.latency: A goal of one's own is not named \"latency\". Give it another name.",
            ),
            (
                "slo = { goals = { x = { target = \"95 %\", bad = \"a{range}\" } } }",
                "q.toml:4: service.shop.slo.goals.x: A goal says what is promised and how it is counted. Write { target = \"95 %\", bad = \"PromQL\", total = \"PromQL\" }, both per second by {service_label} over {range}.",
            ),
            (
                "slo = { goals = { x = { target = \"95 %\", bad = \"a\", total = \"b{range}\" } } }",
                "q.toml:4: service.shop.slo.goals.x.bad: It does not say {range}, so it cannot be asked for windows from 5 minutes to the whole one. Write rate(metric{{service}}[{range}]).",
            ),
            (
                "slo = { exclude = [{ reason = \"external\", from = \"2026-11-21T01:00:00Z\", to = \"2026-11-20\", evidence = \"x\" }] }",
                "q.toml:4: service.shop.slo.exclude.to: \"2026-11-20\" is no time with its zone. Write it like \"2026-11-20T01:00:00Z\" or \"2026-11-20T10:00:00+09:00\".",
            ),
            (
                "slo = { exclude = [{ reason = \"external\", from = \"2026-11-21T01:00:00Z\", to = \"2026-11-20T01:00:00Z\", evidence = \"x\" }] }",
                "q.toml:4: service.shop.slo.exclude: It ends before it begins. Write from before to.",
            ),
            (
                "slo = { exclude = [{ reason = \"extrenal\", from = \"2026-11-19T01:00:00Z\", to = \"2026-11-20T01:00:00Z\", evidence = \"x\" }] }",
                "q.toml:4: service.shop.slo.exclude.reason: \"extrenal\" is no reason. Did you mean \"external\"?",
            ),
            (
                "slo = { exclude = [{ reason = \"external\", from = \"2026-11-19T01:00:00Z\", to = \"2026-11-20T01:00:00Z\" }] }",
                "q.toml:4: service.shop.slo.exclude: It does not say evidence. What does not count has a reason, from, to, and evidence.",
            ),
        ] {
            assert_eq!(read(line).1, [problem], "{line}");
        }
    }

    #[test]
    fn shares_and_times_have_one_spelling() {
        for (text, share_of) in [
            ("99.95%", Some(999_500)),
            ("100 %", Some(1_000_000)),
            ("0 %", None),
            ("101 %", None),
            ("99,9 %", None),
            ("1.00000 %", None),
            ("é%", None),
        ] {
            assert_eq!(share(text), share_of.map(Share), "{text}");
        }
        for (text, time) in
            [("2 s", Some(2_000)), ("1min", Some(60_000)), ("0 ms", None), ("-1 s", None), ("200", None), ("2 h", None)]
        {
            assert_eq!(duration(text), time.map(TimeDelta::milliseconds), "{text}");
        }
    }
}
