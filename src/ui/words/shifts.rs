//! The words of the pane of shifts.

/// The pane.
pub const TITLE: &str = "Shifts";
/// Only those of nobody.
pub const PROBLEMS_ONLY: &str = "only what nobody has";
/// Nothing was read yet.
pub const LOADING: &str = "Reading who is on call.";
/// Nothing was ever read.
pub const NEVER_READ: &str = "Who is on call was never read from the store:";
/// Nobody has the role then.
pub const NOBODY: &str = "NOBODY";
/// What the signs of the month mean beside people.
pub const LEGEND: &str = ". nobody  - over";

/// The heads of the columns.
pub mod column {
    /// From when, on the clock of the schedule.
    pub const FROM: &str = "FROM";
    /// Until when.
    pub const UNTIL: &str = "UNTIL";
    /// The schedule.
    pub const SCHEDULE: &str = "SCHEDULE";
    /// The role.
    pub const ROLE: &str = "ROLE";
    /// Why they have it.
    pub const WHY: &str = "WHY";
    /// Who.
    pub const PERSON: &str = "ON CALL";
}

/// How many shifts there are in five weeks, and how many of them nobody has.
pub fn tally(gaps: usize, shown: usize, total: usize) -> String {
    let all = if total == 1 { "1 shift".to_owned() } else { format!("{total} shifts") };
    let of = if shown == total { all } else { format!("{shown} of {all} shown") };
    format!("{gaps} of nobody; {of} in 5 weeks")
}

/// There is no schedule.
pub fn nothing(_: &str) -> String {
    "No schedule is in the store. Write [[schedule]] into a file and read it: quarterdeck people import FILE."
        .to_owned()
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} shifts matches. Press esc to clear the filter.")
}
