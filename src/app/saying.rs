//! What an operator says of alerts, on its way into the store: acknowledgements and notes.

use tokio::sync::mpsc;

use super::drafts::Form;
use super::message::Message;
use crate::actions::{Said, Scribe};
use crate::domain::alert::Word;

/// Carries a confirmed word out and tells how it ended.
pub(super) async fn say(scribe: Option<Scribe>, word: Word, messages: mpsc::Sender<Message>) {
    let form = Form::of(&word);
    let said = match scribe {
        Some(scribe) => scribe.carry_out(&word).await,
        None => Said::refused("there is no store here: nothing was written."),
    };
    let _ = messages.send(Message::Said(form, Box::new(said))).await;
}
