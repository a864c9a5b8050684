//! Changing the primary of a database: a real Patroni cluster, and the simulated one held to the same contract.

mod contract;
mod lost;
mod screen;
mod simulated;
mod switchover;
mod workload;

use std::time::Duration;

use serde_json::Value;

use crate::support::console::Console;
use crate::support::process::{Finished, Running};

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A console that knows one database, and no cluster.
fn console(urls: &[String]) -> Console {
    let urls: Vec<String> = urls.iter().map(|url| format!("{url:?}")).collect();
    let config = format!(
        "[environment.shop]\nguard = \"production\"\nwrite = true\n[database.orders]\nenvironment = \"shop\"\npatroni = [{}]\n",
        urls.join(", ")
    );
    Console::with("", &config)
}

/// Plans a change of the primary, with these further words.
fn plan(console: &Console, words: &[&str]) -> (Finished, Value) {
    console.plan(&[&["failover", "database/orders"], words].concat())
}

/// Starts to apply a plan as a script does: by the name of the database.
fn start(console: &Console, plan: &Value, words: &[&str]) -> Running {
    let apply = ["apply", "-", "--confirm", "orders", "--reason", "a test", "--output", "json"];
    Running::start(console.command(&[&apply[..], words].concat()), &plan.to_string())
}

/// Applies a plan; the exit code, and what came of it.
fn apply(console: &Console, plan: &Value, words: &[&str]) -> (Finished, Value) {
    let finished = start(console, plan, words).finish(PATIENCE);
    let told = serde_json::from_str(&finished.stdout).unwrap_or_default();
    (finished, told)
}

/// One check of a plan.
fn check<'p>(plan: &'p Value, item: &str) -> &'p Value {
    let checks = plan["preflight"].as_array().expect("checks");
    checks.iter().find(|check| check["item"] == item).unwrap_or_else(|| panic!("{item} is not looked at: {plan}"))
}
