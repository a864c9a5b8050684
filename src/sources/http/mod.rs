//! HTTP as the sources that speak it share it: one server, requests with a deadline and a size limit, never two at once.
//!
//! It knows addresses, credentials and certificates; it does not know what is said. It keeps one invariant: an answer is whole
//! and within its limit, or it is an error with a sentence.

pub(super) mod trouble;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use reqwest::redirect::Policy;
use reqwest::tls::{Certificate, Identity, TlsInfo};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::config::{Credentials, Server};
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::proxy;

/// How long an answer may take, body included.
pub(in crate::sources) const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long making a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// The longest body of an error.
const LONGEST_ERROR: usize = 256 * 1024;
/// How much room is made for an answer by its word, before any of it has come.
const TRUSTED_LENGTH: usize = 16 * 1024 * 1024;
/// How many seconds an answer may be late: a smaller difference between two clocks is none.
const LATE_AT_MOST: i64 = 20;

/// What is asked.
#[derive(Debug)]
pub(in crate::sources) struct Request<'a> {
    /// The method.
    pub(in crate::sources) method: Method,
    /// What follows the server's address, with its query.
    pub(in crate::sources) path: &'a str,
    /// The media types that are understood.
    pub(in crate::sources) accept: &'static str,
    /// The media type of the body, and the body.
    pub(in crate::sources) body: Option<(&'static str, String)>,
    /// The longest body of a good answer, unpacked, in bytes.
    pub(in crate::sources) longest: usize,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(in crate::sources) struct Answered {
    /// Its status.
    pub(in crate::sources) status: StatusCode,
    /// Its headers.
    pub(in crate::sources) headers: HeaderMap,
    /// Its body, whole; of an error its beginning.
    pub(in crate::sources) body: Bytes,
    /// How far its clock is ahead of ours, in seconds; 0 within what a slow answer explains.
    pub(in crate::sources) ahead: i64,
    /// The certificate it came with, where it came over TLS: the server's own, without what that hangs on.
    pub(in crate::sources) certificate: Option<Vec<u8>>,
    /// Whether the server said where the body ends, so that it is known to be whole; else it ended with the connection.
    pub(in crate::sources) is_measured: bool,
}

impl Answered {
    /// The same if it is good, else what it says went wrong.
    pub(in crate::sources) fn good(self, server: &str) -> Result<Self, SourceError> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(trouble::from_status(self.status, &self.headers, &self.body, server))
    }
}

/// The way to one server. Cloning shares it.
#[derive(Clone)]
pub(in crate::sources) struct Http {
    server: Arc<Server>,
    /// What it is to be, for the sentence of an answer that is too long: `an Alertmanager`.
    kind: &'static str,
    clock: Clock,
    /// How long an answer may take, body included.
    within: Duration,
    /// Built at the first request, and anew when a file may have changed. Held while a request is in flight: never two at once.
    client: Arc<Mutex<Option<reqwest::Client>>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Http").field("url", &self.server.url).finish_non_exhaustive()
    }
}

impl Http {
    /// The way to a server of a kind. Sends nothing yet.
    pub(in crate::sources) fn new(server: Server, kind: &'static str, clock: Clock) -> Self {
        Self { server: Arc::new(server), kind, clock, within: ANSWER_WITHIN, client: Arc::default() }
    }

    /// The same, waiting longer or shorter for an answer.
    pub(in crate::sources) fn within(mut self, within: Duration) -> Self {
        self.within = within;
        self
    }

    /// Its host and port.
    pub(in crate::sources) fn name(&self) -> &Arc<str> {
        &self.server.name
    }

    /// Sends one request once, and waits for those before it.
    pub(in crate::sources) async fn ask(&self, request: Request<'_>) -> Result<Answered, SourceError> {
        let mut kept = self.client.lock().await;
        let client = match &*kept {
            Some(client) => client.clone(),
            None => self.build().await?,
        };
        let answer = tokio::time::timeout(self.within, self.send(&client, request)).await;
        let answer = answer.unwrap_or_else(|_| Err(trouble::timed_out(&self.server.name, self.within)));
        // A certificate may have been renewed on disk; one that works stays.
        let is_doubtful = match &answer {
            Ok(answer) => answer.status == StatusCode::UNAUTHORIZED,
            Err(error) => error.trouble == Trouble::Tls,
        };
        *kept = (!is_doubtful).then_some(client);
        answer
    }

    async fn send(&self, client: &reqwest::Client, asked: Request<'_>) -> Result<Answered, SourceError> {
        let server = &*self.server.name;
        let failed = |error: reqwest::Error| trouble::from_reqwest(&error.without_url(), server, self.within);
        let mut request = client
            .request(asked.method, format!("{}{}", self.server.url, asked.path))
            .header(header::ACCEPT, asked.accept);
        request = match &self.server.credentials {
            Credentials::None => request,
            Credentials::Bearer(file) => request.bearer_auth(secret(file).await?.expose_secret()),
            Credentials::Basic { user, password } => {
                request.basic_auth(user, Some(secret(password).await?.expose_secret()))
            }
        };
        if let Some((kind, body)) = asked.body {
            request = request.header(header::CONTENT_TYPE, kind).body(body);
        }
        let mut response = request.send().await.map_err(failed)?;
        let ahead = ahead(response.headers(), (self.clock)());
        let status = response.status();
        let certificate =
            response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
        let headers = response.headers().clone();
        let is_measured = headers.contains_key(header::CONTENT_LENGTH)
            || headers.contains_key(header::TRANSFER_ENCODING)
            || response.version() >= Version::HTTP_2;
        let longest = if status.is_success() { asked.longest } else { LONGEST_ERROR };
        let told = response.content_length().and_then(|told| usize::try_from(told).ok()).unwrap_or(0);
        let mut whole = bytes::BytesMut::with_capacity(told.min(longest).min(TRUSTED_LENGTH));
        while let Some(piece) = response.chunk().await.map_err(failed)? {
            if whole.len() + piece.len() > longest {
                if !status.is_success() {
                    break;
                }
                let what = format!("the answer is larger than {} MB", longest / 1024 / 1024);
                return Err(trouble::malformed(&what, self.kind, server));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Answered { status, headers, body: whole.freeze(), ahead, certificate, is_measured })
    }

    async fn build(&self) -> Result<reqwest::Client, SourceError> {
        let setup = |what: String| SourceError::new(Trouble::Setup, what);
        let mut headers = HeaderMap::new();
        for (name, value) in &self.server.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
                headers.insert(name, value);
            }
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("quarterdeck/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT_WITHIN)
            .redirect(Policy::none())
            .tls_info(true)
            .pool_max_idle_per_host(1);
        // One rule for all: reqwest's own knows no ports in NO_PROXY and would send this machine's traffic away.
        builder = builder.no_proxy();
        let address = self.server.url.parse().map_err(|_| setup(format!("{} is no address.", self.server.name)))?;
        if let Some(proxy) = proxy::toward(&address, None)? {
            let proxy = reqwest::Proxy::all(proxy.to_string());
            builder =
                builder.proxy(proxy.map_err(|_| setup("the proxy cannot be used. Check HTTPS_PROXY.".to_owned()))?);
        }
        if let Some(file) = &self.server.authorities {
            let pem = read(file).await?;
            let authorities = Certificate::from_pem_bundle(&pem)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| setup(format!("{} holds no certificate in PEM.", file.display())))?;
            builder = authorities.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
        }
        if let Some((certificate, key)) = &self.server.identity {
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
            .map_err(|error| setup(format!("the client for {} could not be built: {error}.", self.server.name)))
    }
}

/// How far the clock of an answer's `Date` is ahead of ours.
fn ahead(headers: &HeaderMap, now: crate::domain::time::Instant) -> i64 {
    let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(crate::domain::time::read_date);
    let seconds = date.map_or(0, |date| (date - now).num_seconds());
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
