//! One Alertmanager: requests out, answers in, each with a deadline and a size limit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::redirect::Policy;
use reqwest::tls::{Certificate, Identity};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::trouble;
use crate::config::{Alertmanager, Credentials};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::proxy;

/// How long an answer may take, body included.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long making a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The longest body, unpacked: 10,000 alerts are about 7 MB.
const LONGEST_BODY: usize = 64 * 1024 * 1024;
/// How many seconds an answer may be late: a smaller difference between two clocks is none.
const LATE_AT_MOST: i64 = 20;

/// A successful answer.
#[derive(Debug)]
pub(super) struct Answered {
    /// Its body.
    pub(super) body: Bytes,
    /// How far its clock is ahead of ours, in seconds; 0 within what a slow answer explains.
    pub(super) ahead: i64,
}

/// The way to one Alertmanager. Cloning shares it.
#[derive(Clone)]
pub struct Client {
    manager: Arc<Alertmanager>,
    clock: Clock,
    /// Built at the first request, and anew when a file may have changed. Held while a request is in flight: never two at once.
    http: Arc<Mutex<Option<reqwest::Client>>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Client").field("url", &self.manager.url).finish_non_exhaustive()
    }
}

impl Client {
    /// The way to an Alertmanager. Sends nothing yet.
    pub fn new(manager: Alertmanager, clock: Clock) -> Self {
        Self { manager: Arc::new(manager), clock, http: Arc::default() }
    }

    /// Its host and port.
    pub fn name(&self) -> &Arc<str> {
        &self.manager.name
    }

    /// Reads one answer of the API, `path` below `/api/v2`.
    pub(super) async fn get(&self, path: &str) -> Result<Answered, SourceError> {
        self.ask(Method::GET, path, None).await
    }

    /// Sends one request once, and waits for those before it.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<String>) -> Result<Answered, SourceError> {
        let mut http = self.http.lock().await;
        let client = match &*http {
            Some(client) => client.clone(),
            None => self.build().await?,
        };
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.send(&client, method, path, body)).await;
        let answer = answer.unwrap_or_else(|_| Err(trouble::timed_out(&self.manager.name, ANSWER_WITHIN)));
        // A certificate may have been renewed on disk; one that works stays.
        let is_doubtful =
            answer.as_ref().is_err_and(|error| matches!(error.trouble, Trouble::Tls | Trouble::Unauthorized));
        *http = (!is_doubtful).then_some(client);
        answer
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Answered, SourceError> {
        let server = &*self.manager.name;
        let failed = |error: reqwest::Error| trouble::from_reqwest(&error.without_url(), server, ANSWER_WITHIN);
        let mut request = client.request(method, format!("{}/api/v2{path}", self.manager.url));
        request = match &self.manager.credentials {
            Credentials::None => request,
            Credentials::Bearer(file) => request.bearer_auth(secret(file).await?.expose_secret()),
            Credentials::Basic { user, password } => {
                request.basic_auth(user, Some(secret(password).await?.expose_secret()))
            }
        };
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let mut response = request.send().await.map_err(failed)?;
        let ahead = ahead(response.headers(), (self.clock)());
        let status = response.status();
        let headers = response.headers().clone();
        let longest = if status.is_success() { LONGEST_BODY } else { 256 * 1024 };
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if whole.len() + piece.len() > longest {
                if !status.is_success() {
                    break;
                }
                return Err(trouble::malformed(
                    &format!("the answer is larger than {} MB", longest / 1024 / 1024),
                    server,
                ));
            }
            whole.extend_from_slice(&piece);
        }
        if status.is_success() {
            Ok(Answered { body: whole.freeze(), ahead })
        } else {
            Err(trouble::from_status(status, &headers, &whole, server))
        }
    }

    async fn build(&self) -> Result<reqwest::Client, SourceError> {
        let setup = |what: String| SourceError::new(Trouble::Setup, what);
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.manager.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT_WITHIN)
            .redirect(Policy::none())
            .pool_max_idle_per_host(1);
        // One rule for all: reqwest's own knows no ports in NO_PROXY and would send this machine's traffic away.
        builder = builder.no_proxy();
        let address = self.manager.url.parse().map_err(|_| setup(format!("{} is no address.", self.manager.name)))?;
        if let Some(proxy) = proxy::toward(&address, None)? {
            let proxy = reqwest::Proxy::all(proxy.to_string());
            builder =
                builder.proxy(proxy.map_err(|_| setup("the proxy cannot be used. Check HTTPS_PROXY.".to_owned()))?);
        }
        if let Some(file) = &self.manager.authorities {
            let pem = read(file).await?;
            let authorities = Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| setup(format!("{} holds no certificate in PEM.", file.display())))?;
            builder = authorities.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        if let Some((certificate, key)) = &self.manager.identity {
            let mut pem = read(certificate).await?;
            pem.push(b'\n');
            pem.extend(read(key).await?);
            let identity = Identity::from_pem(&pem).map_err(|_| {
                setup(format!(
                    "{} and {} are no certificate with its key in PEM.",
                    certificate.display(),
                    key.display()
                ))
            })?;
            builder = builder.identity(identity);
        }
        builder
            .build()
            .map_err(|error| setup(format!("the client for {} could not be built: {error}.", self.manager.name)))
    }
}

/// How far the clock of an answer's `Date` is ahead of ours.
fn ahead(headers: &HeaderMap, now: crate::domain::time::Instant) -> i64 {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
    let seconds = date.map_or(0, |date| (date.to_utc() - now).num_seconds());
    if seconds.abs() > LATE_AT_MOST { seconds } else { 0 }
}

async fn read(file: &Path) -> Result<Vec<u8>, SourceError> {
    tokio::fs::read(file)
        .await
        .map_err(|error| SourceError::new(Trouble::Setup, format!("{} cannot be read: {error}.", file.display())))
}

/// A secret as its file holds it now, without the line's end: it may be renewed while we run.
async fn secret(file: &Path) -> Result<SecretString, SourceError> {
    let bytes = read(file).await?;
    let text = String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| SourceError::new(Trouble::Setup, format!("{} holds no secret.", file.display())))?;
    Ok(SecretString::from(text.trim()))
}
