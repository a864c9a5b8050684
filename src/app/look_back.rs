//! Looking back at a finished action: whether it is still as it was left, and a line in the journal when it is not.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::message::{Message, Unseen};
use crate::actions::journal::{Entry, Finished, Journal, What};
use crate::domain::action::{Undone, undone};
use crate::sources::Clock;
use crate::sources::error::Trouble;
use crate::sources::observe::ObserveCluster;

/// After how long what could not be read is read again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// With what it is looked back.
pub(super) struct LookBack<C> {
    /// The eyes on its cluster.
    pub(super) connection: C,
    /// Where it is written.
    pub(super) journal: Arc<Mutex<Journal>>,
    /// The clock.
    pub(super) clock: Clock,
    /// Who hears it.
    pub(super) messages: mpsc::Sender<Message>,
    /// The folder of the journal, to tell it anew.
    pub(super) state: PathBuf,
}

impl<C: ObserveCluster> LookBack<C> {
    /// Reads the workload and tells whether the action still stands.
    pub(super) async fn at(self, finished: Finished) {
        let (run, target) = (finished.begun.run.clone(), finished.target);
        let Some(found) = self.look(&finished).await else {
            return later(finished, self.messages).await;
        };
        let is_news = found.is_some() && finished.undone.is_none();
        let entry = found.as_ref().map(|found| line(&finished, found));
        // The loop is gone only when the process ends.
        let _ = self.messages.send(Message::LookedBack(run, target, Ok(found))).await;
        if let Some(entry) = entry.filter(|_| is_news) {
            let Self { journal, clock, messages, state, .. } = self;
            let written = tokio::task::spawn_blocking(move || {
                let now = clock();
                if let Err(error) = journal.lock().unwrap_or_else(PoisonError::into_inner).append(entry, now) {
                    tracing::error!(%error, "a journal line is lost");
                }
                super::tell_journal::tell_journal(&state, &messages, now);
            });
            let _ = written.await;
        }
    }

    /// Who undid it; `None` when it cannot be read now.
    async fn look(&self, finished: &Finished) -> Option<Option<Undone>> {
        let Some(left) = finished.left() else { return Some(None) };
        let cluster = self.connection.cluster().await.ok()?;
        // The same names on another cluster are other workloads.
        if cluster.uid.unwrap_or(cluster.server) != finished.begun.cluster {
            return Some(None);
        }
        match self.connection.workload(left.workload).await {
            Ok(facts) => Some(undone(&left, &facts.object)),
            // Its row is gone too, and comes back with whatever takes its name.
            Err(error) if error.trouble == Trouble::NotFound => Some(None),
            Err(_) => None,
        }
    }
}

/// Tells that it could not be looked at. Not at once: whatever is in the way now would be met again.
pub(super) async fn later(finished: Finished, messages: mpsc::Sender<Message>) {
    tokio::time::sleep(AGAIN_AFTER).await;
    let _ = messages.send(Message::LookedBack(finished.begun.run, finished.target, Err(Unseen))).await;
}

/// The line of the journal that tells it.
fn line(finished: &Finished, undone: &Undone) -> Entry {
    Entry {
        what: What::Undone,
        aims: Vec::new(),
        target: Some(finished.target),
        words: undone.words.clone(),
        ..finished.begun.clone()
    }
}
