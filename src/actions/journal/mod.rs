//! Every attempt, refused and cancelled ones included: one hash chain per process, on disk before the first request leaves.
//!
//! Chains at rest are sealed into segments, and every chain is taken over into the store's audit, which is where it is anchored how
//! many there are and how long each is.

mod finished;
mod folder;
mod read;
mod replay;
mod runs;
mod seal;
mod sealed;
mod verify;
mod write;

pub use finished::{Finished, finished};
pub use read::{Chain, Flaw, chains, flaws};
pub use replay::{Replayed, TakeOver, replay};
pub use runs::{Unfinished, unfinished};
pub use seal::seal;
pub use sealed::{all, ended, recent};
pub use verify::{Anchors, Differing, Verified, verify};
pub use write::{Journal, Written, record, unwritten, write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::action::{Code, Goal, Outcome, Phase, Pin, Replaced};
use crate::domain::store::hex;
use crate::domain::subject::{SilenceRef, Subject};
use crate::domain::time::{self, Instant};

/// Actions on silences: what became of one is found by the comment of the silence.
pub const SILENCES: [&str; 3] = ["silence", "change-silence", "expire-silence"];

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A plan was closed without confirming it.
    GivenUp,
    /// A confirmed plan was refused before anything was sent.
    Refused,
    /// A confirmed plan begins: its targets.
    Begun,
    /// The request for one target goes out next.
    Intent,
    /// The server accepted it.
    Accepted,
    /// No answer came.
    AnswerLost,
    /// Something worth remembering that moved nothing.
    Noted,
    /// One target came to its end.
    Settled,
    /// The run came to its end.
    Ended,
    /// An unfinished run of before is verified.
    Resumed,
    /// Somebody undid what a target was verified to be.
    Undone,
}

impl What {
    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GivenUp => "given up",
            Self::Refused => "refused",
            Self::Begun => "confirmed",
            Self::Intent => "sending",
            Self::Accepted => "accepted",
            Self::AnswerLost => "answer lost",
            Self::Noted => "noted",
            Self::Settled => "settled",
            Self::Ended => "ended",
            Self::Resumed => "resumed",
            Self::Undone => "UNDONE",
        }
    }
}

/// One target as the journal keeps it: enough to verify it later, no template, no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aim {
    /// What is acted on.
    #[serde(flatten)]
    pub subject: Subject,
    /// Its identity when it was looked at: a uid.
    pub uid: String,
    /// Digest of the pod template it is to end with.
    #[serde(default)]
    pub template_digest: String,
    /// What its verification waits for.
    #[serde(default)]
    pub goal: Goal,
    /// The pod that is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Replaced>,
    /// How long the verification waits, in seconds.
    pub deadline_seconds: u32,
    /// How many pods were wanted of it when the change was accepted; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Its code before and after; `None` where the action has nothing to do with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// What is said of it at its end, where an answer settles it and nothing is left to look at.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub expected: String,
    /// What was chosen of what it reaches: the alerts a silence was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The fields its object ends with, where its steps are taken one after the other: what a later process looks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends_with: Vec<Pin>,
    /// The pods that are deleted to clear the way: a process that dies before leaves them there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clearing: Vec<Clearing>,
}

impl Aim {
    /// A silence of which nothing is known but that it was to be made, changed or ended.
    pub(super) fn of_a_silence(environment: &str) -> Self {
        Self {
            subject: Subject::Silence(SilenceRef { environment: environment.into(), id: String::new() }),
            uid: String::new(),
            template_digest: String::new(),
            goal: Goal::Silenced(time::LAST),
            pod: None,
            deadline_seconds: 10,
            replicas: None,
            code: None,
            expected: String::new(),
            chosen: Vec::new(),
            ends_with: Vec::new(),
            clearing: Vec::new(),
        }
    }
}

/// A pod that is deleted to clear the way of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearing {
    /// The pod's uid.
    pub uid: String,
    /// The step, as a sentence.
    pub words: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What the line tells.
    pub what: What,
    /// The run, which is the plan's id.
    pub run: String,
    /// The action.
    pub action: String,
    /// The environment.
    pub environment: String,
    /// The cluster: the uid of kube-system, or the server's address.
    pub cluster: String,
    /// Who.
    pub actor: String,
    /// The targets of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aims: Vec<Aim>,
    /// The target meant, by its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<usize>,
    /// The step of that target, where its steps are taken one after the other: the line is about the step, not about the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Whether the step is being taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_undo: bool,
    /// How the target ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The sentence: a reason, an outcome, an error.
    pub words: String,
}

impl Entry {
    /// What every line about one run has in common: it tells nothing yet.
    pub fn bare(run: &str, action: &str, environment: &str, actor: &str) -> Self {
        Self {
            what: What::Noted,
            run: run.to_owned(),
            action: action.to_owned(),
            environment: environment.to_owned(),
            cluster: String::new(),
            actor: actor.to_owned(),
            aims: Vec::new(),
            target: None,
            step: None,
            is_undo: false,
            outcome: None,
            phase: None,
            words: String::new(),
        }
    }
}

/// One line of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1.
    pub seq: u64,
    /// When, by this machine's clock.
    #[serde(deserialize_with = "time::clamped")]
    pub at: Instant,
    /// The hash of the line before; of nothing for the first.
    pub prev: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
    /// SHA-256 over the line with this field empty.
    #[serde(default)]
    pub hash: String,
}

impl Line {
    /// The hash this line should have.
    pub fn computed_hash(&self) -> String {
        let bare = Self { hash: String::new(), ..self.clone() };
        // A Line has only string keys, so it always serialises; an empty text would never match.
        let text = serde_json::to_string(&bare).unwrap_or_default();
        hex(Sha256::digest(text.as_bytes()).as_slice())
    }
}

#[cfg(test)]
mod sealing_tests;
#[cfg(test)]
mod tests;
