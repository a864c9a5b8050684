//! The executor: the only holder of hands. Journal first, send once, verify, and say what is not known.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::catalog;
use super::contract::Action;
use super::journal::{Aim, Entry, Journal, Unfinished, What, Written};
use super::plan::revise;
use super::policy::{self, Grant};
use super::seen::Seen;
use super::verify::{Tell, Verification};
use crate::domain::action::{Actor, Cluster, Outcome, Phase, Plan, Run, RunEvent, Target, advance};
use crate::domain::environment::Guard;
use crate::domain::rollout::template_digest;
use crate::sources::Clock;
use crate::sources::observe::ObserveCluster;
use crate::sources::operate::OperateCluster;

/// What the operator gave to confirm a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The word or name.
    pub typed: String,
    /// The reason.
    pub reason: Option<String>,
}

/// Carries confirmed plans out in one environment.
#[derive(Clone)]
pub struct Executor {
    /// The eyes.
    pub observe: Arc<dyn ObserveCluster>,
    /// The hands.
    pub operate: Arc<dyn OperateCluster>,
    /// The environment's name.
    pub environment: String,
    /// Its guard now, which may be stricter than the plan's.
    pub guard: Guard,
    /// Whether it may be changed now.
    pub grant: Grant,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
    /// What was seen healthy.
    pub seen: Arc<Mutex<Seen>>,
    /// Ids of runs that came to their end.
    pub settled: Arc<Mutex<HashSet<String>>>,
    /// Turns true when the process has to leave: targets not started are then left alone.
    pub leaving: watch::Receiver<bool>,
    /// The clock.
    pub clock: Clock,
}

/// A run with its way out.
struct Under<'a> {
    executor: &'a Executor,
    events: &'a mpsc::Sender<(String, RunEvent)>,
    run: Run,
    bare: Entry,
}

impl Executor {
    /// Carries a plan out and returns the run at its end. Every step goes to `events` too.
    pub async fn execute(&self, plan: &Plan, given: &Given, events: &mpsc::Sender<(String, RunEvent)>) -> Run {
        let mut under = self.under(plan, events);
        under.note(RunEvent::Planned).await;
        let action = match self.admit(plan, given).await {
            Ok(action) => action,
            Err(reason) => return under.refuse(reason).await,
        };
        under.note(RunEvent::Confirmed).await;
        let reason = given.reason.as_deref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
        let begun = Entry {
            what: What::Begun,
            aims: plan.targets.iter().map(aim).collect(),
            words: format!("confirmed.{reason}"),
            ..under.bare.clone()
        };
        if let Err(reason) = under.write(begun) {
            return under.refuse(reason).await;
        }
        let mut is_stopped: Option<&str> = None;
        for (place, target) in plan.targets.iter().enumerate() {
            if *self.leaving.borrow() {
                is_stopped = is_stopped.or(Some("the console was told to leave before this target"));
            }
            if let Some(why) = is_stopped {
                under.settle(place, Outcome::Aborted, format!("not started: {why}.")).await;
                continue;
            }
            if self.one(&mut under, plan, place, target, action).await != Outcome::Done {
                is_stopped = Some("an earlier target did not end well");
            }
        }
        under.end()
    }

    /// Verifies a run of before that never ended. Sends nothing.
    pub async fn resume(&self, unfinished: &Unfinished, events: &mpsc::Sender<(String, RunEvent)>) -> Run {
        let begun = &unfinished.begun;
        let run = Run::begun(begun.run.as_str(), begun.aims.len());
        let mut under = Under { executor: self, events, run, bare: Entry { aims: Vec::new(), ..begun.clone() } };
        let resumed = Entry {
            what: What::Resumed,
            words: "verifying what an earlier process left; nothing is sent.".into(),
            ..under.bare.clone()
        };
        if let Err(reason) = under.write(resumed) {
            return under.refuse(reason).await;
        }
        for (place, aim) in begun.aims.iter().enumerate() {
            if !unfinished.open.contains(&place) {
                under.settle(place, Outcome::Aborted, "not started, or settled before.".to_owned()).await;
                continue;
            }
            under.note(RunEvent::Started { target: place }).await;
            under
                .note(RunEvent::AnswerLost {
                    target: place,
                    reason: "an earlier process ended before its outcome".into(),
                })
                .await;
            // The old process may have died long ago: its deadline counts from now, or nothing could be read at all.
            self.verify(&mut under, place, aim.clone(), false).await;
        }
        under.end()
    }

    fn under<'a>(&'a self, plan: &Plan, events: &'a mpsc::Sender<(String, RunEvent)>) -> Under<'a> {
        let bare = Entry {
            what: What::Refused,
            run: plan.id.clone(),
            action: plan.action.clone(),
            environment: self.environment.clone(),
            cluster: identity(&plan.cluster),
            actor: described(&plan.actor),
            aims: Vec::new(),
            target: None,
            outcome: None,
            phase: None,
            words: String::new(),
        };
        Under { executor: self, events, run: Run::draft(plan.id.as_str(), plan.targets.len()), bare }
    }

    /// Everything that must hold before a plan may begin.
    async fn admit(&self, plan: &Plan, given: &Given) -> Result<&'static dyn Action, String> {
        self.grant.clone()?;
        if plan.version != 1 || !plan.is_intact() {
            return Err(
                "the plan document was changed after it was made, or is of another version. Plan again.".to_owned()
            );
        }
        let action =
            catalog::named(&plan.action).ok_or_else(|| format!("there is no action {:?} here.", plan.action))?;
        if plan.is_expired((self.clock)()) {
            return Err(format!("the plan expired at {}. Plan again.", plan.expires_at.format("%H:%M:%S UTC")));
        }
        if !plan.is_applicable() {
            return Err(plan.refusals.first().cloned().unwrap_or_else(|| "the plan has no target.".to_owned()));
        }
        if plan.environment != self.environment {
            return Err(format!("the plan is for environment {:?}, this is {:?}.", plan.environment, self.environment));
        }
        let workloads: Vec<_> = plan.targets.iter().map(|target| target.workload.clone()).collect();
        // The guard of now decides, not the one written in the document.
        policy::confirms(&policy::confirmation(action, self.guard, &workloads), &given.typed, given.reason.as_deref())?;
        let here = self.observe.cluster().await.map_err(|error| error.sentence)?;
        if identity(&here) != identity(&plan.cluster) {
            return Err(format!("the plan is for the cluster at {}, this is {}.", plan.cluster.server, here.server));
        }
        let identity = self.observe.identity().await.map_err(|error| error.sentence)?;
        if identity != plan.actor.identity {
            return Err(format!(
                "the plan belongs to {}, you are {}. Plan again under your own name.",
                plan.actor.name(),
                identity.as_deref().unwrap_or("unknown to the cluster")
            ));
        }
        Ok(action)
    }

    async fn one(
        &self,
        under: &mut Under<'_>,
        plan: &Plan,
        place: usize,
        target: &Target,
        action: &dyn Action,
    ) -> Outcome {
        let mut facts = match self.observe.workload(&target.workload).await {
            Ok(facts) => facts,
            Err(error) => {
                return under.settle(place, Outcome::Refused, format!("nothing was sent: {}", error.sentence)).await;
            }
        };
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remember(plan.cluster.uid.as_deref(), &mut facts.revisions);
        if let Err(reason) = revise(plan, target, action, &facts) {
            return under.settle(place, Outcome::Refused, format!("nothing was sent: {reason}")).await;
        }
        let intent = Entry {
            what: What::Intent,
            target: Some(place),
            words: target.steps.iter().map(|step| step.words.as_str()).collect::<Vec<_>>().join(" "),
            ..under.bare.clone()
        };
        if let Err(reason) = under.write(intent) {
            return under.settle(place, Outcome::Refused, format!("nothing was sent: {reason}")).await;
        }
        under.note(RunEvent::Started { target: place }).await;
        let mut left: Vec<String> = Vec::new();
        for (number, step) in target.steps.iter().enumerate() {
            match self.operate.send(&step.request, &plan.id).await {
                Ok(_) => {}
                // The first step is the change; what follows only clears its way. A pod that is gone needs no deleting, and
                // whether the rest matters the verification will say.
                Err(error) if number > 0 => left.push(format!(" Not done: {} ({})", step.words, error.sentence)),
                Err(error) if error.is_certainly_not_done => {
                    let why = match self.observe.workload(&target.workload).await {
                        // The server never says which test failed: look and compare.
                        Ok(facts) => revise(plan, target, action, &facts).err(),
                        Err(_) => None,
                    };
                    let words = why.map_or_else(
                        || format!("the server refused it: {}", error.sentence),
                        |why| format!("the server refused it because {why}"),
                    );
                    return under.settle(place, Outcome::Refused, words).await;
                }
                Err(error) => {
                    let lost = Entry {
                        what: What::AnswerLost,
                        target: Some(place),
                        words: error.sentence.clone(),
                        ..under.bare.clone()
                    };
                    under.record(lost);
                    under.note(RunEvent::AnswerLost { target: place, reason: error.sentence }).await;
                    return self.verify(under, place, aim(target), false).await;
                }
            }
        }
        under.record(Entry {
            what: What::Accepted,
            target: Some(place),
            words: format!("accepted by the server; verifying.{}", left.concat()),
            ..under.bare.clone()
        });
        under.note(RunEvent::Accepted { target: place }).await;
        self.verify(under, place, aim(target), true).await
    }

    async fn verify(&self, under: &mut Under<'_>, place: usize, aim: Aim, is_accepted: bool) -> Outcome {
        let verification = Verification {
            observe: self.observe.clone(),
            clock: self.clock.clone(),
            aim,
            run: under.run.id.clone(),
            began: (self.clock)(),
            is_accepted,
        };
        let (outcome, words) = verification.run(&mut Progress { under, place }).await;
        under.settle(place, outcome, words).await
    }
}

/// Passes what a verification sees on as progress of one target.
struct Progress<'u, 'e> {
    under: &'u mut Under<'e>,
    place: usize,
}

impl Tell for Progress<'_, '_> {
    fn tell(&mut self, words: String) -> BoxFuture<'_, ()> {
        Box::pin(self.under.note(RunEvent::Progress { target: self.place, words }))
    }
}

impl Under<'_> {
    /// Moves the run and tells it.
    async fn note(&mut self, event: RunEvent) {
        match advance(&self.run, event.clone()) {
            Ok(next) => self.run = next,
            Err(illegal) => tracing::error!(%illegal, "the executor took an impossible step"),
        }
        // Nobody listening is no reason to stop half-way.
        let _ = self.events.send((self.run.id.clone(), event)).await;
    }

    /// Writes a line that must be on disk before anything else happens.
    fn write(&self, entry: Entry) -> Result<(), String> {
        match self.append(entry) {
            Ok(Written::Well) => Ok(()),
            Ok(Written::FromReserve) => {
                tracing::warn!("the disk is full: the journal uses its reserve");
                Ok(())
            }
            Err(error) => Err(format!(
                "the journal cannot be written ({error}), and nothing is done that it does not hold. Free some space or check $XDG_STATE_HOME/quarterdeck."
            )),
        }
    }

    /// Writes a line about something that has happened already: failing to must not change what follows.
    fn record(&self, entry: Entry) {
        if let Err(error) = self.append(entry) {
            tracing::error!(%error, "a journal line is lost");
        }
    }

    fn append(&self, entry: Entry) -> io::Result<Written> {
        self.executor.journal.lock().unwrap_or_else(PoisonError::into_inner).append(entry, (self.executor.clock)())
    }

    async fn settle(&mut self, place: usize, outcome: Outcome, words: String) -> Outcome {
        self.record(Entry {
            what: What::Settled,
            target: Some(place),
            outcome: Some(outcome),
            words: words.clone(),
            ..self.bare.clone()
        });
        self.note(RunEvent::Settled { target: place, outcome, words }).await;
        outcome
    }

    async fn refuse(mut self, reason: String) -> Run {
        self.record(Entry { what: What::Refused, words: reason.clone(), ..self.bare.clone() });
        self.note(RunEvent::Refused { reason }).await;
        self.run
    }

    fn end(self) -> Run {
        let words = self.run.targets.iter().map(|target| target.words.as_str()).collect::<Vec<_>>().join(" ");
        self.record(Entry { what: What::Ended, phase: Some(self.run.phase), words, ..self.bare.clone() });
        if self.run.phase != Phase::Unknown {
            self.executor.settled.lock().unwrap_or_else(PoisonError::into_inner).insert(self.run.id.clone());
        }
        self.run
    }
}

fn aim(target: &Target) -> Aim {
    Aim {
        workload: target.workload.clone(),
        uid: target.uid.clone(),
        template_digest: template_digest(&target.expected_template),
        goal: target.goal,
        deadline_seconds: target.deadline_seconds,
    }
}

/// A cluster by what cannot be confused: the uid of kube-system, or the address where that may not be read.
fn identity(cluster: &Cluster) -> String {
    cluster.uid.clone().unwrap_or_else(|| cluster.server.clone())
}

fn described(actor: &Actor) -> String {
    let from = actor.ssh_client.as_deref().map(|client| format!(", from {client}")).unwrap_or_default();
    format!("{} ({}@{}{from})", actor.name(), actor.os_user, actor.host)
}
