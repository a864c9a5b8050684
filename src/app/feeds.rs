//! Polled sources into news: each is watched by a supervised task, and what it tells is passed on as it changes.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::AbortHandle;

use super::message::Message;
use super::supervise::supervise;
use crate::config::{DeclaredBackup, DeclaredDatabase, Environment};
use crate::domain::advice::Released;
use crate::domain::backup::BackupSnapshot;
use crate::domain::database::DatabaseSnapshot;
use crate::domain::service::Services;
use crate::sources::Clock;
use crate::sources::alertmanager::AlertFeed;
use crate::sources::backup::{BackupSource, Clusters, prometheuses};
use crate::sources::database::DatabaseSource;
use crate::sources::feed::Feed;
use crate::sources::probe::HealthFeed;
use crate::sources::prometheus::{Downtime, SignalFeed, SloFeed};
use crate::world::News;

/// Watches a feed of an environment, where its configuration asks for it.
type Watch = fn(&Desk, &Environment, &Arc<Services>) -> Option<Watching>;

/// Every feed.
const ALL: [Watch; 4] =
    [Desk::watch::<AlertFeed>, Desk::watch::<SignalFeed>, Desk::watch::<SloFeed>, Desk::watch::<HealthFeed>];

/// A source and what passes its snapshots on; both end with it.
pub(super) struct Watching(AbortHandle, AbortHandle);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// Where what is watched is told, and what it is watched with.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) messages: mpsc::Sender<Message>,
    pub(super) retry: Arc<Notify>,
    pub(super) clock: Clock,
    pub(super) downtime: Downtime,
}

impl Desk {
    /// Watches everything that is polled in these environments.
    pub(super) fn all(
        &self,
        environments: &[Environment],
        services: &Arc<Services>,
        (backups, clusters): (&Arc<[DeclaredBackup]>, &watch::Sender<Clusters>),
        (databases, heard): (&Arc<[DeclaredDatabase]>, &watch::Sender<DatabaseSnapshot>),
    ) -> Vec<Watching> {
        let of_each =
            ALL.iter().flat_map(|watch| environments.iter().filter_map(move |one| watch(self, one, services)));
        let backups = self.backups(backups, environments, clusters);
        of_each.chain(backups).chain(self.databases(databases, clusters, heard)).collect()
    }

    /// Asks what tells of sets of backups, where any is declared: they are of no environment.
    fn backups(
        &self,
        declared: &Arc<[DeclaredBackup]>,
        environments: &[Environment],
        clusters: &watch::Sender<Clusters>,
    ) -> Option<Watching> {
        let declared = Some(declared.clone()).filter(|declared| !declared.is_empty())?;
        let (snapshots, seen) = watch::channel(BackupSnapshot::default());
        let Self { clock, retry, .. } = self.clone();
        let (clusters, prometheuses) = (clusters.subscribe(), Arc::new(prometheuses(environments, &clock)));
        let run = move || {
            BackupSource {
                declared: declared.clone(),
                clusters: clusters.clone(),
                prometheuses: prometheuses.clone(),
                snapshots: snapshots.clone(),
                retry: retry.clone(),
                clock: clock.clone(),
            }
            .run()
        };
        Some(self.tell("backups", run, seen, Duration::from_secs(1)))
    }

    /// Asks the members of databases, where any is declared.
    fn databases(
        &self,
        declared: &Arc<[DeclaredDatabase]>,
        clusters: &watch::Sender<Clusters>,
        heard: &watch::Sender<DatabaseSnapshot>,
    ) -> Option<Watching> {
        let declared = Some(declared.clone()).filter(|declared| !declared.is_empty())?;
        let (snapshots, seen) = (heard.clone(), heard.subscribe());
        let Self { clock, retry, .. } = self.clone();
        let clusters = clusters.subscribe();
        let run = move || {
            let (declared, snapshots, clusters) = (declared.clone(), snapshots.clone(), clusters.clone());
            DatabaseSource { declared, clusters, snapshots, retry: retry.clone(), clock: clock.clone() }.run()
        };
        Some(self.tell("databases", run, seen, Duration::from_millis(250)))
    }

    /// Compares releases by the feed of their environment and tells what was found.
    pub(super) fn compare(&self, feeds: &[SignalFeed], environment: &str, releases: Vec<Released>) {
        let Some(feed) = feeds.iter().find(|feed| *feed.environment == *environment).cloned() else { return };
        let Self { messages, clock, .. } = self.clone();
        tokio::spawn(async move {
            let found = feed.compare(releases, clock()).await;
            // The loop is gone only when the process ends.
            let _ = messages.send(News::Compared(feed.environment, found).into()).await;
        });
    }

    /// Runs a feed for ever, and tells the newest of its snapshots.
    fn watch<F: Feed>(&self, environment: &Environment, services: &Arc<Services>) -> Option<Watching>
    where
        News: From<Box<F::Snapshot>>,
    {
        let feed = F::of(environment, services, &self.clock)?.knowing(&self.downtime);
        let (snapshots, seen) = watch::channel(F::Snapshot::default());
        let Self { clock, retry, .. } = self.clone();
        let run = move || feed.clone().run(clock.clone(), retry.clone(), snapshots.clone());
        Some(self.tell(F::NAME, run, seen, F::TOGETHER))
    }

    /// Runs a source for ever, and tells the newest of its snapshots; those that come so close together are told as one.
    fn tell<S, R>(
        &self,
        name: &'static str,
        run: impl Fn() -> R + Send + 'static,
        mut seen: watch::Receiver<S>,
        together: Duration,
    ) -> Watching
    where
        S: Clone + Send + Sync + 'static,
        News: From<Box<S>>,
        R: Future<Output = ()> + Send + 'static,
    {
        let messages = self.messages.clone();
        let running = tokio::spawn(supervise(name, run, messages.clone()));
        let telling = tokio::spawn(async move {
            while seen.changed().await.is_ok() {
                let newest = News::from(Box::new(seen.borrow_and_update().clone()));
                if messages.send(newest.into()).await.is_err() {
                    return;
                }
                if !together.is_zero() {
                    tokio::time::sleep(together).await;
                }
            }
        });
        Watching(running.abort_handle(), telling.abort_handle())
    }
}
