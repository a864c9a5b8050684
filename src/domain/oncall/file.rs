//! Schedules and policies as a file writes them down: `[[schedule]]`, `[[schedule.layer]]`, `[[policy]]`.

mod check;
mod policy;
mod written;

pub use written::written;

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDateTime;

use super::escalation::{Policy, Target};
use super::hours::Hours;
use super::layer::{Advance, Layer};
use super::rotation::{Rotation, Turn};
use super::schedule::Schedule;
use crate::domain::document::{self, Entry, Problems, Table, did_you_mean};
use crate::domain::problem::Problem;
use crate::domain::time::{self, Instant, NamedZone, Zone};

/// The longest name of a schedule or a role, in bytes.
const LONGEST_NAME: usize = 64;
/// How many people may take turns in one layer.
const LONGEST_ROSTER: usize = 200;

/// What a file may refer to: what it declares itself, and what the store has.
#[derive(Debug, Default)]
pub struct Known {
    /// Everybody, by handle.
    pub people: BTreeSet<String>,
    /// Every team.
    pub teams: BTreeSet<String>,
    /// The schedules of the store.
    pub schedules: Vec<Schedule>,
    /// The policies of the store.
    pub policies: Vec<Policy>,
}

/// What a file writes down.
#[derive(Debug, Default, PartialEq)]
pub struct Written {
    /// Its schedules; their layers hold always.
    pub schedules: Vec<Schedule>,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// What is to be said although nothing is wrong: `EST is stored as America/New_York.`
    pub said: Vec<String>,
}

/// A policy and whom its levels page, with the places in the file.
struct Placed<'t, 'i> {
    policy: Policy,
    table: Table<'t, 'i>,
    targets: Vec<(Target, Entry<'t, 'i>)>,
}

/// Reads a file whose people and teams were read before: what is no TOML at all was told then.
pub fn parse(file: &Path, text: &str, known: &Known, now: Instant) -> (Written, Vec<Problem>) {
    let (table, mut problems) = document::parse(Some(file), text);
    if !problems.is_empty() {
        return (Written::default(), Vec::new());
    }
    let written = read(&Table::root(&table), known, now, &mut problems);
    (written, problems.into_found())
}

/// Reads what a file says of schedules and policies. Where anything is wrong, it is among the problems, and nothing of the file is to be
/// taken.
pub fn read(root: &Table<'_, '_>, known: &Known, now: Instant, problems: &mut Problems) -> Written {
    let mut written = Written::default();
    let tables =
        |name: &str, problems: &mut Problems| root.entry(name).map(|entry| entry.tables(problems)).unwrap_or_default();
    for table in tables("schedule", problems) {
        if let Some(schedule) = schedule(&table, known, &mut written.said, problems) {
            if written.schedules.iter().any(|other| other.name == schedule.name) {
                problems.in_table(
                    &table,
                    format!("There are two schedules {:?}.", schedule.name),
                    "Give one of them another name.",
                );
            } else {
                written.schedules.push(schedule);
            }
        }
    }
    let mut placed = Vec::new();
    for table in tables("policy", problems) {
        placed.extend(policy::policies(&table, known, problems));
    }
    check::check(&placed, &written.schedules, known, now, problems);
    written.policies = placed.into_iter().map(|placed| placed.policy).collect();
    written
}

/// The text of a key that has to be there.
fn needed<'t, 'i>(
    table: &Table<'t, 'i>,
    key: &str,
    fix: &str,
    problems: &mut Problems,
) -> Option<(&'t str, Entry<'t, 'i>)> {
    if table.entry(key).is_none() {
        problems.in_table(table, format!("It has no {key}."), fix);
        return None;
    }
    table.text(key, problems)
}

/// A name that a policy can call.
fn callable<'t>(table: &Table<'t, '_>, key: &str, fix: &str, problems: &mut Problems) -> Option<&'t str> {
    let (name, entry) = needed(table, key, fix, problems)?;
    let is_plain = crate::domain::text::is_visible(name) && name.len() <= LONGEST_NAME && name.trim() == name;
    if !is_plain || name.contains(['/', ':']) || name.chars().any(char::is_control) {
        let sentence = format!(
            "{name:?} cannot be called: a name has 1 to {LONGEST_NAME} bytes and no slash, colon or space around it."
        );
        problems.at(&entry, sentence, "Give it a plainer name.");
        return None;
    }
    Some(name)
}

fn schedule(table: &Table<'_, '_>, known: &Known, said: &mut Vec<String>, problems: &mut Problems) -> Option<Schedule> {
    table.refuse_unknown(&["name", "zone", "team", "layer"], problems);
    let name = callable(table, "name", "Add name = \"shop\".", problems);
    let team = table.text("team", problems);
    if let Some((team, entry)) = team.as_ref().filter(|(team, _)| !known.teams.contains(*team)) {
        problems.at(entry, format!("There is no team {team:?}."), nearest(team, &known.teams));
    }
    let zone = needed(table, "zone", "Add zone = \"Asia/Tokyo\", the clock its hand-overs go by.", problems);
    let zone = zone.and_then(|(zone, entry)| match NamedZone::read(zone) {
        Ok(zone) => Some(zone),
        Err((sentence, fix)) => {
            problems.at(&entry, sentence, fix);
            None
        }
    });
    if let Some(words) = zone.as_ref().and_then(|zone| zone.said.clone()) {
        said.push(words);
    }
    let Some(layers) = table.entry("layer") else {
        problems.in_table(
            table,
            "It has no layers, so nobody would be on call.",
            "Add [[schedule.layer]] with role, every, anchor and people.",
        );
        return None;
    };
    let zone = zone.map(|zone| zone.zone);
    let mut found: Vec<Layer> = Vec::new();
    for table in layers.tables(problems) {
        // Read in any zone where there is none, so that every problem is told at once.
        let mut layer = layer(&table, zone.clone().unwrap_or(Zone::UTC), known, problems);
        if let Some(layer) = &mut layer {
            let below = found.iter().filter(|below| below.role == layer.role).count();
            layer.order = u32::try_from(below).unwrap_or(u32::MAX);
        }
        found.extend(layer);
    }
    Some(Schedule {
        name: name?.to_owned(),
        team: team.map(|(team, _)| team.to_owned()).unwrap_or_default(),
        zone: zone?,
        layers: found,
        version: 0,
    })
}

fn layer(table: &Table<'_, '_>, zone: Zone, known: &Known, problems: &mut Problems) -> Option<Layer> {
    table.refuse_unknown(&["role", "every", "anchor", "people", "first", "restrictions", "advance"], problems);
    let role = callable(table, "role", "Add role = \"primary\".", problems);
    let every = needed(table, "every", "Add every = \"1 week\".", problems);
    let every = every.and_then(|(every, entry)| match Turn::read(every) {
        Ok(turn) => Some(turn),
        Err(words) => {
            problems.at(&entry, format!("{words}."), "A turn is some hours, days or weeks long.");
            None
        }
    });
    let anchor = anchor(table, problems);
    let people = roster(table, known, problems);
    let first = table.text("first", problems);
    let place = first.as_ref().zip(people.as_ref()).map(|((first, entry), people)| {
        let place = people.iter().position(|one| one.as_deref() == Some(*first));
        if place.is_none() {
            problems.at(entry, format!("{first:?} takes no turns here."), "Name somebody of people.");
        }
        place.unwrap_or(0)
    });
    let hours = restrictions(table, problems);
    let advance = advance(table, every, problems);
    let rotation = Rotation { zone, anchor: anchor?, every: every?, roster: people?, start: 0 };
    let first = first.map(|(first, _)| first.to_owned());
    let mut layer = Layer {
        role: role?.to_owned(),
        order: 0,
        rotation,
        first,
        hours: hours?,
        advance: advance?,
        from: None,
        until: None,
    };
    layer.begin_with(place.unwrap_or(0), 0);
    Some(layer)
}

fn anchor(table: &Table<'_, '_>, problems: &mut Problems) -> Option<NaiveDateTime> {
    let fix = "Write the clock of the zone without an offset, such as anchor = \"2026-10-19T09:00\".";
    let Some(entry) = table.entry("anchor") else {
        problems.in_table(table, "It has no anchor: nothing says when its turns begin.", fix);
        return None;
    };
    let anchor = entry.as_date().and_then(|text| time::read_civil(&text));
    if anchor.is_none() {
        let written = entry.as_date().map_or_else(|| entry.kind().to_owned(), |text| format!("{text:?}"));
        problems.at(&entry, format!("Expected a date and a time of the clock, found {written}."), fix);
    }
    anchor
}

fn roster(table: &Table<'_, '_>, known: &Known, problems: &mut Problems) -> Option<Vec<Option<String>>> {
    let fix = "Add people = [\"ada\", \"ben\"], by their handles; \"\" is a turn of nobody.";
    let Some(entry) = table.entry("people") else {
        problems.in_table(table, "It has no people: a rotation with no one in it calls nobody.", fix);
        return None;
    };
    let listed = entry.texts(problems)?;
    for (handle, place) in listed.iter().filter(|(handle, _)| !handle.is_empty() && !known.people.contains(*handle)) {
        problems.at(place, format!("There is no person {handle:?}."), nearest(handle, &known.people));
    }
    if listed.iter().all(|(handle, _)| handle.is_empty()) {
        problems.at(&entry, "A rotation with no one in it calls nobody.", fix);
        return None;
    }
    if listed.len() > LONGEST_ROSTER {
        problems.at(
            &entry,
            format!("{} take turns, and {LONGEST_ROSTER} can.", listed.len()),
            "Make several layers of it.",
        );
        return None;
    }
    Some(listed.iter().map(|(handle, _)| (!handle.is_empty()).then(|| (*handle).to_owned())).collect())
}

/// The hours at which a layer counts; empty where it does not say.
fn restrictions(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Vec<Hours>> {
    let Some(entry) = table.entry("restrictions") else { return Some(Vec::new()) };
    let tables = entry.tables(problems);
    if tables.is_empty() {
        problems.at(
            &entry,
            "There are no hours in it, so the layer never counts.",
            "Write restrictions = [{ days = \"Mon-Fri\", from = \"09:00\", until = \"18:00\" }], or remove it.",
        );
        return None;
    }
    let read: Vec<Option<Hours>> = tables.iter().map(|table| hours(table, problems)).collect();
    read.into_iter().collect()
}

fn hours(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Hours> {
    table.refuse_unknown(&["days", "from", "until"], problems);
    let fix = "Write { days = \"Mon-Fri\", from = \"09:00\", until = \"18:00\" }, or { from = \"Fri 18:00\", until = \"Mon 09:00\" }.";
    let days = match table.entry("days") {
        Some(entry) if entry.parts().is_some() => {
            Some(entry.texts(problems)?.iter().map(|(day, _)| *day).collect::<Vec<_>>().join(","))
        }
        Some(entry) => Some(entry.text(problems)?.to_owned()),
        None => None,
    };
    let from = needed(table, "from", fix, problems);
    let until = needed(table, "until", fix, problems);
    let ((from, entry), (until, _)) = (from?, until?);
    let read = Hours::read(days.as_deref(), from, until);
    read.map_err(|words| problems.at(&entry, format!("{words}."), fix)).ok()
}

fn advance(table: &Table<'_, '_>, every: Option<Turn>, problems: &mut Problems) -> Option<Advance> {
    let Some((word, entry)) = table.text("advance", problems) else { return Some(Advance::Calendar) };
    let Some(advance) = Advance::of_word(word) else {
        problems.at(
            &entry,
            format!("There is no way {word:?} to move on."),
            did_you_mean(word, &Advance::ALL.map(Advance::word)),
        );
        return None;
    };
    if advance == Advance::ActiveDays && every.is_some_and(|every| every != Turn::Days(1)) {
        problems.at(
            &entry,
            "Only turns of one day can be counted by active days.",
            "Write every = \"1 day\", or remove it.",
        );
        return None;
    }
    Some(advance)
}

/// The fix for a name that nobody has: the nearest that somebody has.
fn nearest(name: &str, known: &BTreeSet<String>) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    match did_you_mean(name, &known) {
        fix if fix.starts_with("Did") => fix,
        _ => "Declare it first, or correct it.".to_owned(),
    }
}

#[cfg(test)]
mod tests;
