//! Silences performed: planned beside the loop, carried out as a run.
#![expect(clippy::disallowed_methods, reason = "the performer's spawning, in a file of its own")]

use std::sync::Arc;

use tokio::sync::mpsc;

use super::message::Message;
use super::reach::patiently;
use crate::actions::journal::Entry;
use crate::actions::{Silenced, Silencer, Sketch};
use crate::domain::action::Consent;
use crate::domain::alert::Silencing;
use crate::sources::alertmanager::not_configured;

/// Works a plan out and tells it.
pub(super) fn plan(
    silencer: Option<Silencer>,
    (number, environment, sketch): (u64, Arc<str>, Sketch),
    messages: mpsc::Sender<Message>,
) {
    tokio::spawn(async move {
        let planned = match silencer {
            Some(silencer) => Ok(silencer.plan(sketch).await),
            None => Err(not_configured(&environment)),
        };
        let _ = messages.send(Message::SilencePlanned(number, Box::new(planned))).await;
    });
}

/// Finds out what became of those that a console began and did not live to end, and tells it.
pub(super) fn look_back(silencer: Silencer, begun: Entry, messages: mpsc::Sender<Message>) {
    tokio::spawn(async move {
        let found = patiently(|| Box::pin(silencer.look_back(&begun))).await;
        let _ = messages.send(Message::SilenceFound(found.words)).await;
    });
}

/// Carries a confirmed plan out and tells how it ended.
pub(super) async fn carry_out(
    silencer: Option<Silencer>,
    plan: Silencing,
    answer: Consent,
    messages: mpsc::Sender<Message>,
) {
    let ended = match silencer {
        Some(silencer) => silencer.carry_out(&plan, &answer.typed, answer.reason.as_deref().unwrap_or_default()).await,
        None => Silenced::refused("there is no Alertmanager here: nothing was sent."),
    };
    let _ = messages.send(Message::Silenced(Box::new(ended))).await;
}
