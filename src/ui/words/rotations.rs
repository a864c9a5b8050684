//! The words of the pane of rotations.

/// The pane.
pub const TITLE: &str = "Rotations";
/// Only what has nobody, or will have.
pub const PROBLEMS_ONLY: &str = "only roles that have nobody in the next 14 days";
/// Nothing was read yet.
pub const LOADING: &str = "Reading who is on call.";
/// Nothing was ever read.
pub const NEVER_READ: &str = "Who is on call was never read from the store:";
/// Nobody has a role now.
pub const NOBODY: &str = "NOBODY";
/// How a role is.
pub mod state {
    /// Nobody has it now.
    pub const EMPTY: &str = "NOBODY";
    /// Nobody has it at some time in the next 14 days.
    pub const GAP: &str = "gap";
    /// The same person has another role at the same time.
    pub const CLASH: &str = "clash";
    /// Somebody always has it.
    pub const COVERED: &str = "covered";
}
/// The heads of the columns.
pub mod column {
    /// How it is.
    pub const STATE: &str = "STATE";
    /// The schedule.
    pub const SCHEDULE: &str = "SCHEDULE";
    /// The role.
    pub const ROLE: &str = "ROLE";
    /// Who has it now.
    pub const NOW: &str = "ON CALL";
    /// How long.
    pub const LEFT: &str = "LEFT";
    /// Who has it next.
    pub const NEXT: &str = "NEXT";
    /// When they take over, on the clock of the schedule.
    pub const AT: &str = "HANDS OVER";
}

/// How many roles there are, and how many of them are not covered.
pub fn tally(open: usize, shown: usize, total: usize) -> String {
    let all = if total == 1 { "1 role".to_owned() } else { format!("{total} roles") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{open} not covered; {of}")
}

/// There is no schedule.
pub fn nothing(_: &str) -> String {
    "No schedule is in the store. Write [[schedule]] into a file and read it: quarterdeck people import FILE."
        .to_owned()
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} roles matches. Press esc to clear the filter.")
}

/// A service whose schedule has nobody at some time.
pub fn service(service: &str, on_call: &str) -> String {
    format!("{service}: {on_call} has nobody at times in the next 14 days, or is no schedule.")
}

/// What the overview says.
pub fn headline(people: &[String], total: usize) -> String {
    if people.is_empty() { format!("nobody of {total} roles") } else { people.join(", ") }
}

/// Who is on call, in the header, when the store was never read.
pub const NOT_KNOWN: &str = "on call: not known";

/// Who is on call, in the header: the handles, each once; that a role has nobody comes first.
pub fn standing(holders: &[Option<String>]) -> String {
    let mut people: Vec<&str> = Vec::new();
    for person in holders.iter().flatten() {
        if !people.contains(&person.as_str()) {
            people.push(person);
        }
    }
    let nobody = if holders.contains(&None) { "NOBODY, " } else { "" };
    format!("on call {nobody}{}", people.join(", ")).trim_end_matches(", ").to_owned()
}
