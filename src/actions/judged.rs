//! What one reading of its subject means for a step that is taken in order.

use serde_json::Value;

use super::observation::Observation;
use crate::domain::action::{InOrder, Judgement};

/// What is seen of a step, or of what was taken back, once it was waited for.
pub(super) enum Seen {
    /// As it is to be; its object.
    Reached(Value),
    /// Not, and it will not be: why.
    Not(String),
    /// There is no sign of a request whose answer was lost.
    NoSign,
    /// It could not be read to the end: why.
    Unread(String),
}

/// What one reading comes to; else what is still waited for, in words.
pub(super) fn judged(
    in_order: &InOrder,
    seen: &Observation,
    judge: impl Fn(&Observation) -> Judgement,
) -> Result<Seen, String> {
    if in_order.is_made && seen.uid().is_empty() {
        return Err(format!("{} does not exist yet", in_order.on));
    }
    if *seen.uid() != in_order.uid && !in_order.is_made {
        return Ok(Seen::Not(format!("{} was deleted and created again meanwhile.", in_order.on)));
    }
    match judge(seen) {
        Judgement::Reached => Ok(Seen::Reached(seen.document().clone())),
        Judgement::Failed(words) | Judgement::TakenOver(words) => Ok(Seen::Not(words)),
        Judgement::Waiting(words) => Err(words),
    }
}

/// What it comes to that its subject is not there.
pub(super) fn gone(in_order: &InOrder) -> Seen {
    Seen::Not(format!("{} does not exist any more.", in_order.on))
}
