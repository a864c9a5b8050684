//! `[[policy]]`: whom an incident of a team and of one or several severities pages.

use super::super::escalation::{Level, Policy, Runs, Target};
use super::{Known, Placed, nearest, needed};
use crate::domain::document::{Entry, Problems, Table, did_you_mean};
use crate::domain::incident::Severity;
use crate::domain::time;

/// How many levels a policy has at most.
const MOST_LEVELS: usize = 20;
/// The longest time of a policy, in seconds: 30 days.
const LONGEST: i64 = 30 * 86_400;

/// One policy for each of its severities; none where anything of it cannot be read.
pub(super) fn policies<'t, 'i>(table: &Table<'t, 'i>, known: &Known, problems: &mut Problems) -> Vec<Placed<'t, 'i>> {
    table.refuse_unknown(&["team", "severity", "level", "exhausted", "runs", "mode", "repeat"], problems);
    let team = needed(table, "team", "Add team = \"shop\".", problems);
    if let Some((team, entry)) = team.as_ref().filter(|(team, _)| !known.teams.contains(*team)) {
        problems.at(entry, format!("There is no team {team:?}."), nearest(team, &known.teams));
    }
    let severities = severities(table, problems);
    let per_step = word(table, "mode", &["cumulative", "per-step"], problems).map(|mode| mode == "per-step");
    let runs = word(table, "runs", &Runs::ALL.map(Runs::word), problems).and_then(Runs::of_word);
    let repeat = table.whole("repeat", 0..=20, problems).and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let per_step = per_step.unwrap_or(false);
    let read = levels(table, per_step, problems);
    let exhausted = match table.text("exhausted", problems) {
        Some((text, entry)) => length(text, &entry, problems),
        None => Some(Policy::EXHAUSTED * 60),
    };
    let (Some((team, _)), Some((levels, targets)), Some(exhausted)) = (team, read, exhausted) else {
        return Vec::new();
    };
    let last = levels.iter().map(|level| level.after).max().unwrap_or(0);
    if !per_step && exhausted < last {
        problems.in_table(
            table,
            "Nobody would be left before the last level is paged.",
            "Write exhausted = with a time that is not before that of the last level.",
        );
    }
    let of_each = |severity: Severity| {
        let runs = runs.unwrap_or(Runs::of(severity));
        let policy = Policy {
            team: team.to_owned(),
            severity,
            runs,
            per_step,
            levels: levels.clone(),
            exhausted,
            repeat,
            version: 0,
        };
        Placed { policy, table: table.clone(), targets: targets.clone() }
    };
    severities.into_iter().map(of_each).collect()
}

fn severities(table: &Table<'_, '_>, problems: &mut Problems) -> Vec<Severity> {
    let fix = "Write severity = \"sev1\", or a list of several.";
    let Some(entry) = table.entry("severity") else {
        problems.in_table(table, "It does not say for which severity it is.", fix);
        return Vec::new();
    };
    let listed = if entry.parts().is_some() {
        entry.texts(problems).unwrap_or_default()
    } else {
        entry.text(problems).map(|text| vec![(text, entry.clone())]).unwrap_or_default()
    };
    if listed.is_empty() && entry.parts().is_some() {
        problems.at(&entry, "The list of severities is empty.", fix);
    }
    let mut found: Vec<Severity> = Vec::new();
    for (text, place) in listed {
        match Severity::typed(text) {
            Some(severity) if found.contains(&severity) => {
                problems.at(&place, format!("{text} is named twice."), "Remove one of the two.");
            }
            Some(severity) => found.push(severity),
            None => problems.at(
                &place,
                format!("There is no severity {text:?}."),
                did_you_mean(text, &Severity::ALL.map(Severity::word)),
            ),
        }
    }
    found
}

/// The levels, and whom they page.
#[expect(clippy::type_complexity, reason = "levels beside the places of their targets, taken apart by the only caller")]
fn levels<'t, 'i>(
    table: &Table<'t, 'i>,
    per_step: bool,
    problems: &mut Problems,
) -> Option<(Vec<Level>, Vec<(Target, Entry<'t, 'i>)>)> {
    let fix = "Add level = [{ after = \"0m\", page = [\"schedule:shop/primary\"] }].";
    let Some(entry) = table.entry("level") else {
        problems.in_table(table, "It has no levels, so it pages nobody.", fix);
        return None;
    };
    let tables = entry.tables(problems);
    if tables.is_empty() {
        problems.at(&entry, "It has no levels, so it pages nobody.", fix);
        return None;
    }
    if tables.len() > MOST_LEVELS {
        problems.at(
            &entry,
            format!("It has {} levels, and {MOST_LEVELS} are climbed.", tables.len()),
            "Join some of them.",
        );
        return None;
    }
    let mut levels: Vec<Level> = Vec::new();
    let mut targets = Vec::new();
    let mut is_whole = true;
    for (place, table) in tables.iter().enumerate() {
        table.refuse_unknown(&["after", "page"], problems);
        let after = match table.text("after", problems) {
            Some((text, entry)) => length(text, &entry, problems),
            None if table.entry("after").is_some() => None,
            None => Some(Policy::AFTER.get(place).copied().unwrap_or(Policy::EXHAUSTED) * 60),
        };
        let paged = page(table, place + 1, problems);
        let (Some(after), Some(paged)) = (after, paged) else {
            is_whole = false;
            continue;
        };
        if !per_step && levels.last().is_some_and(|before| after < before.after) {
            problems.in_table(
                table,
                format!("Level {} would be paged before level {place}.", place + 1),
                "Times are counted from the first page: give each level a later one, or write mode = \"per-step\".",
            );
        }
        levels.push(Level { after, page: paged.iter().map(|(target, _)| target.clone()).collect() });
        targets.extend(paged);
    }
    is_whole.then_some((levels, targets))
}

fn page<'t, 'i>(table: &Table<'t, 'i>, level: usize, problems: &mut Problems) -> Option<Vec<(Target, Entry<'t, 'i>)>> {
    let fix = "Write page = [\"schedule:shop/primary\", \"person:ada\"].";
    let Some(entry) = table.entry("page") else {
        problems.in_table(table, format!("Level {level} pages nobody."), fix);
        return None;
    };
    let listed =
        if entry.parts().is_some() { entry.texts(problems)? } else { vec![(entry.text(problems)?, entry.clone())] };
    if listed.is_empty() {
        problems.at(&entry, format!("Level {level} pages nobody."), fix);
        return None;
    }
    let mut targets = Vec::new();
    for (text, place) in listed {
        let Some(target) = Target::read(text) else {
            problems.at(&place, format!("{text:?} is nobody who can be paged."), fix);
            return None;
        };
        targets.push((target, place));
    }
    Some(targets)
}

/// One of a few words; `None` when absent or, with a problem, when it is another.
fn word<'t>(table: &Table<'t, '_>, key: &str, known: &[&str], problems: &mut Problems) -> Option<&'t str> {
    let (word, entry) = table.text(key, problems)?;
    if !known.contains(&word) {
        problems.at(&entry, format!("{key} cannot be {word:?}."), did_you_mean(word, known));
        return None;
    }
    Some(word)
}

/// A length of time in seconds, zero too.
fn length(text: &str, entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<u32> {
    let text = text.trim();
    let is_zero = text.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(text) == "0";
    let seconds = if is_zero { Ok(0) } else { time::span(text).map(|length| length.num_seconds()) };
    match seconds {
        Ok(seconds) if seconds <= LONGEST => u32::try_from(seconds).ok(),
        Ok(_) => {
            problems.at(entry, "No call climbs for longer than 30 days.", "Write a shorter time, such as 15m or 2h.");
            None
        }
        Err(words) => {
            problems.at(entry, format!("{words}."), "A level that pages at once says \"0m\".");
            None
        }
    }
}
