//! The ways to the environments: a connection each, made, kept and lost on its own. A dead one costs the others nothing.
#![expect(
    clippy::disallowed_methods,
    reason = "`perform` delegates these here; each task ends with its environment's connection"
)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::actions::{Executor, Planner, Seen};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::release::Release;
use crate::domain::rollout::WorkloadRef;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::backup::Clusters;
use crate::sources::cluster::{ClusterSource, Connection};
use crate::sources::observe::{Answer as Pending, ObserveCluster};
use crate::world::{Connected, News};

/// How long one attempt to connect may take, a credential plug-in that waits for somebody included.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);

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

/// A connection made: to the environment at which place.
type Link = (usize, Box<Reach>);

/// The ways to all environments, in the order of the configuration.
pub(super) struct Ways {
    connect: Connect,
    all: Vec<Way>,
    links: (mpsc::Sender<Link>, mpsc::Receiver<Link>),
    /// The clusters that are connected to, for what looks at objects of theirs now and then.
    pub(super) clusters: watch::Sender<Clusters>,
    /// Whose news comes first next time, so that a busy environment does not silence a quiet one.
    turn: usize,
    messages: mpsc::Sender<Message>,
    seen: Arc<Mutex<Seen>>,
    clock: Clock,
}

/// The way to one environment.
struct Way {
    environment: Arc<str>,
    /// Rings when the operator asks to try again now.
    retry: Arc<Notify>,
    connecting: Option<AbortHandle>,
    current: Option<Current>,
}

/// A connection in use.
pub(super) struct Current {
    pub(super) reach: Reach,
    snapshots: watch::Receiver<ClusterSnapshot>,
    focus: watch::Sender<Option<WorkloadRef>>,
    tasks: [AbortHandle; 2],
}

impl Drop for Current {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Ways {
    /// No way is made yet.
    pub(super) fn new(
        connect: Connect,
        environments: Vec<Arc<str>>,
        messages: mpsc::Sender<Message>,
        seen: Arc<Mutex<Seen>>,
        clock: Clock,
    ) -> Self {
        let way = |environment| Way { environment, retry: Arc::default(), connecting: None, current: None };
        Self {
            connect,
            all: environments.into_iter().map(way).collect(),
            links: mpsc::channel(1),
            clusters: watch::Sender::default(),
            turn: 0,
            messages,
            seen,
            clock,
        }
    }

    /// The connection of an environment, by its name: the only way a workload's own cluster is found.
    pub(super) fn of(&self, environment: &str) -> Option<&Current> {
        self.all.iter().find(|way| *way.environment == *environment)?.current.as_ref()
    }

    /// The connection of the environment at a place.
    pub(super) fn at(&self, place: usize) -> Option<&Current> {
        self.all.get(place)?.current.as_ref()
    }

    /// The next news: a connection made, or a newer snapshot.
    pub(super) async fn news(&mut self) -> Message {
        loop {
            let mut ways: Vec<(usize, &mut Way)> = self.all.iter_mut().enumerate().collect();
            let turn = self.turn.min(ways.len());
            ways.rotate_left(turn);
            let changed =
                ways.into_iter().filter_map(|(place, way)| Some((place, &mut way.current.as_mut()?.snapshots)));
            let mut waiting: Vec<BoxFuture<'_, Message>> =
                changed.map(|(place, snapshots)| observed(place, snapshots).boxed()).collect();
            waiting.push(std::future::pending().boxed());
            let changed = select_all(waiting).map(|(message, ..)| message);
            tokio::select! {
                Some((place, reach)) = self.links.1.recv() => {
                    if let Some(message) = self.attach(place, *reach) {
                        return message;
                    }
                }
                message = changed => {
                    if let Message::News(News::Cluster(place, _)) = message {
                        self.turn = place + 1;
                    }
                    return message;
                }
            }
        }
    }

    /// Looks at a workload's pods too, in its own environment alone.
    pub(super) fn focus(&self, workload: Option<&WorkloadRef>) {
        for way in &self.all {
            let here = workload.filter(|workload| workload.environment == way.environment);
            if let Some(current) = &way.current {
                current.focus.send_if_modified(|known| {
                    let is_new = known.as_ref() != here;
                    if is_new {
                        *known = here.cloned();
                    }
                    is_new
                });
            }
        }
    }

    /// Tries every broken source again now.
    pub(super) fn retry(&self) {
        self.all.iter().for_each(|way| way.retry.notify_waiters());
    }

    /// Connects to an environment, until it succeeds.
    pub(super) fn connect(&mut self, place: usize) {
        let Some(way) = self.all.get_mut(place) else { return };
        way.current = None;
        if let Some(connecting) = way.connecting.take() {
            connecting.abort();
        }
        let (connect, links) = (self.connect.clone(), self.links.0.clone());
        let (messages, retry) = (self.messages.clone(), way.retry.clone());
        let task = tokio::spawn(async move {
            let mut wait = Duration::from_millis(500);
            loop {
                let why = match tokio::time::timeout(CONNECT_WITHIN, connect(place)).await {
                    Ok(Ok(reach)) => {
                        let _ = links.send((place, Box::new(reach))).await;
                        return;
                    }
                    Ok(Err(error)) => error.sentence,
                    Err(_) => format!(
                        "no connection within {} s. Does a credential plug-in of the kubeconfig wait for somebody?",
                        CONNECT_WITHIN.as_secs()
                    ),
                };
                if messages.send(News::NotConnected(place, why).into()).await.is_err() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = retry.notified() => {}
                }
                wait = wait.saturating_mul(2).min(Duration::from_secs(10));
            }
        });
        way.connecting = Some(task.abort_handle());
    }

    /// Starts the eyes on a connection made. One that does not belong to this environment is not taken.
    fn attach(&mut self, place: usize, reach: Reach) -> Option<Message> {
        let way = self.all.get_mut(place)?;
        let environment = way.environment.clone();
        let known = [&reach.planner.environment, &reach.executor.planner.environment];
        if known.iter().any(|known| known.as_str() != &*environment) {
            let why = format!("the connection made for {environment} is another environment's: it is not used.");
            return Some(News::NotConnected(place, why).into());
        }
        let (snapshots, seen) = watch::channel(ClusterSnapshot::default());
        let (focus, focused) = watch::channel(None);
        let (released, told) = mpsc::channel(16);
        let (connection, namespaces, retry) = (reach.connection.clone(), reach.namespaces.clone(), way.retry.clone());
        let services = reach.planner.services.clone();
        let shared = reach.connection.clone();
        self.clusters.send_modify(|known| drop(known.insert(environment.clone(), Ok(Arc::new(shared)))));
        let make = move || {
            ClusterSource {
                environment: environment.clone(),
                connection: connection.clone(),
                namespaces: namespaces.clone(),
                services: services.clone(),
                focus: focused.clone(),
                snapshots: snapshots.clone(),
                released: released.clone(),
                retry: retry.clone(),
            }
            .run()
        };
        let source = tokio::spawn(supervise("cluster", make, self.messages.clone())).abort_handle();
        let memory = (self.seen.clone(), self.clock.clone());
        tokio::spawn(remember(reach.connection.clone(), memory, told, self.messages.clone()));
        let connected = Connected {
            context: reach.connection.context().to_owned(),
            identity: None,
            scope: scope_words(&reach.namespaces),
        };
        let identifying = identify(reach.planner.clone(), self.messages.clone(), place, connected.clone());
        let tasks = [source, tokio::spawn(identifying).abort_handle()];
        way.current = Some(Current { reach, snapshots: seen, focus, tasks });
        Some(News::Connected(place, connected).into())
    }
}

/// The next snapshot of one environment.
async fn observed(place: usize, snapshots: &mut watch::Receiver<ClusterSnapshot>) -> Message {
    match snapshots.changed().await {
        Ok(()) => News::Cluster(place, Box::new(snapshots.borrow_and_update().clone())).into(),
        // The eyes are being started again.
        Err(_) => std::future::pending().await,
    }
}

/// Asks until there is an answer, ever less often.
pub(super) async fn patiently<'a, T>(ask: impl Fn() -> Pending<'a, T>) -> T {
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
async fn identify(planner: Planner, messages: mpsc::Sender<Message>, place: usize, connected: Connected) {
    planner.remember_cluster().await;
    if let Some(identity) = patiently(|| identity_of(&planner)).await {
        let connected = Connected { identity: Some(identity), ..connected };
        let _ = messages.send(News::Connected(place, connected).into()).await;
    }
}

fn identity_of(planner: &Planner) -> Pending<'_, Option<String>> {
    match &planner.observe {
        Some(observe) => observe.identity(),
        None => Box::pin(std::future::ready(Ok(None))),
    }
}

/// Keeps what was seen fully available, under the uid of its cluster, and tells the loop what was released.
async fn remember(
    connection: Connection,
    (seen, clock): (Arc<Mutex<Seen>>, Clock),
    mut told: mpsc::Receiver<Vec<Release>>,
    messages: mpsc::Sender<Message>,
) {
    while let Some(releases) = told.recv().await {
        let cluster = ObserveCluster::cluster(&connection).await.ok().and_then(|cluster| cluster.uid);
        let healthy: Vec<Arc<str>> =
            releases.iter().filter(|one| one.is_healthy).map(|one| one.revision_uid.clone()).collect();
        if messages.send(News::Released(cluster.as_deref().map(Into::into), releases).into()).await.is_err() {
            return;
        }
        let Some(uid) = cluster.filter(|_| !healthy.is_empty()) else { continue };
        let now: Instant = clock();
        let (seen, noted) = (seen.clone(), tokio::task::spawn_blocking);
        let _ = noted(move || {
            let result =
                seen.lock().unwrap_or_else(PoisonError::into_inner).note(&uid, healthy.iter().map(AsRef::as_ref), now);
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
