//! People and teams as a file: read to its end with every problem, and written so that it is read again.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Hours, Person, ROLES, Reach, Team};
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::problem::Problem;
use crate::domain::store::{LONGEST_NAME, check_text};
use crate::domain::time::{self, Zone};

/// Schedules and policies stand in the same file, and are read by `domain::oncall::file`.
const KEYS: [&str; 4] = ["person", "team", "schedule", "policy"];
const PERSON_KEYS: [&str; 8] = ["handle", "name", "zone", "reach", "role", "on_call", "level", "left"];
const TEAM_KEYS: [&str; 6] = ["name", "zone", "business_hours", "holidays", "members", "owners"];
/// The days as they are written; the first is Sunday.
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// Abbreviations that name no zone, or one that is not meant.
const MEANT: [(&str, &str); 3] = [("UTC", "Etc/UTC"), ("JST", "Asia/Tokyo"), ("EST", "America/New_York")];
const UTC: &str = "Etc/UTC";

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The people, in its order.
    pub people: Vec<Person>,
    /// The teams, in its order.
    pub teams: Vec<Team>,
}

/// Reads a file. `known` are the handles that the store has, whom a team may name too.
pub fn parse(file: &Path, text: &str, known: &[Person]) -> (People, Vec<Problem>) {
    let (table, mut problems) = document::parse(Some(file), text);
    let root = Table::root(&table);
    root.refuse_unknown(&KEYS, &mut problems);
    let mut read = People::default();
    for table in tables(&root, "person", &mut problems) {
        if let Some(person) = person(&table, &read.people, &mut problems) {
            read.people.push(person);
        }
    }
    let teams = tables(&root, "team", &mut problems);
    let names: Vec<&str> = teams.iter().filter_map(|table| table.entry("name")?.as_text()).collect();
    for table in &teams {
        if let Some(team) = team(table, &read, (known, &names), &mut problems) {
            read.teams.push(team);
        }
    }
    (read, problems.into_found())
}

fn tables<'t, 'i>(root: &Table<'t, 'i>, name: &str, problems: &mut Problems) -> Vec<Table<'t, 'i>> {
    let Some(entry) = root.entry(name) else { return Vec::new() };
    let Some(parts) = entry.parts() else {
        problems.at(
            &entry,
            format!("Expected a list of tables, found {}.", entry.kind()),
            format!("Write [[{name}]]."),
        );
        return Vec::new();
    };
    parts.iter().filter_map(|part| part.table(problems)).collect()
}

/// A name that is needed.
fn name<'t, 'i>(table: &Table<'t, 'i>, key: &str, problems: &mut Problems) -> Option<(&'t str, Entry<'t, 'i>)> {
    if table.entry(key).is_none() {
        problems.in_table(table, format!("It has no {key}."), format!("Write {key} = \"…\"."));
        return None;
    }
    let (text, entry) = table.text(key, problems)?;
    if let Err(why) = check_text(key, text, false, LONGEST_NAME) {
        problems.at(&entry, why, "Write another.");
        return None;
    }
    Some((text, entry))
}

fn zone(table: &Table<'_, '_>, problems: &mut Problems) -> String {
    let Some((text, entry)) = table.text("zone", problems) else { return UTC.to_owned() };
    let meant = MEANT.iter().find(|(short, _)| *short == text).map_or(text, |(_, meant)| *meant);
    if Zone::named(meant).is_none() {
        problems.at(&entry, format!("There is no time zone {text:?}."), "Write one as Asia/Tokyo or Europe/Berlin.");
    }
    meant.to_owned()
}

fn person(table: &Table<'_, '_>, before: &[Person], problems: &mut Problems) -> Option<Person> {
    table.refuse_unknown(&PERSON_KEYS, problems);
    let handle = name(table, "handle", problems);
    let full = name(table, "name", problems);
    let zone = zone(table, problems);
    let reach = table.entry("reach").map(|entry| reach(&entry, problems)).unwrap_or_default();
    let role = table.text("role", problems).map(|(text, _)| text.to_owned()).unwrap_or_default();
    let about = ROLES.iter().find(|about| about.name == role);
    let on_call = table.truth("on_call", problems);
    let level = table.whole("level", 1..=9, problems).and_then(|level| u64::try_from(level).ok());
    let has_left = table.truth("left", problems).unwrap_or(false);
    let (handle, entry) = handle?;
    let is_handle = handle.chars().all(|letter| letter.is_alphanumeric() || "._-@".contains(letter));
    if !is_handle {
        problems.at(&entry, format!("{handle:?} is no handle."), "Use letters, digits, dots, dashes and underscores.");
        return None;
    }
    if before.iter().any(|other| other.handle == handle) {
        problems.at(&entry, format!("Two people have the handle {handle:?}."), "Give one of them another.");
        return None;
    }
    Some(Person {
        handle: handle.to_owned(),
        name: full?.0.to_owned(),
        zone,
        reach,
        is_on_call: on_call.unwrap_or(about.is_some_and(|about| about.is_on_call)),
        level: level.or(about.map(|about| about.level)),
        role,
        has_left,
        version: 0,
    })
}

fn reach(entry: &Entry<'_, '_>, problems: &mut Problems) -> Vec<Reach> {
    const WAY: &str = "Write reach = [{ channel = \"sms:+81…\", after = \"0s\" }, …].";
    let Some(parts) = entry.parts() else {
        problems.at(entry, format!("Expected a list of channels, found {}.", entry.kind()), WAY);
        return Vec::new();
    };
    let mut reach: Vec<Reach> = Vec::new();
    for part in parts {
        let Some(table) = part.as_table() else {
            problems.at(&part, format!("Expected a channel with its delay, found {}.", part.kind()), WAY);
            continue;
        };
        table.refuse_unknown(&["channel", "after"], problems);
        let channel = name(&table, "channel", problems);
        let after = table.text("after", problems).map_or(Some(0), |(text, entry)| delay(text, &entry, problems));
        if let (Some((channel, entry)), Some(after_seconds)) = (channel, after) {
            if reach.last().is_some_and(|before| before.after_seconds > after_seconds) {
                problems.at(
                    &entry,
                    "It is tried before the one above it.",
                    "Put the channels in the order of their delays.",
                );
            }
            reach.push(Reach { channel: channel.to_owned(), after_seconds });
        }
    }
    reach
}

fn delay(text: &str, entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<u64> {
    if ["0", "0s", "0m"].contains(&text) {
        return Some(0);
    }
    match time::span(text) {
        Ok(span) => u64::try_from(span.num_seconds()).ok(),
        Err(why) => {
            problems.at(entry, format!("{why}."), "Write how long after the page it is tried.");
            None
        }
    }
}

fn team(
    table: &Table<'_, '_>,
    read: &People,
    (known, names): (&[Person], &[&str]),
    problems: &mut Problems,
) -> Option<Team> {
    table.refuse_unknown(&TEAM_KEYS, problems);
    let title = name(table, "name", problems);
    let zone = zone(table, problems);
    let hours = table.text("business_hours", problems).map(|(text, entry)| {
        hours(text).unwrap_or_else(|| {
            problems.at(&entry, format!("{text:?} are no business hours."), "Write them as 09:00-18:00 Mon-Fri.");
            Hours::default()
        })
    });
    let mut listed = |key: &str| -> Vec<(String, Entry<'_, '_>)> {
        let texts = table.entry(key).and_then(|entry| entry.texts(problems)).unwrap_or_default();
        texts.into_iter().map(|(text, entry)| (text.to_owned(), entry)).collect()
    };
    let (holidays, members, owners) = (listed("holidays"), listed("members"), listed("owners"));
    for (day, entry) in &holidays {
        if time::read(&format!("{day}T00:00:00Z")).is_none() {
            problems.at(entry, format!("{day:?} is no day."), "Write it as 2026-12-25.");
        }
    }
    for (handle, entry) in members.iter().chain(&owners) {
        let person = read.people.iter().chain(known).find(|person| person.handle == *handle);
        match person {
            None if names.contains(&handle.as_str()) => problems.at(
                entry,
                format!("{handle:?} is a team: teams are made of people, so that none can be a part of itself."),
                "Name the people of that team.",
            ),
            None => problems.at(entry, format!("There is no person {handle:?}."), "Add a [[person]] with that handle."),
            Some(person) if person.has_left => {
                problems.at(entry, format!("{handle} has left."), "Name somebody who is there, or nobody may be.");
            }
            Some(_) => {}
        }
    }
    let (name, entry) = title?;
    if read.teams.iter().any(|other| other.name == name) {
        problems.at(&entry, format!("Two teams have the name {name:?}."), "Give one of them another.");
        return None;
    }
    for (what, all) in [("members", &members), ("owners", &owners)] {
        if all.is_empty() {
            problems.at(
                &entry,
                format!("Team {name} would have no {what}: that leaves a gap."),
                format!("Write {what} = [\"HANDLE\"]."),
            );
        }
    }
    let only = |all: Vec<(String, Entry<'_, '_>)>| all.into_iter().map(|(text, _)| text).collect();
    Some(Team {
        name: name.to_owned(),
        zone,
        hours: hours.unwrap_or_default(),
        holidays: only(holidays),
        members: only(members),
        owners: only(owners),
        version: 0,
    })
}

/// Business hours as people write them: `09:00-18:00`, `22:00-23:30 Mon-Thu`, `09:00-12:00 Sat Sun`.
fn hours(text: &str) -> Option<Hours> {
    let mut words = text.split_whitespace();
    let (from, until) = words.next()?.split_once(['-', '–'])?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    let mut days: Vec<u8> = Vec::new();
    for word in words {
        let word = word.trim_end_matches(',');
        match word.split_once(['-', '–']) {
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                let count = (7 + last - first) % 7;
                days.extend((0..=count).map(|later| (first + later) % 7));
            }
            None => days.push(day(word)?),
        }
    }
    days.sort_unstable();
    days.dedup();
    let days = if days.is_empty() { Hours::default().days } else { days };
    (from < until).then_some(Hours { from, until, days })
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60 || hour == 24 && minute == 0).then_some(hour * 60 + minute)
}

fn day(text: &str) -> Option<u8> {
    let place = DAYS.iter().position(|day| day.eq_ignore_ascii_case(text))?;
    u8::try_from(place).ok()
}

/// The same people and teams as a file that is read again as them.
pub fn written(people: &People) -> String {
    let mut root: BTreeMap<&str, Vec<toml::Table>> = BTreeMap::new();
    let texts = |all: &[String]| toml::Value::from(all.to_vec());
    for person in &people.people {
        let reach: Vec<toml::Value> = person
            .reach
            .iter()
            .map(|one| {
                let mut way = toml::Table::new();
                way.insert("channel".into(), one.channel.clone().into());
                way.insert("after".into(), format!("{}s", one.after_seconds).into());
                way.into()
            })
            .collect();
        let mut table = toml::Table::new();
        table.insert("handle".into(), person.handle.clone().into());
        table.insert("name".into(), person.name.clone().into());
        table.insert("zone".into(), person.zone.clone().into());
        table.insert("reach".into(), reach.into());
        if !person.role.is_empty() {
            table.insert("role".into(), person.role.clone().into());
        }
        table.insert("on_call".into(), person.is_on_call.into());
        if let Some(level) = person.level.and_then(|level| i64::try_from(level).ok()) {
            table.insert("level".into(), level.into());
        }
        if person.has_left {
            table.insert("left".into(), true.into());
        }
        root.entry("person").or_default().push(table);
    }
    for team in &people.teams {
        let days: Vec<&str> = team.hours.days.iter().filter_map(|day| DAYS.get(usize::from(*day)).copied()).collect();
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let hours = format!("{}-{} {}", clock(team.hours.from), clock(team.hours.until), days.join(" "));
        let mut table = toml::Table::new();
        table.insert("name".into(), team.name.clone().into());
        table.insert("zone".into(), team.zone.clone().into());
        table.insert("business_hours".into(), hours.into());
        table.insert("holidays".into(), texts(&team.holidays));
        table.insert("members".into(), texts(&team.members));
        table.insert("owners".into(), texts(&team.owners));
        root.entry("team").or_default().push(table);
    }
    // Only texts, numbers and lists of them: it always serialises.
    toml::to_string(&root).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[[person]]
handle = "mori"
name = "Mori Aya"
zone = "JST"
role = "site reliability engineer"
reach = [{ channel = "sms:+81300000000", after = "0s" }, { channel = "email:mori@example.com", after = "5m" }]

[[person]]
handle = "lee"
name = "Lee"
zone = "Europe/Berlin"

[[team]]
name = "shop"
zone = "Asia/Tokyo"
business_hours = "09:00-17:30 Mon-Thu"
holidays = ["2026-12-25"]
members = ["mori", "lee"]
owners = ["mori"]
"#;

    fn read(text: &str) -> (People, Vec<String>) {
        let (people, problems) = parse("people.toml".as_ref(), text, &[]);
        (people, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_says_who_is_there_and_is_written_so_that_it_is_read_again() {
        let (people, problems) = read(FILE);
        assert_eq!(problems, Vec::<String>::new());
        let mori = &people.people[0];
        assert_eq!((mori.zone.as_str(), mori.is_on_call, mori.level), ("Asia/Tokyo", true, Some(1)));
        assert_eq!(mori.reach[1].after_seconds, 300);
        assert!(mori.reach[0].wakes() && !mori.reach[1].wakes());
        assert_eq!(people.teams[0].hours, Hours { from: 540, until: 1_050, days: vec![1, 2, 3, 4] });
        assert_eq!(read(&written(&people)), (people, Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_named_by_file_line_and_key() {
        let twice = FILE.replace("\"lee\"\nname", "\"mori\"\nname").replace(", \"lee\"", "");
        for (text, words) in [
            (twice.as_str(), "people.toml:10: person.handle: Two people have the handle \"mori\"."),
            (&FILE.replace("\"mori\", \"lee\"", "\"mori\", \"kim\""), "team.members: There is no person \"kim\"."),
            (&FILE.replace("\"mori\", \"lee\"", "\"shop\""), "\"shop\" is a team"),
            (&FILE.replace("owners = [\"mori\"]", "owners = []"), "would have no owners: that leaves a gap"),
            (&FILE.replace("JST", "Mars/Base"), "people.toml:5: person.zone: There is no time zone"),
            (&FILE.replace("after = \"5m\"", "after = \"soon\""), "is no length of time"),
            (&FILE.replace("09:00-17:30", "17:30-09:00"), "are no business hours"),
            (&FILE.replace("2026-12-25", "Christmas"), "is no day"),
            (&FILE.replace("handle = \"lee\"", "handel = \"lee\""), "Did you mean \"handle\"?"),
            (&FILE.replace("[[team]]", "[[teams]]"), "Did you mean \"team\"?"),
            ("person = 3", "Expected a list of tables"),
        ] {
            let (_, problems) = read(text);
            assert!(problems.iter().any(|one| one.contains(words)), "{words}: {problems:#?}");
        }
    }

    #[test]
    fn hours_are_written_as_people_write_them() {
        assert_eq!(hours("09:00–18:00"), Some(Hours::default()));
        assert_eq!(hours("00:00-24:00 Sat Sun").map(|hours| hours.days), Some(vec![0, 6]));
        assert_eq!(hours("08:00-16:00 Fri-Mon").map(|hours| hours.days), Some(vec![0, 1, 5, 6]));
        for wrong in ["", "9-18", "25:00-26:00", "09:00", "09:00-18:00 Someday"] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
    }
}
