//! DATABASES, EACH BY THE WAY ITS GOVERNOR IS ASKED: once, or for ever at its own pace.
//!
//! It knows which way leads to which room (`patroni`, …) and nothing of what is said there. It keeps one invariant: each database is asked by
//! itself, one round at a time, and what does not answer harms no other.

mod cnpg;
mod feed;
mod way;

pub use super::postgres::Tried;
pub use feed::{DatabaseSource, read};

use super::Clock;
use super::postgres::Server;
use crate::config::DeclaredDatabase;

/// Tries a connection as an application makes it: by the address of `application`, else by that of `postgres`; and which of them it was.
///
/// # Errors
/// Why it could not be made, as a sentence without a secret.
pub async fn try_once(declared: &DeclaredDatabase, clock: &Clock) -> (&'static str, Result<Tried, String>) {
    let name = &declared.database.name;
    let (by, url) = match (&declared.application, &declared.tables) {
        (Some(url), _) => ("application", url),
        (None, Some(url)) => ("postgres", url),
        (None, None) => {
            let why = format!(
                "There is no address to try: write application = {{ url_file = \"FILE\" }} into [database.{name}]."
            );
            return ("application", Err(why));
        }
    };
    let server = Server::new(url.clone(), name, &format!("[database.{name}]"), clock.clone());
    (by, server.try_once().await.map_err(|error| error.sentence))
}
