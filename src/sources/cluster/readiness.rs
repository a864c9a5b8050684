//! Asking the API server whether it is ready: one GET, every half minute.

use std::time::Duration;

use super::connection::Connection;
use crate::domain::cause::ApiHealth;
use crate::domain::text;

/// How often it is asked.
pub(super) const ASK_EVERY: Duration = Duration::from_secs(30);
/// How often while it is not ready.
pub(super) const ASK_AGAIN: Duration = Duration::from_secs(10);
/// How long the answer may take: its own checks give up after less.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Waits, then asks. No answer at all is not its own word: the pulse and the watches tell of that.
pub(super) async fn ask(connection: &Connection, wait: Duration) -> ApiHealth {
    tokio::time::sleep(wait).await;
    match tokio::time::timeout(ANSWER_WITHIN, connection.whatever("/readyz?verbose")).await {
        Ok(Ok((code, body))) => ApiHealth::read(code, &String::from_utf8_lossy(&body), connection.now()),
        Ok(Err(error)) => ApiHealth::Unknown(text::clean(&error.sentence).into_owned()),
        Err(_) => ApiHealth::Unknown(format!("no answer to /readyz within {} s.", ANSWER_WITHIN.as_secs())),
    }
}
