//! How a step writes into the store.
//!
//! A write is one transaction that tells what it wrote, so its answer is its verification. Where the answer is lost, the attempt is looked
//! up by its id, which follows from the run.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{alerts, maintenance};
use crate::domain::action::Request;
use crate::domain::store::fact::Change;
use crate::domain::store::{Author, Id};
use crate::domain::{text, time};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::operate::Reply;
use crate::sources::store::port::{WriteError, WriteStore};

/// Writes what a step says, once: an attempt that was written before is found again by its id.
pub(super) async fn send(
    store: &dyn WriteStore,
    author: &Author,
    run: &str,
    request: &Request,
) -> Result<Reply, SourceError> {
    let unread = |error| SourceError::new(Trouble::Setup, format!("what is to be written cannot be read: {error}."));
    if let Some(write) = maintenance::Write::of(request) {
        let write = write.map_err(unread)?;
        return sent(store, author, run, write.change()).await;
    }
    let write: alerts::Write = serde_json::from_value(request.body.clone()).map_err(unread)?;
    sent(store, author, run, write.change()).await
}

/// Writes a change of the store that is about something of this name, once.
async fn sent(
    store: &dyn WriteStore,
    author: &Author,
    run: &str,
    (change, name): (&dyn Change, &str),
) -> Result<Reply, SourceError> {
    let written = store.write(author, &attempt(run, name), change).await;
    let cleaned = |words: &str| text::clean(words).into_owned();
    written.map(|_| Reply { object: Value::Null, warnings: Vec::new() }).map_err(|error| match error {
        WriteError::Conflict(words) => SourceError::new(Trouble::Conflict, cleaned(&words)),
        WriteError::Refused(words) => SourceError::new(Trouble::Rejected, cleaned(&words)),
        WriteError::NotWritten(error) => {
            SourceError { sentence: cleaned(&error.sentence), is_certainly_not_done: true, ..error }
        }
        WriteError::Unknown(error) => {
            SourceError { sentence: cleaned(&error.sentence), is_certainly_not_done: false, ..error }
        }
    })
}

/// The id of the attempt of a run at an alert, or at something else by its name, so that whoever takes the run up can look for it.
pub(super) fn attempt(run: &str, fingerprint: &str) -> Id {
    let part = |from: usize, to: usize| run.get(from..to).unwrap_or_default();
    let (date, hour) =
        ([part(0, 4), part(4, 6), part(6, 8)].join("-"), [part(9, 11), part(11, 13), part(13, 15)].join(":"));
    let began = time::read(&format!("{date}T{hour}Z")).unwrap_or_default();
    let digest = Sha256::digest(format!("{run}\n{fingerprint}").as_bytes());
    let random = digest.iter().take(16).fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
    Id::new(began, random)
}
