//! The executor: the only holder of hands. Journal first, send once, verify, and say what is not known.

use std::sync::{Arc, Mutex};

use futures_util::future::{BoxFuture, join_all};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::account::Account;
use super::contract::Action;
use super::gate::{revise, short};
use super::journal::{Aim, Clearing, Entry, Journal, Unfinished, What};
use super::plan::{Planner, run_id};
use super::pods::{Attach, Pods};
use super::services::is_still_of;
use super::silences;
use super::stored;
use super::verify::{Tell, Verification};
use crate::domain::action::{
    Actor, Cluster, Code, Consent, Goal, Outcome, Part, Pin, Plan, Port, Run, RunEvent, Stamps, Step, Target,
};
use crate::domain::rollout::{code_digest, template_digest};
use crate::domain::store::Author;
use crate::domain::subject::Subject;
use crate::domain::text::is_visible;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::operate::{OperateAlerts, OperateCluster, OperateDatabases, Reply, RunPrograms};
use crate::sources::store::port::WriteStore;

/// Carries confirmed plans out in one environment.
#[derive(Clone)]
pub struct Executor {
    /// What planned judges again: eyes, guards, grant, clock, and who carries plans out here, who is not always who made them.
    pub planner: Planner,
    /// The hands on the cluster.
    pub operate: Arc<dyn OperateCluster>,
    /// The hands on the Alertmanagers; `None` without a grant.
    pub silence: Option<Arc<dyn OperateAlerts>>,
    /// The hands on the store; `None` where nothing may be written into it.
    pub store: Option<Arc<dyn WriteStore>>,
    /// The hands for programs of the operator on this machine; `None` without a grant.
    pub programs: Option<Arc<dyn RunPrograms>>,
    /// The hands on its databases; `None` without a grant.
    pub databases: Option<Arc<dyn OperateDatabases>>,
    /// The hands in pods; `None` without a grant.
    pub pods: Option<Pods>,
    /// Whoever sits here and holds the sessions they open; `None` where nobody does.
    pub attach: Option<Arc<dyn Attach>>,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
    /// Turns true when the process has to leave: targets not started are then left alone.
    pub leaving: watch::Receiver<bool>,
}

impl Executor {
    /// Judges a plan again, carries out what comes of it, and returns the run at its end. Every step goes to `events` too.
    ///
    /// Targets of a wave are changed one after the other and verified together; a wave that does not end well stops those after it, and
    /// a target that was not accepted stops the rest of its own.
    pub async fn execute(&self, document: &Plan, consent: &Consent, events: &mpsc::Sender<(String, RunEvent)>) -> Run {
        let mut account = self.account(document, events);
        account.note(RunEvent::Planned).await;
        let action = match self.admit(document) {
            Ok(action) => action,
            Err(reason) => return account.refuse(reason).await,
        };
        let subjects: Vec<Subject> = document.targets.iter().map(|target| target.subject.clone()).collect();
        let setting = match self.planner.setting(&subjects).await {
            Ok(setting) => setting,
            Err(error) => return account.refuse(error.sentence).await,
        };
        account.bare.actor = described(&setting.actor);
        account.bare.cluster = identity(&setting.cluster);
        let plan = match self.judge(document, action, setting, consent).await {
            Ok(plan) => plan,
            Err(reason) => return account.refuse(reason).await,
        };
        let plan = &plan;
        // From here on it is the run of the document; an attempt that was refused is none.
        account.bare.run.clone_from(&plan.id);
        account.note(RunEvent::Confirmed).await;
        let reason = consent.reason.as_deref().map(|reason| format!(" Reason: {reason}")).unwrap_or_default();
        let author = described(&document.actor);
        let planned =
            if author == account.bare.actor { String::new() } else { format!(" Planned by {}.", short(&author)) };
        let begun = Entry {
            aims: plan.targets.iter().map(aim).collect(),
            ..account.line(What::Begun, None, format!("confirmed.{planned}{reason}"))
        };
        if let Err(reason) = account.write(begun).await {
            return account.refuse(reason).await;
        }
        if self.is_begun_twice(&plan.id) {
            // Another process began the same document in this moment: the run is its own, and nothing more is written into it here.
            account.bare.run = run_id(self.now());
            return account.refuse(format!("the plan {} is being carried out by another process.", plan.id)).await;
        }
        let written = consent.reason.as_deref().map(str::trim).filter(|reason| is_visible(reason));
        let written = written.unwrap_or(&plan.confirmation.otherwise);
        let mut is_stopped: Option<&str> = None;
        for wave in plan.waves() {
            let mut changed = Vec::new();
            for place in wave {
                if *self.leaving.borrow() {
                    is_stopped = is_stopped.or(Some("the console was told to leave before this target"));
                }
                if let Some(why) = is_stopped {
                    account.settle(place, Outcome::Aborted, format!("not started: {why}.")).await;
                    continue;
                }
                if plan.targets.get(place).is_some_and(Target::is_in_order) {
                    if self.take_in_order(&account, (plan, written), place, action).await != Outcome::Done {
                        is_stopped = Some(NOT_WELL);
                    }
                    continue;
                }
                match self.change(&account, (plan, written), place, action).await {
                    Ok(aim) => changed.push((place, aim)),
                    // Of a session nothing is left to verify.
                    Err(Outcome::Done) => {}
                    Err(_) => is_stopped = Some(NOT_WELL),
                }
            }
            let follow = |(place, aim): (usize, Aim)| {
                let steps = plan.targets.get(place).map(|target| target.steps.as_slice()).unwrap_or_default();
                let after = steps.iter().filter(|step| step.part != Part::Change).collect();
                self.follow(&account, place, aim, true, after)
            };
            let outcomes = join_all(changed.into_iter().map(follow)).await;
            if outcomes.iter().any(|outcome| *outcome != Outcome::Done) {
                is_stopped = is_stopped.or(Some(NOT_WELL));
            }
        }
        account.end().await
    }

    /// Verifies a run of before that never ended. Sends nothing.
    pub async fn resume(&self, unfinished: &Unfinished, events: &mpsc::Sender<(String, RunEvent)>) -> Run {
        let begun = &unfinished.begun;
        let run = Run::begun(begun.run.as_str(), begun.aims.len());
        let identity = match self.planner.cluster() {
            Ok(observe) => observe.identity().await.ok().flatten(),
            Err(_) => None,
        };
        let actor = described(&Actor { identity, ..self.planner.actor.clone() });
        let bare = Entry { aims: Vec::new(), actor, ..begun.clone() };
        let account = Account::open(self, events, run, bare);
        let resumed = account.line(
            What::Resumed,
            None,
            format!("verifying what an earlier process of {} left; nothing is sent.", begun.actor),
        );
        // Verifying changes nothing: a journal that cannot be written is said, and is no reason not to look.
        account.record(resumed).await;
        for (place, aim) in begun.aims.iter().enumerate() {
            if let Some((outcome, words)) = unfinished.settled.get(&place) {
                tell_again(&account, place, *outcome, words).await;
                continue;
            }
            if let (Some(_), Subject::Database(database)) = (unfinished.steps.get(&place), &aim.subject) {
                account.note(RunEvent::Started { target: place }).await;
                let (outcome, words) = self.see_what_became(database, aim, &begun.run).await;
                account.settle(place, outcome, words).await;
                continue;
            }
            if let Some(last) = unfinished.steps.get(&place) {
                account.note(RunEvent::Started { target: place }).await;
                let words = format!(
                    "an earlier process of {} ended on its way through the steps of {}. The last of it, {last} Plan the same again: it goes on from what is there.",
                    begun.actor, aim.subject
                );
                account.settle(place, Outcome::NeedsHuman, words).await;
                continue;
            }
            if !unfinished.open.contains(&place) {
                account.settle(place, Outcome::Aborted, "not started.".to_owned()).await;
                continue;
            }
            account.note(RunEvent::Started { target: place }).await;
            let is_accepted = unfinished.accepted.contains(&place);
            if is_accepted {
                account.note(RunEvent::Accepted { target: place }).await;
            } else {
                let reason = "an earlier process ended before its outcome".to_owned();
                account.note(RunEvent::AnswerLost { target: place, reason }).await;
            }
            // The old process may have died long ago: its deadline counts from now, or nothing could be read at all.
            self.follow(&account, place, aim.clone(), is_accepted, Vec::new()).await;
        }
        account.end().await
    }

    /// The account of a run that is not begun. What a document says of itself is not written into any run but its own.
    fn account<'a>(&'a self, document: &Plan, events: &'a mpsc::Sender<(String, RunEvent)>) -> Account<'a> {
        let actor = described(&self.planner.actor);
        let attempt = run_id(self.now());
        let bare = Entry::bare(&attempt, &short(&document.action), &self.planner.environment, &actor);
        Account::open(self, events, Run::draft(document.id.as_str(), document.targets.len()), bare)
    }

    /// Now, by the clock of this console.
    pub(super) fn now(&self) -> Instant {
        (self.planner.clock)()
    }

    /// Sends the change of one target. What is to be verified, once the change is known to be made: a lost answer is waited out here, so
    /// that nothing else is changed while nobody knows what became of this one.
    async fn change(
        &self,
        account: &Account<'_>,
        (plan, reason): (&Plan, &str),
        place: usize,
        action: &dyn Action,
    ) -> Result<Aim, Outcome> {
        let Some(target) = plan.targets.get(place) else { return Err(Outcome::Refused) };
        let refused = |words: String| account.settle(place, Outcome::Refused, words);
        let seen = match self.planner.observe(&target.subject, &target.given, &plan.cluster).await {
            Ok(seen) => seen,
            Err(error) => return Err(refused(format!("nothing was sent: {}", error.sentence)).await),
        };
        let beside = match self.beside(action, target, &seen).await {
            Ok(beside) => beside,
            Err(why) => return Err(refused(format!("nothing was sent: {why}")).await),
        };
        let checked = revise(plan, place, action, (&seen, &beside, &self.planner.services)).and_then(|()| {
            match seen.workload() {
                Ok(facts) => is_still_of(&self.planner.services, target, facts),
                Err(_) => Ok(()),
            }
        });
        if let Err(reason) = checked {
            return Err(refused(format!("nothing was sent: {reason}")).await);
        }
        // A machine that slept meanwhile wakes up in another world.
        if self.now() >= plan.refreshed_at + plan.holds_target(place) {
            return Err(
                refused("nothing was sent: the time in which it was to begin is over. Plan again.".to_owned()).await
            );
        }
        let words = target.steps.iter().map(|step| self.written(step)).collect::<Vec<_>>().join(" ");
        if let Err(reason) = account.write(account.line(What::Intent, Some(place), words)).await {
            return Err(refused(format!("nothing was sent: {reason}")).await);
        }
        account.note(RunEvent::Started { target: place }).await;
        let mut aim = aim(target);
        let stamps = Stamps { run: &plan.id, reason, now: self.now(), given: &target.given };
        for step in target.steps.iter().filter(|step| step.part == Part::Change) {
            match step.port {
                Port::Pod => return Err(self.hold(account, place, &target.subject, step).await),
                Port::Program => return Err(self.run_program(account, place, &target.subject, step).await),
                Port::Cluster | Port::Alertmanager | Port::Store | Port::Database => {}
            }
            match self.send(step, &stamps).await {
                Ok(reply) => accept(&mut aim, &reply),
                Err(error) if error.is_certainly_not_done => {
                    let why = match self.planner.observe(&target.subject, &target.given, &plan.cluster).await {
                        // The server never says which test failed: look and compare.
                        Ok(seen) => revise(plan, place, action, (&seen, &beside, &self.planner.services)).err(),
                        Err(_) => None,
                    };
                    let words = why.map_or_else(
                        || format!("{} refused it: {}", step.port.whose(), error.sentence),
                        |why| format!("{} refused it because {why}", step.port.whose()),
                    );
                    return Err(refused(words).await);
                }
                Err(error) => {
                    account.record(account.line(What::AnswerLost, Some(place), error.sentence.as_str())).await;
                    account.note(RunEvent::AnswerLost { target: place, reason: error.sentence }).await;
                    let mut verification = self.verification(account, aim, false, true);
                    return match self.arrival(account, place, &mut verification).await {
                        Some(outcome) => Err(outcome),
                        None => Ok(verification.aim),
                    };
                }
            }
        }
        let accepted = account.line(What::Accepted, Some(place), "accepted by the server; verifying.");
        account.record(Entry { aims: vec![aim.clone()], ..accepted }).await;
        account.note(RunEvent::Accepted { target: place }).await;
        Ok(aim)
    }

    /// Sends a step through its port, once.
    pub(super) async fn send(&self, step: &Step, stamps: &Stamps<'_>) -> Result<Reply, SourceError> {
        let request = step.filled(stamps);
        match step.port {
            Port::Cluster => self.operate.send(&request, stamps.run).await,
            Port::Alertmanager => match &self.silence {
                Some(silence) => silences::send(&**silence, &request).await,
                None => Err(no_hands()),
            },
            Port::Store => match &self.store {
                Some(store) => {
                    let author = Author::from(&self.planner.actor);
                    stored::send(&**store, &author, stamps.run, &request).await
                }
                None => Err(no_hands()),
            },
            Port::Database => match (&self.databases, step.in_order.as_deref()) {
                (Some(databases), Some(one)) => databases.send(one.on.name(), &request, stamps.run).await,
                _ => Err(no_hands()),
            },
            Port::Pod | Port::Program => Err(SourceError::new(Trouble::Setup, "a session is held and not sent.")),
        }
    }

    fn verification(&self, account: &Account<'_>, aim: Aim, is_accepted: bool, clears: bool) -> Verification {
        Verification {
            planner: self.planner.clone(),
            clears,
            aim,
            run: account.bare.run.clone(),
            began: self.now(),
            is_accepted,
        }
    }

    /// Waits until a change is known to be made; how its target ended when it was not.
    async fn arrival(&self, account: &Account<'_>, place: usize, verification: &mut Verification) -> Option<Outcome> {
        let (outcome, words) = verification.arrival(&mut Progress { account, place }).await?;
        let left = verification.aim.clearing.iter().map(|step| step.words.as_str()).collect::<Vec<_>>().join(" ");
        Some(account.settle(place, outcome, with_left(words, "Not done", &left)).await)
    }

    /// Follows a change to its end: waits until it is known to be made, clears its way, and verifies.
    async fn follow(
        &self,
        account: &Account<'_>,
        place: usize,
        aim: Aim,
        is_accepted: bool,
        after: Vec<&Step>,
    ) -> Outcome {
        let run = account.bare.run.clone();
        // Who only verifies clears nothing, and waits in vain for what still stands in the way.
        let mut verification = self.verification(account, aim, is_accepted, !after.is_empty());
        if let Some(outcome) = self.arrival(account, place, &mut verification).await {
            return outcome;
        }
        let mut progress = Progress { account, place };
        let (replacing, clearing): (Vec<&Step>, Vec<&Step>) =
            after.into_iter().partition(|step| step.part == Part::Replacing);
        let undone = self.clear(account, place, &run, &clearing).await;
        if let Err((outcome, words)) = self.replace(account, place, &verification.aim, &replacing).await {
            return account.settle(place, outcome, words).await;
        }
        if !replacing.is_empty() {
            // What took long by nature is over: the end state is waited for from now on.
            verification.began = self.now();
        }
        let (outcome, words) = verification.run(&mut progress).await;
        if let Subject::Silence(made) = &verification.aim.subject
            && matches!(verification.aim.goal, Goal::Silenced(_))
            && !made.id.is_empty()
        {
            account.note(RunEvent::Made { target: place, id: made.id.clone() }).await;
        }
        // One that had no number before.
        if let Subject::Incident(made) = &verification.aim.subject
            && verification.aim.uid.is_empty()
            && made.number > 0
        {
            account.note(RunEvent::Made { target: place, id: made.number.to_string() }).await;
        }
        let words = match outcome {
            Outcome::Done => words,
            _ => with_left(words, "Not done", &undone.join(" ")),
        };
        account.settle(place, outcome, words).await
    }

    /// Sends the steps that clear the way of a change that is made; those that could not be done, with the reason.
    async fn clear(&self, account: &Account<'_>, place: usize, run: &str, clearing: &[&Step]) -> Vec<String> {
        let mut undone = Vec::new();
        for step in clearing {
            let words = match self.operate.send(&step.request, run).await {
                Ok(_) => format!("accepted: {}", step.words),
                Err(error) if is_needless(&error) => format!("not needed any more: {}", step.words),
                Err(error) => {
                    undone.push(format!("{} ({})", step.words, error.sentence));
                    format!("not done: {} ({})", step.words, error.sentence)
                }
            };
            account.record(account.line(What::Noted, Some(place), words.as_str())).await;
            account.note(RunEvent::Noted { words }).await;
        }
        undone
    }
}

fn no_hands() -> SourceError {
    SourceError::new(Trouble::Setup, "this console has no hands: nothing was sent.")
}

/// What the server stored is what is verified: admission may have had its say.
fn accept(aim: &mut Aim, reply: &Reply) {
    if let Some(stored) = reply.object.pointer("/spec/template") {
        aim.template_digest = template_digest(stored);
        aim.code = aim.code.take().map(|code| Code { after: code_digest(stored), ..code });
    }
    let replicas = reply.object.pointer("/spec/replicas").and_then(Value::as_u64);
    aim.replicas = replicas.and_then(|replicas| u32::try_from(replicas).ok());
    if let (Subject::Incident(incident), Some(number)) = (&mut aim.subject, reply.object["incident"].as_u64()) {
        incident.number = number;
    }
    if let (Subject::Silence(silence), Some(id)) = (&mut aim.subject, reply.object["silence"].as_str()) {
        id.clone_into(&mut silence.id);
    }
}

/// Why targets after one that did not end well are not started.
const NOT_WELL: &str = "an earlier target did not end well";

/// What an earlier process has settled and journalled is told again, and not written a second time.
async fn tell_again(account: &Account<'_>, place: usize, outcome: Outcome, words: &str) {
    if outcome != Outcome::Aborted {
        account.note(RunEvent::Started { target: place }).await;
    }
    if !matches!(outcome, Outcome::Aborted | Outcome::Refused) {
        account.note(RunEvent::Accepted { target: place }).await;
    }
    account.note(RunEvent::Settled { target: place, outcome, words: words.to_owned() }).await;
}

/// Whether the pod a deletion meant is gone: by itself, or with another of its name in its place.
fn is_needless(error: &SourceError) -> bool {
    matches!(error.trouble, Trouble::NotFound | Trouble::Conflict)
}

fn with_left(words: String, what: &str, left: &str) -> String {
    if left.is_empty() { words } else { format!("{words} {what}: {left}") }
}

/// Passes what a verification sees on as progress of one target.
struct Progress<'a> {
    account: &'a Account<'a>,
    place: usize,
}

impl Tell for Progress<'_> {
    fn tell(&mut self, words: String) -> BoxFuture<'_, ()> {
        Box::pin(self.account.note(RunEvent::Progress { target: self.place, words }))
    }
}

/// The code an action replaces and the code it puts there, where the plan pins the template.
fn code(target: &Target) -> Option<Code> {
    let before = target.pins.iter().find(|pin| pin.path == "/spec/template")?;
    Some(Code { before: code_digest(&before.value), after: code_digest(&target.expected_template) })
}

/// What the object of a target shows once its change is made, where a later process can look for that alone.
fn ends_with(target: &Target) -> Vec<Pin> {
    let is_database = matches!(target.subject, Subject::Database(_));
    let steps = target.steps.iter().filter_map(|step| step.in_order.as_deref()).filter(|_| is_database);
    steps.filter(|one| one.is_point_of_no_return).flat_map(|one| one.expects.clone()).collect()
}

fn aim(target: &Target) -> Aim {
    Aim {
        subject: target.subject.clone(),
        uid: target.uid.clone(),
        template_digest: template_digest(&target.expected_template),
        goal: target.goal,
        pod: target.pod.clone(),
        code: code(target),
        deadline_seconds: target.deadline_seconds,
        replicas: None,
        chosen: target.reaches.iter().filter(|one| one.is_chosen).map(|one| one.id.clone()).collect(),
        expected: if target.goal == Goal::Stored { target.expected.clone() } else { String::new() },
        ends_with: ends_with(target),
        clearing: target
            .steps
            .iter()
            .filter(|step| step.part != Part::Change)
            .map(|step| Clearing {
                uid: step.request.body.pointer("/preconditions/uid").and_then(Value::as_str).unwrap_or_default().into(),
                words: step.words.clone(),
            })
            .collect(),
    }
}

/// A cluster by what cannot be confused: the uid of kube-system, or the address where that may not be read.
pub(super) fn identity(cluster: &Cluster) -> String {
    cluster.uid.clone().unwrap_or_else(|| cluster.server.clone())
}

pub(super) fn described(actor: &Actor) -> String {
    let from = actor.ssh_client.as_deref().map(|client| format!(", from {client}")).unwrap_or_default();
    format!("{} ({}@{}{from})", actor.name(), actor.os_user, actor.host)
}
