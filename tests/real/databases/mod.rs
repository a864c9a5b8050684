//! Databases read: a real PostgreSQL by a role of least privilege, and real Redis servers with their Sentinels.

mod postgres;
mod redis;

use serde_json::Value;

use crate::support::console::Console;

/// What `database list` says of the only database.
fn listed(console: &Console) -> Value {
    let finished = console.run(&["database", "list", "--output", "json"]);
    let said: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    let [only] = said.as_array().expect("a list").as_slice() else { panic!("one database: {said}") };
    only.clone()
}

/// The exit code of `status`, and what it says of the only database.
fn status(console: &Console) -> (Option<i32>, Value) {
    let finished = console.run(&["status", "--output", "json"]);
    let said: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{finished:?}"));
    (finished.code, said["databases"][0].clone())
}
