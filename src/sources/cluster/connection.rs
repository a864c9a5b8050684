//! One cluster, one set of credentials: requests out, answers in, every one with a deadline and a size limit.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::kubeconfig::Endpoint;
use super::trouble;
use crate::domain::action::Cluster;
use crate::sources::Clock;
use crate::sources::error::{SourceError, Trouble};

/// How long an answer may take, body included.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The longest body of one answer: a page of 500 large pods is 5 MB.
const LONGEST_BODY: usize = 64 * 1024 * 1024;
/// How many seconds an answer may be late: a smaller difference between two clocks is none.
const LATE_AT_MOST: i64 = 20;
/// How soon after a renewal of the credentials another one may be tried.
const RENEW_EVERY: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// A connection to one cluster. Cloning shares it.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: Endpoint,
    server: String,
    now: Clock,
    client: Mutex<Client>,
    renewing: tokio::sync::Mutex<()>,
    /// How far the server's clock was ahead of ours at its newest answer, in seconds.
    ahead: AtomicI64,
    pub(super) uid: OnceCell<Option<String>>,
}

#[derive(Clone)]
struct Client {
    kube: kube::Client,
    built_at: crate::domain::time::Instant,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Connection")
            .field("context", &self.shared.endpoint.context())
            .field("server", &self.shared.server)
            .finish_non_exhaustive()
    }
}

/// A successful answer, whole.
pub(super) struct Answered {
    /// Its headers.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Bytes,
}

impl Connection {
    /// Prepares a connection. Runs credential plug-ins, but sends nothing yet.
    ///
    /// # Errors
    /// When the configuration or the credentials cannot be used.
    pub async fn open(endpoint: Endpoint, now: Clock) -> Result<Self, SourceError> {
        let config = endpoint.config().await?;
        let server = written(&config);
        let client = build(config, &server, now()).await?;
        let shared = Shared {
            endpoint,
            server,
            now,
            client: Mutex::new(client),
            renewing: tokio::sync::Mutex::new(()),
            ahead: AtomicI64::new(0),
            uid: OnceCell::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The API server's address.
    pub fn server(&self) -> &str {
        &self.shared.server
    }

    /// The context's name.
    pub fn context(&self) -> &str {
        self.shared.endpoint.context()
    }

    /// The namespace its context names.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.shared.endpoint.namespace()
    }

    /// How far the server's clock is ahead of ours; zero while the difference is within what a slow answer explains.
    pub(super) fn ahead(&self) -> chrono::TimeDelta {
        crate::domain::time::seconds(self.shared.ahead.load(Ordering::Relaxed))
    }

    pub(super) fn now(&self) -> crate::domain::time::Instant {
        (self.shared.now)()
    }

    /// Which cluster this is; the uid of kube-system is read once and kept when it could be.
    pub(super) async fn cluster(&self) -> Result<Cluster, SourceError> {
        let uid = self
            .shared
            .uid
            .get_or_try_init(|| async {
                match self.get("/api/v1/namespaces/kube-system").await {
                    Ok(namespace) => Ok(namespace.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned)),
                    Err(error) if matches!(error.trouble, Trouble::Forbidden | Trouble::NotFound) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .await?;
        Ok(Cluster { context: self.context().to_owned(), server: self.server().to_owned(), uid: uid.clone() })
    }

    /// The name the cluster knows us by. Asked each time: credentials may be another person's since.
    pub(super) async fn identity(&self) -> Result<Option<String>, SourceError> {
        let review = serde_json::json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        match self.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).await {
            Ok(answer) => Ok(answer
                .pointer("/status/userInfo/username")
                .and_then(Value::as_str)
                .map(|name| crate::domain::text::clean(name).into_owned())),
            Err(error) if matches!(error.trouble, Trouble::Forbidden | Trouble::NotFound | Trouble::Rejected) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads one object or list, whole.
    pub(super) async fn get(&self, path: &str) -> Result<Value, SourceError> {
        let answered = self.read(path).await?;
        serde_json::from_slice(&answered.body).map_err(|error| trouble::malformed(&error.to_string(), self.server()))
    }

    /// Reads one answer as bytes.
    pub(super) async fn read(&self, path: &str) -> Result<Answered, SourceError> {
        self.read_as(path, "application/json").await
    }

    /// Asks for an answer whatever its code is, with its body; an error only where there is none, or where we are not accepted.
    pub(super) async fn whatever(&self, path: &str) -> Result<(u16, Bytes), SourceError> {
        self.with_renewal(|| async {
            let response = self.send(Method::GET, path, "*/*", None, &[]).await?;
            if response.status() == StatusCode::UNAUTHORIZED {
                return Err(self.refused(response).await);
            }
            let code = response.status().as_u16();
            Ok((code, collect(response.into_body(), 256 * 1024, self.server()).await?))
        })
        .await
    }

    /// Reads one answer in a given form.
    pub(super) async fn read_as(&self, path: &str, accept: &str) -> Result<Answered, SourceError> {
        self.with_renewal(|| self.answered(Method::GET, path, accept, None, &[])).await
    }

    /// Creates a review: the only `create` a reading connection sends.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, SourceError> {
        let body = body.to_string();
        let answered = self
            .with_renewal(|| {
                self.answered(Method::POST, path, "application/json", Some(("application/json", &body)), &[])
            })
            .await?;
        serde_json::from_slice(&answered.body).map_err(|error| trouble::malformed(&error.to_string(), self.server()))
    }

    /// Sends one request once: no renewal, no retry. For rehearsals and mutations.
    pub(super) async fn once(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Result<Answered, SourceError> {
        self.answered(method, path, "application/json", Some((content_type, body)), headers).await
    }

    /// Opens a watch and returns its body; `within` limits the wait for the headers.
    pub(super) async fn open_watch(&self, path: &str) -> Result<Response<Body>, SourceError> {
        self.with_renewal(|| async {
            let response = self.send(Method::GET, path, "application/json", None, &[]);
            let response = tokio::time::timeout(ANSWER_WITHIN, response)
                .await
                .map_err(|_| trouble::timed_out(self.server(), ANSWER_WITHIN))??;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(self.refused(response).await)
        })
        .await
    }

    async fn answered(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, &str)>,
        headers: &[(&str, &str)],
    ) -> Result<Answered, SourceError> {
        let whole = async {
            let response = self.send(method, path, accept, body, headers).await?;
            if !response.status().is_success() {
                return Err(self.refused(response).await);
            }
            let headers = response.headers().clone();
            let body = collect(response.into_body(), LONGEST_BODY, self.server()).await?;
            Ok(Answered { headers, body })
        };
        tokio::time::timeout(ANSWER_WITHIN, whole)
            .await
            .map_err(|_| trouble::timed_out(self.server(), ANSWER_WITHIN))?
    }

    async fn refused(&self, response: Response<Body>) -> SourceError {
        let (parts, body) = response.into_parts();
        let collected = collect(body, 256 * 1024, self.server());
        let body =
            tokio::time::timeout(Duration::from_secs(5), collected).await.ok().and_then(Result::ok).unwrap_or_default();
        trouble::from_status(parts.status, &parts.headers, &body, self.server())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, &str)>,
        headers: &[(&str, &str)],
    ) -> Result<Response<Body>, SourceError> {
        let mut request = Request::builder().method(method).uri(path).header(header::ACCEPT, accept);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = match body {
            Some((content_type, text)) => {
                request.header(header::CONTENT_TYPE, content_type).body(Body::from(text.as_bytes().to_vec()))
            }
            None => request.body(Body::empty()),
        };
        let request = request
            .map_err(|error| SourceError::new(Trouble::Setup, format!("the request cannot be written: {error}.")))?;
        let client = self.client().kube;
        let response = client.send(request).await.map_err(|error| trouble::from_kube(&error, self.server()))?;
        if let Some(ahead) = ahead(response.headers(), self.now()) {
            self.shared.ahead.store(ahead, Ordering::Relaxed);
        }
        Ok(response)
    }

    /// kube's own client, for what is no plain request and answer.
    pub(super) fn kube(&self) -> kube::Client {
        self.client().kube
    }

    fn client(&self) -> Client {
        self.shared.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a request; when the credentials are not accepted, renews them once and runs it again.
    ///
    /// kube renews a token only shortly before it expires and never after a 401.
    async fn with_renewal<T, F, A>(&self, run: F) -> Result<T, SourceError>
    where
        F: Fn() -> A,
        A: Future<Output = Result<T, SourceError>>,
    {
        let used = self.client().built_at;
        match run().await {
            Err(error) if error.trouble == Trouble::Unauthorized => {
                if self.renew(used).await? {
                    run().await
                } else {
                    Err(error)
                }
            }
            answer => answer,
        }
    }

    /// Builds the client anew, unless somebody else just did or it was tried a moment ago.
    async fn renew(&self, used: crate::domain::time::Instant) -> Result<bool, SourceError> {
        let _one_at_a_time = self.shared.renewing.lock().await;
        let current = self.client().built_at;
        if current > used {
            return Ok(true);
        }
        if self.now() - current < RENEW_EVERY {
            return Ok(false);
        }
        let config = self.shared.endpoint.again().config().await?;
        let server = written(&config);
        if server != self.server() {
            // Another cluster under the same name: plans, rows and records here are of the one before.
            let words = format!(
                "the context {} leads to {server} now, this console is connected to {}. Open it anew to go there.",
                self.context(),
                self.server()
            );
            return Err(SourceError::new(Trouble::Setup, words));
        }
        let client = build(config, self.server(), self.now()).await?;
        *self.shared.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        Ok(true)
    }
}

/// The address of a server as it is written everywhere.
fn written(config: &kube::Config) -> String {
    config.cluster_url.to_string().trim_end_matches('/').to_owned()
}

/// Builds kube's client away from the loop: a credential plug-in may take seconds.
async fn build(
    config: kube::Config,
    server: &str,
    built_at: crate::domain::time::Instant,
) -> Result<Client, SourceError> {
    let built = tokio::task::spawn_blocking(move || kube::Client::try_from(config)).await;
    match built {
        Ok(Ok(kube)) => Ok(Client { kube, built_at }),
        Ok(Err(error)) => Err(trouble::from_kube(&error, server)),
        Err(_) => Err(SourceError::new(Trouble::Setup, format!("the client for {server} could not be built."))),
    }
}

/// How far the clock of an answer's `Date` is ahead of ours, in seconds; 0 when that is less than an answer may be late.
fn ahead(headers: &HeaderMap, now: crate::domain::time::Instant) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let seconds = (crate::domain::time::read_date(date)? - now).num_seconds();
    Some(if seconds.abs() > LATE_AT_MOST { seconds } else { 0 })
}

/// Reads a body to its end, at most `longest` bytes.
async fn collect(mut body: Body, longest: usize, server: &str) -> Result<Bytes, SourceError> {
    let mut whole = bytes::BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| trouble::broken_off(&trouble::deepest(&error), server))?;
        if let Some(piece) = frame.data_ref() {
            if whole.len() + piece.len() > longest {
                return Err(trouble::malformed(
                    &format!("the answer is larger than {} MB", longest / 1024 / 1024),
                    server,
                ));
            }
            whole.extend_from_slice(piece);
        }
    }
    Ok(whole.freeze())
}

/// Whether an HTTP answer, whatever it says, proves that somebody is there.
pub(super) const fn is_alive(error: &SourceError) -> bool {
    !matches!(error.trouble, Trouble::Unreachable | Trouble::Timeout | Trouble::Tls | Trouble::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_as_far_ahead_as_the_answer_says_unless_it_may_only_be_late() {
        let now = crate::domain::time::from_seconds(1_800_000_000);
        let ahead_of = |seconds: i64| {
            let date = now + crate::domain::time::seconds(seconds);
            let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let headers = [(header::DATE, date.parse().expect("a header"))].into_iter().collect();
            ahead(&headers, now)
        };
        assert_eq!([3_600, -3_600, 21, -21].map(ahead_of), [Some(3_600), Some(-3_600), Some(21), Some(-21)]);
        assert_eq!([0, 1, 20, -20].map(ahead_of), [Some(0); 4]);
        assert_eq!(ahead(&HeaderMap::new(), now), None, "nothing is known without a date");
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_end_and_no_further_than_its_limit() {
        let read = async |longest| collect(Body::from(vec![b'x'; 100]), longest, "s").await;
        assert_eq!(read(100).await.map(|body| body.len()), Ok(100));
        let error = read(99).await.expect_err("too long");
        assert!(error.trouble == Trouble::Malformed && error.sentence.contains("larger than"), "{error}");
    }
}
