//! The words of the detail of a workload.

use super::SeenHealthy;

/// A part is being read.
pub const READING: &str = "Reading…";
/// The workload is gone.
pub const GONE: &str = "This workload is not listed any more. Press esc to go back.";
/// It has no pods.
pub const NO_PODS: &str = "No pods.";
/// It has no events.
pub const NO_EVENTS: &str = "No events about it; the server forgets them after about an hour.";
/// It has no revisions.
pub const NO_REVISIONS: &str = "No revisions.";
/// The templates are equal.
pub const NO_CHANGES: &str = "No difference in the pod template.";
/// There is nothing to compare with.
pub const ONLY_REVISION: &str = "The only revision: nothing to compare with.";

/// The tabs with how many lines each has.
pub fn tab(name: &str, count: Option<usize>) -> String {
    count.map_or_else(|| name.to_owned(), |count| format!("{name} {count}"))
}

/// Names of the tabs.
pub const TABS: [&str; 4] = ["Pods", "Events", "History", "Raw"];

/// Ready out of desired.
pub fn ready(ready: u32, desired: u32) -> String {
    format!("{ready}/{desired} ready")
}

/// How long ago the release began.
pub fn changed(age: &str) -> String {
    format!("changed {age} ago")
}

/// A pod that shuts down, within its grace period.
pub fn leaves(left: &str) -> String {
    format!("leaves within {left}")
}

/// A pod that should be gone.
pub fn outlives(age: &str) -> String {
    format!("outlives its grace period by {age}")
}

/// What holds a pod.
pub fn blocked(reason: &str, message: &str) -> String {
    if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") }
}

/// How a container ended.
pub fn exited(code: i32, reason: &str) -> String {
    if reason.is_empty() { format!("exited {code}") } else { format!("exited {code} ({reason})") }
}

/// Where a pod runs.
pub fn on_node(node: &str) -> String {
    format!("on {node}")
}

/// What the pod template lacks.
pub fn lacks(words: &str) -> String {
    format!("template: {words}")
}

/// How often an event was seen.
pub fn times(count: u32) -> String {
    if count > 1 { format!("x{count}") } else { String::new() }
}

/// Between which revisions the differences are.
pub fn between(before: &str, after: &str) -> String {
    format!("Template, from {before} to {after}")
}

/// A revision in words.
pub fn revision(number: u64, is_current: bool) -> String {
    if is_current { format!("revision {number} (current)") } else { format!("revision {number}") }
}

/// Whether it was seen healthy.
pub const fn seen(seen: SeenHealthy) -> &'static str {
    match seen {
        SeenHealthy::Remembered => "yes, seen here",
        SeenHealthy::AvailableNow => "yes, available now",
        SeenHealthy::No => "NOT SEEN HEALTHY HERE",
    }
}

/// What is advised about the release, and how old its figures are.
pub fn advised(sentence: &str, age: &str) -> String {
    format!("{sentence} Measured {age} ago.")
}
