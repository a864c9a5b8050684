//! Effects into supervised tasks: the only room that spawns them.
#![expect(clippy::disallowed_methods, reason = "this is the one place that spawns what the loop asks for")]

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::carried::{verified, watched};
use super::drafts::{Change, Keeper};
use super::effect::{Effect, PlanRequest};
use super::feeds::{Desk, Watching};
use super::keep::Keep;
use super::look_back::{self, LookBack};
use super::message::Message;
use super::pod_session::{Sessions, Waiting};
use super::reach::{Connect, Ways, patiently};
use super::releases::{self, Present};
use super::tell_journal::{tell_journal, unreadable};
use super::{logs, reading};
use crate::actions::journal::{self, Entry, Finished, Journal, Unfinished, What};
use crate::actions::{Executor, Seen, StoreEyes};
use crate::config::Settings;
use crate::domain::action::{Consent, Phase, Plan, Run, Target, WATCHED};
use crate::domain::alert::AlertSnapshot;
use crate::domain::database::DatabaseSnapshot;
use crate::domain::log::Mask;
use crate::domain::maintenance::Schedule;
use crate::domain::rollout::WorkloadRef;
use crate::domain::subject::{Subject, SubjectKind};
use crate::domain::text;
use crate::sources::Clock;
use crate::sources::feed::Feed as _;
use crate::sources::observe::ObserveCluster;
use crate::sources::prometheus::{Downtime, SignalFeed};
use crate::world::News;

/// How long sessions may take to end when the console is left.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// What effects are performed with.
pub struct Performer {
    /// The ways to the environments. What concerns a workload goes by [`Ways::of`] with the name of its environment, always.
    ways: Ways,
    messages: mpsc::Sender<Message>,
    runs: JoinSet<()>,
    /// Lines of the journal on their way to disk.
    writes: JoinSet<()>,
    journal: Arc<Mutex<Journal>>,
    seen: Arc<Mutex<Seen>>,
    state: PathBuf,
    clock: Clock,
    unfinished: Vec<Unfinished>,
    /// Chains that cannot be read, and what is said of each.
    unreadable: Vec<(String, String)>,
    /// Rings when what is broken is to be tried at once.
    retry: Arc<Notify>,
    /// What is masked in logs.
    mask: Arc<Mask>,
    /// The task that reads the open log.
    log: Option<AbortHandle>,
    /// What is polled, for as long as this lives.
    watching: Vec<Watching>,
    /// What releases are compared by.
    signals: Vec<SignalFeed>,
    /// The store; `None` before it is kept.
    kept: Option<Keep>,
    /// What acts in no cluster, of each environment, and the list of alerts it judges by: no connection is waited for.
    local: Vec<(Executor, watch::Sender<AlertSnapshot>)>,
    /// Sessions in pods, and the runs that hold them.
    sessions: Arc<Sessions>,
    holding: JoinSet<()>,
    /// What is current now, for the store.
    releases: watch::Sender<Present>,
    /// The maintenance schedule as the store told it last.
    schedule: watch::Sender<Arc<Schedule>>,
    /// What is polled of databases.
    databases: watch::Sender<DatabaseSnapshot>,
    /// What is typed into forms.
    drafts: Keeper,
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
            drafts: Keeper::new(&state),
            databases: watch::Sender::default(),
            ways: Ways::new(connect, environments, messages.clone(), seen.clone(), clock.clone()),
            sessions: Arc::new(Sessions::new(messages.clone())),
            holding: JoinSet::new(),
            messages,
            runs: JoinSet::new(),
            writes: JoinSet::new(),
            journal,
            seen,
            state,
            clock,
            unfinished: Vec::new(),
            unreadable: Vec::new(),
            retry: Arc::default(),
            mask: Arc::default(),
            log: None,
            watching: Vec::new(),
            signals: Vec::new(),
            kept: None,
            local: Vec::new(),
            releases: watch::Sender::default(),
            schedule: watch::Sender::default(),
        }
    }

    /// The same with these patterns masked in logs.
    #[must_use]
    pub fn masking(mut self, mask: Arc<Mask>) -> Self {
        self.mask = mask;
        self
    }

    fn end_logs(&mut self) {
        if let Some(log) = self.log.take() {
            log.abort();
        }
    }

    /// Follows the store, and gives it what the journal holds.
    pub fn keep(&mut self, keep: Keep) {
        self.kept = Some(keep.clone());
        self.equip();
        let follow = (self.retry.clone(), self.releases.subscribe(), self.schedule.clone());
        super::keep::keep(keep, self.state.clone(), self.clock.clone(), follow, &self.messages);
    }

    /// Gives it what acts in no cluster, of each environment.
    pub fn act_by(&mut self, local: Vec<Executor>) {
        for databases in local.iter().filter_map(|executor| executor.planner.databases.as_ref()) {
            databases.hear(self.databases.subscribe());
        }
        self.local = local.into_iter().map(|executor| (executor, watch::Sender::default())).collect();
        self.equip();
    }

    /// Gives what acts in no cluster the store this console keeps, and the alerts as it lists them.
    fn equip(&mut self) {
        let Some(Keep { store, read_only, .. }) = &self.kept else { return };
        for (executor, listed) in &mut self.local {
            executor.store = read_only.is_none().then(|| store.clone() as _);
            let listed = Arc::new(listed.subscribe());
            executor.planner.store = Some(StoreEyes::new(store.clone(), listed, *read_only));
        }
    }

    /// What acts in no cluster, of an environment.
    fn local(&self, environment: &str) -> Option<&Executor> {
        self.local.iter().map(|(executor, _)| executor).find(|one| one.planner.environment == *environment)
    }

    /// What plans and acts on these subjects: by the connection to their cluster, where they are of one.
    fn executor(&self, environment: &str, subjects: &[Subject]) -> Option<&Executor> {
        if subjects.iter().any(|subject| subject.namespace().is_some()) {
            return self.ways.of(environment).map(|current| &current.reach.executor);
        }
        self.local(environment)
    }

    fn desk(&self) -> Desk {
        let downtime = Downtime::following(self.schedule.subscribe());
        Desk { messages: self.messages.clone(), retry: self.retry.clone(), clock: self.clock.clone(), downtime }
    }

    /// Polls what is polled in environments until it is dropped.
    pub fn watch(&mut self, settings: &Settings) {
        let Settings { environments, services, backups, databases, .. } = settings;
        let signals = environments.iter().filter_map(|one| SignalFeed::of(one, services, &self.clock));
        self.signals = signals.collect();
        self.watching =
            self.desk().all(environments, services, (backups, &self.ways.clusters), (databases, &self.databases));
    }

    /// The next news of an environment: a connection made, or a newer snapshot.
    pub async fn news(&mut self) -> Message {
        let message = self.ways.news().await;
        if let Message::News(News::Connected(place, _)) = &message {
            self.resume(*place);
        }
        message
    }

    /// Performs one effect; never waits.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Focus(workload) => self.ways.focus(workload.as_ref()),
            Effect::Read(workload) => self.read(workload),
            Effect::ReadUsage(ask) => {
                if let Some(current) = self.ways.of(ask.environment()) {
                    reading::usage(current.reach.connection.clone(), self.messages.clone(), ask);
                }
            }
            Effect::ReadJob(job, runs) => {
                if let Some(current) = self.ways.of(&job.environment) {
                    reading::job(current.reach.connection.clone(), self.messages.clone(), job, runs);
                }
            }
            Effect::Remember(cluster, present) => releases::take(&self.releases, &cluster, present),
            Effect::Compare(environment, releases) => self.desk().compare(&self.signals, &environment, releases),
            Effect::Retry => {
                self.ways.retry();
                self.retry.notify_waiters();
            }
            Effect::Connect(place) => self.ways.connect(place),
            Effect::Plan(request) => self.plan(request),
            Effect::GiveUp(plan, words) => self.give_up(&plan, words),
            Effect::Execute(plan, answer) => self.execute(*plan, answer),
            Effect::List(alerts) => {
                let is_its = |executor: &Executor| executor.planner.environment == *alerts.environment;
                if let Some((_, listed)) = self.local.iter().find(|(executor, _)| is_its(executor)) {
                    listed.send_replace(*alerts);
                }
            }
            // The loop lends the terminal itself; where it cannot, the command is left.
            Effect::Attach(run) | Effect::EndSession(run) => self.sessions.end(&run),
            Effect::ReadDrafts => self.drafts.change(Change::Read(self.messages.clone(), (self.clock)())),
            Effect::KeepDraft(draft) => self.drafts.change(Change::Keep(*draft)),
            Effect::ForgetDraft(key) => self.drafts.change(Change::Forget(key)),
            Effect::FindUnfinished => self.find_unfinished(),
            Effect::ReadJournal => self.read_journal(),
            Effect::LookBack(finished) => self.look_back(*finished),
            Effect::ReadLogs(number, ask) => {
                self.end_logs();
                if let Some(current) = self.ways.of(&ask.workload.environment) {
                    let (connection, mask, messages) =
                        (current.reach.connection.clone(), self.mask.clone(), self.messages.clone());
                    self.log = Some(logs::start(connection, *ask, mask, number, messages));
                }
            }
            Effect::EndLogs => self.end_logs(),
            Effect::SaveLines(name, lines) => {
                reading::save(self.state.clone(), name, lines, (self.clock)(), self.messages.clone());
            }
            // The loop does these itself: they are about the terminal.
            Effect::Repaint | Effect::Copy(_) | Effect::Suspend | Effect::EditText(_) | Effect::Leave => {}
        }
    }

    /// Waits until every run under way has come to its end.
    pub async fn finish(&mut self) {
        while self.runs.join_next().await.is_some() {}
    }

    /// The command of this run that waits for the terminal, once.
    pub(super) fn session(&self, run: &str) -> Option<Waiting> {
        self.sessions.take(run)
    }

    /// Ends the sessions in pods, and waits until what is being journalled is on disk.
    pub async fn written(&mut self) {
        self.sessions.end_all();
        let held = async { while self.holding.join_next().await.is_some() {} };
        // What has no answer by then stays in the journal as begun.
        let _ = tokio::time::timeout(LEAVE_WITHIN, held).await;
        self.drafts.written().await;
        while self.writes.join_next().await.is_some() {}
    }

    /// Whether a run is under way.
    pub fn is_busy(&mut self) -> bool {
        while self.runs.try_join_next().is_some() {}
        !self.runs.is_empty()
    }

    fn read(&self, workload: WorkloadRef) {
        let Some(current) = self.ways.of(&workload.environment) else { return };
        let (connection, messages, seen) = (current.reach.connection.clone(), self.messages.clone(), self.seen.clone());
        reading::autoscalers(connection.clone(), messages.clone(), workload.clone());
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
            let labels = facts.as_ref().ok().and_then(|facts| facts.template().pointer("/metadata/labels").cloned());
            // The loop is gone only when the process ends.
            let _ = messages.send(Message::Facts(workload.clone(), facts)).await;
            if let Some(events) = events {
                let events = events.map_err(|error| error.sentence);
                let _ = messages.send(Message::Events(workload.clone(), events)).await;
            }
            if let Some(labels) = labels {
                reading::budgets(&connection, &messages, workload, &labels).await;
            }
        });
    }

    fn plan(&self, request: PlanRequest) {
        let messages = self.messages.clone();
        let environment = request.targets.first().map(|target| target.environment().clone()).unwrap_or_default();
        let planner = self.executor(&environment, &request.targets).map(|executor| executor.planner.clone());
        tokio::spawn(async move {
            let answer = match planner.and_then(|planner| Some((planner.catalog.named(request.action)?, planner))) {
                Some((action, planner)) => {
                    planner.plan(action, &request.targets, &request.options).await.map_err(|error| error.sentence)
                }
                None => Err(format!("there is no connection to {environment} yet.")),
            };
            let _ = messages.send(Message::Planned(request.number, Box::new(answer))).await;
        });
    }

    fn give_up(&mut self, plan: &Plan, words: &str) {
        let targets = plan.targets.iter().map(Target::about).collect::<Vec<_>>().join(", ");
        let entry = Entry {
            what: What::GivenUp,
            cluster: plan.cluster.uid.clone().unwrap_or_else(|| plan.cluster.server.clone()),
            words: format!("{words}: {targets}"),
            ..Entry::bare(&plan.id, &plan.action, &plan.environment, plan.actor.name())
        };
        let (journal, now) = (self.journal.clone(), (self.clock)());
        let (state, messages) = (self.state.clone(), self.messages.clone());
        self.writes.spawn_blocking(move || {
            journal::record(&journal, entry, now);
            tell_journal(&state, &messages, now);
        });
    }

    /// Where the console's own files are.
    pub(super) fn state(&self) -> &std::path::Path {
        &self.state
    }

    fn execute(&mut self, plan: Plan, answer: Consent) {
        let subjects: Vec<Subject> = plan.targets.iter().map(|target| target.subject.clone()).collect();
        let Some(executor) = self.executor(&plan.environment, &subjects).cloned() else {
            // A connection once made stays: without one no plan of it could have been made here.
            let mut run = Run::draft(plan.id.as_str(), plan.targets.len());
            run.phase = Phase::Refused;
            run.reason = Some(format!("there is no connection to {}. Nothing was sent.", plan.environment));
            let _ = self.messages.try_send(Message::RunEnded(Box::new(run)));
            return;
        };
        let executor = executor.attached(self.sessions.clone());
        let messages = self.messages.clone();
        let (id, targets) = (plan.id.clone(), plan.targets.len());
        // Nobody waits for a session to end who leaves: it ends with the console.
        let is_session = subjects.iter().any(|subject| subject.kind() == SubjectKind::Pod);
        let runs = if is_session { &mut self.holding } else { &mut self.runs };
        runs.spawn(watched(id, targets, messages, move |events| {
            Box::pin(async move { executor.execute(&plan, &answer, &events).await })
        }));
    }

    /// Looks for runs of before that never ended.
    fn find_unfinished(&mut self) {
        let since = (self.clock)() - WATCHED;
        let chains = match journal::recent(&self.state, since, 0) {
            Ok(chains) => chains,
            Err(error) => {
                let words = format!(
                    "UNFINISHED RUNS UNKNOWN: the journal cannot be read: {error}. Check $XDG_STATE_HOME/quarterdeck."
                );
                let _ = self.messages.try_send(Message::Unfinished(vec![(String::new(), words)]));
                return;
            }
        };
        self.unfinished = journal::unfinished(&chains);
        self.unreadable = chains.iter().filter_map(unreadable).collect();
        // What the loop learns of later, with the next line of the journal, is worth no wait here.
        let _ = self.messages.try_send(Message::Finished(journal::finished(&chains, since)));
        self.tell_unfinished("verified as soon as its cluster is connected; nothing is sent");
        self.resume_local();
    }

    /// Verifies the unfinished runs that are of no cluster: nothing is waited for.
    fn resume_local(&mut self) {
        let is_local = |run: &Unfinished| run.begun.aims.iter().all(|aim| aim.subject.workload().is_none());
        let (local, others) = std::mem::take(&mut self.unfinished).into_iter().partition(is_local);
        self.unfinished = others;
        let local: Vec<Unfinished> = local;
        for run in local {
            if let Some(executor) = self.local(&run.begun.environment).cloned() {
                self.runs.spawn(verified(executor, run, self.messages.clone()));
            }
        }
    }

    fn tell_unfinished(&self, what_now: &str) {
        let told = |run: &Unfinished| {
            let targets = run.begun.aims.iter().map(|aim| aim.subject.to_string()).collect::<Vec<_>>().join(", ");
            let words = format!(
                "UNFINISHED: {} of {targets} by {} at {}: {what_now}.",
                run.begun.action,
                run.begun.actor,
                run.at.format("%H:%M:%S")
            );
            (run.begun.run.clone(), text::clean(&words).into_owned())
        };
        let sentences = self.unfinished.iter().map(told).chain(self.unreadable.iter().cloned()).collect();
        // At start the channel is empty; a full one means that the loop has better things to show.
        let _ = self.messages.try_send(Message::Unfinished(sentences));
    }

    /// Verifies the unfinished runs of an environment that has just been connected, by its own connection.
    fn resume(&mut self, place: usize) {
        let Some(current) = self.ways.at(place) else { return };
        let environment = current.reach.executor.planner.environment.clone();
        let (here, elsewhere) =
            std::mem::take(&mut self.unfinished).into_iter().partition(|run| run.begun.environment == environment);
        self.unfinished = elsewhere;
        let here: Vec<Unfinished> = here;
        for run in here {
            let (executor, messages, connection) =
                (current.reach.executor.clone(), self.messages.clone(), current.reach.connection.clone());
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
                verified(executor, run, messages).await;
            });
        }
    }

    fn read_journal(&self) {
        let (state, messages, now) = (self.state.clone(), self.messages.clone(), (self.clock)());
        tokio::task::spawn_blocking(move || tell_journal(&state, &messages, now));
    }

    fn look_back(&self, finished: Finished) {
        let Some(current) = self.ways.of(&finished.begun.environment) else {
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
