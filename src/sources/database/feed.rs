//! Databases, polled: every few seconds, each by itself.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Notify, watch};
use tokio::time::Instant as Moment;

use super::way::Road;
use crate::config::DeclaredDatabase;
use crate::domain::database::{DatabaseSnapshot, Watched};
use crate::sources::Clock;
use crate::sources::backup::Clusters;
use crate::sources::patroni::Depth;
use crate::sources::poll::jittered;

/// How often each is asked: what a failover loses is counted from the last answer.
const EVERY: Duration = Duration::from_secs(5);
/// Of many, each is asked so much less often for every one of them, and at most so seldom: fifty cost what twenty-five cost.
const APART: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(8);
/// How often the settings and the history are read.
const WHOLE_EVERY: Duration = Duration::from_secs(60);
/// How long one is looked at where it is asked once: two looks tell a rate.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(1_100);

/// Asks every database once, side by side.
///
/// Patroni's are looked at twice, a second apart: how fast WAL is written, nobody tells in one look.
pub async fn read(
    declared: &[DeclaredDatabase],
    clusters: &Clusters,
    clock: &Clock,
    looks_twice: bool,
) -> DatabaseSnapshot {
    let databases = declared.iter().map(|one| async {
        let mut watched = Watched::unread(one.database.clone(), one.limits.clone());
        let road = Road::to(one, clock);
        watched.take(road.ask(Depth::Whole, clusters).await);
        if looks_twice && watched.trail.last().is_some() {
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
            watched.take(road.ask(Depth::Members, clusters).await);
        }
        watched
    });
    DatabaseSnapshot { databases: join_all(databases).await }
}

/// What is polled, and where it is told.
pub struct DatabaseSource {
    /// The databases, in the order of the configuration.
    pub declared: Arc<[DeclaredDatabase]>,
    /// The clusters of environments, where those of an operator are read.
    pub clusters: watch::Receiver<Clusters>,
    /// Where every reading goes.
    pub snapshots: watch::Sender<DatabaseSnapshot>,
    /// Rings when all are to be asked at once.
    pub retry: Arc<Notify>,
    /// What time it is.
    pub clock: Clock,
}

impl DatabaseSource {
    /// Polls for ever.
    pub async fn run(self) {
        // A task that is begun again goes on from what was known: the end of a lost primary's WAL is seen once.
        let known = self.snapshots.borrow().databases.clone();
        let unread = |one: &DeclaredDatabase| {
            let before = known.iter().find(|known| known.database == one.database).cloned();
            before.unwrap_or_else(|| Watched::unread(one.database.clone(), one.limits.clone()))
        };
        let databases = self.declared.iter().map(unread).collect();
        self.snapshots.send_replace(DatabaseSnapshot { databases });
        join_all(self.declared.iter().enumerate().map(|(place, one)| self.one(place, one))).await;
    }

    async fn one(&self, place: usize, declared: &DeclaredDatabase) {
        let count = u32::try_from(self.declared.len()).unwrap_or(u32::MAX);
        let every = EVERY.max(APART.saturating_mul(count)).min(SELDOM);
        let first = every / count.max(1) * u32::try_from(place).unwrap_or(0);
        tokio::time::sleep(first.min(Duration::from_secs(2))).await;
        let road = Road::to(declared, &self.clock);
        let mut whole_at: Option<Moment> = None;
        loop {
            let began = Moment::now();
            let is_due = whole_at.is_none_or(|at| began.duration_since(at) >= WHOLE_EVERY);
            let clusters = self.clusters.borrow().clone();
            let told = road.ask(if is_due { Depth::Whole } else { Depth::Members }, &clusters).await;
            if is_due {
                whole_at = Some(began);
            }
            self.snapshots.send_modify(|snapshot| {
                if let Some(known) = snapshot.databases.get_mut(place) {
                    known.take(told);
                }
            });
            let left = jittered(every).saturating_sub(began.elapsed()).max(Duration::from_secs(1));
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = self.retry.notified() => {}
            }
        }
    }
}
