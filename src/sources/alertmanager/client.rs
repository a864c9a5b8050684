//! One Alertmanager: requests out, answers in, each with a deadline and a size limit.

use bytes::Bytes;
use http::Method;

use super::trouble::KIND;
use crate::config::Server;
use crate::sources::Clock;
use crate::sources::error::SourceError;
use crate::sources::http::{Http, Request};

/// The longest body, unpacked: 10,000 alerts are about 7 MB.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answered {
    /// Its body.
    pub(super) body: Bytes,
    /// How far its clock is ahead of ours, in seconds; 0 within what a slow answer explains.
    pub(super) ahead: i64,
}

/// The way to one Alertmanager. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Client {
    http: Http,
}

impl Client {
    /// The way to an Alertmanager. Sends nothing yet.
    pub fn new(manager: Server, clock: Clock) -> Self {
        Self { http: Http::new(manager, KIND, clock) }
    }

    /// Its host and port.
    pub fn name(&self) -> &std::sync::Arc<str> {
        self.http.name()
    }

    /// Reads one answer of the API, `path` below `/api/v2`.
    pub(super) async fn get(&self, path: &str) -> Result<Answered, SourceError> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends one request once, and waits for those before it.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Answered, SourceError> {
        let path = format!("/api/v2{path}");
        let body = body.map(|body| ("application/json", body));
        let request = Request { method, path: &path, accept: "application/json", body, longest: LONGEST_BODY };
        let answer = self.http.ask(request).await?.good(self.name())?;
        Ok(Answered { body: answer.body, ahead: answer.ahead })
    }
}
