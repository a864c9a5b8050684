//! Runs that are carried out or verified beside the loop: their events are passed on, and their end is known even when they die.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::message::Message;
use super::supervise::panicked;
use crate::actions::Executor;
use crate::actions::journal::Unfinished;
use crate::domain::action::{Phase, Run, RunEvent};

/// Verifies a run that an earlier process left unfinished.
pub(super) async fn verified(executor: Executor, run: Unfinished, messages: mpsc::Sender<Message>) {
    let (id, targets) = (run.begun.run.clone(), run.begun.aims.len());
    let _ = messages.send(Message::Resumed(Box::new(Run::begun(id.as_str(), targets)))).await;
    let resumed =
        move |events| -> BoxFuture<'static, Run> { Box::pin(async move { executor.resume(&run, &events).await }) };
    watched(id, targets, messages, resumed).await;
}

/// Runs an execution, passes its events on, and makes its end known even when it dies.
pub(super) async fn watched(
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
