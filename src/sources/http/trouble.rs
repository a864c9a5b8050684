//! What goes wrong with a server, as what happened and what to do.

use std::error::Error;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::domain::text;
use crate::sources::error::{SourceError, Trouble};

/// A failure before or while talking to it.
pub(in crate::sources) fn from_reqwest(error: &reqwest::Error, server: &str, allowed: Duration) -> SourceError {
    if error.is_timeout() {
        return timed_out(server, allowed);
    }
    let mut causes = Vec::new();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut is_tls = false;
    while let Some(inner) = cause {
        is_tls |= inner.downcast_ref::<rustls::Error>().is_some();
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let deepest = text::clean(causes.last().map_or("", String::as_str)).into_owned();
    // What the server says against us, not we against it: mostly that our certificate is missing, unknown or over.
    if let Some((_, alert)) = deepest.split_once("received fatal alert: ") {
        return SourceError::new(
            Trouble::Tls,
            format!(
                "{server} refuses the connection (TLS alert {alert}). If it asks for a client's certificate, check certificate_file and key_file; they are read again by themselves."
            ),
        );
    }
    // Wrapped more than once, a TLS error is only recognised by its words.
    if is_tls || deepest.contains("certificate") {
        return SourceError::new(
            Trouble::Tls,
            format!("the certificate of {server} is not accepted: {deepest}. Check it, or set ca_file."),
        );
    }
    if error.is_connect() {
        return SourceError::new(Trouble::Unreachable, format!("{server} cannot be reached: {deepest}."));
    }
    let broke = SourceError::new(Trouble::Malformed, format!("the conversation with {server} broke off: {deepest}."));
    if error.is_builder() {
        return SourceError::new(Trouble::Setup, format!("the request to {server} cannot be written: {deepest}."));
    }
    broke
}

/// No answer in the time allowed.
pub(in crate::sources) fn timed_out(server: &str, allowed: Duration) -> SourceError {
    SourceError::new(Trouble::Timeout, format!("{server} did not answer within {} s.", allowed.as_secs()))
}

/// An answer that is not what the protocol says.
pub(in crate::sources) fn malformed(what: &str, kind: &str, server: &str) -> SourceError {
    SourceError::new(
        Trouble::Malformed,
        format!(
            "{server} answered, but not as {kind}: {}. Is a proxy or another server in between?",
            text::clean(what)
        ),
    )
}

/// A body of Alertmanager's checks and router, `{"code": 602, "message": "…"}`, or of Prometheus, `{"errorType": "…", "error": "…"}`.
#[derive(Deserialize)]
struct Checked {
    #[serde(alias = "error")]
    message: String,
}

/// What an unsuccessful answer says, in whichever of its four shapes: a JSON text, a code with a message, plain text, nothing.
fn said(body: &[u8], headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let words = match serde_json::from_slice::<Value>(body) {
        Ok(Value::String(words)) => words,
        Ok(value) => serde_json::from_value::<Checked>(value).ok()?.message,
        // A web page says nothing an operator can use.
        Err(_) if kind.contains("html") || body.trim_ascii_start().starts_with(b"<") => return None,
        Err(_) => text::clean_bytes(body),
    };
    let words = text::clean(words.trim()).into_owned();
    let short: String = words.chars().take(300).collect();
    (!short.is_empty()).then_some(short)
}

/// An unsuccessful answer.
pub(in crate::sources) fn from_status(code: StatusCode, headers: &HeaderMap, body: &[u8], server: &str) -> SourceError {
    let said = said(body, headers).unwrap_or_else(|| code.to_string());
    let said = said.trim_end_matches('.');
    let wait =
        headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let (trouble, sentence) = match code {
        StatusCode::UNAUTHORIZED => (
            Trouble::Unauthorized,
            format!(
                "{server} does not accept these credentials (401, {said}). Check bearer_file or user and password_file; they are read again by themselves."
            ),
        ),
        StatusCode::FORBIDDEN => (
            Trouble::Forbidden,
            format!("{server} does not allow it (403, {said}). Ask for the right, or use other credentials."),
        ),
        StatusCode::NOT_FOUND => (
            Trouble::NotFound,
            format!("{server} knows no such thing (404, {said}). Is the url complete, with its route prefix?"),
        ),
        StatusCode::GONE => (Trouble::Rejected, format!("{server} says that this API is gone (410, {said}).")),
        StatusCode::TOO_MANY_REQUESTS => {
            (Trouble::Throttled, format!("{server} asks to be left alone for a while (429, {said})."))
        }
        // Its limit of concurrent GET requests says so itself, in plain text.
        StatusCode::SERVICE_UNAVAILABLE => {
            (Trouble::Server, format!("{server} is overloaded or starting (503, {said})."))
        }
        code if code.is_redirection() => {
            let to = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
            (
                Trouble::Malformed,
                format!(
                    "{server} sends us on to {} ({}). Is a login page before it? If it has moved, correct its url.",
                    text::clean(to.split('?').next().unwrap_or_default()),
                    code.as_u16()
                ),
            )
        }
        code if code.is_client_error() => {
            (Trouble::Rejected, format!("{server} refused it ({}, {said}).", code.as_u16()))
        }
        code if code.is_server_error() => {
            (Trouble::Server, format!("{server} is in trouble itself ({}, {said}).", code.as_u16()))
        }
        code => (Trouble::Malformed, format!("{server} gave an answer that is not understood ({code}).")),
    };
    SourceError::new(trouble, sentence).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(code: u16, kind: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
        from_status(StatusCode::from_u16(code).expect("a code"), &headers, body.as_bytes(), "am").sentence
    }

    #[test]
    fn all_four_shapes_are_read() {
        assert_eq!(
            sentence(400, "application/json", "\"bad matcher format: foo\"\n"),
            "am refused it (400, bad matcher format: foo)."
        );
        assert_eq!(
            sentence(422, "application/json", r#"{"code":602,"message":"comment in body is required"}"#),
            "am refused it (422, comment in body is required)."
        );
        assert_eq!(
            sentence(503, "text/plain", "Limit of concurrent GET requests reached (8), try again later.\n"),
            "am is overloaded or starting (503, Limit of concurrent GET requests reached (8), try again later)."
        );
        assert_eq!(
            sentence(404, "application/json", ""),
            "am knows no such thing (404, 404 Not Found). Is the url complete, with its route prefix?"
        );
    }

    #[test]
    fn a_web_page_is_not_repeated_and_a_redirect_loses_its_query() {
        assert_eq!(
            sentence(502, "text/html", "<html>Bad Gateway</html>"),
            "am is in trouble itself (502, 502 Bad Gateway)."
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, http::HeaderValue::from_static("https://login.example/?token=abc"));
        let error = from_status(StatusCode::FOUND, &headers, b"", "am");
        assert!(error.sentence.contains("https://login.example/ (302)") && !error.sentence.contains("abc"));
    }
}
