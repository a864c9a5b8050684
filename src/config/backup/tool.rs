//! Tools that tell of backups: which, and where their answer is.

use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;

use super::program;
use super::values::length;
use crate::config::server::{self, Server};
use crate::domain::document::{Entry, Problems, Table};

/// How long a command may take of which nobody says it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// The longest a command may take: a listing of a large bucket takes minutes.
const LONGEST_ANSWER: TimeDelta = TimeDelta::minutes(10);

/// A tool that makes backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// pgBackRest.
    PgBackRest,
    /// Barman.
    Barman,
    /// WAL-G.
    WalG,
}

impl Tool {
    /// Every one of them.
    pub(super) const ALL: [Self; 3] = [Self::PgBackRest, Self::Barman, Self::WalG];

    /// Its key.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgbackrest",
            Self::Barman => "barman",
            Self::WalG => "walg",
        }
    }

    /// The key that says which of several it tells of is meant.
    pub(super) const fn part(self) -> Option<&'static str> {
        match self {
            Self::PgBackRest => Some("stanza"),
            Self::Barman => Some("server"),
            Self::WalG => None,
        }
    }

    /// The command whose output is read.
    pub const fn command(self) -> &'static str {
        match self {
            Self::PgBackRest => "pgbackrest info --output=json",
            Self::Barman => "barman -f json list-backups SERVER",
            Self::WalG => "wal-g backup-list --json --detail",
        }
    }
}

/// How a tool is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolSettings {
    /// Which.
    pub tool: Tool,
    /// Where its answer is.
    pub place: Place,
    /// The stanza or server that is meant; `None` where there is one only.
    pub part: Option<String>,
    /// A listing of the WAL that is archived.
    pub wal_file: Option<PathBuf>,
}

/// Where the answer of a tool is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a file, written anew after each backup.
    File(PathBuf),
    /// What a command prints, which is started without a shell and has to end in time.
    Command(Vec<String>, Duration),
    /// At an address.
    Url(Box<Server>),
}

/// The tool that tells of a set.
pub(super) fn tool(table: &Table<'_, '_>, problems: &mut Problems) -> Option<ToolSettings> {
    let mut named = Tool::ALL.into_iter().filter_map(|tool| Some((tool, table.entry(tool.key())?)));
    let (tool, entry) = named.next()?;
    if let Some((other, place)) = named.next() {
        problems.at(
            &place,
            format!("{} is there too: one tool tells of a set.", tool.key()),
            format!("Give {} a [backup.NAME] of its own.", other.key()),
        );
    }
    let from = entry.table(problems)?;
    let more: Vec<&str> = ["info_file", "command", "timeout", "wal_file"].into_iter().chain(tool.part()).collect();
    let place = place(tool.command(), &entry, &from, &more, problems)?;
    let part = tool.part().and_then(|key| from.text(key, problems)).map(|(part, _)| part.to_owned());
    let wal_file = server::file(&from, "wal_file", problems);
    Some(ToolSettings { tool, place, part, wal_file })
}

/// Where what PostgreSQL says of its archiver is: `archiver = { command = ["psql", "-XAtq", "-f", "/FILE/archiver.sql"] }`.
pub(super) fn archiver(table: &Table<'_, '_>, problems: &mut Problems) -> Option<Place> {
    let entry = table.entry("archiver")?;
    let from = entry.table(problems)?;
    place("psql -XAtq -f assets/archiver.sql", &entry, &from, &["info_file", "command", "timeout"], problems)
}

fn place(
    prints: &str,
    entry: &Entry<'_, '_>,
    from: &Table<'_, '_>,
    more: &[&str],
    problems: &mut Problems,
) -> Option<Place> {
    let named: Vec<Entry<'_, '_>> =
        ["info_file", "command", "url"].into_iter().filter_map(|key| from.entry(key)).collect();
    let fix = format!(
        "Write info_file = \"/FILE\", command = [\"PROGRAM\", \"ARGUMENT\"] or url = \"https://…\" that gives what {prints} prints."
    );
    let [one] = named.as_slice() else {
        match named.get(1) {
            None => problems.at(entry, "It does not say where its answer is.", fix),
            Some(second) => {
                problems.at(second, "Its answer can be in one place only.", "Keep one of info_file, command and url.");
            }
        }
        return None;
    };
    if one.name == "url" {
        return server::server(entry, from, more, "https://backups.example/info.json", problems)
            .map(Box::new)
            .map(Place::Url);
    }
    from.refuse_unknown(more, problems);
    if one.name == "info_file" {
        return server::file(from, "info_file", problems).map(Place::File);
    }
    let words = program::words(one, problems)?;
    let timeout = length(from, "timeout", problems).unwrap_or(TimeDelta::zero());
    if timeout > LONGEST_ANSWER {
        problems.in_table(
            from,
            "Nobody waits longer than 10 minutes for a command.",
            "Have its output written into an info_file instead.",
        );
    }
    let timeout = timeout.min(LONGEST_ANSWER).to_std().ok().filter(|timeout| !timeout.is_zero());
    Some(Place::Command(words, timeout.unwrap_or(ANSWERS_WITHIN)))
}
