//! A target whose steps are taken one after the other: each is journalled, sent and seen to be reached before the next is sent.
//!
//! Before the point of no return a run that does not get on takes back what it did, the last first; from there on it leads forward alone,
//! and what is left is said. Where nobody knows what became of a step, nothing further is done.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use serde_json::Value;

use super::account::Account;
use super::contract::Action;
use super::execute::Executor;
use super::gate::revise;
use super::journal::{Entry, What};
use super::observation::Observation;
use super::verify::MAY_STILL_ARRIVE;
use crate::domain::action::{
    InOrder, Judgement, Lost, Outcome, Part, Plan, Port, RunEvent, Stamps, Step, StepState, Target, missing,
};
use crate::domain::time;
use crate::sources::error::{SourceError, Trouble};

/// The longest wait between two attempts to read.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The same of what was asked of the governor of a database: a leader that shuts down slowly was seen to hand over 48 s later.
const DATABASE_MAY_STILL_ARRIVE: TimeDelta = TimeDelta::seconds(120);

/// Why it goes no further.
enum Stop {
    /// Nothing was sent: the reason.
    Refused(String),
    /// A step did not get where it is to get.
    Failed(String),
    /// Nobody knows what became of a step.
    Unknown(String),
}

impl Stop {
    fn words(&self) -> &str {
        match self {
            Self::Refused(words) | Self::Failed(words) | Self::Unknown(words) => words,
        }
    }
}

/// What is seen of a step, or of what was taken back, once it was waited for.
enum Seen {
    /// As it is to be; its object.
    Reached(Value),
    /// Not, and it will not be: why.
    Not(String),
    /// There is no sign of a request whose answer was lost.
    NoSign,
    /// It could not be read to the end: why.
    Unread(String),
}

/// One target on its way through its steps.
struct Walk<'a> {
    executor: &'a Executor,
    account: &'a Account<'a>,
    plan: &'a Plan,
    target: &'a Target,
    place: usize,
    action: &'a dyn Action,
    reason: &'a str,
    /// The object of each step that was reached, by the id of the step.
    results: BTreeMap<String, Value>,
    /// The steps that were sent here, in their order.
    taken: Vec<usize>,
    /// How many were reached.
    reached: usize,
    /// Whether it is past the point of no return.
    is_past: bool,
}

impl Executor {
    /// Takes the steps of a target one after the other; how it ended.
    pub(super) async fn take_in_order(
        &self,
        account: &Account<'_>,
        (plan, reason): (&Plan, &str),
        place: usize,
        action: &dyn Action,
    ) -> Outcome {
        let Some(target) = plan.targets.get(place) else { return Outcome::Refused };
        let holds = match self.planner.observe(&target.subject, &target.given, &plan.cluster).await {
            Ok(seen) => {
                let services = &self.planner.services;
                let beside = self.beside(action, target, &seen).await;
                beside.and_then(|beside| revise(plan, place, action, (&seen, &beside, services)))
            }
            Err(error) => Err(error.sentence),
        };
        if let Err(why) = holds {
            return account.settle(place, Outcome::Refused, format!("nothing was sent: {why}")).await;
        }
        let is_past = target.steps.iter().any(|step| is_done(step) && is_final(step));
        let (results, taken) = (BTreeMap::new(), Vec::new());
        let mut walk =
            Walk { executor: self, account, plan, target, place, action, reason, results, taken, reached: 0, is_past };
        account.note(RunEvent::Started { target: place }).await;
        match walk.forward().await {
            Ok(()) => {
                let seen = self.planner.look_at(&target.subject, &plan.id).await.ok();
                let more = seen.and_then(|seen| action.at_its_end(plan, &seen)).map(|words| format!(" {words}"));
                let (steps, more) = (target.steps.len(), more.unwrap_or_default());
                let words = format!("verified: each of its {steps} steps was seen to be reached.{more}");
                account.settle(place, Outcome::Done, words).await
            }
            Err(stop) => walk.stopped(stop).await,
        }
    }

    /// What else the action asked to be read, as it is now.
    pub(super) async fn beside(
        &self,
        action: &dyn Action,
        target: &Target,
        seen: &Observation,
    ) -> Result<Vec<Observation>, String> {
        let beside = self.planner.beside(action, (&target.subject, seen), &target.given).await;
        beside.map_err(|error| error.sentence)
    }
}

impl Walk<'_> {
    async fn forward(&mut self) -> Result<(), Stop> {
        let target = self.target;
        for (number, step) in target.steps.iter().enumerate() {
            let Some(in_order) = step.in_order.as_deref() else {
                return Err(Stop::Refused(format!("step {} has no place in an order.", number + 1)));
            };
            if *self.executor.leaving.borrow() && !self.is_past && !in_order.is_done {
                return Err(Stop::Failed("the console was told to leave before its point of no return".to_owned()));
            }
            match self.take(number, step, in_order).await {
                Ok(object) => {
                    self.reached += 1;
                    self.results.insert(in_order.id.clone(), object);
                }
                // What clears up after the change may be late, or not needed any more.
                Err(stop) if step.part == Part::Clearing => {
                    let words = format!("not done: {} ({})", step.words, stop.words());
                    self.account.record(self.account.line(What::Noted, Some(self.place), words.as_str())).await;
                    self.account.note(RunEvent::Noted { words }).await;
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    /// Takes one step; its object once it is reached.
    async fn take(&mut self, number: usize, step: &Step, in_order: &InOrder) -> Result<Value, Stop> {
        let refused = |why: String| Stop::Refused(format!("step {} was not sent: {why}", number + 1));
        let seen = self.look(in_order).await.map_err(|error| refused(error.sentence))?;
        let is_reached = self.action.judge(step, &seen) == Judgement::Reached;
        let is_other = if in_order.is_made {
            // What is there under its name, and is not it, was made by somebody else.
            step.is_sent() && !is_reached && !seen.uid().is_empty()
        } else {
            *seen.uid() != in_order.uid
        };
        if is_other {
            return Err(refused(format!("{} is another object than the plan showed.", in_order.on)));
        }
        if is_reached {
            self.tell(number, StepState::Reached, format!("so already: {}", step.words)).await;
            return Ok(seen.document().clone());
        }
        if in_order.is_done {
            return Err(refused(format!("{} is not as it was when the plan was made.", in_order.on)));
        }
        if step.is_sent() {
            let now = self.executor.now();
            self.action.may_send(step, &seen, &self.plan.checks(), now).map_err(refused)?;
        }
        // A machine that slept meanwhile wakes up in another world.
        if self.executor.now() >= self.plan.refreshed_at + self.plan.holds_target(self.place) {
            return Err(refused("the time in which it was to begin is over.".to_owned()));
        }
        let intent = self.line(What::Intent, number, &step.words);
        self.account.write(intent).await.map_err(refused)?;
        self.tell(number, StepState::Sent, step.words.clone()).await;
        let mut may_send_again = in_order.lost == Lost::SendAgain;
        loop {
            let is_accepted = if step.is_sent() { self.send(number, step, in_order).await? } else { true };
            if is_accepted {
                self.tell(number, StepState::Accepted, format!("accepted, and not seen yet: {}", step.words)).await;
            }
            let waited = self.wait(number, in_order, is_accepted, |seen| self.action.judge(step, seen));
            let seen = if step.is_sent() || self.is_past {
                waited.await
            } else {
                // A gate changes nothing: who is told to leave waits for it no longer.
                tokio::select! {
                    seen = waited => seen,
                    () = self.told_to_leave() => Seen::Not("the console was told to leave".to_owned()),
                }
            };
            match seen {
                Seen::Reached(object) => {
                    self.settle(number, Outcome::Done, "seen to be reached.").await;
                    self.tell(number, StepState::Reached, format!("reached: {}", step.words)).await;
                    return Ok(object);
                }
                Seen::NoSign if may_send_again => may_send_again = false,
                Seen::Not(words) => {
                    let words = format!("step {} did not get there: {words}", number + 1);
                    self.settle(number, Outcome::Failed, &words).await;
                    self.tell(number, StepState::Failed, words.clone()).await;
                    return Err(Stop::Failed(words));
                }
                Seen::NoSign => {
                    let words = format!(
                        "the answer to step {} was lost, and {} shows no sign of it: {}",
                        number + 1,
                        in_order.on,
                        step.words
                    );
                    return Err(self.unknown(number, words).await);
                }
                Seen::Unread(words) => {
                    let words = format!("what became of step {} is not known: {words}", number + 1);
                    return Err(self.unknown(number, words).await);
                }
            }
        }
    }

    async fn told_to_leave(&self) {
        if self.executor.leaving.clone().wait_for(|is_told| *is_told).await.is_err() {
            // Nobody is left who could tell it.
            std::future::pending::<()>().await;
        }
    }

    async fn unknown(&self, number: usize, words: String) -> Stop {
        self.settle(number, Outcome::Unknown, &words).await;
        self.tell(number, StepState::Failed, words.clone()).await;
        Stop::Unknown(words)
    }

    /// Sends a step once; whether it was accepted, or nobody knows.
    async fn send(&mut self, number: usize, step: &Step, in_order: &InOrder) -> Result<bool, Stop> {
        let mut step = step.clone();
        for one in &in_order.uses {
            let result = self.results.get(&one.step).and_then(|object| object.pointer(&one.result)).cloned();
            let place = step.request.body.pointer_mut(&one.to);
            let (Some(result), Some(place)) = (result, place) else {
                return Err(Stop::Refused(format!(
                    "step {} was not sent: {} of step {} is not there.",
                    number + 1,
                    one.result,
                    one.step
                )));
            };
            *place = result;
        }
        let sent = match self.executor.of(in_order.on.environment()) {
            Ok(executor) => executor.send(&step, &self.stamps()).await,
            Err(error) => Err(error),
        };
        match sent {
            Err(error) if error.is_certainly_not_done => {
                let words = format!("step {} was refused: {}", number + 1, error.sentence);
                self.settle(number, Outcome::Refused, &words).await;
                self.tell(number, StepState::Failed, words.clone()).await;
                Err(Stop::Refused(words))
            }
            Ok(_) => {
                self.is_taken(number, in_order);
                self.account.record(self.line(What::Accepted, number, "accepted by the server.")).await;
                Ok(true)
            }
            Err(error) => {
                self.is_taken(number, in_order);
                self.account.record(self.line(What::AnswerLost, number, &error.sentence)).await;
                self.tell(
                    number,
                    StepState::AnswerLost,
                    format!("no answer to step {}: {}", number + 1, error.sentence),
                )
                .await;
                Ok(false)
            }
        }
    }

    fn is_taken(&mut self, number: usize, in_order: &InOrder) {
        if !self.taken.contains(&number) {
            self.taken.push(number);
        }
        self.is_past |= in_order.is_point_of_no_return;
    }

    /// Waits for the object of a step to be judged.
    async fn wait(
        &self,
        number: usize,
        in_order: &InOrder,
        is_accepted: bool,
        judge: impl Fn(&Observation) -> Judgement,
    ) -> Seen {
        let began = self.executor.now();
        let mut limit = began + time::seconds(i64::from(in_order.deadline_seconds));
        if !is_accepted {
            limit = limit.min(began + self.may_still_arrive(number));
        }
        let planner = match self.executor.planner.of(in_order.on.environment()) {
            Ok(planner) => planner,
            Err(error) => return Seen::Unread(error.sentence),
        };
        let mut said = String::new();
        let mut pause = Duration::from_millis(250);
        loop {
            let mut stream = match planner.follow(&in_order.on, &self.plan.id) {
                Ok(stream) => stream,
                Err(error) => return Seen::Unread(error.sentence),
            };
            loop {
                let left = (limit - self.executor.now()).to_std().unwrap_or_default();
                let Ok(next) = tokio::time::timeout(left, stream.next()).await else {
                    drop(stream);
                    return match planner.last_look(&in_order.on, &self.plan.id).await {
                        Ok(seen) => match judged(in_order, &seen, &judge) {
                            Ok(seen) => seen,
                            Err(_) if !is_accepted => Seen::NoSign,
                            Err(words) => Seen::Not(format!("after {} {words}", time::coarse(limit - began))),
                        },
                        Err(error) if error.trouble == Trouble::NotFound => gone(in_order),
                        Err(error) => Seen::Unread(error.sentence),
                    };
                };
                let words = match next {
                    Some(Ok(seen)) => match judged(in_order, &seen, &judge) {
                        Ok(seen) => return seen,
                        Err(words) => words,
                    },
                    Some(Err(error)) if error.trouble == Trouble::NotFound => return gone(in_order),
                    Some(Err(error)) => format!("{} cannot be read, trying again: {}", in_order.on, error.sentence),
                    None => break,
                };
                if words != said {
                    said.clone_from(&words);
                    let words = format!("step {}: {words}", number + 1);
                    self.account.note(RunEvent::Progress { target: self.place, words }).await;
                }
            }
            let left = (limit - self.executor.now()).to_std().unwrap_or_default();
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// For how long it is looked for what came of a request whose answer was lost.
    fn may_still_arrive(&self, number: usize) -> TimeDelta {
        match self.target.steps.get(number).map(|step| step.port) {
            Some(Port::Database) => DATABASE_MAY_STILL_ARRIVE,
            _ => MAY_STILL_ARRIVE,
        }
    }

    async fn look(&self, in_order: &InOrder) -> Result<Observation, SourceError> {
        self.executor.planner.of(in_order.on.environment())?.look_at(&in_order.on, &self.plan.id).await
    }

    /// Brings a target to its end that goes no further: back to where it was, as long as that is possible.
    async fn stopped(&mut self, stop: Stop) -> Outcome {
        let why = stop.words().trim_end_matches('.').to_owned();
        let left: Vec<&str> = self.target.steps.iter().skip(self.reached).map(|step| step.words.as_str()).collect();
        let left = left.join(" ");
        let (outcome, words) = match stop {
            Stop::Unknown(_) => (
                Outcome::Unknown,
                format!("{why}. Nothing further is sent. Look at it, then plan the same again. Not done: {left}"),
            ),
            _ if self.is_past => (
                Outcome::Partial,
                format!(
                    "{why}. It is past its point of no return, and nothing is taken back. Plan the same again: it goes on from what is there. Not done: {left}"
                ),
            ),
            Stop::Refused(_) if self.taken.is_empty() => (Outcome::Refused, format!("{why}. Nothing was changed.")),
            _ if self.taken.is_empty() => (Outcome::Compensated, format!("{why}. Nothing had been changed.")),
            _ => match self.back().await {
                Ok(count) => {
                    (Outcome::Compensated, format!("{why}. What was changed is taken back, in {count} steps."))
                }
                Err(left) => (
                    Outcome::NeedsHuman,
                    format!("{why}. NOT TAKEN BACK: {left} Take that back by hand, or plan the same again."),
                ),
            },
        };
        self.account.settle(self.place, outcome, words).await
    }

    /// Takes back what was done, the last first: how many steps that were, or what could not be taken back.
    async fn back(&mut self) -> Result<usize, String> {
        let mut left = Vec::new();
        let mut count = 0;
        for number in std::mem::take(&mut self.taken).into_iter().rev() {
            let Some(step) = self.target.steps.get(number) else { continue };
            let Some(in_order) = step.in_order.as_deref() else { continue };
            match self.undo(number, step, in_order).await {
                Ok(()) => count += 1,
                Err(words) => {
                    self.tell(number, StepState::NotUndone, words.clone()).await;
                    left.push(words);
                }
            }
        }
        if left.is_empty() { Ok(count) } else { Err(left.join(" ")) }
    }

    async fn undo(&self, number: usize, step: &Step, in_order: &InOrder) -> Result<(), String> {
        let Some(undo) = &in_order.undo else { return Ok(()) };
        let is_back = |seen: &Observation| match missing(&undo.expects, seen.document()) {
            None => Judgement::Reached,
            Some(words) => Judgement::Waiting(words),
        };
        let not = |why: &str| format!("{} ({})", undo.words, why.trim_end_matches('.'));
        self.account
            .write(Entry { is_undo: true, ..self.line(What::Intent, number, &undo.words) })
            .await
            .map_err(|why| not(&why))?;
        self.tell(number, StepState::Undoing, undo.words.clone()).await;
        let request = Step { request: undo.request.clone(), ..step.clone() };
        // Its tests and its end make it the same sent twice.
        let mut may_send_again = true;
        loop {
            let sent = match self.executor.of(in_order.on.environment()) {
                Ok(executor) => executor.send(&request, &self.stamps()).await,
                Err(error) => Err(error),
            };
            let is_accepted = match &sent {
                Ok(_) => true,
                // It may be so by itself, or by somebody: what is seen counts.
                Err(error) if error.is_certainly_not_done => match self.look(in_order).await {
                    Ok(seen) if is_back(&seen) == Judgement::Reached => true,
                    _ => return Err(not(&error.sentence)),
                },
                Err(_) => false,
            };
            match self.wait(number, in_order, is_accepted, is_back).await {
                Seen::Reached(_) => {
                    let settled = self.line(What::Settled, number, "seen to be as it was.");
                    self.account.record(Entry { is_undo: true, outcome: Some(Outcome::Done), ..settled }).await;
                    self.tell(number, StepState::Undone, format!("taken back: {}", undo.words)).await;
                    return Ok(());
                }
                Seen::NoSign if may_send_again => may_send_again = false,
                Seen::NoSign => return Err(not("no answer, and no sign of it")),
                Seen::Not(words) | Seen::Unread(words) => return Err(not(&words)),
            }
        }
    }

    fn stamps(&self) -> Stamps<'_> {
        let (run, given) = (&self.plan.id, &self.target.given);
        Stamps { run, reason: self.reason, now: self.executor.now(), given }
    }

    fn line(&self, what: What, number: usize, words: &str) -> Entry {
        Entry { step: Some(number), ..self.account.line(what, Some(self.place), words) }
    }

    async fn settle(&self, number: usize, outcome: Outcome, words: &str) {
        let settled = self.line(What::Settled, number, words);
        self.account.record(Entry { outcome: Some(outcome), ..settled }).await;
    }

    async fn tell(&self, step: usize, state: StepState, words: String) {
        self.account.note(RunEvent::Step { target: self.place, step, state, words }).await;
    }
}

fn is_done(step: &Step) -> bool {
    step.in_order.as_ref().is_some_and(|one| one.is_done)
}

fn is_final(step: &Step) -> bool {
    step.in_order.as_ref().is_some_and(|one| one.is_point_of_no_return)
}

/// What one reading comes to; else what is still waited for, in words.
fn judged(in_order: &InOrder, seen: &Observation, judge: impl Fn(&Observation) -> Judgement) -> Result<Seen, String> {
    if in_order.is_made && seen.uid().is_empty() {
        return Err(format!("{} does not exist yet", in_order.on));
    }
    if *seen.uid() != in_order.uid && !in_order.is_made {
        return Ok(Seen::Not(format!("{} was deleted and created again meanwhile.", in_order.on)));
    }
    match judge(seen) {
        Judgement::Reached => Ok(Seen::Reached(seen.document().clone())),
        Judgement::Failed(words) | Judgement::TakenOver(words) => Ok(Seen::Not(words)),
        Judgement::Waiting(words) => Err(words),
    }
}

fn gone(in_order: &InOrder) -> Seen {
    Seen::Not(format!("{} does not exist any more.", in_order.on))
}
