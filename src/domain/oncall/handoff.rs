//! The hand-off of a role: what is gone through before whoever takes over says that they have it. Responsibility moves at the boundary
//! whether it was accepted or not; what is missing is shown.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::incident::Stamp;
use crate::domain::time::{self, Instant};

/// How long after a boundary its hand-off may still be accepted before it counts as missed.
pub const ACCEPT_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// Something that is gone through (requirements, C4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandoffItem {
    /// By which it is named.
    pub id: &'static str,
    /// What it is.
    pub words: &'static str,
}

/// Everything that is gone through, in its order.
pub const HANDOFF: [HandoffItem; 3] = [
    HandoffItem { id: "briefing", words: "whoever takes over was told how things stand" },
    HandoffItem { id: "documents", words: "runbooks and documents that changed were reviewed" },
    HandoffItem { id: "pending", words: "what is pending was given over" },
];

/// The hand-off of a role of a schedule at one boundary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// The schedule.
    pub schedule: String,
    /// The role.
    pub role: String,
    /// When the role passes on.
    #[serde(deserialize_with = "time::clamped")]
    pub boundary: Instant,
    /// Who has it before; `None`: nobody.
    pub outgoing: Option<String>,
    /// Who has it after; `None`: nobody.
    pub incoming: Option<String>,
    /// What was gone through, by the ids of [`HANDOFF`].
    pub ticked: Vec<String>,
    /// What was pending when it was handed over, a line each.
    pub pending: Vec<String>,
    /// What was said with it.
    pub words: String,
    /// Who handed it over.
    pub submitted: Option<Stamp>,
    /// Who took it.
    pub accepted: Option<Stamp>,
    /// From 1; every change adds one.
    #[serde(default)]
    pub version: u64,
}

/// What is done to a hand-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffStep {
    /// Something was gone through, or was not after all.
    Tick {
        /// By its id.
        item: String,
        /// Whether it was.
        is_done: bool,
    },
    /// It is handed over, with what is pending.
    Submit {
        /// What is pending, a line each.
        pending: Vec<String>,
        /// What is said with it.
        words: String,
    },
    /// It is taken.
    Accept,
}

impl Handoff {
    /// One of which nothing is done yet.
    pub fn new(
        (schedule, role): (&str, &str),
        boundary: Instant,
        outgoing: Option<String>,
        incoming: Option<String>,
    ) -> Self {
        Self {
            schedule: schedule.to_owned(),
            role: role.to_owned(),
            boundary,
            outgoing,
            incoming,
            ticked: Vec::new(),
            pending: Vec::new(),
            words: String::new(),
            submitted: None,
            accepted: None,
            version: 0,
        }
    }

    /// What was not gone through.
    pub fn open(&self) -> impl Iterator<Item = &'static HandoffItem> {
        HANDOFF.iter().filter(|item| !self.ticked.iter().any(|one| one == item.id))
    }

    /// Whether it was not accepted in time.
    pub fn is_missed(&self, now: Instant) -> bool {
        self.accepted.is_none() && now > self.boundary + ACCEPT_WITHIN
    }

    /// What it becomes when somebody does something to it.
    ///
    /// # Errors
    /// Why it cannot be done, as a sentence.
    pub fn after(&self, step: &HandoffStep, by: &str, now: Instant) -> Result<Self, String> {
        if let Some(accepted) = &self.accepted {
            return Err(format!(
                "{self} was accepted by {} at {}: it is over.",
                accepted.by,
                time::written(accepted.at)
            ));
        }
        let mut next = self.clone();
        let stamp = Some(Stamp { by: by.to_owned(), at: now });
        match step {
            HandoffStep::Tick { item, is_done } => {
                if !HANDOFF.iter().any(|one| one.id == item) {
                    let known = HANDOFF.map(|one| one.id).join(", ");
                    return Err(format!("there is no item {item:?} of a hand-off; there is {known}."));
                }
                if self.ticked.iter().any(|one| one == item) == *is_done {
                    return Err(format!("{self}: {item} is {} already.", if *is_done { "ticked" } else { "open" }));
                }
                next.ticked.retain(|one| one != item);
                next.ticked.extend(is_done.then(|| item.clone()));
            }
            HandoffStep::Submit { pending, words } => {
                if let Some(submitted) = &self.submitted {
                    return Err(format!(
                        "{self} was handed over by {} at {}.",
                        submitted.by,
                        time::written(submitted.at)
                    ));
                }
                let open: Vec<&str> = self.open().map(|item| item.id).collect();
                if !open.is_empty() {
                    return Err(format!("{self} is not handed over while {} is open: tick it first.", open.join(", ")));
                }
                next.pending.clone_from(pending);
                next.words.clone_from(words);
                next.submitted = stamp;
            }
            HandoffStep::Accept => {
                if self.submitted.is_none() {
                    return Err(format!("{self} was not handed over yet: there is nothing to accept."));
                }
                if let Some(incoming) = self.incoming.as_deref().filter(|incoming| *incoming != by) {
                    return Err(format!("{self} is accepted by {incoming}, who takes over, and not by {by}."));
                }
                next.accepted = stamp;
            }
        }
        Ok(next)
    }
}

impl std::fmt::Display for Handoff {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "the hand-off of {}/{} at {}", self.schedule, self.role, time::written(self.boundary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Instant {
        time::from_seconds(1_792_800_000 + minutes * 60)
    }

    fn tick(item: &str) -> HandoffStep {
        HandoffStep::Tick { item: item.to_owned(), is_done: true }
    }

    #[test]
    fn it_is_handed_over_whole_and_taken_by_whoever_takes_over() {
        let new = Handoff::new(("shop", "primary"), at(60), Some("ada".into()), Some("ben".into()));
        let submit = HandoffStep::Submit { pending: vec!["incident 3".into()], words: "quiet".into() };
        let early = new.after(&submit, "ada", at(0));
        assert!(early.is_err_and(|why| why.contains("briefing, documents, pending is open")));
        assert!(new.after(&HandoffStep::Accept, "ben", at(0)).is_err_and(|why| why.contains("not handed over yet")));
        assert!(new.after(&tick("prayer"), "ada", at(0)).is_err_and(|why| why.contains("briefing")));
        let ticked = HANDOFF.iter().fold(new, |one, item| one.after(&tick(item.id), "ada", at(1)).expect("ticked"));
        assert!(ticked.after(&tick("briefing"), "ada", at(1)).is_err_and(|why| why.contains("already")));
        let given = ticked.after(&submit, "ada", at(2)).expect("handed over");
        assert!(given.after(&submit, "ada", at(3)).is_err_and(|why| why.contains("handed over by ada")));
        let wrong = given.after(&HandoffStep::Accept, "ada", at(3));
        assert!(wrong.is_err_and(|why| why.contains("accepted by ben")));
        let taken = given.after(&HandoffStep::Accept, "ben", at(4)).expect("accepted");
        assert_eq!(taken.accepted.as_ref().map(|stamp| stamp.by.as_str()), Some("ben"));
        assert!(taken.after(&tick("briefing"), "ada", at(5)).is_err_and(|why| why.contains("it is over")));
    }

    #[test]
    fn it_is_missed_half_an_hour_after_its_boundary() {
        let new = Handoff::new(("shop", "primary"), at(60), None, Some("ben".into()));
        assert!(!new.is_missed(at(90)) && new.is_missed(at(91)));
    }
}
