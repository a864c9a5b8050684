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

/// Nothing fires by the rules of a Prometheus, and no Alertmanager is known.
pub fn quiet_rules(environment: &str) -> String {
    format!(
        "Nothing fires and nothing is pending by the rules of the Prometheus of {environment}. No Alertmanager is configured for it: whether anybody would be told is not known."
    )
}

/// The list is that of the rules of a Prometheus.
pub fn rules_alone(environment: &str) -> String {
    format!(
        "{environment} has no Alertmanager here: this is what the rules of its Prometheus say; who is told, and what is silenced, is not known."
    )
}

/// It fires, and the Alertmanagers that answer do not list it.
pub const NEVER_TOLD: &str = "nobody, as far as is known: it fires at Prometheus, and no Alertmanager lists it. Look at alerting and alert_relabel_configs of that Prometheus.";

/// It fires, and no Alertmanager is configured.
pub const NOBODY_KNOWN: &str = "not known: no Alertmanager is configured here.";

/// The mark of what only this console evaluates.
pub const LOCAL: &str = "  LOCAL, NOT PAGING";

/// Whom a rule of this console tells.
pub const NOT_PAGING: &str = "nobody: this console alone evaluates it, while it runs, over the signals it reads.";

/// The value beside the threshold, and how old it is.
pub fn measured(words: &str, age: &str) -> String {
    format!("{words}, read {age} ago")
}

/// A value that no number of its rule is held against.
pub fn measured_alone(value: &str, age: &str) -> String {
    format!("{value}, read {age} ago; its rule is no plain comparison with a number, so no threshold is shown")
}

/// The rule gives no number.
pub const NOT_MEASURED: &str = "no number";

/// When what is pending fires.
pub fn fires_in(left: &str) -> String {
    format!("fires in {left} if it goes on")
}

/// What is pending has held long enough.
pub const FIRES_NOW: &str = "fires at the next evaluation if it goes on";

/// How long the expression has to hold.
pub fn held_for(length: &str) -> String {
    format!(", for {length}")
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
pub const GONE: &str = "It is not listed any more. Press esc to go back.";

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

/// The store never said.
pub const STORE_UNREAD: &str = "not known: the store has not answered yet";

/// Nobody wrote anything down.
pub const NO_NOTES: &str = "none";

/// The newest note of the alert under the cursor.
pub fn note(count: usize, by: &str, age: &str, text: &str) -> String {
    let lead = if count == 1 { "note".to_owned() } else { format!("{count} notes, the newest") };
    format!("{lead} by {by}, {age} ago: {text}")
}

/// What the store last said, where it does not answer now.
pub fn notes_as_of(age: &str) -> String {
    format!("as of {age} ago: the store does not answer")
}

/// Who is on what, and what was written, is what the store last said.
pub fn store_old(age: &str, cause: &str) -> String {
    format!("store: who is on what, and the notes, are as of {age} ago: {cause}")
}

/// The store never said who is on what.
pub fn store_never(cause: &str) -> String {
    format!("store: who is on what, and whether there are notes, is not known: {cause}")
}

/// Labels of the detail's fields.
pub mod field {
    /// Since when.
    pub const SINCE: &str = "firing for";
    /// Since when the expression of a pending one holds.
    pub const PENDING: &str = "pending";
    /// The value beside the threshold.
    pub const VALUE: &str = "value";
    /// The expression of its rule.
    pub const RULE: &str = "rule";
    /// What it says.
    pub const SAYS: &str = "says";
    /// Who is on it.
    pub const ON_IT: &str = "on it";
    /// The incidents that are open about it.
    pub const INCIDENT: &str = "incident";
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
    pub const ANNOTATIONS: &str = "annotated";
    /// What was written down.
    pub const NOTES: &str = "notes";
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
    /// The value beside the threshold.
    pub const VALUE: &str = "VALUE";
    /// How long ago its service was released.
    pub const RELEASED: &str = "RELEASED";
    /// Who is on it.
    pub const ON_IT: &str = "ON IT";
    /// What it says.
    pub const SUMMARY: &str = "SUMMARY";
}

/// Who wrote a note and when, and who changed it when.
pub fn noted_by(by: &str, age: &str, changed: Option<(&str, &str)>) -> String {
    let changed = changed.map(|(by, age)| format!("; changed by {by}, {age} ago")).unwrap_or_default();
    format!("{by}, {age} ago{changed}:")
}
