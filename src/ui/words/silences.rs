//! The words of the silences pane.

/// The pane.
pub const TITLE: &str = "Silences";

/// Only what holds or will.
pub const STANDING_ONLY: &str = "only what holds or will";

/// Nothing was read yet.
pub const LOADING: &str = "Reading silences.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "Silences were never read; what is hidden is not known:";

/// How many hold, will and are over.
pub fn tally(counts: [usize; 3], shown: usize, total: usize) -> String {
    let [active, pending, expired] = counts;
    let of = if shown == total { format!("{total} in all") } else { format!("{shown} of {total} shown") };
    format!("{active} active, {pending} pending, {expired} ended in the last 12 hours; {of}")
}

/// An environment's Alertmanagers answer, but not about silences.
pub fn not_known(environment: &str) -> String {
    format!("The silences of {environment} are not known: its Alertmanager does not tell them.")
}

/// There is none.
pub fn nothing(environment: &str) -> String {
    format!("Nothing is silenced in {environment}, and nothing was in the last 12 hours.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} silences matches. Press esc to clear the filter.")
}

/// When it ends.
pub fn ends(left: &str) -> String {
    format!("ends in {left}")
}

/// When it begins.
pub fn begins(left: &str) -> String {
    format!("begins in {left}")
}

/// When it ended.
pub fn ended(age: &str) -> String {
    format!("ended {age} ago")
}

/// Which silence, and from when until when.
pub fn which(id: &str, environment: &str, from: &str, until: &str) -> String {
    format!("{id} in {environment}, from {from} until {until} UTC")
}

/// Who made it and why.
pub fn why(by: &str, comment: &str) -> String {
    format!("by {by}: {comment}")
}

/// It hides nothing.
pub const HIDES_NOTHING: &str = "It hides nothing that fires now: it may be left over, or misspelt.";

/// What it hides.
pub fn hides(named: &[String], count: usize) -> String {
    let more = count.saturating_sub(named.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("hides {}{more}", named.join(", "))
}

/// Heads of columns.
pub mod column {
    /// Its state.
    pub const STATE: &str = "STATE";
    /// When it ends, begins or ended.
    pub const WHEN: &str = "WHEN";
    /// How many alerts it hides.
    pub const HIDES: &str = "HIDES";
    /// Who made it.
    pub const BY: &str = "BY";
    /// What it covers.
    pub const COVERS: &str = "COVERS";
    /// Why.
    pub const WHY: &str = "WHY";
}
