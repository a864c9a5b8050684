//! The words of the list of workloads.

/// How many rows are shown.
pub fn shown(visible: usize, total: usize) -> String {
    if visible == total { format!("{total} workloads, worst first") } else { format!("{visible} of {total} workloads") }
}

/// A filter is on.
pub fn filter(text: &str) -> String {
    format!("filter /{text}/")
}

/// Only rows in trouble.
pub const PROBLEMS_ONLY: &str = "problems only";

/// Marked rows.
pub fn marked(all: usize, hidden: usize) -> String {
    if hidden == 0 { format!("{all} marked") } else { format!("{all} marked, {hidden} of them hidden by the filter") }
}

/// The first list is on its way.
pub fn loading(workloads: usize, pods: usize) -> String {
    format!("Reading workloads: {workloads} so far, {pods} pods.")
}

/// The source answered, and there is nothing.
pub fn empty(scope: &str) -> String {
    format!("No workloads in {scope}. Press s to choose another scope.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} workloads matches. Press esc to clear the filter.")
}

/// Nothing was ever read.
pub const NEVER_READ: &str = "Workloads were never read:";
/// What happens next where nothing was ever read.
pub const RETRIES: &str = "Quarterdeck tries again by itself; ctrl-r tries now.";
/// What is shown although its source is not fresh: its age, why, and when it is asked again.
pub fn old(age: &str, cause: Option<&str>, retry: Option<&str>) -> String {
    let cause = cause.map(|cause| format!(": {}", cause.trim_end_matches('.')));
    let retry = retry.map(|retry| format!("; next try in {retry}"));
    let tail: String = [cause, retry].into_iter().flatten().collect();
    format!("What follows is {age} old{tail}")
}

/// Figures of a row beyond ready and desired.
pub fn counts(updated: u32, available: u32) -> String {
    format!("{updated} updated, {available} available")
}

/// Old pods shutting down.
pub fn leaving(pods: u32) -> String {
    if pods == 1 { "1 old pod leaving".to_owned() } else { format!("{pods} old pods leaving") }
}

/// Pods a minute.
pub fn rate(per_minute: f32) -> String {
    if per_minute < 9.95 { format!("{per_minute:.1}/min") } else { format!("{per_minute:.0}/min") }
}

/// Time left at the present rate.
pub fn remaining(left: &str) -> String {
    format!("{left} left at this rate")
}

/// Time until the controller gives up.
pub fn deadline(left: &str) -> String {
    format!("deadline in {left}")
}

/// The deadline has passed.
pub const OVERDUE: &str = "deadline passed";

/// A revision's number.
pub fn revision(number: u64) -> String {
    format!("revision {number}")
}

/// Alerts that fire about a row.
pub fn alerts(count: usize) -> String {
    if count == 1 { "1 alert fires".to_owned() } else { format!("{count} alerts fire") }
}
