//! The words of the alerts pane.

use crate::domain::timeline::Nearness;

/// The pane.
pub const TITLE: &str = "Alerts";

/// How many fire, from the worst, and how many there are.
pub fn tally(counts: [usize; 4], shown: usize, total: usize) -> String {
    let [critical, high, medium, low] = counts;
    let of = if shown == total { format!("{total} in all") } else { format!("{shown} of {total} shown") };
    format!("{critical} critical, {high} high, {medium} medium, {low} low; {of}")
}

/// Only what fires and nobody is on.
pub const FIRING_ONLY: &str = "only what fires and nobody is on";

/// No environment has an Alertmanager.
pub const NOT_CONFIGURED: &str = "No Alertmanager is configured. Give an environment one: alertmanager = [{ url = \"https://alertmanager.example\" }]. See quarterdeck config init.";

/// Nothing was read yet.
pub const LOADING: &str = "Reading alerts.";

/// Nothing was ever read.
pub const NEVER_READ: &str = "Alerts were never read; what fires is not known:";

/// Rows there are, but none passes the filter.
pub fn nothing_matches(total: usize) -> String {
    format!("None of {total} alerts matches. Press esc to clear the filter.")
}

/// Nothing fires, and the watchdog proves that it would be seen.
pub fn quiet(environment: &str, heard: &str) -> String {
    format!(
        "Nothing fires in {environment}. Its watchdog was heard {heard} ago, so the way from its rules to here works."
    )
}

/// Nothing fires, and nothing proves that it would be seen.
pub fn quiet_unproven(environment: &str) -> String {
    format!(
        "Nothing is reported from {environment}. It has no watchdog: whether its rules reach its Alertmanager is not known."
    )
}

/// The always-firing alert is absent.
pub fn watchdog_missing(environment: &str, name: &str) -> String {
    format!(
        "WATCHDOG MISSING in {environment}: {name}, which always fires, does not. No alerts does not mean healthy: look at Prometheus, its rules and its way to Alertmanager; or name another with watchdog, or set it to false."
    )
}

/// A group's name with how many it stands for.
pub fn group(name: &str, members: usize) -> String {
    format!("{name} x{members}")
}

/// How many of a group fire and nobody is on, when not all of them do.
pub fn of_them(firing: usize, members: usize) -> String {
    format!("{firing}/{members} firing")
}

/// It comes and goes.
pub fn flapping(flaps: u32) -> String {
    if flaps == 1 {
        "came back once within the hour".to_owned()
    } else {
        format!("came back {flaps} times within the hour")
    }
}

/// The detail of an alert that is over.
pub const GONE: &str = "It is over: Alertmanager does not list it any more. Press esc to go back.";

/// When it began and when it was heard last.
pub fn since(age: &str, at: &str, heard: &str) -> String {
    format!("{age} (since {at} UTC), last heard {heard} ago")
}

/// A workload with its verdict and its release.
pub fn workload(label: &str, namespace: &str, verdict: &str, release: &str) -> String {
    format!("{label} -n {namespace}: {verdict}{release}")
}

/// A release, relative to the alert.
pub fn released(image: &str, at: &str, apart: &str, is_before: bool) -> String {
    let way = if is_before { "before it began" } else { "after it began" };
    format!("; {image} released at {at} UTC, {apart} {way}")
}

/// How long ago a workload was released last.
pub fn last_release(age: &str) -> String {
    format!(" ({age} ago)")
}

/// Nothing was released in its hour.
pub const NOTHING_RELEASED: &str = "nothing that was seen, within an hour before or after it began";

/// Of what the releases are that follow.
pub const fn near(near: Nearness) -> &'static str {
    match near {
        Nearness::Own => "of what it is about, within an hour of its beginning:",
        Nearness::Namespace => "nothing of what it is about; in its namespace, within an hour of its beginning:",
        Nearness::Environment => "nothing of what it is about; in its environment, within an hour of its beginning:",
    }
}

/// A release of its hour.
pub fn of_its_hour(at: &str, kind: &str, about: &str, words: &str, apart: &str, is_before: bool) -> String {
    let way = if is_before { "before it began" } else { "after it began" };
    format!("{at} UTC {kind} {about}, {apart} {way}: {words}")
}

/// There were more.
pub fn more_releases(count: usize) -> String {
    format!("and {count} more: see the overview, key 0")
}

/// A runbook was copied; how many more there are.
pub fn copied_runbook(link: &str, others: usize) -> String {
    let more = if others == 0 { String::new() } else { format!(" The alert names {others} more: enter.") };
    format!("{link} is copied, as far as this terminal lets programs copy (OSC 52).{more}")
}

/// A runbook that is not passed on.
pub fn unfit_runbook(link: &str, why: &str) -> String {
    format!("Its runbook {why} and is not copied: {link}")
}

/// Nothing says what to do.
pub const NO_RUNBOOK: &str =
    "Nothing names a runbook: neither the rule (annotation runbook_url) nor its service (runbooks = […]).";

/// A silence that holds it.
pub fn silence(by: &str, left: &str, comment: &str, id: &str) -> String {
    format!("by {by}, ends in {left}: {comment} ({id})")
}

/// A silence of which only the id is known.
pub fn silence_unknown(id: &str) -> String {
    format!("silence {id}; who made it and why is not known")
}

/// Who is on it.
pub fn acknowledged(by: &str, age: &str, words: &str) -> String {
    if words.is_empty() { format!("{by}, {age} ago") } else { format!("{by}, {age} ago: {words}") }
}

/// Nobody is.
pub const NOBODY: &str = "nobody";

/// Labels of the detail's fields.
pub mod field {
    /// Severity and state.
    pub const STATE: &str = "state";
    /// Since when.
    pub const SINCE: &str = "firing for";
    /// What it says.
    pub const SAYS: &str = "says";
    /// Who is on it.
    pub const ON_IT: &str = "on it";
    /// The service.
    pub const SERVICE: &str = "service";
    /// The workloads.
    pub const WORKLOAD: &str = "rollout";
    /// What was released.
    pub const RELEASED: &str = "released";
    /// Silences.
    pub const SILENCED: &str = "silenced";
    /// Inhibitions.
    pub const INHIBITED: &str = "inhibited";
    /// Time intervals.
    pub const MUTED: &str = "muted";
    /// Receivers.
    pub const TELLS: &str = "tells";
    /// Runbooks.
    pub const RUNBOOK: &str = "runbook";
    /// The expression.
    pub const SOURCE: &str = "source";
    /// Labels.
    pub const LABELS: &str = "labels";
    /// Annotations.
    pub const ANNOTATIONS: &str = "notes";
}

/// Heads of columns.
pub mod column {
    /// How bad.
    pub const SEVERITY: &str = "SEVERITY";
    /// Its state.
    pub const STATE: &str = "STATE";
    /// Its name.
    pub const ALERT: &str = "ALERT";
    /// The service.
    pub const SERVICE: &str = "SERVICE";
    /// Since when.
    pub const AGE: &str = "AGE";
    /// How often it came back.
    pub const FLAPS: &str = "FLAPS";
    /// How long ago its service was released.
    pub const RELEASED: &str = "RELEASED";
    /// Who is on it.
    pub const ON_IT: &str = "ON IT";
    /// What it says.
    pub const SUMMARY: &str = "SUMMARY";
}
