//! The words of the overview.

/// The pane.
pub const TITLE: &str = "Overview";
/// The timeline.
pub const LAST_HOUR: &str = "Last hour in UTC, newest first";
/// The short list of alerts.
pub const WORST_ALERTS: &str = "Worst alerts";
/// Nothing fires.
pub const NO_ALERTS: &str = "Nothing fires.";
/// The timeline is empty.
pub const NOTHING_HAPPENED: &str =
    "Nothing that was seen from here or told to the store happened within the last hour.";
/// The headline of what is done and was left unfinished.
pub const ACTIONS: &str = "Actions";
/// The headline of how fresh everything is.
pub const SOURCES: &str = "Sources";
/// What is asked is not there yet.
pub const READING: &str = "reading";
/// Where more of the sources is said.
pub const HOW_SOURCES_ARE_SEEN: &str =
    "The header has every source with its age and its cause; ctrl-e unfolds it, ctrl-r tries them again now.";
/// It was never read.
pub const NEVER_READ: &str = "never read: not known";

/// How many fire, from the worst; what there is none of is left out.
pub fn firing(tally: [usize; 4]) -> String {
    let words = ["critical", "high", "medium", "low"];
    let some = tally.iter().zip(words).filter(|(count, _)| **count > 0);
    let said: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    if said.is_empty() { "none fires".to_owned() } else { said.join(", ") }
}

/// No environment that is shown has an Alertmanager.
pub const NO_ALERTMANAGER: &str = "no Alertmanager is configured: what fires is not known";

/// The alert that always fires does not: no alerts does not mean healthy.
pub const WATCHDOG_MISSING: &str = "WATCHDOG MISSING";

/// What is shown is not of now.
pub fn old(age: &str) -> String {
    format!("{age} old")
}

/// All of so many are well.
pub fn all_complete(count: usize) -> String {
    match count {
        0 => "no workload".to_owned(),
        1 => "1 workload, complete".to_owned(),
        _ => format!("all {count} workloads complete or on their way"),
    }
}

/// No action is under way, none was left unfinished.
pub const NO_RUN: &str = "none under way, none unfinished";

/// Runs that were left unfinished.
pub fn unfinished(count: usize) -> String {
    if count == 1 { "1 unfinished".to_owned() } else { format!("{count} unfinished") }
}

/// All nodes are well.
pub fn all_ready(count: usize) -> String {
    match count {
        0 => "none may be seen".to_owned(),
        1 => "1 node, ready".to_owned(),
        _ => format!("all {count} ready"),
    }
}

/// Nodes in trouble, and pods that wait for one.
pub fn nodes(not_ready: usize, pressed: usize, pending: usize) -> String {
    let part = |count: usize, words: &str| (count > 0).then(|| format!("{count} {words}"));
    let parts = [part(not_ready, "not ready"), part(pressed, "under pressure"), part(pending, "pods pending")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How many objectives are how, from the worst; what there is none of is left out.
pub fn slo(tally: [usize; 4], total: usize) -> String {
    let words = ["page", "spent", "ticket", "unknown"];
    let some = tally.iter().zip(words).filter(|(count, _)| **count > 0);
    let said: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    if said.is_empty() { format!("{total} kept, none burning") } else { said.join(", ") }
}

/// How many components are how, from the worst; what there is none of is left out.
pub fn health(tally: [usize; 3], total: usize) -> String {
    let words = ["unhealthy", "degraded", "unknown"];
    let some = tally.iter().zip(words).filter(|(count, _)| **count > 0);
    let said: Vec<String> = some.map(|(count, word)| format!("{count} {word}")).collect();
    match (said.is_empty(), total) {
        (true, 1) => "1 component, healthy".to_owned(),
        (true, total) => format!("all {total} components healthy"),
        _ => said.join(", "),
    }
}

/// All jobs are well.
pub fn all_jobs_well(count: usize) -> String {
    if count == 0 { "none".to_owned() } else { format!("{count}, none failed or late") }
}

/// Something more of the same.
pub fn and_more(first: &str, more: usize) -> String {
    if more == 0 { first.to_owned() } else { format!("{first}, and {more} more") }
}

/// How many there are, when it is more than one.
pub fn times(about: &str, count: usize) -> String {
    if count > 1 { format!("{about} x{count}") } else { about.to_owned() }
}

/// Who did it.
pub fn by(who: &str, words: &str) -> String {
    match (who.is_empty(), words.is_empty()) {
        (true, _) => words.to_owned(),
        (false, true) => format!("by {who}"),
        (false, false) => format!("by {who}: {words}"),
    }
}

/// There is more than is kept.
pub fn left_out(count: usize) -> String {
    format!("{count} older lines are not shown")
}

/// Heads of columns.
pub mod column {
    /// When, in UTC.
    pub const TIME: &str = "UTC";
    /// How long ago.
    pub const AGO: &str = "AGO";
    /// What kind of thing.
    pub const KIND: &str = "WHAT";
    /// The environment.
    pub const ENVIRONMENT: &str = "ENVIRONMENT";
    /// What it is about.
    pub const ABOUT: &str = "ABOUT";
    /// The rest.
    pub const WORDS: &str = "MORE";
}
