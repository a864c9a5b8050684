//! The words of maintenance modes.

use crate::domain::maintenance_mode::{ServiceMode, State};

/// The pane.
pub const TITLE: &str = "Modes";

/// Only what is not simply off.
pub const PROBLEMS_ONLY: &str = "only what is in maintenance or taken down";

/// Nothing was read yet.
pub const LOADING: &str = "Reading workloads.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "Workloads were never read; what is in maintenance mode is not known:";

/// Who took down what nobody remembers.
pub const OTHERS: &str = "other hands";

/// There are no services.
pub fn nothing(environment: &str) -> String {
    format!("{environment} has no service, and no workload that is in maintenance mode.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} services matches. Press esc to clear the filter.")
}

/// How many are how.
pub fn tally([on, by_others]: [usize; 2], shown: usize, total: usize) -> String {
    let others = if by_others == 0 { String::new() } else { format!(", {by_others} taken down by other hands") };
    let services = if total == 1 { "service" } else { "services" };
    let of =
        if shown == total { format!("{total} {services}") } else { format!("{shown} of {total} {services} shown") };
    format!("{on} in maintenance{others}; {of}")
}

/// A state, as the list shows it.
pub const fn state(state: State) -> &'static str {
    match state {
        State::Unreadable => "unreadable",
        State::On => "ON",
        State::Ending => "ending",
        State::ByOthers => "at 0",
        State::Off => "off",
    }
}

/// It is so long beyond its end.
pub fn over(age: &str) -> String {
    format!("OVERDUE {age}")
}

/// It ends.
pub fn ends(left: &str) -> String {
    format!("ends in {left}")
}

/// How many pods come back.
pub fn comes_back(row: &ServiceMode) -> String {
    let remembered: Vec<u32> =
        row.workloads.iter().filter_map(|mode| mode.remembered().map(|memory| memory.replicas)).collect();
    match (remembered.is_empty(), row.state) {
        (false, _) => format!("{} pods", remembered.iter().sum::<u32>()),
        (true, State::ByOthers | State::Unreadable) => "?".to_owned(),
        (true, _) => String::new(),
    }
}

/// Its end was moved.
pub fn extended(times: u32, why: &str) -> String {
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    format!("Extended {times}: {why}")
}

/// What a workload in maintenance remembers.
pub fn remembers(name: &str, replicas: u32, desired: u32) -> String {
    let now = if desired == 0 { String::new() } else { format!(", and is to have {desired} now: somebody changed it") };
    format!("{name} remembers {replicas} pods{now}")
}

/// What else comes back with it.
pub fn also(names: &[&str]) -> String {
    format!("with it come back {}", names.join(", "))
}

/// It is being brought back.
pub fn ending(name: &str, available: u32, replicas: u32) -> String {
    format!("{name} is being brought back: {available} of {replicas} ready")
}

/// Somebody edited what it remembers.
pub fn unreadable(name: &str, problem: &str) -> String {
    format!("{name} cannot be read: {problem}")
}

/// Other hands took it down.
pub fn taken_down(name: &str, (count, source): (u32, &str)) -> String {
    format!(
        "{name} was taken down by other hands, and nothing is remembered; maintenance-off --replicas {count} ({source}), or what its plan proposes"
    )
}

/// It is not in maintenance.
pub fn runs(name: &str, available: u32, desired: u32) -> String {
    format!("{name}: {available} of {desired} pods serve")
}

/// More workloads than are named.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}

/// Workloads of a service that are not in maintenance.
pub fn others_run(count: usize) -> String {
    if count == 1 {
        "1 more workload of it is not in maintenance.".to_owned()
    } else {
        format!("{count} more workloads of it are not in maintenance.")
    }
}

/// What the overview says.
pub fn headline(on: usize, overdue: usize) -> String {
    match (on, overdue) {
        (0, _) => "nothing in maintenance mode".to_owned(),
        (1, 0) => "1 workload in maintenance mode".to_owned(),
        (on, 0) => format!("{on} workloads in maintenance mode"),
        (on, overdue) => format!("{overdue} of {on} in maintenance mode OVERDUE"),
    }
}

/// Column heads.
pub mod column {
    /// On, off, or how it is between.
    pub const STATE: &str = "STATE";
    /// The service, or the workload that maps to none.
    pub const SERVICE: &str = "SERVICE";
    /// Until when.
    pub const UNTIL: &str = "UNTIL";
    /// Since when.
    pub const SINCE: &str = "SINCE";
    /// By whom.
    pub const BY: &str = "BY";
    /// How many pods come back.
    pub const COMES_BACK: &str = "COMES BACK";
    /// Why.
    pub const WHY: &str = "WHY";
}

/// What is in maintenance mode, and by whom, in the header.
pub fn standing(name: &str, by: &str) -> String {
    format!("maintenance of {name} by {by}")
}
