//! A run: a confirmed plan on its way, and the only function that moves it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::worded;

worded! {
    /// Where a run stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Phase {
        /// Being worked out.
        Draft = "draft",
        /// Worked out, nothing sent.
        Planned = "planned",
        /// Confirmed by the operator, journal not yet written.
        Confirmed = "confirmed",
        /// Journalled; requests may be on their way.
        Executing = "executing",
        /// Accepted by the server, or the answer was lost: waiting for the world to say.
        Verifying = "verifying",
        /// Every target reached its expected state.
        Done = "done",
        /// Some of it was changed, and the rest was not.
        Partial = "partial",
        /// It did not come to its end, and what was changed is taken back.
        Compensated = "compensated",
        /// A target did not.
        Failed = "failed",
        /// Nobody can say whether a target was changed.
        Unknown = "UNKNOWN",
        /// Something is left half-way that nothing brings to an end or takes back by itself.
        #[serde(rename = "needs_human")]
        NeedsHuman = "NEEDS A HUMAN",
        /// Not allowed, or the world had moved.
        Refused = "refused",
        /// Given up before the end.
        Aborted = "aborted",
    }
}

impl Phase {
    /// Whether nothing follows any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Draft | Self::Planned | Self::Confirmed | Self::Executing | Self::Verifying)
    }
}

/// How a target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Verified: it is in the expected state.
    Done,
    /// Changed, but not healthy by the deadline, or taken over by somebody.
    Failed,
    /// Some of its steps were taken past the point of no return, the others were not.
    Partial,
    /// Its steps did not come to their end, and those that were taken are taken back.
    Compensated,
    /// Nobody can say whether it was changed.
    Unknown,
    /// Left half-way, and nothing brings it to an end or back by itself.
    #[serde(rename = "needs_human")]
    NeedsHuman,
    /// Not sent: the world had moved, or the server refused.
    Refused,
    /// Not started.
    Aborted,
    /// A session that was left before its end: what it began may go on without us.
    Left,
}

impl Outcome {
    /// The phase of a target that ended so.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Done => Phase::Done,
            Self::Partial => Phase::Partial,
            Self::Compensated => Phase::Compensated,
            Self::NeedsHuman => Phase::NeedsHuman,
            Self::Failed => Phase::Failed,
            Self::Unknown => Phase::Unknown,
            Self::Refused => Phase::Refused,
            Self::Aborted | Self::Left => Phase::Aborted,
        }
    }
}

worded! {
    /// Where one step of a target stands whose steps are taken one after the other.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum StepState {
        /// The journal holds it, its request is on its way; of a gate: it is waited for.
        Sent = "sent",
        /// The server accepted it.
        Accepted = "accepted",
        /// No answer came.
        AnswerLost = "answer lost",
        /// It was seen to be as it is to be.
        Reached = "reached",
        /// It was not.
        Failed = "failed",
        /// It is being taken back.
        Undoing = "taking back",
        /// It was seen to be as it was.
        Undone = "taken back",
        /// It could not be taken back, or nobody knows.
        NotUndone = "NOT TAKEN BACK",
    }
}

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum RunEvent {
    /// The plan is worked out.
    Planned,
    /// The operator confirmed it.
    Confirmed,
    /// It may not go on: the reason.
    Refused {
        /// Why.
        reason: String,
    },
    /// It was given up before anything was sent: the reason.
    Aborted {
        /// Why.
        reason: String,
    },
    /// The journal holds the intention for this target; its request goes out next.
    Started {
        /// Which target.
        target: usize,
    },
    /// The server accepted the change.
    Accepted {
        /// Which target.
        target: usize,
    },
    /// No answer came; the world will have to say.
    AnswerLost {
        /// Which target.
        target: usize,
        /// What was seen instead.
        reason: String,
    },
    /// Something the operator should know that moves nothing: the journal's reserve is in use, a step that clears the way failed.
    Noted {
        /// What.
        words: String,
    },
    /// Something to tell while verifying.
    Progress {
        /// Which target.
        target: usize,
        /// What.
        words: String,
    },
    /// Something happened to one step of a target.
    Step {
        /// Of which target.
        target: usize,
        /// Which step, from 0.
        step: usize,
        /// Where it stands.
        state: StepState,
        /// In words.
        words: String,
    },
    /// Something was made that a later step, or whoever runs a script, goes on with: a silence, by its id.
    Made {
        /// By which target.
        target: usize,
        /// What.
        id: String,
    },
    /// A target came to its end.
    Settled {
        /// Which target.
        target: usize,
        /// How.
        outcome: Outcome,
        /// In words.
        words: String,
    },
}

/// One target of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRun {
    /// Where it stands: Confirmed, Executing, Verifying or a final phase.
    pub phase: Phase,
    /// The newest sentence about it.
    pub words: String,
    /// What it made, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<String>,
    /// Its steps where each is judged by itself, as far as anything happened to them: which, and where it stands.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps: BTreeMap<usize, StepState>,
}

impl TargetRun {
    /// A target to which nothing has happened.
    const fn at(phase: Phase) -> Self {
        Self { phase, words: String::new(), made: None, steps: BTreeMap::new() }
    }
}

/// A plan on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The same id as the plan's.
    pub id: String,
    /// Where it stands as a whole.
    pub phase: Phase,
    /// Each target, in the plan's order.
    pub targets: Vec<TargetRun>,
    /// Why it was refused or aborted as a whole.
    pub reason: Option<String>,
}

impl Run {
    /// A run nobody has planned yet.
    pub fn draft(id: impl Into<String>, targets: usize) -> Self {
        Self { id: id.into(), phase: Phase::Draft, targets: vec![TargetRun::at(Phase::Draft); targets], reason: None }
    }

    /// A run somebody has confirmed: where one that never ended goes on from.
    pub fn begun(id: impl Into<String>, targets: usize) -> Self {
        let confirmed = [RunEvent::Planned, RunEvent::Confirmed];
        confirmed.into_iter().fold(Self::draft(id, targets), |run, event| advance(&run, event).unwrap_or(run))
    }
}

/// An event that cannot follow: a defect of the caller, never of the world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {} cannot take {event:?}", phase.word())]
pub struct Illegal {
    /// Where the run, or its target, stood.
    pub phase: Phase,
    /// What was to happen.
    pub event: RunEvent,
}

/// The only way a run moves. Total: an event that cannot follow is an error and leaves the run as it was.
///
/// # Errors
/// [`Illegal`] when the event cannot follow.
pub fn advance(run: &Run, event: RunEvent) -> Result<Run, Illegal> {
    let mut next = run.clone();
    let illegal = |phase: Phase, event: RunEvent| Err(Illegal { phase, event });
    match event {
        RunEvent::Planned if run.phase == Phase::Draft => next.set_all(Phase::Planned),
        RunEvent::Confirmed if run.phase == Phase::Planned => next.set_all(Phase::Confirmed),
        RunEvent::Refused { reason } if matches!(run.phase, Phase::Draft | Phase::Planned | Phase::Confirmed) => {
            next.set_all(Phase::Refused);
            next.reason = Some(reason);
        }
        RunEvent::Aborted { reason } if matches!(run.phase, Phase::Draft | Phase::Planned | Phase::Confirmed) => {
            next.set_all(Phase::Aborted);
            next.reason = Some(reason);
        }
        RunEvent::Started { target } if matches!(run.phase, Phase::Confirmed | Phase::Executing | Phase::Verifying) => {
            next.move_target(target, &[Phase::Confirmed], Phase::Executing, None)
                .map_err(|phase| Illegal { phase, event: RunEvent::Started { target } })?;
        }
        RunEvent::Accepted { target } => {
            next.move_target(target, &[Phase::Executing], Phase::Verifying, Some("accepted by the server".to_owned()))
                .map_err(|phase| Illegal { phase, event: RunEvent::Accepted { target } })?;
        }
        RunEvent::AnswerLost { target, reason } => {
            next.move_target(target, &[Phase::Executing], Phase::Verifying, Some(reason.clone()))
                .map_err(|phase| Illegal { phase, event: RunEvent::AnswerLost { target, reason } })?;
        }
        RunEvent::Progress { target, words } => {
            next.move_target(target, &[Phase::Verifying], Phase::Verifying, Some(words.clone()))
                .map_err(|phase| Illegal { phase, event: RunEvent::Progress { target, words } })?;
        }
        RunEvent::Settled { target, outcome, words } => {
            let from: &[Phase] = match outcome {
                // Only what was verified is done, only what was never sent can be aborted, and only a session can be left.
                Outcome::Done | Outcome::Left => &[Phase::Verifying],
                Outcome::Aborted => &[Phase::Confirmed],
                Outcome::Failed | Outcome::Partial | Outcome::Compensated | Outcome::Unknown | Outcome::NeedsHuman => {
                    &[Phase::Executing, Phase::Verifying]
                }
                // A container may say that it cannot run a command once its session is open.
                Outcome::Refused => &[Phase::Confirmed, Phase::Executing, Phase::Verifying],
            };
            next.move_target(target, from, outcome.phase(), Some(words.clone()))
                .map_err(|phase| Illegal { phase, event: RunEvent::Settled { target, outcome, words } })?;
        }
        RunEvent::Step { target, step, state, words } => {
            let to = match state {
                StepState::Sent | StepState::Undoing => Phase::Executing,
                _ => Phase::Verifying,
            };
            next.move_target(target, &[Phase::Executing, Phase::Verifying], to, Some(words.clone()))
                .map_err(|phase| Illegal { phase, event: RunEvent::Step { target, step, state, words } })?;
            if let Some(moved) = next.targets.get_mut(target) {
                moved.steps.insert(step, state);
            }
        }
        RunEvent::Made { target, id } => {
            next.move_target(target, &[Phase::Verifying], Phase::Verifying, None)
                .map_err(|phase| Illegal { phase, event: RunEvent::Made { target, id: id.clone() } })?;
            if let Some(made) = next.targets.get_mut(target) {
                made.made = Some(id);
            }
        }
        RunEvent::Noted { .. } if !run.phase.is_final() => {}
        event => return illegal(run.phase, event),
    }
    Ok(next)
}

impl Run {
    fn set_all(&mut self, phase: Phase) {
        self.phase = phase;
        for target in &mut self.targets {
            target.phase = phase;
        }
    }

    fn move_target(&mut self, target: usize, from: &[Phase], to: Phase, words: Option<String>) -> Result<(), Phase> {
        let whole = self.phase;
        let Some(moved) = self.targets.get_mut(target) else {
            return Err(whole);
        };
        if !from.contains(&moved.phase) {
            return Err(moved.phase);
        }
        moved.phase = to;
        if let Some(words) = words {
            moved.words = words;
        }
        self.phase = self.whole();
        Ok(())
    }

    /// The phase of the whole: what is under way, or the gravest end.
    fn whole(&self) -> Phase {
        let has = |phase: Phase| self.targets.iter().any(|target| target.phase == phase);
        if has(Phase::Executing) {
            return Phase::Executing;
        }
        if has(Phase::Verifying) {
            return Phase::Verifying;
        }
        if has(Phase::Confirmed) {
            // Between two targets; nothing is in flight but the run goes on.
            return Phase::Executing;
        }
        let mut graver = [Phase::Unknown, Phase::NeedsHuman, Phase::Failed, Phase::Partial].into_iter();
        if let Some(phase) = graver.find(|phase| has(*phase)) {
            return phase;
        }
        match [Phase::Refused, Phase::Compensated, Phase::Aborted].into_iter().find(|phase| has(*phase)) {
            // What is changed and what is not are both true: neither word alone is.
            Some(_) if has(Phase::Done) => Phase::Partial,
            Some(phase) => phase,
            None => Phase::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(targets: usize, events: Vec<RunEvent>) -> Result<Run, Illegal> {
        events.into_iter().try_fold(Run::draft("r", targets), |run, event| advance(&run, event))
    }

    #[test]
    fn the_straight_way_ends_done() {
        let settled = RunEvent::Settled { target: 0, outcome: Outcome::Done, words: "healthy".into() };
        let run = walk(
            1,
            vec![
                RunEvent::Planned,
                RunEvent::Confirmed,
                RunEvent::Started { target: 0 },
                RunEvent::Accepted { target: 0 },
                settled,
            ],
        );
        assert_eq!(run.map(|run| run.phase), Ok(Phase::Done));
    }

    #[test]
    fn a_lost_answer_leads_to_verifying() {
        let lost = RunEvent::AnswerLost { target: 0, reason: "timeout".into() };
        let run = walk(1, vec![RunEvent::Planned, RunEvent::Confirmed, RunEvent::Started { target: 0 }, lost]);
        assert_eq!(run.map(|run| run.phase), Ok(Phase::Verifying));
    }

    #[test]
    fn a_target_cannot_be_sent_twice() {
        let run = walk(
            1,
            vec![
                RunEvent::Planned,
                RunEvent::Confirmed,
                RunEvent::Started { target: 0 },
                RunEvent::Started { target: 0 },
            ],
        );
        assert!(run.is_err());
    }

    #[test]
    fn the_gravest_end_names_the_whole() {
        let events = vec![
            RunEvent::Planned,
            RunEvent::Confirmed,
            RunEvent::Started { target: 0 },
            RunEvent::Accepted { target: 0 },
            RunEvent::Settled { target: 0, outcome: Outcome::Unknown, words: "?".into() },
            RunEvent::Settled { target: 1, outcome: Outcome::Aborted, words: "not started".into() },
        ];
        assert_eq!(walk(2, events).map(|run| run.phase), Ok(Phase::Unknown));
    }

    #[test]
    fn every_step_has_its_place() {
        let settled = |target, outcome| RunEvent::Settled { target, outcome, words: String::new() };
        let (started, accepted) = (|target| RunEvent::Started { target }, |target| RunEvent::Accepted { target });
        let sent = || vec![RunEvent::Planned, RunEvent::Confirmed, started(0)];
        for (before, event) in [
            (vec![], RunEvent::Confirmed),
            (vec![RunEvent::Planned], started(0)),
            (sent(), settled(0, Outcome::Done)),
            (sent(), settled(0, Outcome::Aborted)),
            ([sent(), vec![accepted(0)]].concat(), settled(0, Outcome::Aborted)),
            ([sent(), vec![accepted(0), settled(0, Outcome::Done)]].concat(), RunEvent::Noted { words: "more".into() }),
        ] {
            assert!(walk(1, before.clone()).is_ok(), "{before:?}");
            assert!(walk(1, [before, vec![event.clone()]].concat()).is_err(), "{event:?}");
        }
        let first = |outcome| [sent(), vec![accepted(0), settled(0, outcome)]].concat();
        assert_eq!(walk(1, first(Outcome::Left)).map(|run| run.phase), Ok(Phase::Aborted), "a session that was left");
        assert!(walk(1, [sent(), vec![settled(0, Outcome::Left)]].concat()).is_err(), "there was none to leave");
        assert_eq!(walk(2, first(Outcome::Done)).map(|run| run.phase), Ok(Phase::Executing), "one is still to come");
        let ends = [first(Outcome::Failed), vec![started(1), accepted(1), settled(1, Outcome::Unknown)]].concat();
        assert_eq!(
            walk(2, ends).map(|run| run.phase),
            Ok(Phase::Unknown),
            "what nobody knows is graver than a failure"
        );
    }

    fn any_event() -> impl Strategy<Value = RunEvent> {
        let outcome = prop_oneof![
            Just(Outcome::Done),
            Just(Outcome::Failed),
            Just(Outcome::Unknown),
            Just(Outcome::Refused),
            Just(Outcome::Aborted),
            Just(Outcome::Left)
        ];
        prop_oneof![
            Just(RunEvent::Planned),
            Just(RunEvent::Confirmed),
            Just(RunEvent::Refused { reason: String::new() }),
            Just(RunEvent::Aborted { reason: String::new() }),
            (0..3_usize).prop_map(|target| RunEvent::Started { target }),
            (0..3_usize).prop_map(|target| RunEvent::Accepted { target }),
            (0..3_usize).prop_map(|target| RunEvent::AnswerLost { target, reason: String::new() }),
            (0..3_usize, outcome).prop_map(|(target, outcome)| RunEvent::Settled {
                target,
                outcome,
                words: String::new()
            }),
        ]
    }

    proptest! {
        #[test]
        fn nothing_executes_without_confirmation_and_nothing_leaves_its_end(events in proptest::collection::vec(any_event(), 0..40)) {
            let mut run = Run::draft("r", 2);
            let mut confirmed = false;
            for event in events {
                let before = run.clone();
                let is_confirmation = event == RunEvent::Confirmed;
                match advance(&run, event) {
                    Ok(next) => {
                        confirmed |= is_confirmation;
                        prop_assert!(!before.phase.is_final(), "{:?} left its end", before);
                        if next.targets.iter().any(|target| matches!(target.phase, Phase::Executing | Phase::Verifying | Phase::Done | Phase::Failed | Phase::Unknown)) {
                            prop_assert!(confirmed);
                        }
                        run = next;
                    }
                    Err(_) => prop_assert_eq!(&run, &before),
                }
            }
        }
    }
}
