//! What an operator says of alerts, on its way into the store: acknowledgements and notes.

use tokio::sync::mpsc;

use super::effect::Effect;
use super::message::Message;
use crate::actions::{Acknowledger, Said};
use crate::domain::alert::{Noting, Taking};

/// There is no store to write into.
const NO_STORE: &str = "there is no store here: nothing was written.";

/// Carries a confirmed acknowledgement out and tells how it ended.
pub(super) async fn acknowledge(
    acknowledger: Option<Acknowledger>,
    taking: Taking,
    note: String,
    messages: mpsc::Sender<Message>,
) {
    let said = match acknowledger {
        Some(acknowledger) => acknowledger.carry_out(&taking, &note).await,
        None => Said::refused(NO_STORE),
    };
    let _ = messages.send(Message::Said(Box::new(said))).await;
}

/// Carries a confirmed note out and tells how it ended.
pub(super) async fn note(acknowledger: Option<Acknowledger>, plan: Noting, messages: mpsc::Sender<Message>) {
    let said = match acknowledger {
        Some(acknowledger) => acknowledger.note(&plan).await,
        None => Said::refused(NO_STORE),
    };
    let _ = messages.send(Message::Noted(Box::new(said))).await;
}

/// Journals what was looked at and given up.
pub(super) fn give_up(acknowledger: &Acknowledger, effect: &Effect) {
    match effect {
        Effect::LeaveAlone(taking) => acknowledger.give_up(taking),
        Effect::LeaveNote(plan) => acknowledger.give_up_note(plan),
        _ => {}
    }
}
