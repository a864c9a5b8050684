//! What the screen says: the words of every pane, column and state, and its sentences, in one place, so that another language can follow.
//!
//! The words of verdicts, phases and sources are in `domain`: scripts read them too.

pub mod alerts;
pub mod backups;
pub mod databases;
pub mod detail;
pub mod escalation;
pub mod health;
pub mod incidents;
pub mod jobs;
pub mod list;
pub mod logs;
pub mod modes;
pub mod nodes;
pub mod overview;
pub mod plan;
pub mod restore_tests;
pub mod rotations;
pub mod schedule;
pub mod service;
pub mod shifts;
pub mod signals;
pub mod silences;
pub mod slo;
pub mod usage;
pub mod why;

use crate::domain::action::Phase;
use crate::domain::environment::Guard;
use crate::domain::rollout::SeenHealthy;
use crate::domain::service::UNMAPPED;

/// The pane of workloads.
pub const ROLLOUTS: &str = "Rollouts";
/// The pane of CronJobs and Jobs.
pub const JOBS: &str = "Jobs";
/// The pane of what this console did.
pub const JOURNAL: &str = "Journal";

/// The console must not write here.
pub const READ_ONLY: &str = "READ-ONLY";
/// The console may write here.
pub const WRITE: &str = "WRITE";
/// The simulated world.
pub const DEMO: &str = "DEMO";

/// The environment's word: its name, and its guard when the name does not say it.
pub fn environment(name: &str, guard: Guard) -> String {
    if name.eq_ignore_ascii_case(guard.word()) {
        name.to_uppercase()
    } else {
        format!("{} ({})", name.to_uppercase(), guard.word())
    }
}

/// Until something begins, in the header.
pub fn until(left: &str) -> String {
    format!("in {left}")
}

/// What is left of a time, in the header.
pub fn still_left(left: &str) -> String {
    format!("{left} left")
}

/// How long a time is over, in the header.
pub fn over(age: &str) -> String {
    format!("{age} OVER")
}

/// Every environment at once.
pub const ALL_ENVIRONMENTS: &str = "all environments";

/// How many environments are shown together.
pub fn environments(count: usize) -> String {
    format!("all {count} environments")
}

/// Why the console does not write.
pub fn read_only_because(why: &str) -> String {
    format!("read-only: {why}")
}

/// Every source is fresh.
pub fn all_fresh(sources: usize) -> String {
    match sources {
        0 => "no source yet".to_owned(),
        1 => "1 source, fresh".to_owned(),
        _ => format!("{sources} sources, all fresh"),
    }
}

/// What is not shown because it may not be listed.
pub fn unseen(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; not shown, for want of rights: {}", names.join(", ")) }
}

/// What goes after `deployments stale`.
pub fn health(age: Option<&str>, cause: Option<&str>, retry: Option<&str>) -> String {
    let age = age.map(|age| format!(", {age} old"));
    let cause = cause.map(|cause| format!(": {}", cause.trim_end_matches('.')));
    let retry = retry.map(|retry| format!("; next try in {retry}"));
    [age, cause, retry].into_iter().flatten().collect()
}

/// The service of a workload, or that it has none.
pub fn service(service: Option<&str>) -> String {
    service.map_or_else(|| UNMAPPED.to_owned(), |service| format!("service {service}"))
}

/// How many more there are; empty for none.
pub fn more(hidden: usize) -> String {
    if hidden == 0 { String::new() } else { format!(" +{hidden} more") }
}

/// How much is further down.
pub fn more_lines(lines: usize) -> String {
    if lines == 1 { "1 more line".to_owned() } else { format!("{lines} more lines") }
}

/// The screen does not follow the world.
pub fn frozen(age: &str) -> String {
    format!("FROZEN {age} ago: the world moves on, this screen does not")
}

/// The first problem of the operator's files.
pub fn problems(first: &str, more: usize) -> String {
    if more == 0 { first.to_owned() } else { format!("{first} (+{more} more, see :problems)") }
}

/// Workloads in trouble.
pub fn tally(troubled: usize, total: usize) -> String {
    match (troubled, total) {
        (_, 0) => String::new(),
        (0, _) => format!("all {total} well"),
        _ => format!("{troubled} of {total} in trouble"),
    }
}

/// The terminal cannot hold a screen.
pub fn too_small(columns: u16, rows: u16, have_columns: u16, have_rows: u16) -> String {
    format!(
        "Quarterdeck needs {columns}x{rows}; this terminal is {have_columns}x{have_rows}. Make it larger: until then no key does anything, but q or ctrl-c twice leaves."
    )
}

/// Heads of the list's columns.
pub mod column {
    /// The environment.
    pub const ENVIRONMENT: &str = "ENVIRONMENT";
    /// The namespace.
    pub const NAMESPACE: &str = "NAMESPACE";
    /// The name.
    pub const NAME: &str = "NAME";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// The verdict.
    pub const VERDICT: &str = "VERDICT";
    /// Ready and desired pods.
    pub const READY: &str = "READY";
    /// Updated pods.
    pub const UPDATED: &str = "UPD";
    /// Available pods.
    pub const AVAILABLE: &str = "AVAIL";
    /// The revision.
    pub const REVISION: &str = "REV";
    /// Images, old and new.
    pub const IMAGE: &str = "IMAGE";
    /// How long ago it changed.
    pub const AGE: &str = "AGE";
    /// Alerts that fire about it.
    pub const ALERTS: &str = "ALERTS";
    /// Pods a minute.
    pub const RATE: &str = "RATE";
    /// Time left at that rate.
    pub const LEFT: &str = "LEFT";
    /// Time left until the controller gives up.
    pub const DEADLINE: &str = "DEADLINE";
    /// Why it is as it is.
    pub const REASON: &str = "REASON";
    /// A pod.
    pub const POD: &str = "POD";
    /// What a pod is doing.
    pub const STATE: &str = "STATE";
    /// Restarts of a pod.
    pub const RESTARTS: &str = "RESTARTS";
    /// The node of a pod.
    pub const NODE: &str = "NODE";
    /// When an event was seen last.
    pub const SEEN: &str = "SEEN";
    /// How often an event was seen.
    pub const COUNT: &str = "COUNT";
    /// What an event is about.
    pub const ABOUT: &str = "ABOUT";
    /// The text of an event.
    pub const MESSAGE: &str = "MESSAGE";
    /// Why a revision was made.
    pub const CAUSE: &str = "CHANGE CAUSE";
    /// Whether a revision was seen healthy.
    pub const HEALTH: &str = "SEEN HEALTHY";
    /// Pods of a revision.
    pub const PODS: &str = "PODS";
    /// When a CronJob runs.
    pub const SCHEDULE: &str = "SCHEDULE";
    /// When it last ran.
    pub const LAST_RUN: &str = "LAST RUN";
    /// How long a run took.
    pub const TOOK: &str = "TOOK";
    /// When it runs next.
    pub const NEXT_RUN: &str = "NEXT RUN";
    /// A run.
    pub const RUN: &str = "RUN";
    /// When a run began.
    pub const BEGAN: &str = "BEGAN";
    /// Who started a run.
    pub const STARTED: &str = "STARTED";
    /// What happened.
    pub const WHAT: &str = "WHAT";
    /// When, in UTC.
    pub const TIME: &str = "UTC";
}

/// What lies over the body.
pub mod overlay {
    /// The bindings.
    pub const HELP: &str = "Keys";
    /// The palette.
    pub const PALETTE: &str = "Command";
    /// The scope picker.
    pub const SCOPE: &str = "Environment";
    /// The actions menu.
    pub const ACTIONS: &str = "Actions";
    /// Problems.
    pub const PROBLEMS: &str = "Problems of the configuration, keymap and theme";
    /// No problems.
    pub const NO_PROBLEMS: &str = "No problems.";
    /// Nothing to show.
    pub const NOTHING: &str = "Nothing matches.";

    /// Actions on a workload.
    pub fn actions_on(workload: &str) -> String {
        format!("{ACTIONS} on {workload}")
    }
}

/// The journal is empty.
pub const NO_JOURNAL: &str = "Nothing yet: every plan, refusal and action of this console will be here.";
