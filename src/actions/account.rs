//! The account of one run: where it stands, told to whoever listens and written into the journal.

use std::io;
use std::sync::PoisonError;

use tokio::sync::{Mutex, mpsc};

use super::execute::Executor;
use super::journal::{Entry, What, Written, unwritten};
use crate::domain::action::{Outcome, Run, RunEvent, advance};

/// A run on its way. Targets of one wave share it.
pub(super) struct Account<'a> {
    executor: &'a Executor,
    events: &'a mpsc::Sender<(String, RunEvent)>,
    run: Mutex<Run>,
    /// What every line of the journal about this run has in common.
    pub(super) bare: Entry,
}

impl<'a> Account<'a> {
    /// Opens the account of a run.
    pub(super) fn open(
        executor: &'a Executor,
        events: &'a mpsc::Sender<(String, RunEvent)>,
        run: Run,
        bare: Entry,
    ) -> Self {
        Self { executor, events, run: Mutex::new(run), bare }
    }

    /// Moves the run and tells it.
    pub(super) async fn note(&self, event: RunEvent) {
        let mut run = self.run.lock().await;
        match advance(&run, event.clone()) {
            Ok(next) => *run = next,
            Err(illegal) => tracing::error!(%illegal, "the executor took an impossible step"),
        }
        // Under the lock, so that events are heard in the order they count. Nobody listening is no reason to stop half-way.
        let _ = self.events.send((run.id.clone(), event)).await;
    }

    /// Writes a line that must be on disk before anything else happens.
    pub(super) async fn write(&self, entry: Entry) -> Result<(), String> {
        self.append(entry).await.map_err(|error| unwritten(&error)).map(drop)
    }

    /// Writes a line about something that has happened already: failing to must not change what follows.
    pub(super) async fn record(&self, entry: Entry) {
        if let Err(error) = self.append(entry).await {
            tracing::error!(%error, "a journal line is lost");
            let words = format!("a line of the journal is lost ({error}); what happens goes on.");
            self.note(RunEvent::Noted { words }).await;
        }
    }

    /// A line about one target, or about the run as a whole.
    pub(super) fn line(&self, what: What, target: Option<usize>, words: impl Into<String>) -> Entry {
        Entry { what, target, words: words.into(), ..self.bare.clone() }
    }

    async fn append(&self, entry: Entry) -> io::Result<()> {
        let now = self.executor.now();
        let written = self.executor.journal.lock().unwrap_or_else(PoisonError::into_inner).append(entry, now)?;
        if written == Written::FromReserve {
            let words = "the disk is full: the journal uses its reserve, and there is no other. Free some space.";
            tracing::warn!(words);
            self.note(RunEvent::Noted { words: words.to_owned() }).await;
        }
        Ok(())
    }

    /// Brings a target to its end.
    pub(super) async fn settle(&self, place: usize, outcome: Outcome, words: String) -> Outcome {
        self.record(Entry { outcome: Some(outcome), ..self.line(What::Settled, Some(place), words.as_str()) }).await;
        self.note(RunEvent::Settled { target: place, outcome, words }).await;
        outcome
    }

    /// Ends the run before it began.
    pub(super) async fn refuse(self, reason: String) -> Run {
        self.record(self.line(What::Refused, None, reason.as_str())).await;
        self.note(RunEvent::Refused { reason }).await;
        self.run.into_inner()
    }

    /// Ends the run.
    pub(super) async fn end(self) -> Run {
        let run = self.run.lock().await.clone();
        let words = run.targets.iter().map(|target| target.words.as_str()).collect::<Vec<_>>().join(" ");
        self.record(Entry { phase: Some(run.phase), ..self.line(What::Ended, None, words) }).await;
        self.executor.planner.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(run.id.clone(), run.phase);
        run
    }
}
