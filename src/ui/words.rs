//! What the screen says: the words of every pane, column and state, and its sentences, in one place, so that another language can follow.
//!
//! The words of verdicts, phases and sources are in `domain`: scripts read them too.

use crate::domain::action::Phase;
use crate::domain::environment::Guard;
use crate::domain::rollout::SeenHealthy;

/// The pane of workloads.
pub const ROLLOUTS: &str = "Rollouts";
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

/// What goes after `deployments stale`.
pub fn health(age: Option<&str>, cause: Option<&str>, retry: Option<&str>) -> String {
    let age = age.map(|age| format!(", last good word {age} ago"));
    let cause = cause.map(|cause| format!(": {}", cause.trim_end_matches('.')));
    let retry = retry.map(|retry| format!("; next try in {retry}"));
    [age, cause, retry].into_iter().flatten().collect()
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
    format!("Quarterdeck needs {columns}x{rows}; this terminal is {have_columns}x{have_rows}. Make it larger.")
}

/// Heads of the list's columns.
pub mod column {
    /// The environment.
    pub const ENVIRONMENT: &str = "ENVIRONMENT";
    /// The namespace.
    pub const NAMESPACE: &str = "NAMESPACE";
    /// The name.
    pub const NAME: &str = "NAME";
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
    /// What happened.
    pub const WHAT: &str = "WHAT";
    /// When, in UTC.
    pub const TIME: &str = "TIME (UTC)";
}

/// The list.
pub mod list {
    /// How many rows are shown.
    pub fn shown(visible: usize, total: usize) -> String {
        if visible == total {
            format!("{total} deployments, worst first")
        } else {
            format!("{visible} of {total} deployments")
        }
    }

    /// A filter is on.
    pub fn filter(text: &str) -> String {
        format!("filter /{text}/")
    }

    /// Only rows in trouble.
    pub const PROBLEMS_ONLY: &str = "problems only";

    /// Marked rows.
    pub fn marked(all: usize, hidden: usize) -> String {
        if hidden == 0 {
            format!("{all} marked")
        } else {
            format!("{all} marked, {hidden} of them hidden by the filter")
        }
    }

    /// The first list is on its way.
    pub fn loading(deployments: usize, pods: usize) -> String {
        format!("Reading deployments: {deployments} so far, {pods} pods.")
    }

    /// The source answered, and there is nothing.
    pub fn empty(scope: &str) -> String {
        format!("No deployments in {scope}. Press s to choose another scope.")
    }

    /// Rows there are, but none passes the filter.
    pub fn nothing_matches(total: usize) -> String {
        format!("None of {total} deployments matches. Press esc to clear the filter.")
    }

    /// Nothing was ever read.
    pub const NEVER_READ: &str = "Deployments were never read:";
    /// What happens next where nothing was ever read.
    pub const RETRIES: &str = "Quarterdeck tries again by itself; ctrl-r tries now.";
    /// Rows are shown although their source is not fresh.
    pub const OLD_ROWS: &str = "rows below are the last good ones";

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
}

/// The detail of a workload.
pub mod detail {
    use super::SeenHealthy;

    /// A part is being read.
    pub const READING: &str = "Reading…";
    /// The workload is gone.
    pub const GONE: &str = "This deployment is not there any more. Press esc to go back.";
    /// It has no pods.
    pub const NO_PODS: &str = "No pods.";
    /// It has no events.
    pub const NO_EVENTS: &str = "No events about it; the server forgets them after about an hour.";
    /// It has no revisions.
    pub const NO_REVISIONS: &str = "No revisions.";
    /// Conditions.
    pub const CONDITIONS: &str = "Conditions";
    /// The templates are equal.
    pub const NO_CHANGES: &str = "No difference in the pod template.";
    /// There is nothing to compare with.
    pub const ONLY_REVISION: &str = "The only revision: nothing to compare with.";
    /// It runs now.
    pub const CURRENT: &str = "current";

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

    /// A field that is not there.
    pub const ABSENT: &str = "(absent)";
}

/// The plan on the screen.
pub mod plan {
    use super::Phase;
    use crate::domain::action::{Plan, Target};

    /// It is being worked out.
    pub const WORKING: &str = "Working out the plan: reading revisions, rights and who else manages this…";
    /// It could not be worked out.
    pub const FAILED: &str = "The plan could not be worked out:";
    /// It cannot be applied.
    pub const REFUSED: &str = "CANNOT BE APPLIED";
    /// Labels, in the order of the page.
    pub const AS: &str = "as";
    /// The target.
    pub const TARGET: &str = "target";
    /// What runs now.
    pub const FROM: &str = "from";
    /// What will run.
    pub const TO: &str = "to";
    /// Differences of the template.
    pub const CHANGES: &str = "changes";
    /// No differences.
    pub const NO_CHANGES: &str = "the pod template stays as it is";
    /// What to know first.
    pub const WARNINGS: &str = "know first";
    /// Who gets in the way.
    pub const FIGHTS: &str = "will fight";
    /// What it rests on.
    pub const EVIDENCE: &str = "rests on";
    /// Who will feel it.
    pub const BLAST: &str = "touches";
    /// What is done.
    pub const STEPS: &str = "steps";
    /// What the server said.
    pub const REHEARSAL: &str = "rehearsal";
    /// The end state.
    pub const EXPECTED: &str = "expects";
    /// How to take it back.
    pub const INVERSE: &str = "undo";
    /// It cannot be taken back.
    pub const IRREVERSIBLE: &str = "CANNOT BE TAKEN BACK by a command";
    /// When it ends.
    pub const EXPIRY: &str = "expires";
    /// The server accepted the dry run.
    pub const CHECKED: &str = "CHECKED BY THE SERVER: it would accept this";
    /// There was no dry run.
    pub const NOT_CHECKED: &str = "NOT CHECKED BY THE SERVER";
    /// The server refused the dry run.
    pub const REJECTED: &str = "REFUSED BY THE SERVER";
    /// The reason field.
    pub const REASON: &str = "reason";

    /// One of several targets.
    pub fn target(place: usize, all: usize, workload: &str) -> String {
        if all == 1 { workload.to_owned() } else { format!("{place} of {all}: {workload}") }
    }

    /// Pods that are replaced.
    pub fn pods(pods: u32) -> String {
        if pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") }
    }

    /// The wait for the end state.
    pub fn within(seconds: u32) -> String {
        match seconds {
            0..120 => format!("within {seconds}s"),
            _ => format!("within {}m", seconds.div_ceil(60)),
        }
    }

    /// When it ends.
    pub fn expires(left: &str) -> String {
        format!("in {left}, unless its facts are read again")
    }

    /// It has ended.
    pub const EXPIRED: &str = "EXPIRED: its facts are too old; plan again";

    /// Confirm by Enter.
    pub const PRESS: &str = "press enter to confirm, esc to leave it";

    /// Confirm by a word.
    pub fn type_word(word: &str) -> String {
        format!("type {word} and press enter")
    }

    /// Confirm by the name and a reason.
    pub fn type_name(word: &str) -> String {
        format!("type {word} and a reason, then press enter")
    }

    /// The delay before it is accepted.
    pub fn arming(left: &str) -> String {
        format!("accepted in {left}")
    }

    /// It cannot be confirmed.
    pub const NO_CONFIRMATION: &str = "this plan cannot be confirmed; esc closes it";

    /// The steps of a run, as the operator follows them.
    pub const STAGES: [(&str, Phase); 5] = [
        ("planned", Phase::Planned),
        ("confirmed", Phase::Confirmed),
        ("sent", Phase::Executing),
        ("verifying", Phase::Verifying),
        ("done", Phase::Done),
    ];

    /// How long it has been running.
    pub fn elapsed(age: &str) -> String {
        format!("running for {age}")
    }

    /// What happened so far.
    pub const LOG: &str = "log";

    /// How it ended, in large.
    pub const fn ended(phase: Phase) -> &'static str {
        match phase {
            Phase::Done => "DONE",
            Phase::Failed => "FAILED",
            Phase::Unknown => "UNKNOWN",
            Phase::Refused => "REFUSED",
            Phase::Aborted => "ABORTED",
            Phase::Draft | Phase::Planned | Phase::Confirmed | Phase::Executing | Phase::Verifying => "RUNNING",
        }
    }

    /// What to do next.
    pub const fn next(phase: Phase) -> &'static str {
        match phase {
            Phase::Done => "It was verified: the end state was seen. Press esc to go back.",
            Phase::Failed => {
                "The change was sent and the end state was not reached. Look at the pods; the way back is below."
            }
            Phase::Unknown => {
                "Nobody can say whether it was changed. Do not send it again: look at the revision first, then plan anew."
            }
            Phase::Refused => "Nothing was changed. Read why, then plan anew.",
            Phase::Aborted => "It was given up before it was sent. Nothing was changed.",
            Phase::Draft | Phase::Planned | Phase::Confirmed | Phase::Executing | Phase::Verifying => {
                "esc leaves the screen; the run goes on and the journal tells how it ends."
            }
        }
    }

    /// The label of the command line that does the same.
    pub const SAME_BY_COMMAND: &str = "command";

    /// The command line that does the same.
    pub fn command(plan: &Plan, target: &Target) -> String {
        let to = target.to_revision.map(|number| format!(" --to {number}")).unwrap_or_default();
        let word = &plan.confirmation.word;
        let reason = if plan.confirmation.needs_reason { " --reason WHY" } else { "" };
        let line = format!("quarterdeck plan {} {}{to} --output json", plan.action, target.workload);
        format!("{line} | quarterdeck apply - --confirm {word}{reason}")
    }

    /// A piece of evidence with its age.
    pub fn seen(words: &str, age: &str) -> String {
        format!("{words} ({age} ago)")
    }
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
    /// The filter.
    pub const FILTER: &str = "filter";

    /// Actions on a workload.
    pub fn actions_on(workload: &str) -> String {
        format!("{ACTIONS} on {workload}")
    }
}

/// The journal is empty.
pub const NO_JOURNAL: &str = "Nothing yet: every plan, refusal and action of this console will be here.";
