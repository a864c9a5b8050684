//! Tasks that must not end: watched, told of when they do, started again.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use super::message::Message;

/// The longest wait before a task is started again.
const CAP: Duration = Duration::from_secs(30);

/// Runs what `make` makes, again and again when it panics; ends when it ends by itself.
///
/// For eyes only: an execution that dies is never started again, its run becomes UNKNOWN.
pub(super) async fn supervise<F: Future<Output = ()>>(
    name: &'static str,
    mut make: impl FnMut() -> F,
    messages: mpsc::Sender<Message>,
) {
    let mut wait = Duration::from_millis(500);
    loop {
        match AssertUnwindSafe(make()).catch_unwind().await {
            Ok(()) => return,
            Err(panic) => {
                let why = panicked(&*panic);
                if messages.send(Message::TaskDied(name, why)).await.is_err() {
                    return;
                }
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2).min(CAP);
            }
        }
    }
}

/// The words of a panic.
pub(super) fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_dies_is_told_of_and_started_again() {
        let (messages, mut told) = mpsc::channel(8);
        let mut starts = 0;
        supervise(
            "eyes",
            || {
                starts += 1;
                let fails = starts < 3;
                async move { assert!(!fails, "start {fails}") }
            },
            messages,
        )
        .await;
        assert_eq!(starts, 3);
        assert!(matches!(told.recv().await, Some(Message::TaskDied("eyes", why)) if why.contains("start")));
        assert!(told.recv().await.is_some());
        assert!(told.recv().await.is_none(), "the third start ended well");
    }
}
