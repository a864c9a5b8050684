//! The words of the pane of escalation.

/// The pane.
pub const TITLE: &str = "Escalation";
/// Only what nobody has answered.
pub const PROBLEMS_ONLY: &str = "only what nobody has answered";
/// What stands over every ladder while nothing pages by itself.
pub const NOT_PAGED: &str =
    "NOT PAGED: no engine runs, so nobody is paged by these ladders. Call whoever stands at what is due.";
/// Nothing was read yet.
pub const LOADING: &str = "Reading incidents and policies.";
/// Nothing was ever read.
pub const NEVER_READ: &str = "Incidents and policies were never read from the store:";
/// No policy says whom to page.
pub const NO_POLICY: &str = "no policy says whom to page: write [[policy]] for its team and severity";
/// Nobody is left.
pub const EXHAUSTED: &str = "nobody is left to page";
/// Somebody put it off.
pub const SNOOZED: &str = "nobody is called until then: its levels begin again";
/// In place of a level, where somebody was asked by name.
pub const RESPONDER: &str = "help";
/// A level that has nobody.
pub const NOBODY: &str = "nobody: the next level at once";

/// How a level is.
pub mod state {
    /// It should be paged by now.
    pub const DUE: &str = "DUE";
    /// It is the next.
    pub const NEXT: &str = "next";
    /// It comes after the next.
    pub const LATER: &str = "later";
    /// Somebody answered.
    pub const STOPPED: &str = "stopped";
    /// Somebody put it off.
    pub const SNOOZED: &str = "snoozed";
    /// No policy.
    pub const UNKNOWN: &str = "no policy";
}

/// The heads of the columns.
pub mod column {
    /// The incident.
    pub const INCIDENT: &str = "INC";
    /// Its severity.
    pub const SEVERITY: &str = "SEV";
    /// How the level is.
    pub const STATE: &str = "STATE";
    /// Which level.
    pub const LEVEL: &str = "LEVEL";
    /// How long until it is paged.
    pub const LEFT: &str = "IN";
    /// When.
    pub const AT: &str = "AT";
    /// What it may decide.
    pub const AUTHORITY: &str = "AUTHORITY";
    /// Who.
    pub const PEOPLE: &str = "PEOPLE";
}

/// How many incidents are due to be answered, of how many.
pub fn tally(due: usize, incidents: usize) -> String {
    let open = if incidents == 1 { "1 open incident".to_owned() } else { format!("{incidents} open incidents") };
    format!("{due} due; {open}")
}

/// Nothing is open.
pub fn nothing(_: &str) -> String {
    "No incident is open: nobody is to be paged.".to_owned()
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} levels matches. Press esc to clear the filter.")
}

/// Somebody who was asked to help answered.
pub fn page_answered(person: &str) -> String {
    format!("{person} answered their own page")
}

/// Who answered.
pub fn answered(by: &str) -> String {
    format!("{by} acknowledged: nobody further is paged")
}
