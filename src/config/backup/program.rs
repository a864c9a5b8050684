//! Programs of the operator that make a backup or prove one: started without a shell, within a time, as a user that is named.

use std::time::Duration;

use super::values::length;
use crate::domain::document::{Entry, Problems, Table};
use crate::domain::time;

/// How long a program may take of which nobody says it.
const ENDS_WITHIN: Duration = Duration::from_secs(3_600);
/// The longest a program may take, in hours: a restore of a large database takes a night.
const LONGEST_HOURS: i64 = 24;

/// A program that acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// How long it may take.
    pub within: Duration,
    /// The user of the operating system it runs as; `None`: whoever runs the console.
    pub user: Option<String>,
}

/// The program and its arguments of a key.
pub(super) fn words(entry: &Entry<'_, '_>, problems: &mut Problems) -> Option<Vec<String>> {
    let words: Vec<String> = entry.texts(problems)?.into_iter().map(|(word, _)| word.to_owned()).collect();
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        problems.at(
            entry,
            "The command is empty.",
            "Write the program and its arguments, each in quotes: it is started without a shell.",
        );
        return None;
    }
    Some(words)
}

/// A program under a key: `{ command = ["…"], timeout = "1h", user = "postgres" }`.
pub(super) fn program(table: &Table<'_, '_>, key: &str, problems: &mut Problems) -> Option<Program> {
    let entry = table.entry(key)?;
    let from = entry.table(problems)?;
    from.refuse_unknown(&["command", "timeout", "user"], problems);
    let Some(command) = from.entry("command") else {
        problems.at(&entry, "It does not say what runs.", "Add command = [\"PROGRAM\", \"ARGUMENT\"].");
        return None;
    };
    let words = words(&command, problems)?;
    let within = length(&from, "timeout", problems);
    if within.is_some_and(|within| within > time::hours(LONGEST_HOURS)) {
        problems.in_table(&from, "Nobody waits longer than a day for a program.", "Write a shorter timeout.");
        return None;
    }
    let user = from.text("user", problems);
    if let Some((name, place)) = &user
        && !is_user(name)
    {
        problems.at(
            place,
            format!("{name:?} is no name of a user."),
            "Write it as the operating system does: user = \"postgres\".",
        );
        return None;
    }
    Some(Program {
        words,
        within: within.and_then(|within| within.to_std().ok()).unwrap_or(ENDS_WITHIN),
        user: user.map(|(name, _)| name.to_owned()),
    })
}

/// Whether it is a name: nothing that another program would take for an option.
fn is_user(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(is_letter) && !name.starts_with('-')
}
