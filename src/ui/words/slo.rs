//! The words of the pane of objectives.

use std::fmt::Write as _;

use crate::domain::slo::{Budget, Excluded, Exclusion, Slo};
use crate::domain::time;

/// The pane.
pub const TITLE: &str = "SLO";

/// How many objectives are how, from the worst.
pub fn tally(counts: [usize; 4], shown: usize, total: usize) -> String {
    let [page, spent, ticket, unknown] = counts;
    let all = if total == 1 { "1 objective".to_owned() } else { format!("{total} objectives") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{page} page, {spent} spent, {ticket} ticket, {unknown} unknown; {of}")
}

/// Only what is not known to be well.
pub const PROBLEMS_ONLY: &str = "only what is not known to be well";

/// No environment has a Prometheus.
pub const NOT_CONFIGURED: &str = "No Prometheus is configured: what is left of any error budget is not known. Give an environment one: prometheus = { url = \"https://prometheus.example\" }. See quarterdeck config init.";

/// Nothing was read yet.
pub const LOADING: &str = "Counting what was promised.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "What was promised was never counted; what is left of it is not known:";

/// Nothing was promised.
pub fn nothing(environment: &str) -> String {
    format!(
        "Nothing was promised in {environment} that is known here. Write what was: [service.checkout] slo = {{ availability = \"99.9 %\" }}. Objectives of Sloth and Pyrra are found by themselves."
    )
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} objectives matches. Press esc to clear the filter.")
}

/// What was promised, and over which time.
pub fn promised(slo: &Slo) -> String {
    let target = slo.target.map_or_else(|| "goal not known".to_owned(), |target| target.to_string());
    format!("{target} over {}", slo.window)
}

/// Who keeps the numbers, and how old they are.
pub fn counted(slo: &Slo, age: &str) -> String {
    format!("{} series, counted {age} ago", slo.recorder.word())
}

/// That less is known than the window.
pub fn known(days: (u32, u32)) -> Option<String> {
    let (known, all) = days;
    (known < all).then(|| format!("series on {known} of {all} days"))
}

/// What is left, in minutes of total outage.
pub fn left(budget: &Budget) -> String {
    let lasts = budget.lasts.map(|lasts| format!(" At the pace of the last hour it lasts {}.", time::coarse(lasts)));
    format!(
        "Budget {:.1} min of total outage: {:.1} min left, {}.{}",
        budget.minutes,
        budget.minutes_left(),
        percent(budget.left),
        lasts.unwrap_or_default()
    )
}

/// A share of the budget.
pub fn percent(left: f64) -> String {
    let percent = left * 100.0;
    // Never all of it where something was spent, never nothing where something is left.
    let digits = usize::from(percent.abs() < 9.95 || (99.5..100.0).contains(&percent));
    format!("{percent:.digits$} %")
}

/// Minutes of total outage.
pub fn minutes(minutes: f64) -> String {
    if minutes.abs() >= 99.95 { format!("{minutes:.0} min") } else { format!("{minutes:.1} min") }
}

/// A burn rate.
pub fn burn(burn: Option<f64>) -> String {
    match burn {
        None => "?".to_owned(),
        Some(burn) if burn >= 99.95 => format!("{burn:.0}"),
        Some(burn) if burn >= 9.95 || burn == 0.0 => format!("{burn:.1}"),
        Some(burn) => format!("{burn:.2}"),
    }
}

/// The two windows of a row.
pub fn windows(long: &str, short: &str) -> String {
    format!("{long} and {short}")
}

/// Too few requests.
pub fn low_traffic(counted: u64, needed: u64) -> String {
    let requests = if counted == 1 { "1 request".to_owned() } else { format!("{counted} requests") };
    format!("LOW TRAFFIC: {requests}, {needed} needed")
}

/// A row that cannot fire.
pub const NEVER: &str = "cannot fire: the goal is too low";

/// Time that somebody says does not count: why, when, what was made of it, and where that is proven.
pub fn excluded(one: &Excluded) -> String {
    let Exclusion { reason, from, to, evidence, announced } = &one.exclusion;
    let end = if from.date_naive() == to.date_naive() { "%H:%MZ" } else { "%Y-%m-%d %H:%MZ" };
    let reason = reason.word().replace('_', " ");
    let mut words = format!("{reason} {} to {}: ", from.format("%Y-%m-%d %H:%M"), to.format(end));
    if !one.counted.is_zero() {
        let _ = write!(words, "{} do not count. ", time::coarse(one.counted));
    }
    words.extend(one.why_not.iter().map(|why| format!("{why} ")));
    words.push_str(if evidence.trim().is_empty() { "NO EVIDENCE" } else { "Evidence: " });
    words.push_str(evidence);
    words.extend(announced.map(|at| format!(", announced {}", at.format("%Y-%m-%d"))));
    words
}

/// There are more exclusions than room.
pub fn more_excluded(count: usize) -> String {
    format!("{count} more; quarterdeck status --output json lists them")
}

/// Heads of columns.
pub mod column {
    /// How it stands.
    pub const STATE: &str = "STATE";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// The goal.
    pub const GOAL: &str = "GOAL";
    /// The share promised.
    pub const TARGET: &str = "TARGET";
    /// What is left of the budget.
    pub const LEFT: &str = "LEFT";
    /// The same, in minutes of total outage.
    pub const MINUTES: &str = "MINUTES";
    /// The burn rate of the last hour.
    pub const HOUR: &str = "BURN 1H";
    /// The burn rate of the last five minutes.
    pub const NOW: &str = "5M";
    /// How long the budget lasts.
    pub const LASTS: &str = "LASTS";
    /// Why it stands so.
    pub const REASON: &str = "REASON";
    /// Heads of the burn table.
    pub const BURN: [&str; 5] = ["FOR", "WINDOWS", "ABOVE", "BURN", "STATE"];
}
