//! kube's errors and HTTP answers, turned into what happened and what to do.

use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::credentials;
use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};

/// A failure before or while talking to the server.
pub(super) fn from_kube(error: &kube::Error, server: &str) -> SourceError {
    let mut chain: Vec<String> = Vec::new();
    let mut trouble = None;
    // Only a connection that never came to be, or credentials that could not be had, prove that nothing was sent.
    let mut was_not_sent = false;
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<kube::client::AuthError>() {
            trouble = Some(Trouble::Unauthorized);
            was_not_sent = true;
            if let Some(words) = credentials::of_plug_in(refused) {
                chain = vec![words];
                break;
            }
        } else if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            was_not_sent |= client.is_connect();
        } else if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            trouble = Some(Trouble::Tls);
            chain.push(tls.to_string());
        } else if let Some(io) = error.downcast_ref::<std::io::Error>() {
            // An io::Error may wrap the TLS error that says more, and hides it from `source`.
            if let Some(tls) = io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                trouble = Some(Trouble::Tls);
                chain.push(tls.to_string());
            } else if trouble.is_none() {
                trouble = Some(from_io(io));
            }
        }
        chain.push(error.to_string());
        cause = error.source();
    }
    let deepest = chain.pop().unwrap_or_default();
    let detail = text::clean(&deepest).into_owned();
    // Wrapped more than once, a TLS error is only recognised by its words.
    let trouble = if detail.contains("peer certificate") { Some(Trouble::Tls) } else { trouble };
    let error = match trouble {
        Some(Trouble::Unauthorized) => {
            let all = chain.iter().map(|words| format!("{}: ", text::clean(words))).collect::<Vec<_>>().concat();
            SourceError::new(
                Trouble::Unauthorized,
                format!(
                    "the credentials for {server} could not be had: {all}{detail}. Log in again in another terminal; Quarterdeck tries again by itself."
                ),
            )
        }
        Some(Trouble::Tls) => SourceError::new(
            Trouble::Tls,
            format!(
                "the certificate of {server} is not accepted: {detail}. Check the cluster's certificate-authority in the kubeconfig."
            ),
        ),
        Some(Trouble::Unreachable) => {
            SourceError::new(Trouble::Unreachable, format!("{server} cannot be reached: {detail}."))
        }
        Some(Trouble::Timeout) => SourceError::new(Trouble::Timeout, format!("{server} did not answer in time.")),
        _ => SourceError::new(Trouble::Malformed, format!("the conversation with {server} broke off: {detail}.")),
    };
    SourceError { is_certainly_not_done: was_not_sent, ..error }
}

/// The innermost cause, which says most.
pub(super) fn deepest(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    words
}

/// A connection that broke while a body was read.
pub(super) fn broken_off(detail: &str, server: &str) -> SourceError {
    SourceError::new(Trouble::Malformed, format!("the answer of {server} broke off: {}.", text::clean(detail)))
}

/// No answer in the time allowed.
pub(super) fn timed_out(server: &str, allowed: Duration) -> SourceError {
    SourceError::new(Trouble::Timeout, format!("{server} did not answer within {} s.", allowed.as_secs()))
}

/// An answer that is not what the protocol says.
pub(super) fn malformed(what: &str, server: &str) -> SourceError {
    SourceError::new(
        Trouble::Malformed,
        format!(
            "{server} answered, but not as a Kubernetes API: {}. Is a proxy or another server in between?",
            text::clean(what)
        ),
    )
}

fn from_io(error: &std::io::Error) -> Trouble {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused
        | std::io::ErrorKind::HostUnreachable
        | std::io::ErrorKind::NetworkUnreachable
        | std::io::ErrorKind::NotFound
        | std::io::ErrorKind::AddrNotAvailable => Trouble::Unreachable,
        std::io::ErrorKind::TimedOut => Trouble::Timeout,
        _ if error.to_string().contains("lookup") => Trouble::Unreachable,
        _ => Trouble::Malformed,
    }
}

/// The `Status` object of an unsuccessful answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    /// The sentence.
    pub(super) message: String,
    /// The HTTP code, repeated.
    pub(super) code: u16,
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    causes: Option<Vec<Cause>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
}

impl Status {
    /// Whether only a new list leads on: the version asked from is too old, or one this server has not come to, as after a restore of
    /// its store.
    pub(super) fn asks_to_start_over(&self) -> bool {
        let causes = || self.details.iter().flat_map(|details| details.causes.iter().flatten());
        self.code == StatusCode::GONE.as_u16()
            || self.code == StatusCode::GATEWAY_TIMEOUT.as_u16()
                && causes().any(|cause| cause.reason == "ResourceVersionTooLarge")
    }
}

/// An unsuccessful answer.
pub(super) fn from_status(code: StatusCode, headers: &HeaderMap, body: &[u8], server: &str) -> SourceError {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let said = text::clean(&status.message).into_owned();
    let said = if said.is_empty() { code.to_string() } else { said };
    let wait =
        headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let (trouble, sentence) = match code {
        StatusCode::UNAUTHORIZED => (
            Trouble::Unauthorized,
            format!(
                "{server} does not accept these credentials (401, {said}). They may have expired: log in again in another terminal; Quarterdeck tries again by itself."
            ),
        ),
        StatusCode::FORBIDDEN => {
            (Trouble::Forbidden, format!("not allowed: {said}. Ask for the right, or use other credentials."))
        }
        StatusCode::NOT_FOUND => (Trouble::NotFound, format!("not found: {said}.")),
        _ if code == StatusCode::GONE || status.asks_to_start_over() => {
            (Trouble::Gone, format!("{server} does not know the place to go on from ({said}); starting over."))
        }
        StatusCode::TOO_MANY_REQUESTS => {
            (Trouble::Throttled, format!("{server} is overloaded and asks to wait ({said})."))
        }
        StatusCode::CONFLICT => (Trouble::Conflict, said),
        code if code.is_client_error() => (Trouble::Rejected, said),
        code if code.is_server_error() => (Trouble::Server, format!("{server} is in trouble itself: {said}.")),
        _ => (Trouble::Malformed, format!("{server} gave an answer that is not understood: {said}.")),
    };
    SourceError::new(trouble, sentence).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_in_trouble_may_have_done_it_and_a_refusal_has_not() {
        let empty = HeaderMap::new();
        assert!(!from_status(StatusCode::INTERNAL_SERVER_ERROR, &empty, b"", "s").is_certainly_not_done);
        assert!(from_status(StatusCode::FORBIDDEN, &empty, b"", "s").is_certainly_not_done);
        assert!(from_status(StatusCode::UNPROCESSABLE_ENTITY, &empty, b"", "s").is_certainly_not_done);
        assert!(!timed_out("s", Duration::from_secs(1)).is_certainly_not_done);
    }

    /// What is done about an answer hangs on its kind.
    #[test]
    fn an_answer_is_of_the_kind_its_code_says() {
        for (code, trouble) in [
            (400, Trouble::Rejected),
            (401, Trouble::Unauthorized),
            (403, Trouble::Forbidden),
            (404, Trouble::NotFound),
            (409, Trouble::Conflict),
            (410, Trouble::Gone),
            (422, Trouble::Rejected),
            (429, Trouble::Throttled),
            (503, Trouble::Server),
        ] {
            let code = StatusCode::from_u16(code).expect("a code");
            assert_eq!(from_status(code, &HeaderMap::new(), b"", "s").trouble, trouble, "{code}");
        }
    }

    #[test]
    fn what_keeps_a_connection_from_being_is_told_from_what_ends_one() {
        use std::io::{Error, ErrorKind};
        assert_eq!(from_io(&Error::from(ErrorKind::ConnectionRefused)), Trouble::Unreachable);
        assert_eq!(from_io(&Error::from(ErrorKind::AddrNotAvailable)), Trouble::Unreachable);
        assert_eq!(from_io(&Error::from(ErrorKind::TimedOut)), Trouble::Timeout);
        assert_eq!(from_io(&Error::from(ErrorKind::ConnectionReset)), Trouble::Malformed);
    }

    /// Nothing was sent without credentials, whatever the plug-in that has none says.
    #[test]
    fn who_could_not_have_credentials_has_sent_nothing() {
        let error = kube::Error::Auth(kube::client::AuthError::ExecPluginFailed);
        let error = from_kube(&error, "s");
        assert_eq!((error.trouble, error.is_certainly_not_done), (Trouble::Unauthorized, true));
    }

    #[test]
    fn the_servers_sentence_is_cleaned_and_kept() {
        let error =
            from_status(StatusCode::CONFLICT, &HeaderMap::new(), br#"{"message":"object \u001b[31mmodified"}"#, "s");
        assert_eq!(error.sentence, "object [31mmodified");
    }

    #[test]
    fn a_version_the_server_has_not_come_to_leads_to_a_new_list_and_another_time_out_does_not() {
        let too_large = br#"{"kind":"Status","code":504,"reason":"Timeout","message":"Timeout: Too large resource version: 9, current: 7",
            "details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}}"#;
        let read = |body: &[u8]| from_status(StatusCode::GATEWAY_TIMEOUT, &HeaderMap::new(), body, "s").trouble;
        assert_eq!(read(too_large), Trouble::Gone);
        assert_eq!(read(br#"{"code":504,"message":"etcd timed out","details":null}"#), Trouble::Server);
    }

    #[test]
    fn retry_after_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, http::HeaderValue::from_static("7"));
        let error = from_status(StatusCode::TOO_MANY_REQUESTS, &headers, b"<html>", "s");
        assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    }
}
