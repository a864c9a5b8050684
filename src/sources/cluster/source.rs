//! The eyes on one cluster: feeds in, one snapshot out, newest wins.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::{BoxFuture, join, join_all};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant as Tick;

use super::around::{self, Around};
use super::connection::{Connection, is_alive};
use super::feed::{Change, Feed, Resource, SILENT_FOR};
use super::jobs::{CronJobs, Jobs};
use super::nodes::Nodes;
use super::readiness::{self, ASK_AGAIN, ASK_EVERY};
use super::rows::{ControllerRevisions, DaemonSets, Deployments, Pods, ReplicaSets, StatefulSets};
use super::tables::Tables;
use crate::domain::cause::{ApiHealth, Cause};
use crate::domain::cluster::ClusterSnapshot;
use crate::domain::release::Release;
use crate::domain::rollout::WorkloadRef;
use crate::domain::service::Services;
use crate::domain::source::{SourceHealth, SourceId, SourceKind, SourceState};
use crate::domain::time::Instant;
use crate::sources::error::SourceError;

/// Snapshots are at least this far apart; the first of a burst goes at once.
const PACE: Duration = Duration::from_millis(33);
/// A broken feed is stale for this long before it is called down.
const DOWN_AFTER: TimeDelta = TimeDelta::seconds(15);
/// How often the server is asked for a sign of life: a watch on a dead line is silent.
const PULSE_EVERY: Duration = Duration::from_secs(10);
/// How often while there is none.
const PULSE_AGAIN: Duration = Duration::from_secs(2);
/// How long a sign of life may take.
const PULSE_WITHIN: Duration = Duration::from_secs(5);

/// Starts a feed of one resource.
type Start = fn(Feed) -> BoxFuture<'static, ()>;

/// Every resource of a namespace that is watched, with its name in the list of sources. Workloads first: what is drawn first comes first.
const RESOURCES: &[(&str, Start)] = &[
    ("deployments", start::<Deployments>),
    ("statefulsets", start::<StatefulSets>),
    ("daemonsets", start::<DaemonSets>),
    ("replicasets", start::<ReplicaSets>),
    ("controllerrevisions", start::<ControllerRevisions>),
    ("pods", start::<Pods>),
    ("cronjobs", start::<CronJobs>),
    ("jobs", start::<Jobs>),
];

/// The same of the whole cluster, whichever namespaces are looked at.
const CLUSTER_WIDE: &[(&str, Start)] = &[("nodes", start::<Nodes>)];

/// Every feed: what it is called, where it looks, how it starts.
fn feeds(namespaces: &[Arc<str>]) -> Vec<(&'static str, Option<Arc<str>>, Start)> {
    let scopes: Vec<Option<Arc<str>>> =
        if namespaces.is_empty() { vec![None] } else { namespaces.iter().cloned().map(Some).collect() };
    let in_namespaces =
        RESOURCES.iter().flat_map(|(name, start)| scopes.iter().map(move |scope| (*name, scope.clone(), *start)));
    in_namespaces.chain(CLUSTER_WIDE.iter().map(|(name, start)| (*name, None, *start))).collect()
}

fn start<R: Resource + 'static>(feed: Feed) -> BoxFuture<'static, ()> {
    Box::pin(feed.run::<R>())
}

/// What the eyes look at and where they report.
pub struct ClusterSource {
    /// The environment's name.
    pub environment: Arc<str>,
    /// The connection.
    pub connection: Connection,
    /// The namespaces to watch; empty means all of them.
    pub namespaces: Vec<Arc<str>>,
    /// The services that are declared.
    pub services: Arc<Services>,
    /// The workload somebody looks at.
    pub focus: watch::Receiver<Option<WorkloadRef>>,
    /// Where snapshots go.
    pub snapshots: watch::Sender<ClusterSnapshot>,
    /// Where releases go, each when it is first seen and again when it is first seen fully available.
    pub released: mpsc::Sender<Vec<Release>>,
    /// Rings when the operator asks to try again now.
    pub retry: Arc<Notify>,
}

#[derive(Debug, Clone, Default)]
struct FeedState {
    has_listed: bool,
    last_good: Option<Instant>,
    broken: Option<(SourceError, Instant, Instant)>,
    /// Why nothing is seen of it, where that is no trouble.
    absent: Option<String>,
}

impl FeedState {
    /// Whether it has come to an end of its list, good or bad.
    const fn is_telling(&self) -> bool {
        self.has_listed || self.broken.is_some()
    }
}

impl ClusterSource {
    /// Watches until nobody listens to the snapshots any more.
    pub async fn run(self) {
        let (changes, incoming) = mpsc::channel(256);
        let (epoch, epochs) = watch::channel(0);
        let named = feeds(&self.namespaces);
        let running: Vec<BoxFuture<'_, ()>> = named
            .iter()
            .enumerate()
            .map(|(index, (_, namespace, start))| {
                start(Feed {
                    index,
                    connection: self.connection.clone(),
                    namespace: namespace.clone(),
                    changes: changes.clone(),
                    epoch: epochs.clone(),
                    retry: self.retry.clone(),
                    silence: SILENT_FOR,
                })
            })
            .collect();
        drop(changes);
        let states = named.into_iter().map(|(name, scope, _)| (name, scope, FeedState::default())).collect();
        let tables = Tables::new(self.environment.clone(), self.services.clone());
        let (wanted, asked) = watch::channel(BTreeSet::new());
        let (told, around) = mpsc::channel(16);
        let looking = around::look(self.connection.clone(), asked, told);
        let owner = Owner { tables, states, silent: None, api: None, wanted, source: self };
        tokio::select! {
            () = owner.run(incoming, around, epoch) => {}
            _ = join(join_all(running), looking) => {}
        }
    }
}

/// The one task that owns the tables.
struct Owner {
    source: ClusterSource,
    tables: Tables,
    /// What each feed is called, where it looks, how it stands.
    states: Vec<(&'static str, Option<Arc<str>>, FeedState)>,
    /// Since when the server gives no sign of life, and what was seen instead.
    silent: Option<(SourceError, Instant)>,
    /// What the server says of its own health.
    api: Option<ApiHealth>,
    /// The namespaces around whose workloads has to be looked.
    wanted: watch::Sender<BTreeSet<Arc<str>>>,
}

impl Owner {
    async fn run(
        mut self,
        mut incoming: mpsc::Receiver<(usize, Change)>,
        mut around: mpsc::Receiver<(Arc<str>, Option<Around>)>,
        epoch: watch::Sender<u64>,
    ) {
        let connection = self.source.connection.clone();
        let mut last_sent: Option<Tick> = None;
        let mut are_rows_sent = false;
        // Nothing to tell yet: an empty snapshot would only make the first rows wait for their turn.
        let mut is_dirty = false;
        let mut pulse: BoxFuture<'_, Result<(), SourceError>> = Box::pin(pulse(&connection, PULSE_EVERY));
        let retry = self.source.retry.clone();
        let mut health: BoxFuture<'_, ApiHealth> = Box::pin(readiness::ask(&connection, Duration::ZERO));
        loop {
            let now = connection.now();
            // That there is no DaemonSet may be known first; the first rows do not wait for it.
            let is_for_the_first_rows = !are_rows_sent && self.tables.has_rows();
            let paced = last_sent.filter(|_| !is_for_the_first_rows);
            let send_at = paced.map_or_else(Tick::now, |sent| sent + PACE);
            // Pods without a workload say nothing, and would make the first rows wait for their turn.
            let is_dirty_enough =
                is_dirty && (self.tables.has_rows() || self.states.iter().any(|(.., state)| state.is_telling()));
            if is_dirty_enough && send_at <= Tick::now() {
                self.publish(now);
                last_sent = Some(Tick::now());
                are_rows_sent |= self.tables.has_rows();
                is_dirty = false;
            }
            let wake = if is_dirty && is_dirty_enough { Some(send_at) } else { self.next_wake(now) };
            tokio::select! {
                () = self.source.snapshots.closed() => return,
                change = incoming.recv() => {
                    let Some((feed, change)) = change else { return };
                    // The wait was long, perhaps.
                    let now = connection.now();
                    self.take(feed, change, now);
                    // Whatever else is ready belongs into the same snapshot.
                    while let Ok((feed, change)) = incoming.try_recv() {
                        self.take(feed, change, now);
                    }
                    is_dirty = true;
                }
                answer = &mut pulse => {
                    is_dirty |= self.feel(answer, connection.now(), &epoch);
                    let wait = if self.silent.is_some() { PULSE_AGAIN } else { PULSE_EVERY };
                    pulse = Box::pin(self::pulse(&connection, wait));
                }
                api = &mut health => {
                    let api = api.after(self.api.as_ref());
                    let wait = if matches!(api, ApiHealth::NotReady { .. }) { ASK_AGAIN } else { ASK_EVERY };
                    is_dirty |= self.api.replace(api) != self.api;
                    health = Box::pin(readiness::ask(&connection, wait));
                }
                () = retry.notified() => health = Box::pin(readiness::ask(&connection, Duration::ZERO)),
                Some((namespace, around)) = around.recv() => {
                    self.tables.surround(namespace, around);
                    is_dirty = true;
                }
                Ok(()) = self.source.focus.changed() => is_dirty = true,
                () = at(wake) => is_dirty = true,
            }
        }
    }

    fn take(&mut self, feed: usize, change: Change, now: Instant) {
        let Some((.., state)) = self.states.get_mut(feed) else { return };
        match change {
            Change::Page(rows) => {
                for row in rows {
                    self.tables.upsert(feed, row);
                }
            }
            Change::Absent(why) => {
                state.has_listed = true;
                state.last_good = Some(now);
                state.broken = None;
                state.absent = why;
                self.tables.replace(feed, Vec::new());
            }
            Change::Listed(rows) => {
                state.absent = None;
                state.has_listed = true;
                state.last_good = Some(now);
                state.broken = None;
                if let Some(rows) = rows {
                    self.tables.replace(feed, rows);
                }
            }
            Change::Upsert(row) => {
                state.last_good = Some(now);
                self.tables.upsert(feed, row);
            }
            Change::Delete(uid) => {
                state.last_good = Some(now);
                self.tables.delete(&uid);
            }
            Change::Fresh => {
                state.last_good = Some(now);
                state.broken = None;
            }
            Change::Broken(error, next_try) => {
                // On a dead line it broke when the line did.
                let silent = self.silent.as_ref().map(|(_, since)| *since);
                let since = state.broken.as_ref().map(|(_, since, _)| *since).or(silent).unwrap_or(now);
                if state.broken.is_none() && state.has_listed && silent.is_none() {
                    // The watch was open until this moment.
                    state.last_good = Some(now);
                }
                state.broken = Some((error, since, next_try));
            }
        }
    }

    /// Takes in a sign of life, or its absence; whether anything is different now.
    fn feel(&mut self, answer: Result<(), SourceError>, now: Instant, epoch: &watch::Sender<u64>) -> bool {
        match answer {
            Ok(()) if self.silent.take().is_some() => {
                self.source.retry.notify_waiters();
                true
            }
            Ok(()) => false,
            Err(error) => {
                if self.silent.is_none() {
                    // Open watches may hang on a dead line for minutes: let go of them.
                    epoch.send_modify(|number| *number += 1);
                    self.silent = Some((error, now));
                    return true;
                }
                false
            }
        }
    }

    fn publish(&mut self, now: Instant) {
        self.tables.run_ahead(self.source.connection.ahead());
        self.tables.settle(now);
        if self.are_revisions_listed() {
            let released = self.tables.newly_released();
            if !released.is_empty() {
                // A full or closed channel only costs a memory, which the next start renews.
                let _ = self.source.released.try_send(released);
            }
        }
        let focus = self
            .source
            .focus
            .borrow_and_update()
            .clone()
            .and_then(|workload| self.tables.focus(&workload))
            .map(Arc::new);
        let snapshot = ClusterSnapshot {
            health: self.health(now),
            rollouts: self.tables.rows(),
            jobs: self.tables.jobs.rows(),
            nodes: self.tables.nodes.rows(),
            causes: self.causes(),
            api: self.api.clone(),
            pods: self.tables.pods(),
            pending: self.tables.nodes.pending(),
            is_looking_around: self.tables.causes.is_looking_around(),
            focus,
        };
        let wanted = self.tables.causes.wanted();
        self.wanted.send_if_modified(|known| std::mem::replace(known, wanted.clone()) != wanted);
        self.source.snapshots.send_replace(snapshot);
    }

    /// What holds workloads; an API server that is not ready before all of it.
    fn causes(&self) -> Arc<[Arc<Cause>]> {
        let found = self.tables.causes.rows();
        match self.api.as_ref().and_then(|api| api.cause(&self.source.environment)) {
            Some(first) => std::iter::once(Arc::new(first)).chain(found.iter().cloned()).collect(),
            None => found,
        }
    }

    /// Whether every revision there is was listed once, or may not be.
    fn are_revisions_listed(&self) -> bool {
        let is_of_revisions = |name: &str| matches!(name, "replicasets" | "controllerrevisions");
        self.states.iter().filter(|(name, ..)| is_of_revisions(name)).all(|(.., state)| state.is_telling())
    }

    fn health(&self, now: Instant) -> Vec<SourceHealth> {
        let are_several = self.source.namespaces.len() > 1;
        self.states
            .iter()
            .map(|(resource, scope, state)| {
                // One namespace that cannot be read says nothing about the others.
                let kind = SourceKind::Resource(resource, scope.clone().filter(|_| are_several));
                self.health_of(SourceId::of(&self.source.environment, kind), state, now)
            })
            .collect()
    }

    fn health_of(&self, id: SourceId, state: &FeedState, now: Instant) -> SourceHealth {
        let silent = self.silent.as_ref().map(|(error, since)| (error, *since, None));
        let broken = state.broken.as_ref().map(|(error, since, next)| (error, *since, Some(*next))).or(silent);
        let verdict = match &broken {
            // Nothing good ever came, or not for long.
            Some((_, since, _)) if state.last_good.is_none() || now - *since >= DOWN_AFTER => SourceState::Down,
            Some(_) => SourceState::Stale,
            None if state.absent.is_some() => SourceState::Forbidden,
            None if state.has_listed => SourceState::Fresh,
            None => SourceState::Loading,
        };
        let error = broken.as_ref().map(|(error, ..)| error.sentence.clone()).or_else(|| state.absent.clone());
        let last_good = match &broken {
            Some((_, since, None)) => Some(*since),
            _ => state.last_good,
        };
        SourceHealth { id, state: verdict, last_good, error, next_try: broken.and_then(|(.., next)| next) }
    }

    /// When something on the snapshot changes by time alone.
    fn next_wake(&self, now: Instant) -> Option<Tick> {
        let goes_down = self.states.iter().filter_map(|(.., state)| state.broken.as_ref()).map(|(_, since, _)| *since);
        let goes_down = goes_down
            .chain(self.silent.iter().map(|(_, since)| *since))
            .map(|since| since + DOWN_AFTER)
            .filter(|at| *at > now);
        let due = goes_down.chain(self.tables.next_due()).min()?;
        Some(Tick::now() + (due - now).to_std().unwrap_or(Duration::from_millis(1)))
    }
}

async fn at(wake: Option<Tick>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Waits, then asks the server for a sign of life; any answer of an HTTP server is one.
async fn pulse(connection: &Connection, wait: Duration) -> Result<(), SourceError> {
    tokio::time::sleep(wait).await;
    match tokio::time::timeout(PULSE_WITHIN, connection.read("/version")).await {
        Ok(Err(error)) if !is_alive(&error) => Err(error),
        Ok(_) => Ok(()),
        Err(_) => Err(super::trouble::timed_out(connection.server(), PULSE_WITHIN)),
    }
}
