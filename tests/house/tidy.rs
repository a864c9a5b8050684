//! The house is as it says: who may use whom, how long a file may grow, what stands on each door, what is registered where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quarterdeck::actions::catalog;
use quarterdeck::panes;

/// Lines of a file before its tests. Beyond, nobody knows it by heart any more.
const LONGEST: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text of the project")
}

/// Every file below a folder whose name ends so, with its text; a database has none.
fn files(folder: &str, end: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(end) && path.extension().is_none_or(|of| of != "db") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((name, read(&path)));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing in {folder} ends with {end}");
    found
}

/// The part of a file before its tests; nothing of a file that is all tests.
fn before_tests<'a>(name: &str, text: &'a str) -> &'a str {
    if name.ends_with("tests.rs") || name.ends_with("testing.rs") {
        return "";
    }
    text.split("\n#[cfg(test)]").next().unwrap_or_default()
}

/// The names in backticks of a text.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table at the top of the library: room by room, whom it may use.
fn permissions() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let library = read(&root().join("src/lib.rs"));
    let rows = library.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    let rooms: Vec<String> =
        library.lines().filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned())).collect();
    let mut table = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        let named = quoted(cells[2]);
        let may = match cells[2].trim() {
            "nothing" => BTreeSet::new(),
            words if words.starts_with("everything but") => {
                rooms.iter().filter(|room| !named.contains(*room)).cloned().collect()
            }
            _ => named,
        };
        for room in quoted(&format!("`{}", cells[0])) {
            table.insert(room, (cells[2].to_owned(), may.clone()));
        }
    }
    assert_eq!(
        table.keys().cloned().collect::<BTreeSet<_>>(),
        rooms.into_iter().collect(),
        "the table names every room"
    );
    table
}

#[test]
fn rooms_use_only_whom_they_may() {
    let table = permissions();
    let mut trespasses = Vec::new();
    for (name, text) in files("src", ".rs") {
        let Some(room) = name.strip_prefix("src/").and_then(|rest| rest.split_once('/')).map(|(room, _)| room) else {
            continue;
        };
        let (words, may) = &table[room];
        for (place, line) in before_tests(&name, &text).lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let other: String =
                    used.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
                let is_past_the_ports = words.contains("ports of") && used.starts_with("sources::cluster");
                if table.contains_key(&other) && other != room && (!may.contains(&other) || is_past_the_ports) {
                    trespasses.push(format!("{name}:{}: {room} may use{words}, not {other}", place + 1));
                }
            }
        }
    }
    assert!(trespasses.is_empty(), "{}", trespasses.join("\n"));
}

#[test]
fn only_one_room_knows_each_wire() {
    let alone = [
        ("kube::", "src/sources/cluster/"),
        ("jiff", "src/domain/time/"),
        ("crossterm::", "src/terminal/"),
        ("k8s_openapi", "src/sources/cluster/"),
        ("reqwest::", "src/sources/http/"),
        ("rusqlite", "src/sources/store/sqlite/"),
        ("tokio_postgres", "src/sources/postgres/ src/sources/store/postgres/"),
    ];
    let mut strays = Vec::new();
    for (name, text) in files("src", ".rs") {
        for (library, room) in alone {
            let is_used =
                before_tests(&name, &text).lines().any(|line| line.trim_start().starts_with(&format!("use {library}")));
            // The theme turns its colours into the library's, which ratatui passes on.
            if is_used && !room.split(' ').any(|room| name.starts_with(room)) {
                strays.push(format!("{name} uses {library}, which belongs to {room}"));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn no_file_needs_a_map() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for (name, text) in files(folder, ".rs") {
            let lines = if folder == "src" { before_tests(&name, &text).lines().count() } else { text.lines().count() };
            if lines > LONGEST {
                long.push(format!("{name}: {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "longer than {LONGEST} lines:\n{}", long.join("\n"));
}

/// A door says what is behind it, what is deliberately not known there, and what holds always.
#[test]
fn every_room_has_its_door_plate() {
    for room in permissions().keys() {
        let path = root().join(format!("src/{room}/mod.rs"));
        let text = read(&path);
        let plate: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect::<Vec<_>>().join(" ");
        let title = plate.split([':', '.']).next().unwrap_or_default().trim();
        assert!(
            !title.is_empty() && title == title.to_uppercase(),
            "src/{room}: the plate begins with its name in capitals: {title:?}"
        );
        let is_unknown = ["not know", "knows nothing", "eliberately unknown", "Nothing here"]
            .iter()
            .any(|words| plate.contains(words));
        assert!(is_unknown, "src/{room}: the plate says what is not known there");
        assert!(plate.contains("nvariant"), "src/{room}: the plate names its invariant");
    }
    for (name, text) in files("src", ".rs") {
        assert!(text.starts_with("//!") || before_tests(&name, &text).is_empty(), "{name} does not say what it is");
    }
}

/// The modules of a folder: files without their ending, and folders.
fn modules(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder of the project");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.map(|name| name.trim_end_matches(".rs").to_owned()).filter(|name| name != "mod" && name != "tests").collect()
}

#[test]
fn what_is_registered_is_what_is_there() {
    let actions: BTreeSet<String> = catalog::SHIPPED.all().map(|action| action.id().replace('-', "_")).collect();
    assert_eq!(actions, modules("src/actions/catalog"), "one file, one line of the catalogue");
    let shared = ["hints", "list", "view"].map(str::to_owned);
    let rooms: BTreeSet<String> = panes::SHIPPED.iter().map(|pane| pane.id.to_owned()).chain(shared).collect();
    assert_eq!(rooms, modules("src/panes"), "one file or folder, one line of the panes");
    for pane in panes::SHIPPED {
        assert_eq!(pane.command, format!("view.{}", pane.id), "the command that shows a pane has its id");
    }
    let keys: BTreeSet<char> = panes::GROUPS.iter().map(|group| group.key).collect();
    assert_eq!(keys.len(), panes::GROUPS.len(), "each group has a digit of its own");
    assert!(panes::SHIPPED.is_sorted_by_key(|pane| pane.group), "the panes stand in the order of their groups");
    let decisions = files("docs/adr", ".md");
    let readable = read(&root().join("ARCHITECTURE.md"));
    for (name, _) in &decisions {
        let number = name.trim_start_matches("docs/adr/").split('-').next().unwrap_or_default();
        assert_eq!(number.len(), 4, "{name} begins with its number");
    }
    assert!(readable.contains("docs/adr"), "ARCHITECTURE.md leads to the decisions");
}

/// Whether a number can only be small: written out, a constant, or of a type that cannot reach the calendar's end in seconds.
fn is_small(unit: &str, argument: &str) -> bool {
    let is_written = argument.chars().all(|letter| letter.is_ascii_digit() || "-_".contains(letter));
    let is_constant = argument.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    is_written || is_constant || unit == "seconds" && argument.starts_with("i64::from(")
}

/// The calendar's `+` panics beyond the year 262142: a time from outside comes in by `domain::time`, which keeps it where no sum gets there.
#[test]
fn times_from_outside_come_in_by_one_door() {
    let readers = [
        "parse_from_rfc3339",
        "parse_from_rfc2822",
        "parse_from_str",
        "from_timestamp",
        "parse::<DateTime",
        "parse::<Instant",
    ];
    let mut strays = Vec::new();
    for (name, text) in files("src", ".rs").into_iter().filter(|(name, _)| !name.starts_with("src/domain/time/")) {
        let text = before_tests(&name, &text);
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.contains("time::within")) {
            if readers.iter().any(|reader| line.contains(reader)) {
                strays.push(format!("{name}:{}: read it with domain::time", place + 1));
            }
            for made in line.split("TimeDelta::").skip(1) {
                let Some((unit, rest)) = made.split_once('(') else { continue };
                let argument = rest.split_once(')').map_or(rest, |(argument, _)| argument);
                let is_length = ["milliseconds", "seconds", "minutes", "hours", "days", "weeks"].contains(&unit);
                if is_length && !is_small(unit, argument) {
                    strays.push(format!("{name}:{}: make it with domain::time::{unit}", place + 1));
                }
            }
        }
        for structure in text
            .split("#[derive(")
            .skip(1)
            .filter(|rest| rest.split(')').next().is_some_and(|traits| traits.contains("Deserialize")))
        {
            let body = structure.split("\n}").next().unwrap_or_default();
            let lines: Vec<&str> = body.lines().collect();
            for pair in lines
                .windows(2)
                .filter(|pair| pair[1].ends_with(": Instant,") || pair[1].ends_with(": Option<Instant>,"))
            {
                if !pair[0].contains("deserialize_with = \"time::clamped") {
                    strays.push(format!(
                        "{name}: {} is read as it comes: deserialize it with time::clamped",
                        pair[1].trim()
                    ));
                }
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

#[test]
fn nothing_is_left_half_done() {
    let marks = ["TO\u{44}O", "FIX\u{4d}E", "XX\u{58}", "HAC\u{4b}"];
    for folder in ["src", "tests", "themes", "keymaps", "docs", "assets"] {
        for (name, text) in files(folder, "").into_iter().filter(|(name, _)| !name.contains("/snapshots/")) {
            for mark in marks {
                assert!(!text.contains(mark), "{name} says {mark}");
            }
            for line in text.lines().filter(|line| line.trim_start().starts_with(concat!("#[", "ignore"))) {
                assert!(line.contains('='), "{name}: an ignored test says why: {line}");
            }
        }
    }
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let texts: String = files("tests/house", ".rs").into_iter().map(|(_, text)| text).collect();
    for (name, _) in files("tests/house/snapshots", ".snap") {
        let own = name.rsplit("__").next().unwrap_or_default().trim_end_matches(".snap").to_owned();
        assert!(texts.contains(&format!("\"{own}\"")), "{name} belongs to no test any more: remove it");
    }
}
