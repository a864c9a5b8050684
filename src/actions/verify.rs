//! Verification: the world is watched until it is as expected, or the deadline says otherwise.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::contract::below_the_partition;
use super::journal::Aim;
use super::observation::{Observation, SilenceFacts};
use super::plan::Planner;
use super::{replaced, silences, stored};
use crate::domain::action::{Goal, Left, Outcome, Replaced, undone};
use crate::domain::owner::{self, Field};
use crate::domain::rollout::{Kind, Pod, Update, Verdict, judge, template_digest};
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::WorkloadFacts;

/// How long a request whose answer was lost may still arrive at the server.
pub(super) const MAY_STILL_ARRIVE: TimeDelta = TimeDelta::seconds(30);
/// The longest wait between two attempts to read.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Hears what is seen while a target is verified.
pub trait Tell: Send {
    /// Hears a new sentence.
    fn tell(&mut self, words: String) -> BoxFuture<'_, ()>;
}

/// One target being verified.
pub struct Verification {
    /// The eyes and the clock.
    pub planner: Planner,
    /// What is expected of which target.
    pub aim: Aim,
    /// The run: a record with this id on the target proves that the request arrived.
    pub run: String,
    /// When the request went out.
    pub began: Instant,
    /// Whether the server said that it accepted it.
    pub is_accepted: bool,
    /// Whether the steps that clear its way are being sent too.
    pub clears: bool,
}

impl Verification {
    /// Waits until the change is known to be on the target. `None` when it is; else how the target ended.
    pub async fn arrival(&mut self, tell: &mut dyn Tell) -> Option<(Outcome, String)> {
        if self.is_accepted { None } else { self.watch(tell, true).await }
    }

    /// Watches until the target's outcome is known or its deadline passes; `tell` hears every new sentence.
    pub async fn run(&mut self, tell: &mut dyn Tell) -> (Outcome, String) {
        if self.is_accepted && self.aim.goal == Goal::Stored {
            return (Outcome::Done, self.stored());
        }
        match self.watch(tell, false).await {
            Some(ended) => ended,
            None => self.overdue(None, None),
        }
    }

    /// Watches until the outcome is known, the time is over, or, where only that is asked, the change has arrived.
    async fn watch(&mut self, tell: &mut dyn Tell, only_arrival: bool) -> Option<(Outcome, String)> {
        if let (Goal::Session, Subject::Backup(backup)) = (self.aim.goal, &self.aim.subject) {
            let words = format!(
                "the process that waited for its end is gone, and a program is not run a second time: what came of it is not known. Look at {} in quarterdeck backup list.",
                text::clean(&backup.set)
            );
            return Some((Outcome::Unknown, words));
        }
        let deadline = self.began + time::seconds(i64::from(self.aim.deadline_seconds));
        let mut said = String::new();
        let mut trouble: Option<SourceError> = None;
        let mut last: Option<(Outcome, String)> = None;
        let mut wait = Duration::from_millis(250);
        loop {
            let planner = self.planner.clone();
            let (subject, run) = (self.aim.subject.clone(), self.run.clone());
            let mut stream = match planner.follow(&subject, &run) {
                Ok(stream) => stream,
                Err(error) => return Some((Outcome::Unknown, error.sentence)),
            };
            loop {
                let limit = if self.is_accepted { deadline } else { deadline.min(self.began + MAY_STILL_ARRIVE) };
                let left = (limit - (self.planner.clock)()).to_std().unwrap_or_default();
                let Ok(next) = tokio::time::timeout(left, stream.next()).await else {
                    drop(stream);
                    return Some(self.last_look(trouble, last).await);
                };
                let words = match next {
                    Some(Ok(seen)) => {
                        trouble = None;
                        wait = Duration::from_millis(250);
                        let look = self.look(&seen);
                        if only_arrival && self.is_accepted {
                            return None;
                        }
                        match look {
                            Look::Settled(outcome, words) => return Some((outcome, words)),
                            Look::Waiting(words) => {
                                last = Some((Outcome::Failed, words.clone()));
                                words
                            }
                            Look::Partly(outcome, words) => {
                                last = Some((outcome, words.clone()));
                                words
                            }
                        }
                    }
                    Some(Err(error)) if error.trouble == Trouble::NotFound => {
                        return Some((Outcome::Failed, format!("{subject} does not exist any more.")));
                    }
                    Some(Err(error)) => {
                        let words = format!(
                            "{} cannot be read, trying again until {}: {}",
                            self.source(),
                            limit.format("%H:%M:%S"),
                            error.sentence
                        );
                        trouble = Some(error);
                        words
                    }
                    None => break,
                };
                if words != said {
                    said.clone_from(&words);
                    tell.tell(words).await;
                }
            }
            let left = (deadline - (self.planner.clock)()).to_std().unwrap_or_default();
            tokio::time::sleep(wait.min(left)).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// The time is over: the last reading may be as old as the sleep of this machine, so that only a fresh one is judged.
    async fn last_look(&mut self, trouble: Option<SourceError>, last: Option<(Outcome, String)>) -> (Outcome, String) {
        let (trouble, last) = match self.planner.last_look(&self.aim.subject, &self.run).await {
            Ok(seen) => match self.look(&seen) {
                Look::Settled(outcome, words) => return (outcome, words),
                Look::Waiting(words) => (None, Some((Outcome::Failed, words))),
                Look::Partly(outcome, words) => (None, Some((outcome, words))),
            },
            // What was said before may say more than that nothing was said now.
            Err(error) if error.trouble == Trouble::Timeout => (Some(trouble.unwrap_or(error)), last),
            Err(error) => (Some(error), last),
        };
        self.overdue(trouble.as_ref(), last)
    }

    /// What is asked of a subject of this kind, in words.
    const fn source(&self) -> &'static str {
        match self.aim.subject {
            Subject::Workload(_) | Subject::Job(_) | Subject::Made(_) | Subject::Object(_) => "the cluster",
            Subject::Silence(_) => "Alertmanager",
            Subject::Pod(_) => "the pod",
            Subject::Database(_) => "the database",
            Subject::Address(_) => "the address",
            _ => "the store",
        }
    }

    /// What is said of what the store has written.
    fn stored(&self) -> String {
        format!("{}: {}.", text::clean(self.aim.subject.name()), self.aim.expected)
    }

    /// Judges one reading.
    fn look(&mut self, seen: &Observation) -> Look {
        match seen {
            Observation::Workload(facts) => self.look_at_workload(facts),
            Observation::Silence(facts) => self.look_at_silence(facts),
            Observation::Pod(_) => Look::Waiting("nothing of a session can be looked at".to_owned()),
            Observation::Object(facts) => Look::Waiting(format!("{} is judged step by step alone", facts.subject)),
            Observation::Database(_) => Look::Waiting("its steps are judged one by one".to_owned()),
            Observation::Alert(facts) => {
                self.is_accepted |= facts.is_written;
                stored::judge(facts.is_written, self.stored())
            }
            Observation::Maintenance(facts) => {
                self.is_accepted |= facts.is_written;
                stored::judge(facts.is_written, self.stored())
            }
            Observation::Backup(facts) => {
                self.is_accepted |= facts.is_written;
                stored::judge(facts.is_written, self.stored())
            }
            Observation::Incident(facts) => {
                self.is_accepted |= facts.is_written;
                stored::judge(facts.is_written, self.stored())
            }
            Observation::Schedule(facts) => {
                self.is_accepted |= facts.is_written;
                stored::judge(facts.is_written, self.stored())
            }
        }
    }

    fn look_at_silence(&mut self, facts: &SilenceFacts) -> Look {
        match silences::judge(self.aim.goal, &self.aim.chosen, facts) {
            Some(look) => {
                self.is_accepted = true;
                if let (Subject::Silence(known), Some(silence)) = (&mut self.aim.subject, &facts.silence) {
                    known.id = silence.id.to_string();
                }
                look
            }
            None if self.is_accepted => {
                let words = "no Alertmanager that answers shows it. Look at the silences before you try again.";
                Look::Partly(Outcome::Unknown, words.to_owned())
            }
            None => Look::Waiting("it is not among the silences yet; it is not sent again".to_owned()),
        }
    }

    fn look_at_workload(&mut self, facts: &WorkloadFacts) -> Look {
        let now = facts.observed_at;
        let workload = &facts.workload;
        if *facts.uid != *self.aim.uid {
            return Look::Settled(
                Outcome::Failed,
                format!("{workload} was deleted and created again meanwhile: this is another object."),
            );
        }
        if let Some(pod) = self.aim.pod.clone() {
            return self.look_for_successor(&pod, facts);
        }
        let has_template = template_digest(facts.template()) == self.aim.template_digest;
        let has_record = facts.record.as_ref().is_some_and(|record| record.id == self.run);
        if !self.is_accepted {
            if !has_record {
                return Look::Waiting("no sign of the change on the target yet; it is not sent again".to_owned());
            }
            self.is_accepted = true;
        }
        if !has_template {
            return Look::Settled(Outcome::Failed, self.replaced(facts));
        }
        let counts = facts.report.counts;
        match self.aim.goal {
            Goal::Paused if facts.report.is_paused && facts.report.is_observed() => {
                let words = format!("verified: paused with {} of {} updated.", counts.updated, counts.desired);
                return Look::Settled(Outcome::Done, words);
            }
            Goal::Paused if facts.report.is_observed() => {
                return Look::Settled(Outcome::Failed, format!("{workload} was resumed after this action."));
            }
            Goal::Replicas(wanted) if counts.desired != wanted => {
                let words = format!(
                    "{} replicas are wanted of {workload}, not {wanted}: {} changed it after this action.",
                    counts.desired,
                    scaled_by(facts)
                );
                return Look::Settled(Outcome::Failed, words);
            }
            _ => {}
        }
        // An autoscaler may do its work meanwhile; what is verified then is not what was planned, and that is said.
        let before = *self.aim.replicas.get_or_insert(counts.desired);
        let is_scaled = before != counts.desired && facts.workload.kind != Kind::DaemonSet;
        let scaled = if is_scaled {
            format!(
                "; {} replicas are wanted now, {before} when it began: {} changed it",
                counts.desired,
                scaled_by(facts)
            )
        } else {
            String::new()
        };
        if counts.desired == 0 && is_scaled {
            let words = format!("nothing is left to verify by: 0 replicas are wanted of {}{scaled}.", facts.workload);
            return Look::Settled(Outcome::Failed, words);
        }
        if let Some(words) = self.in_the_way(facts) {
            return Look::Settled(Outcome::Failed, words);
        }
        let mut deployment = facts.report.clone();
        // Whatever mark was there before the action says nothing about it; marks are in the cluster's time.
        deployment.started.acted = deployment.started.acted.max(Some(self.began + self.planner.ahead()));
        let judged = judge(&deployment, facts.newest_pods(), now);
        let counts = deployment.counts;
        let figures = format!(
            "{}/{} ready, {} updated, {} available",
            counts.ready, counts.desired, counts.updated, counts.available
        );
        let lingering = facts.pods.iter().find(|pod| pod.gone_by.is_some_and(|by| by + TimeDelta::seconds(5) < now));
        let lingering =
            lingering.map(|pod| format!("; pod {} outlives its grace period", pod.name)).unwrap_or_default();
        match judged.verdict {
            Verdict::Complete => {
                Look::Settled(Outcome::Done, format!("verified: {figures}, {}{lingering}{scaled}.", kept(facts)))
            }
            Verdict::Failed => {
                Look::Settled(Outcome::Failed, format!("the rollout failed: {}", judged.reason.unwrap_or_default()))
            }
            verdict => {
                let reason = judged.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                let below = below_the_partition(facts).map(|words| format!("; {words}")).unwrap_or_default();
                Look::Waiting(format!("{}, {figures}{reason}{below}{lingering}{scaled}", verdict.word()))
            }
        }
    }

    /// Who put another pod template there, which, when, and what to do about it.
    fn replaced(&self, facts: &WorkloadFacts) -> String {
        let left = Left {
            workload: &facts.workload,
            uid: &self.aim.uid,
            code: self.aim.code.as_ref(),
            goal: Goal::Healthy,
            action: "action",
            run: &self.run,
            done_at: self.began,
        };
        undone(&left, &facts.object).map_or_else(
            || {
                let writer = owner::last_writer(&facts.object, Field::Template);
                let who = writer.map_or_else(|| "somebody".to_owned(), |writer| writer.manager);
                let workload = &facts.workload;
                format!("{who} changed the pod template of {workload} after this action: it is not what was planned any more.")
            },
            |undone| undone.words,
        )
    }

    /// Judges one reading where a pod was to be replaced: there is no record to tell that the deletion arrived, the pod itself tells.
    fn look_for_successor(&mut self, pod: &Replaced, facts: &WorkloadFacts) -> Look {
        match replaced::look(pod, facts, facts.observed_at) {
            replaced::Seen::Untouched if self.is_accepted => Look::Waiting(format!("pod {} is still there", pod.name)),
            replaced::Seen::Untouched => {
                Look::Waiting(format!("no sign of the deletion on pod {} yet; it is not sent again", pod.name))
            }
            replaced::Seen::Waiting(words) => {
                self.is_accepted = true;
                Look::Waiting(words)
            }
            replaced::Seen::Ready(new) => {
                let counts = facts.report.counts;
                let words = match new {
                    Some(new) => format!(
                        "verified: pod {} is gone, pod {} is ready; {}/{} ready.",
                        pod.name, new.name, counts.ready, counts.desired
                    ),
                    None => format!(
                        "verified: pod {} is gone, and {} of {} wanted pods are ready without another.",
                        pod.name, counts.ready, counts.desired
                    ),
                };
                Look::Settled(Outcome::Done, words)
            }
        }
    }

    /// What was to be cleared out of the way, still stands there, and is not cleared by anybody now.
    fn in_the_way(&self, facts: &WorkloadFacts) -> Option<String> {
        let is_there = |uid: &str| facts.pods.iter().any(|pod| &*pod.uid == uid && pod.gone_by.is_none());
        let mut left = self.aim.clearing.iter().filter(|step| !self.clears && is_there(&step.uid)).peekable();
        left.peek()?;
        let left = left.map(|step| step.words.as_str()).collect::<Vec<_>>().join(" ");
        Some(format!(
            "the change is made, but the process that made it ended before this: {left} Plan the same again: it finishes what is left."
        ))
    }

    fn overdue(&self, trouble: Option<&SourceError>, last: Option<(Outcome, String)>) -> (Outcome, String) {
        let after = time::coarse((self.planner.clock)() - self.began);
        match (trouble, self.is_accepted) {
            (Some(error), _) => (
                Outcome::Unknown,
                format!(
                    "after {after} {} could still not be read: {} Look at {} before doing anything else.",
                    self.source(),
                    error.sentence,
                    self.aim.subject
                ),
            ),
            (None, false) => (
                Outcome::Unknown,
                format!(
                    "the answer was lost, and after {after} the target shows no sign of the change. It was most likely not carried out; look at {} and plan again.",
                    self.aim.subject
                ),
            ),
            (None, true) => match last {
                Some((outcome, words)) if self.aim.subject.workload().is_none() => (outcome, words),
                last => {
                    let words = last.map_or_else(|| "nothing was reported".to_owned(), |(_, words)| words);
                    (Outcome::Failed, format!("not healthy after {after}: {words}"))
                }
            },
        }
    }
}

/// Who wrote the number of pods last.
fn scaled_by(facts: &WorkloadFacts) -> String {
    owner::last_writer(&facts.object, Field::Replicas)
        .filter(|writer| writer.manager != "quarterdeck")
        .map_or_else(|| "somebody or an autoscaler".to_owned(), |writer| writer.name())
}

/// What is left of older templates, in words: a partition keeps the pods below it as they are.
fn kept(facts: &WorkloadFacts) -> String {
    let is_kept = |pod: &&Pod| pod.gone_by.is_none() && facts.current_hash.as_ref() != Some(&pod.template_hash);
    let mut kept: Vec<&str> = facts.pods.iter().filter(is_kept).map(|pod| &*pod.name).collect();
    let Update::Partition(from) = facts.report.update else { return NONE_LEFT.to_owned() };
    if kept.is_empty() {
        return NONE_LEFT.to_owned();
    }
    kept.sort_unstable();
    format!("and below the partition {from} older pods are kept: {}", kept.join(", "))
}

/// What a finished rollout leaves.
const NONE_LEFT: &str = "no old pod is left in service";

pub(super) enum Look {
    /// How it ended.
    Settled(Outcome, String),
    /// Not there yet.
    Waiting(String),
    /// Not everywhere yet, and how it ends where the time is over.
    Partly(Outcome, String),
}
