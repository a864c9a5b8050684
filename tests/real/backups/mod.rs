//! Real backups of a real PostgreSQL: what pgBackRest and Barman tell of them, and of a day and a segment of WAL that were taken away.
//!
//! Both tools date a backup by the clock. Here each backup is made now, and its time in what the tool told is moved to a night of its own;
//! all else is as it was told.

mod acts;
mod archiver;
mod barman;
mod given;
mod pgbackrest;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::{DateTime, Days, Timelike, Utc};
use serde_json::Value;

use crate::support::console::Console;

/// A console that knows one set, and no cluster.
fn console(set: &str) -> Console {
    Console::with("", set)
}

/// What `backup list` says of the only set.
fn listed(console: &Console) -> Value {
    let finished = console.run(&["backup", "list", "--output", "json"]);
    let said: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    let [only] = said.as_array().expect("a list").as_slice() else { panic!("one set: {said}") };
    only.clone()
}

/// The table of `backup list`.
fn drawn(console: &Console) -> String {
    console.run(&["backup", "list"]).good("backup list")
}

/// The hour at which backups are due here: far from now, so that none becomes due in the middle of a test.
fn hour() -> u32 {
    static HOUR: OnceLock<u32> = OnceLock::new();
    *HOUR.get_or_init(|| (Utc::now().hour() + 12) % 24)
}

/// When the last backup was due, or the one so many days before it.
fn night(back: u64) -> DateTime<Utc> {
    let now = Utc::now();
    let due = |day: chrono::NaiveDate| day.and_hms_opt(hour(), 0, 0).expect("a time of day").and_utc();
    let today = now.date_naive();
    let last = if due(today) < now { today } else { today - Days::new(1) };
    due(last - Days::new(back))
}

/// The schedule of that.
fn schedule() -> String {
    format!("schedule = \"0 {} * * *\"\n", hour())
}

/// A program that `tests/run` unpacked, else one that is installed.
fn program(folder: &str, name: &str) -> Option<PathBuf> {
    let cached =
        std::env::var_os("QUARTERDECK_CACHE").map(|cache| Path::new(&cache).join("tools").join(folder).join("usr/bin"));
    let places = cached.into_iter().chain([PathBuf::from("/usr/bin")]);
    places.map(|place| place.join(name)).find(|path| path.exists())
}
