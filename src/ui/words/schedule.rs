//! The words of the maintenance schedule.

use crate::domain::maintenance::{Overlap, Relation};

/// The pane.
pub const TITLE: &str = "Schedule";

/// Only what somebody should look at.
pub const PROBLEMS_ONLY: &str = "only what runs, is over its time or overlaps";

/// How many windows there are ahead, and how many of them meet.
pub fn tally(ahead: usize, overlaps: usize, shown: usize, total: usize) -> String {
    let windows = if ahead == 1 { "1 window".to_owned() } else { format!("{ahead} windows") };
    let met = if overlaps == 1 { "1 overlap".to_owned() } else { format!("{overlaps} overlaps") };
    let of = if shown == total { String::new() } else { format!("; {shown} of {total} shown") };
    format!("{windows} and {met} in 60 days{of}")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} windows matches. Press esc to clear the filter.")
}

/// The store was not heard yet.
pub const NOT_HEARD: &str = "What people planned is not read yet: only what is shipped is shown.";

/// It runs so long beyond its end.
pub fn over(age: &str) -> String {
    format!("{age} OVER")
}

/// It runs.
pub fn ends(left: &str) -> String {
    format!("ends in {left}")
}

/// It comes.
pub fn begins(left: &str) -> String {
    format!("in {left}")
}

/// It is over.
pub fn ended(age: &str) -> String {
    format!("ended {age} ago")
}

/// What it meets, in a few words.
pub fn meets(overlaps: &[Overlap]) -> String {
    let word = |met: &Overlap| match met.relation {
        Relation::Inside => format!("absorbed by {}", met.name),
        relation => format!("{} {}", relation.word(), met.name),
    };
    overlaps.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// A daily window that came to its end.
pub fn success(name: &str, age: &str) -> String {
    format!("{name} ended {age} ago, and nobody said that it failed.")
}

/// Something of an emergency is due.
pub fn due(emergency: &str, what: &str, left: Option<&str>) -> String {
    match left {
        Some(left) => format!("EMERGENCY {emergency}: {what} is due in {left}."),
        None => format!("EMERGENCY {emergency}: {what} is OVERDUE."),
    }
}

/// Something is frozen.
pub fn frozen(words: &str, refuses: bool) -> String {
    if refuses {
        format!("FROZEN: {words}. Nothing new goes out.")
    } else {
        format!("{words}: only what mends goes out.")
    }
}

/// Tasks whose time is over.
pub fn overdue(tasks: &[&str]) -> String {
    format!("OVERDUE: {}. quarterdeck maintenance tasks tells since when.", tasks.join(", "))
}

/// From when until when, on two clocks.
pub fn span(utc: &str, elsewhere: Option<&str>, length: &str) -> String {
    let elsewhere = elsewhere.map(|words| format!(" ({words})")).unwrap_or_default();
    format!("{utc}{elsewhere}, {length}")
}

/// Its rule, and what it is of.
pub fn rule(rule: &str, service: Option<&str>, is_downtime: bool) -> String {
    let of = service.map_or_else(|| "every service".to_owned(), |service| format!("service {service}"));
    let downtime = if is_downtime { "; downtime" } else { "" };
    format!("{rule}; {of}{downtime}")
}

/// The next ones.
pub fn next(times: &[String]) -> String {
    if times.is_empty() { "It does not come again.".to_owned() } else { format!("Next: {}", times.join(", ")) }
}

/// What was said of this one.
pub fn said(by: &str, what: &str, reason: &str, age: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{what} by {by} {age} ago{reason}")
}

/// An activity, done or not.
pub fn activity(name: &str, done: Option<(&str, &str)>) -> String {
    match done {
        Some((by, age)) => format!("[x] {name} ({by}, {age} ago)"),
        None => format!("[ ] {name}"),
    }
}

/// What the month's signs mean.
pub const SIGNS: &str = "- one window, + several";

/// The heads of a month.
pub const WEEK: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// The headline: what runs or comes next.
pub fn headline(running: &[String], next: Option<(&str, &str)>) -> String {
    match (running, next) {
        ([], Some((name, left))) => format!("next {name} in {left}"),
        ([], None) => "nothing planned".to_owned(),
        (running, _) => format!("{} runs", running.join(", ")),
    }
}

/// Heads of columns.
pub mod column {
    /// How it is.
    pub const STATE: &str = "STATE";
    /// When it begins or ends.
    pub const WHEN: &str = "WHEN";
    /// Its beginning.
    pub const START: &str = "START UTC";
    /// How long.
    pub const LASTS: &str = "LASTS";
    /// Its name.
    pub const WINDOW: &str = "WINDOW";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// What it meets.
    pub const MEETS: &str = "OVERLAPS";
}
