//! Effects into supervised tasks: the only room that spawns them.
#![expect(clippy::disallowed_methods, reason = "this is the one place that spawns what the loop asks for")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::effect::{Answer, Effect, PlanRequest};
use super::look_back::{self, LookBack};
use super::message::{Connected, Message};
use super::reading;
use super::supervise::{panicked, supervise};
use super::tell_journal::tell_journal;
use crate::actions::journal::{self, Entry, Finished, Journal, Unfinished, What};
use crate::actions::{Executor, Given, Planner, Seen, catalog};
use crate::domain::action::{Phase, Plan, Run, RunEvent, WATCHED};
use crate::domain::rollout::WorkloadRef;
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::cluster::{ClusterSnapshot, ClusterSource, Connection};
use crate::sources::observe::{Answer as Pending, ObserveCluster};

/// Everything needed to look at and act on one environment.
pub struct Reach {
    /// The eyes.
    pub connection: Connection,
    /// The namespaces looked at; empty means all of them.
    pub namespaces: Vec<Arc<str>>,
    /// The planner.
    pub planner: Planner,
    /// The executor.
    pub executor: Executor,
}

/// Makes the way to an environment, by its place; run again until it succeeds.
pub type Connect = Arc<dyn Fn(usize) -> Pending<'static, Reach> + Send + Sync>;

/// A connection made, and by which attempt.
type Link = (u64, Box<Reach>);

/// What effects are performed with.
pub struct Performer {
    connect: Connect,
    environments: Vec<Arc<str>>,
    messages: mpsc::Sender<Message>,
    links: (mpsc::Sender<Link>, mpsc::Receiver<Link>),
    /// Which connection attempt counts.
    attempt: u64,
    /// The environment asked for last.
    wanted: usize,
    connecting: Option<AbortHandle>,
    current: Option<Current>,
    retry: Arc<Notify>,
    runs: JoinSet<()>,
    journal: Arc<Mutex<Journal>>,
    seen: Arc<Mutex<Seen>>,
    state: PathBuf,
    clock: Clock,
    unfinished: Vec<Unfinished>,
}

struct Current {
    reach: Reach,
    snapshots: watch::Receiver<ClusterSnapshot>,
    focus: watch::Sender<Option<WorkloadRef>>,
    source: AbortHandle,
    identifying: AbortHandle,
}

impl Drop for Current {
    fn drop(&mut self) {
        self.source.abort();
        self.identifying.abort();
    }
}

impl Performer {
    /// Performs effects with these means and tells what came of them.
    pub fn new(
        connect: Connect,
        environments: Vec<Arc<str>>,
        messages: mpsc::Sender<Message>,
        state: PathBuf,
        journal: Arc<Mutex<Journal>>,
        seen: Arc<Mutex<Seen>>,
        clock: Clock,
    ) -> Self {
        Self {
            connect,
            environments,
            messages,
            links: mpsc::channel(1),
            attempt: 0,
            wanted: 0,
            connecting: None,
            current: None,
            retry: Arc::new(Notify::new()),
            runs: JoinSet::new(),
            journal,
            seen,
            state,
            clock,
            unfinished: Vec::new(),
        }
    }

    /// The next news of the cluster: a connection made, or a newer snapshot.
    pub async fn news(&mut self) -> Message {
        loop {
            let snapshots = self.current.as_mut().map(|current| &mut current.snapshots);
            let changed = async {
                let Some(snapshots) = snapshots else { return std::future::pending().await };
                match snapshots.changed().await {
                    Ok(()) => Box::new(snapshots.borrow_and_update().clone()),
                    // The eyes are being started again.
                    Err(_) => std::future::pending().await,
                }
            };
            tokio::select! {
                Some((attempt, reach)) = self.links.1.recv() => {
                    if attempt == self.attempt {
                        return Message::Connected(self.attach(*reach));
                    }
                }
                snapshot = changed => return Message::Observed(snapshot),
            }
        }
    }

    /// Performs one effect; never waits.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Focus(workload) => {
                if let Some(current) = &self.current {
                    current.focus.send_replace(workload);
                }
            }
            Effect::Read(workload) => self.read(workload),
            Effect::ReadJob(job, runs) => {
                if let Some(current) = &self.current {
                    reading::job(current.reach.connection.clone(), self.messages.clone(), job, runs);
                }
            }
            Effect::Retry => self.retry.notify_waiters(),
            Effect::Connect(environment) => self.connect(environment),
            Effect::Plan(request) => self.plan(request),
            Effect::GiveUp(plan, words) => self.give_up(&plan, words),
            Effect::Execute(plan, answer) => self.execute(*plan, answer),
            Effect::FindUnfinished => self.find_unfinished(),
            Effect::ReadJournal => self.read_journal(),
            Effect::LookBack(finished) => self.look_back(*finished),
            // The loop does these itself: they are about the terminal.
            Effect::Repaint | Effect::Suspend | Effect::Leave => {}
        }
    }

    /// Waits until every run under way has come to its end.
    pub async fn finish(&mut self) {
        while self.runs.join_next().await.is_some() {}
    }

    /// Whether a run is under way.
    pub fn is_busy(&mut self) -> bool {
        while self.runs.try_join_next().is_some() {}
        !self.runs.is_empty()
    }

    fn connect(&mut self, environment: usize) {
        self.current = None;
        if let Some(connecting) = self.connecting.take() {
            connecting.abort();
        }
        self.attempt += 1;
        self.wanted = environment;
        let (attempt, connect, links, messages, retry) =
            (self.attempt, self.connect.clone(), self.links.0.clone(), self.messages.clone(), self.retry.clone());
        let task = tokio::spawn(async move {
            let mut wait = Duration::from_millis(500);
            loop {
                match connect(environment).await {
                    Ok(reach) => {
                        let _ = links.send((attempt, Box::new(reach))).await;
                        return;
                    }
                    Err(error) => {
                        if messages.send(Message::NotConnected(error.sentence)).await.is_err() {
                            return;
                        }
                    }
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = retry.notified() => {}
                }
                wait = wait.saturating_mul(2).min(Duration::from_secs(10));
            }
        });
        self.connecting = Some(task.abort_handle());
    }

    /// Starts the eyes on a connection made.
    fn attach(&mut self, reach: Reach) -> Connected {
        let environment = self.environments.get(self.wanted).cloned().unwrap_or_default();
        let (snapshots, seen) = watch::channel(ClusterSnapshot::default());
        let (focus, focused) = watch::channel(None);
        let (healthy, told) = mpsc::channel(16);
        let (connection, namespaces, retry) = (reach.connection.clone(), reach.namespaces.clone(), self.retry.clone());
        let services = reach.planner.services.clone();
        let make = move || {
            ClusterSource {
                environment: environment.clone(),
                connection: connection.clone(),
                namespaces: namespaces.clone(),
                services: services.clone(),
                focus: focused.clone(),
                snapshots: snapshots.clone(),
                healthy: healthy.clone(),
                retry: retry.clone(),
            }
            .run()
        };
        let source = tokio::spawn(supervise("cluster", make, self.messages.clone())).abort_handle();
        let remembering = remember(reach.connection.clone(), self.seen.clone(), told, self.clock.clone());
        tokio::spawn(remembering);
        let identifying = identify(reach.connection.clone(), self.messages.clone(), scope_words(&reach.namespaces));
        let identifying = tokio::spawn(identifying).abort_handle();
        let connected = Connected {
            context: reach.connection.context().to_owned(),
            identity: None,
            scope: scope_words(&reach.namespaces),
            server: reach.connection.server().into(),
        };
        self.current = Some(Current { reach, snapshots: seen, focus, source, identifying });
        self.resume();
        connected
    }

    fn read(&self, workload: WorkloadRef) {
        let Some(current) = &self.current else { return };
        let (connection, messages, seen) = (current.reach.connection.clone(), self.messages.clone(), self.seen.clone());
        tokio::spawn(async move {
            let facts = ObserveCluster::workload(&connection, &workload).await;
            let events = match &facts {
                Ok(facts) => Some(connection.events(facts).await),
                Err(_) => None,
            };
            let facts = match facts {
                Ok(mut facts) => {
                    let cluster = ObserveCluster::cluster(&connection).await.ok().and_then(|cluster| cluster.uid);
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remember(cluster.as_deref(), &mut facts.revisions);
                    Ok(Box::new(facts))
                }
                Err(error) => Err(error.sentence),
            };
            // The loop is gone only when the process ends.
            let _ = messages.send(Message::Facts(workload.clone(), facts)).await;
            if let Some(events) = events {
                let _ = messages.send(Message::Events(workload, events.map_err(|error| error.sentence))).await;
            }
        });
    }

    fn plan(&self, request: PlanRequest) {
        let messages = self.messages.clone();
        let planner = self.current.as_ref().map(|current| current.reach.planner.clone());
        tokio::spawn(async move {
            let answer = match (planner, catalog::ALL.get(request.action)) {
                (Some(planner), Some(action)) => {
                    planner.plan(*action, &request.targets, &request.options).await.map_err(|error| error.sentence)
                }
                _ => Err("there is no connection to the cluster yet.".to_owned()),
            };
            let _ = messages.send(Message::Planned(request.number, Box::new(answer))).await;
        });
    }

    fn give_up(&self, plan: &Plan, words: &str) {
        let entry = Entry {
            what: What::GivenUp,
            run: plan.id.clone(),
            action: plan.action.clone(),
            environment: plan.environment.clone(),
            cluster: plan.cluster.uid.clone().unwrap_or_else(|| plan.cluster.server.clone()),
            actor: plan.actor.name().to_owned(),
            aims: Vec::new(),
            target: None,
            outcome: None,
            phase: None,
            words: format!(
                "{words}: {}",
                plan.targets.iter().map(|target| target.workload.to_string()).collect::<Vec<_>>().join(", ")
            ),
        };
        let (journal, now) = (self.journal.clone(), (self.clock)());
        let (state, messages) = (self.state.clone(), self.messages.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = journal.lock().unwrap_or_else(PoisonError::into_inner).append(entry, now) {
                tracing::error!(%error, "a journal line is lost");
            }
            tell_journal(&state, &messages, now);
        });
    }

    fn execute(&mut self, plan: Plan, answer: Answer) {
        let Some(current) = &self.current else { return };
        let (executor, messages) = (current.reach.executor.clone(), self.messages.clone());
        let (id, targets) = (plan.id.clone(), plan.targets.len());
        let given = Given { typed: answer.typed, reason: answer.reason };
        self.runs.spawn(watched(id, targets, messages, move |events| {
            Box::pin(async move { executor.execute(&plan, &given, &events).await })
        }));
    }

    /// Looks for runs of before that never ended.
    fn find_unfinished(&mut self) {
        let chains = match journal::chains(&self.state) {
            Ok(chains) => chains,
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read");
                return;
            }
        };
        self.unfinished = journal::unfinished(&chains);
        // What the loop learns of later, with the next line of the journal, is worth no wait here.
        let _ = self.messages.try_send(Message::Finished(journal::finished(&chains, (self.clock)() - WATCHED)));
        self.tell_unfinished("verified as soon as its cluster is connected; nothing is sent");
    }

    fn tell_unfinished(&self, what_now: &str) {
        let told = |run: &Unfinished| {
            let targets = run.begun.aims.iter().map(|aim| aim.workload.to_string()).collect::<Vec<_>>().join(", ");
            let words = format!(
                "UNFINISHED: {} of {targets} by {} at {}: {what_now}.",
                run.begun.action,
                run.begun.actor,
                run.at.format("%H:%M:%S")
            );
            (run.begun.run.clone(), text::clean(&words).into_owned())
        };
        let sentences = self.unfinished.iter().map(told).collect();
        // At start the channel is empty; a full one means that the loop has better things to show.
        let _ = self.messages.try_send(Message::Unfinished(sentences));
    }

    /// Verifies the unfinished runs of this environment's cluster.
    fn resume(&mut self) {
        let Some(current) = &self.current else { return };
        let environment = current.reach.executor.environment.clone();
        let (here, elsewhere) =
            std::mem::take(&mut self.unfinished).into_iter().partition(|run| run.begun.environment == environment);
        self.unfinished = elsewhere;
        let here: Vec<Unfinished> = here;
        for run in here {
            let (executor, messages, connection) =
                (current.reach.executor.clone(), self.messages.clone(), current.reach.connection.clone());
            let (id, targets) = (run.begun.run.clone(), run.begun.aims.len());
            self.runs.spawn(async move {
                let mut leaving = executor.leaving.clone();
                let cluster = tokio::select! {
                    cluster = patiently(|| ObserveCluster::cluster(&connection)) => cluster,
                    // Nothing was begun here: the next start finds it again.
                    _ = leaving.wait_for(|is_leaving| *is_leaving) => return,
                };
                if cluster.uid.unwrap_or(cluster.server) != run.begun.cluster {
                    return;
                }
                let _ = messages.send(Message::Resumed(Box::new(Run::begun(id.as_str(), targets)))).await;
                let resumed = move |events| -> BoxFuture<'static, Run> {
                    Box::pin(async move { executor.resume(&run, &events).await })
                };
                watched(id, targets, messages, resumed).await;
            });
        }
    }

    fn read_journal(&self) {
        let (state, messages, now) = (self.state.clone(), self.messages.clone(), (self.clock)());
        tokio::task::spawn_blocking(move || tell_journal(&state, &messages, now));
    }

    fn look_back(&self, finished: Finished) {
        let of_it = |current: &&Current| current.reach.executor.environment == finished.begun.environment;
        let Some(current) = self.current.as_ref().filter(of_it) else {
            tokio::spawn(look_back::later(finished, self.messages.clone()));
            return;
        };
        let look_back = LookBack {
            connection: current.reach.connection.clone(),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            messages: self.messages.clone(),
            state: self.state.clone(),
        };
        tokio::spawn(look_back.at(finished));
    }
}

/// Runs an execution, passes its events on, and makes its end known even when it dies.
async fn watched(
    id: String,
    targets: usize,
    messages: mpsc::Sender<Message>,
    run: impl FnOnce(mpsc::Sender<(String, RunEvent)>) -> BoxFuture<'static, Run>,
) {
    let (events, mut told) = mpsc::channel(64);
    let relay = async {
        while let Some((id, event)) = told.recv().await {
            let _ = messages.send(Message::Run(id, event)).await;
        }
    };
    let execution = std::panic::AssertUnwindSafe(run(events)).catch_unwind();
    let (ended, ()) = tokio::join!(execution, relay);
    let ended = ended.unwrap_or_else(|panic| {
        // Never started again: whether the request left is not known.
        let mut run = Run::draft(id, targets);
        run.phase = Phase::Unknown;
        run.reason = Some(format!(
            "the execution failed ({}): look at the target before doing anything else.",
            panicked(&*panic)
        ));
        run
    });
    let _ = messages.send(Message::RunEnded(Box::new(ended))).await;
}

/// Asks until there is an answer, ever less often.
async fn patiently<'a, T>(ask: impl Fn() -> crate::sources::observe::Answer<'a, T>) -> T {
    let mut wait = Duration::from_millis(500);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => tracing::debug!(%error, "asked again later"),
        }
        tokio::time::sleep(wait).await;
        wait = wait.saturating_mul(2).min(Duration::from_secs(10));
    }
}

/// Asks who we are and tells it when known.
async fn identify(connection: Connection, messages: mpsc::Sender<Message>, scope: String) {
    if let Some(identity) = patiently(|| ObserveCluster::identity(&connection)).await {
        let connected = Connected {
            context: connection.context().to_owned(),
            identity: Some(identity),
            scope,
            server: connection.server().into(),
        };
        let _ = messages.send(Message::Connected(connected)).await;
    }
}

/// Keeps what was seen fully available, under the uid of its cluster.
async fn remember(
    connection: Connection,
    seen: Arc<Mutex<Seen>>,
    mut told: mpsc::Receiver<Vec<Arc<str>>>,
    clock: Clock,
) {
    while let Some(sets) = told.recv().await {
        let Ok(cluster) = ObserveCluster::cluster(&connection).await else { continue };
        let Some(uid) = cluster.uid else { continue };
        let now: Instant = clock();
        let (seen, noted) = (seen.clone(), tokio::task::spawn_blocking);
        let _ = noted(move || {
            let result =
                seen.lock().unwrap_or_else(PoisonError::into_inner).note(&uid, sets.iter().map(AsRef::as_ref), now);
            if let Err(error) = result {
                tracing::warn!(%error, "what was seen healthy cannot be kept");
            }
        })
        .await;
    }
}

fn scope_words(namespaces: &[Arc<str>]) -> String {
    match namespaces {
        [] => "all namespaces".to_owned(),
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} +{}", others.len()),
    }
}
