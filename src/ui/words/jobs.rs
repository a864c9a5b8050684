//! The words of the jobs pane.

/// How many rows are shown.
pub fn shown(visible: usize, total: usize) -> String {
    if visible == total { format!("{total} jobs, worst first") } else { format!("{visible} of {total} jobs") }
}

/// The first list is on its way.
pub fn loading(jobs: usize) -> String {
    format!("Reading CronJobs and Jobs: {jobs} so far.")
}

/// The source answered, and there is nothing.
pub fn empty(scope: &str) -> String {
    format!("No CronJobs and no Jobs of their own in {scope}.")
}

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} jobs matches. Press esc to clear the filter.")
}

/// Nothing was ever read.
pub const NEVER_READ: &str = "CronJobs and Jobs were never read:";

/// The job is gone.
pub const GONE: &str = "This job is not listed any more. Press esc to go back.";
/// It has no runs.
pub const NO_RUNS: &str = "No runs are kept: it has not run yet, or its history limits are 0.";
/// It has no pods.
pub const NO_PODS: &str = "No pods: none runs, and those that ended are gone.";

/// Names of the tabs.
pub const TABS: [&str; 4] = ["Runs", "Pods", "Events", "Raw"];

/// Who started a run.
pub const fn started_by(is_manual: bool) -> &'static str {
    if is_manual { "by hand" } else { "schedule" }
}

/// The schedule.
pub fn schedule(words: &str) -> String {
    format!("schedule {words}")
}

/// When it runs next.
pub fn next(clock: &str, left: &str) -> String {
    format!("next run {clock}, in {left}")
}

/// The next run is due and has not begun.
pub const DUE: &str = "due now";

/// When it last ran.
pub fn last(clock: &str, age: &str) -> String {
    format!("last run {clock}, {age} ago")
}

/// How long the last run took.
pub fn took(length: &str) -> String {
    format!("took {length}")
}

/// When a run last succeeded.
pub fn succeeded(age: &str) -> String {
    format!("last success {age} ago")
}

/// No run ever succeeded.
pub const NEVER_SUCCEEDED: &str = "no success known";

/// Runs under way.
pub fn active(runs: u32) -> String {
    if runs == 1 { "1 run under way".to_owned() } else { format!("{runs} runs under way") }
}

/// Runs that were not started.
pub fn missed(runs: u32) -> String {
    match runs {
        1 => "1 run missed".to_owned(),
        100.. => "100 or more runs missed".to_owned(),
        _ => format!("{runs} runs missed"),
    }
}

/// Pods of a Job.
pub fn pods(succeeded: u32, wanted: u32, failed: u32) -> String {
    if failed == 0 { format!("{succeeded}/{wanted}") } else { format!("{succeeded}/{wanted} !{failed}") }
}
