//! The words of the plan on the screen.

use super::Phase;
use crate::domain::action::{Plan, Port, Target};

/// It is being worked out.
pub const WORKING: &str = "Working out the plan: reading revisions, rights and who else manages this…";
/// It could not be worked out.
pub const FAILED: &str = "The plan could not be worked out:";
/// It cannot be applied.
pub const REFUSED: &str = "CANNOT BE APPLIED";
/// Labels, in the order of the page.
pub const AS: &str = "as";
/// The service that is acted on as one.
pub const SERVICE: &str = "service";
/// How the targets were chosen.
pub const CHOICE: &str = "chosen";
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
/// Who else writes it, and what they will do.
pub const FIGHTS: &str = "managed by";
/// What it rests on.
pub const EVIDENCE: &str = "rests on";
/// Who will feel it.
pub const BLAST: &str = "touches";
/// What is done.
pub const STEPS: &str = "steps";
/// What was looked at before.
pub const PREFLIGHT: &str = "preflight";
/// What is lost.
pub const LOSS: &str = "lost is";

/// For how long nobody could write.
pub fn gap(seconds: Option<i64>) -> String {
    seconds.map_or("nobody can write for a time that is not known".to_owned(), |seconds| {
        format!("nobody can write for about {seconds} s")
    })
}

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
/// The field of the word or name that confirms: never the word itself, which would read as typed already.
pub const TYPED: &str = "typed";
/// The reason field.
pub const REASON: &str = "reason";

/// A service with its targets.
pub fn whole(service: &str, targets: usize) -> String {
    let workloads = if targets == 1 { "1 workload".to_owned() } else { format!("{targets} workloads") };
    format!("{service}, {workloads} as one")
}

/// One of several targets.
pub fn target(place: usize, all: usize, workload: &str) -> String {
    if all == 1 { workload.to_owned() } else { format!("{place} of {all}: {workload}") }
}

/// Pods that are replaced.
pub fn pods(pods: u32) -> String {
    if pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") }
}

/// The wait for the end state; of a session nobody knows how long it is.
pub fn within(seconds: u32) -> String {
    match seconds {
        0 => String::new(),
        1..120 => format!("within {seconds}s"),
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

/// Confirm by Enter, with a reason.
pub const GIVE_REASON: &str = "give a reason and press enter to confirm; tab goes to the next field";

/// Something else is typed than what was planned.
pub const REPLAN: &str = "press enter to see what this comes to; tab goes to the next field";

/// What else it reaches.
pub const REACHES: &str = "reaches";
/// What it does, and what it does not.
pub const MEANS: &str = "means";

/// Reached beyond what was chosen.
pub const NOT_CHOSEN: &str = "NOT CHOSEN";

/// What is reached and not named.
pub fn more(count: usize) -> String {
    format!("and {count} more")
}

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
        Phase::Partial => "PARTIAL",
        Phase::Compensated => "COMPENSATED",
        Phase::NeedsHuman => "NEEDS A HUMAN",
        Phase::Draft | Phase::Planned | Phase::Confirmed | Phase::Executing | Phase::Verifying => "RUNNING",
    }
}

/// What to do next, after what went through a port.
pub const fn next(phase: Phase, port: Port) -> &'static str {
    match (phase, port) {
        (Phase::Done, Port::Store) => {
            "It is written: the store has it, and every console sees it. Press esc to go back."
        }
        (Phase::Done, Port::Pod) => "It has ended. Press esc to go back.",
        (Phase::Failed, Port::Store) => "It was not written. Read why, then plan anew.",
        (Phase::Failed, Port::Alertmanager) => {
            "It was sent and Alertmanager does not have it as it was meant. Look at the silences; the way back is below."
        }
        (Phase::Failed, Port::Pod) => "It ended with an error: what it said, and its exit code, are its own.",
        (Phase::Unknown, Port::Store) => {
            "Nobody can say whether it was written. Look whether it is there before you write it again."
        }
        (Phase::Failed, Port::Database) => {
            "It was asked for and the end state was not reached. Look who takes writes; the way back is below."
        }
        (Phase::Unknown, Port::Database) => {
            "Nobody can say whether the primary changed, or still will. Do not ask again: look who takes writes first, then plan anew."
        }
        (Phase::Partial, Port::Database) => {
            "The primary was changed, and not all that goes with it was seen: read what. Nothing is taken back."
        }
        (Phase::Unknown, Port::Alertmanager) => {
            "Nobody can say whether it was changed. Do not send it again: look at the silences first, then plan anew."
        }
        (phase, _) => next_of(phase),
    }
}

const fn next_of(phase: Phase) -> &'static str {
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
        Phase::Partial => "Some of it was changed, the rest was not: read which. Plan the same again for what is left.",
        Phase::Compensated => {
            "It did not come to its end, and what was changed is taken back. Read why, then plan anew."
        }
        Phase::NeedsHuman => {
            "It is left half-way, and nothing brings it to an end or back by itself. Read what is left, and do that by hand or plan the same again."
        }
        Phase::Draft | Phase::Planned | Phase::Confirmed | Phase::Executing | Phase::Verifying => {
            "esc leaves the screen; the run goes on and the journal tells how it ends."
        }
    }
}

/// The label of the command line that does the same.
pub const SAME_BY_COMMAND: &str = "command";

/// The command line that does the same.
pub fn command(plan: &Plan, target: &Target) -> String {
    let word = plan.confirmation.said();
    let reason = if plan.confirmation.needs_reason { " --reason WHY" } else { "" };
    let what = match &plan.service {
        Some(service) => format!(
            "service/{service} -n {}",
            target.subject.workload().map(|workload| workload.namespace.to_string()).unwrap_or_default()
        ),
        None => target.subject.argument(),
    };
    // A service chooses for each of its workloads.
    let given = if plan.service.is_some() { String::new() } else { target.given.options() };
    let what = format!("{} {what}", plan.action);
    let what = what.trim_end();
    let line = format!("quarterdeck plan {what}{given} --environment {} --output json", plan.environment);
    format!("{line} | quarterdeck apply - --confirm {word}{reason}")
}

/// A piece of evidence with its age.
pub fn seen(words: &str, age: &str) -> String {
    format!("{words} ({age} ago)")
}
