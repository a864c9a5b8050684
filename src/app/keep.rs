//! The store beside the loop: followed, told of, and given what the journal holds.
#![expect(clippy::disallowed_methods, reason = "a room that `perform` delegates to: its tasks are supervised")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};

use super::message::Message;
use super::releases::{self, Present};
use super::supervise::supervise;
use crate::actions::journal;
use crate::config::StoreReadOnly;
use crate::domain::maintenance::Schedule;
use crate::domain::source::SourceState;
use crate::domain::store::StoreSnapshot;
use crate::domain::store::{AuditEvent, AuditKind, AuditSearch, Author, Id, Subject, SubjectKind};
use crate::domain::timeline;
use crate::sources::Clock;
use crate::sources::store::port::{ReadStore, WriteStore};
use crate::sources::store::{Store, StoreSource, new_id};
use crate::world::News;

/// How often the journal is taken over into the audit.
const REPLAY_EVERY: Duration = Duration::from_secs(10);

/// How often at most the audit is read for the timeline.
const RECOUNT_EVERY: Duration = Duration::from_secs(2);
/// The most lines of it that are read.
const MOST_RECOUNTED: u32 = 500;

/// What the store is kept with.
#[derive(Clone)]
pub struct Keep {
    /// The store.
    pub store: Arc<Store>,
    /// Whether this console may only read it.
    pub read_only: Option<StoreReadOnly>,
    /// Who sits at this console.
    pub author: Author,
    /// The environment it was opened for.
    pub environment: String,
}

/// Follows the store for as long as the console lives.
pub(super) fn keep(
    keep: Keep,
    state: PathBuf,
    clock: Clock,
    (retry, present, schedule): (Arc<Notify>, watch::Receiver<Present>, watch::Sender<Arc<Schedule>>),
    messages: &mpsc::Sender<Message>,
) {
    let (snapshots, seen) = watch::channel(StoreSnapshot::default());
    let (followed, sent, opened) = (keep.store.clone(), seen.clone(), new_id(&clock));
    let ids = clock.clone();
    let make = move || {
        let (store, snapshots) = (followed.clone(), snapshots.clone());
        StoreSource { store, snapshots, retry: retry.clone(), clock: clock.clone() }.run()
    };
    tokio::spawn(supervise("store", make, messages.clone()));
    let told = messages.clone();
    tokio::spawn(supervise(
        "store's news",
        move || tell(sent.clone(), schedule.clone(), told.clone()),
        messages.clone(),
    ));
    let recounted = (keep.store.clone(), ids.clone(), seen.clone(), messages.clone());
    let make = move || {
        let (store, clock, seen, messages) = recounted.clone();
        recount(store, clock, seen, messages)
    };
    tokio::spawn(supervise("timeline", make, messages.clone()));
    if keep.read_only.is_none() {
        let (kept, by, stored) = (keep.clone(), ids.clone(), seen.clone());
        let make = move || releases::write(kept.clone(), by.clone(), present.clone(), stored.clone());
        tokio::spawn(supervise("releases", make, messages.clone()));
        let make = move || take_over(keep.clone(), opened.clone(), ids.clone(), state.clone(), seen.clone());
        tokio::spawn(supervise("audit", make, messages.clone()));
    }
}

/// Tells what the audit holds of the last hour, whenever something was added to it.
async fn recount(
    store: Arc<Store>,
    clock: Clock,
    mut seen: watch::Receiver<StoreSnapshot>,
    messages: mpsc::Sender<Message>,
) {
    let mut told = None;
    let is_news = |told: Option<u64>| {
        move |snapshot: &StoreSnapshot| snapshot.health.state == SourceState::Fresh && Some(snapshot.position) != told
    };
    while let Ok(snapshot) = seen.wait_for(is_news(told)).await.map(|snapshot| snapshot.clone()) {
        let since = Some(clock() + snapshot.ahead - timeline::SPAN);
        let search = AuditSearch { since, limit: MOST_RECOUNTED, ..AuditSearch::default() };
        match store.audit(&search).await {
            Ok(entries) => {
                told = Some(snapshot.position);
                let moments = entries.iter().filter_map(timeline::audited).collect();
                if messages.send(News::Audited(moments).into()).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "the audit is read again later"),
        }
        tokio::time::sleep(RECOUNT_EVERY).await;
    }
}

/// Tells what the store says: the schedule to whoever counts what was promised, all of it to the loop.
async fn tell(
    mut seen: watch::Receiver<StoreSnapshot>,
    schedule: watch::Sender<Arc<Schedule>>,
    messages: mpsc::Sender<Message>,
) {
    while seen.changed().await.is_ok() {
        let snapshot = seen.borrow_and_update().clone();
        schedule.send_replace(Arc::new(snapshot.schedule()));
        if messages.send(News::Store(Box::new(snapshot)).into()).await.is_err() {
            return;
        }
    }
}

/// Takes the journal over whenever the store is there, and notes once that this console was opened.
async fn take_over(keep: Keep, opened: Id, clock: Clock, state: PathBuf, mut seen: watch::Receiver<StoreSnapshot>) {
    let mut is_noted = false;
    let mut said: HashSet<String> = HashSet::new();
    let (mut journal, mut position) = (journal::TakeOver::default(), 0);
    while seen.wait_for(|snapshot| snapshot.health.state == SourceState::Fresh).await.is_ok() {
        if !is_noted {
            let words = format!("Quarterdeck {} by {}", env!("CARGO_PKG_VERSION"), keep.author.origin);
            is_noted = note(&keep, &opened, AuditKind::User, "console opened", words).await;
        }
        let seen_at = seen.borrow().position;
        if seen_at < position {
            // The store was replaced, or put back to an earlier day: what it had of the journal may be gone.
            journal = journal::TakeOver::default();
        }
        position = seen_at;
        match journal.replay(&state, &*keep.store).await {
            Ok(replayed) => {
                for words in replayed.refused {
                    if said.contains(&words) {
                        continue;
                    }
                    tracing::error!(words, "a chain of the journal is not taken over into the audit");
                    if note(&keep, &new_id(&clock), AuditKind::Security, "journal not taken over", words.clone()).await
                    {
                        said.insert(words);
                    }
                }
            }
            Err(sentence) => tracing::warn!(sentence, "the journal is taken over into the audit later"),
        }
        tokio::time::sleep(REPLAY_EVERY).await;
    }
}

/// Whether it was noted.
async fn note(keep: &Keep, attempt: &Id, kind: AuditKind, what: &str, words: String) -> bool {
    let subject =
        Subject { environment: keep.environment.clone(), kind: SubjectKind::Environment, name: String::new() };
    let event = AuditEvent { kind, what: what.to_owned(), subject, words };
    match keep.store.note_events(&keep.author, attempt, &[event]).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "an event is not noted in the audit");
            false
        }
    }
}
