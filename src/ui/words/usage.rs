//! The words of what pods and nodes use.

use chrono::TimeDelta;

use crate::domain::node::{Bytes, Millicores, Node};
use crate::domain::usage::{Measured, Resources, percent};

/// Used, of how much there is: `1.2 of 3.9 (31%)`; the unit stands with the last figure.
fn of(used: String, all: Option<(String, Option<u64>)>, what: &str) -> String {
    match all {
        Some((all, Some(percent))) => format!("{used} of {what}{all} ({percent}%)"),
        Some((all, None)) => format!("{used} of {what}{all}"),
        None => used,
    }
}

/// Memory in MiB.
fn memory(used: Bytes, all: Option<Bytes>, what: &str) -> String {
    let figure = used.mebibytes().to_string();
    let share = all.map(|all| (format!("{} MiB", all.mebibytes()), percent(used.0, all.0)));
    if share.is_some() { of(figure, share, what) } else { format!("{figure} MiB") }
}

fn cpu(used: Millicores, all: Option<Millicores>, what: &str) -> String {
    of(used.words(), all.map(|all| (all.words(), percent(used.0, all.0))), what)
}

/// When it was measured.
fn measured(age: Option<&str>, window: Option<TimeDelta>) -> String {
    let window = window.map(|window| format!(" over {} s", window.num_seconds())).unwrap_or_default();
    age.map(|age| format!("; measured {age} ago{window}")).unwrap_or_default()
}

/// A figure the server did not give.
const UNKNOWN: &str = "not measured";

/// Nothing was measured of a pod, though others were: it has just started.
pub const NOT_MEASURED: &str = "usage not measured yet";

/// What a node uses of what pods may use of it.
pub fn node(used: &Measured, node: &Node, age: Option<&str>) -> String {
    let cpu_used = used.cpu.map_or_else(|| UNKNOWN.to_owned(), |used| cpu(used, node.cpu, ""));
    let memory_used = used.memory.map_or_else(|| UNKNOWN.to_owned(), |used| memory(used, node.memory, ""));
    format!("uses: CPU {cpu_used}, memory {memory_used}{}", measured(age, used.window))
}

/// What a pod uses beside what it asked for and may have.
pub fn pod(used: &Measured, asked: Option<&Resources>, age: Option<&str>) -> String {
    let asked = asked.copied().unwrap_or_default();
    let cpu_used = used.cpu.map_or_else(
        || UNKNOWN.to_owned(),
        |used| beside(&|all, what| cpu(used, all, what), asked.cpu_request, asked.cpu_limit),
    );
    let memory_used = used.memory.map_or_else(
        || UNKNOWN.to_owned(),
        |used| beside(&|all, what| memory(used, all, what), asked.memory_request, asked.memory_limit),
    );
    format!("CPU {cpu_used}; memory {memory_used}{}", measured(age, used.window))
}

/// A figure beside the request and the limit.
fn beside<T: Copy>(written: &dyn Fn(Option<T>, &str) -> String, request: Option<T>, limit: Option<T>) -> String {
    match (request, limit) {
        (_, Some(_)) => written(limit, "its limit "),
        (Some(_), None) => format!("{}, no limit", written(request, "its request ")),
        (None, None) => format!("{}, no request and no limit", written(None, "")),
    }
}

/// Nothing was measured of this one, though others were.
pub fn unmeasured(name: &str) -> String {
    format!("usage of {name}: not measured: it has just started, or nobody hears of it")
}

/// Usage is not there; it is asked for again by itself.
pub fn unavailable(why: &str) -> String {
    format!("usage not available: {why}")
}

/// The newest answer failed, and what is shown is from before.
pub fn old(age: &str, why: &str) -> String {
    format!("usage is {age} old: {why}")
}

/// It is on its way.
pub const READING: &str = "Reading usage.";

/// Memory in a cell: `231Mi`.
pub fn mebibytes(memory: Bytes) -> String {
    format!("{}Mi", memory.mebibytes())
}

/// A share in a cell: `45%`, or nothing where there is nothing to compare with.
pub fn share(percent: Option<u64>) -> String {
    percent.map_or_else(String::new, |percent| format!("{percent}%"))
}

/// Heads of columns.
pub mod column {
    /// Processor time a pod uses.
    pub const CPU: &str = "CPU";
    /// Memory a pod uses.
    pub const MEMORY: &str = "MEM";
    /// Processor time a node uses of what pods may use.
    pub const CPU_SHARE: &str = "CPU%";
    /// Memory a node uses of what pods may use.
    pub const MEMORY_SHARE: &str = "MEM%";
}
