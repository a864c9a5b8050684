//! An address asked once, as a user asks it: what it answers, whatever its status.

use http::Method;
use serde_json::{Value, json};

use super::Clock;
use super::error::{SourceError, Trouble};
use super::http::{Http, Request};
use crate::config::{Credentials, Server, web};

/// The longest body that is read, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// Asks it: `status`, `retry_after` and, where the body is JSON, `body`.
///
/// # Errors
/// Where nobody answers, or the address is none.
pub async fn ask(address: &str, clock: &Clock) -> Result<Value, SourceError> {
    let none = || SourceError::new(Trouble::Setup, "the configured address is none.");
    let uri = web(address).ok_or_else(none)?;
    let server = Server {
        url: address.to_owned(),
        name: uri.authority().map_or("", |authority| authority.as_str()).into(),
        credentials: Credentials::None,
        authorities: None,
        identity: None,
        // What a new user gets, and not one whose connection is of before.
        headers: vec![("connection".to_owned(), "close".to_owned())],
    };
    let request =
        Request { method: Method::GET, path: "", accept: "application/json, */*", body: None, longest: LONGEST_BODY };
    let answered = Http::new(server, "a service", clock.clone()).ask(request).await?;
    let retry_after = answered.headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    Ok(json!({
        "status": answered.status.as_u16(),
        "retry_after": retry_after,
        "body": serde_json::from_slice::<Value>(&answered.body).unwrap_or_default(),
    }))
}
