//! The words of why workloads are stuck.

use crate::domain::cluster::ClusterEvent;

/// A cause, how long it has been there, and how many rollouts it holds.
pub fn cause(words: &str, age: Option<&str>, rollouts: usize) -> String {
    let age = age.map(|age| format!(" ({age})")).unwrap_or_default();
    match rollouts {
        0 | 1 => format!("{words}{age}"),
        many => format!("{words}{age}; {many} rollouts"),
    }
}

/// There are more causes than lines.
pub fn and_more(words: &str, left: usize) -> String {
    format!("+{left} more; {words}")
}

/// Why the open workload is stuck.
pub fn why(cause: &str) -> String {
    format!("why: {cause}")
}

/// A probe that fails.
pub fn probe(event: &ClusterEvent, age: &str) -> String {
    let times = if event.count > 1 { format!(", {} times", event.count) } else { String::new() };
    format!("probe: {}: {} ({age} ago{times})", event.about, event.note)
}
