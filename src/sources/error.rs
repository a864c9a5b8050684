//! What can go wrong between us and a source, as a sentence and as advice.

use std::time::Duration;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// No connection could be made.
    Unreachable,
    /// No answer, or none that ended, within the time allowed.
    Timeout,
    /// The server's certificate is not trusted, expired, or of another name.
    Tls,
    /// 401: the credentials are missing, wrong or expired.
    Unauthorized,
    /// 403: these credentials may not.
    Forbidden,
    /// 404.
    NotFound,
    /// 410: the place to go on from is too old; start over.
    Gone,
    /// 429: too many requests.
    Throttled,
    /// 409: what the request was about is not as the request says any more.
    Conflict,
    /// Another 4xx: the server did not accept the request as it was.
    Rejected,
    /// 5xx.
    Server,
    /// The answer is not what the protocol says: garbage, HTML, cut off, or too large.
    Malformed,
    /// What we were told to connect to does not make sense: a kubeconfig, a context, a credential plug-in.
    Setup,
}

/// A failed conversation. The sentence never contains a secret and is safe to draw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct SourceError {
    /// The kind.
    pub trouble: Trouble,
    /// What happened and what the operator can do.
    pub sentence: String,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
    /// Whether the request was certainly not carried out: it never left, or the server refused it.
    pub is_certainly_not_done: bool,
}

impl SourceError {
    /// An error of a kind; whether the request was carried out is unknown unless the kind says otherwise.
    pub fn new(trouble: Trouble, sentence: impl Into<String>) -> Self {
        let is_certainly_not_done = matches!(
            trouble,
            Trouble::Unreachable
                | Trouble::Tls
                | Trouble::Unauthorized
                | Trouble::Forbidden
                | Trouble::NotFound
                | Trouble::Gone
                | Trouble::Throttled
                | Trouble::Conflict
                | Trouble::Rejected
                | Trouble::Setup
        );
        Self { trouble, sentence: sentence.into(), retry_after: None, is_certainly_not_done }
    }

    /// The same, with the wait the server asked for.
    #[must_use]
    pub const fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}
