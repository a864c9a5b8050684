//! One component asked once, within its time.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::{tls, wire};
use crate::config::{Credentials, Server, split};
use crate::domain::health::{Certificate, Check, Condition, Kind, Probe, body};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::sources::error::Trouble;
use crate::sources::http::{Http, Request};

/// The longest body of a health endpoint.
const LONGEST_BODY: usize = 1024 * 1024;
/// How often the certificate of an HTTP endpoint is looked at: it is a connection more.
const CERTIFICATE_EVERY: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

/// What asks one component, and what it keeps between two questions.
pub(super) struct Asker {
    service: Arc<str>,
    probe: Probe,
    address: String,
    /// Host and port, cleaned.
    at: Arc<str>,
    http: Option<Http>,
    /// The certificate of an HTTP endpoint, and when it was looked at.
    certificate: Mutex<Option<(Instant, Certificate)>>,
    clock: Clock,
}

/// What one question found.
struct Found {
    condition: Condition,
    reason: Option<String>,
    said: body::Said,
    certificate: Option<Certificate>,
}

impl Found {
    fn of(condition: Condition, reason: impl Into<String>) -> Self {
        Self { condition, reason: Some(reason.into()), said: body::Said::default(), certificate: None }
    }

    const fn well(certificate: Option<Certificate>) -> Self {
        let said =
            body::Said { condition: None, strange: None, version: None, uptime_seconds: None, parts: Vec::new() };
        Self { condition: Condition::Healthy, reason: None, said, certificate }
    }
}

impl Asker {
    /// What asks a component. Sends nothing yet.
    pub(super) fn new(service: Arc<str>, probe: Probe, address: String, clock: Clock) -> Self {
        let place = match probe.kind {
            Kind::Http => address.parse::<http::Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string)),
            kind => split(&address, kind.port()).map(|(host, port)| format!("{host}:{port}")),
        };
        let at: Arc<str> = text::clean(place.as_deref().unwrap_or(&address)).into_owned().into();
        let http = (probe.kind == Kind::Http).then(|| {
            let server = Server {
                url: address.clone(),
                name: at.clone(),
                credentials: Credentials::None,
                authorities: probe.authorities.clone(),
                identity: None,
                headers: Vec::new(),
            };
            Http::new(server, "a health endpoint", clock.clone())
        });
        Self { service, probe, address, at, http, certificate: Mutex::default(), clock }
    }

    /// The component before anything was asked.
    pub(super) fn unasked(&self) -> Check {
        Check {
            is_critical: self.probe.is_critical,
            expected: self.probe.version.clone(),
            ..Check::unasked(&self.service, &self.probe.component, self.probe.kind, self.at.clone())
        }
    }

    /// Asks once; never takes longer than its time.
    pub(super) async fn ask(&self) -> Check {
        let allowed = self.probe.timeout.to_std().unwrap_or(Duration::from_secs(5));
        let began = tokio::time::Instant::now();
        let found = tokio::time::timeout(allowed, self.once()).await;
        let took = chrono::TimeDelta::from_std(began.elapsed()).ok();
        let (found, took) = match found {
            Ok(found) => (found, took),
            Err(_) => {
                let sentence = format!("It did not answer within {}.", length(allowed));
                (Found::of(Condition::Unhealthy, sentence), None)
            }
        };
        Check {
            condition: found.condition,
            reason: found.reason,
            took,
            version: found.said.version,
            uptime_seconds: found.said.uptime_seconds,
            parts: found.said.parts,
            certificate: found.certificate,
            checked_at: Some((self.clock)()),
            ..self.unasked()
        }
    }

    async fn once(&self) -> Found {
        let authorities = self.probe.authorities.as_deref();
        let found = match (&self.http, self.probe.kind) {
            (Some(http), _) => return self.get(http).await,
            (None, Kind::Tcp | Kind::Http) => self.connect().await.map(|_| Found::well(None)),
            (None, Kind::Tls) => match self.connect().await {
                Ok((stream, host)) => tls::handshake(stream, &host, authorities)
                    .await
                    .map(|(_, certificate)| Found::well(Some(certificate)))
                    .map_err(|why| Found::of(Condition::Unhealthy, why)),
                Err(found) => Err(found),
            },
            (None, kind) => match self.connect().await {
                Ok((stream, host)) => {
                    let word = if kind == Kind::Postgres {
                        wire::postgres(stream, &host, authorities).await
                    } else {
                        wire::redis(stream).await
                    };
                    word.map(|word| Found {
                        condition: word.condition,
                        reason: word.reason,
                        ..Found::well(word.certificate)
                    })
                    .map_err(|why| Found::of(Condition::Unhealthy, why))
                }
                Err(found) => Err(found),
            },
        };
        found.unwrap_or_else(|found| found)
    }

    /// A connection, and the name of the host.
    async fn connect(&self) -> Result<(TcpStream, String), Found> {
        let Some((host, port)) = split(&self.address, self.probe.kind.port()) else {
            return Err(Found::of(Condition::Unknown, "Its address is not one: correct at in the configuration."));
        };
        let stream = dial(&host, port).await?;
        Ok((stream, host))
    }

    async fn get(&self, http: &Http) -> Found {
        let request = Request {
            method: Method::GET,
            path: "",
            accept: "application/json, */*",
            body: None,
            longest: LONGEST_BODY,
        };
        let answer = http.ask(request).await;
        let is_tls_trouble = answer.as_ref().is_err_and(|error| error.trouble == Trouble::Tls);
        let certificate = self.certificate(is_tls_trouble).await;
        let found = match answer {
            Ok(answer) => judged(answer.status, &answer.body),
            Err(error) => {
                let condition = match error.trouble {
                    // What is wrong is on our side: nothing is known of how it is.
                    Trouble::Setup => Condition::Unknown,
                    _ => Condition::Unhealthy,
                };
                Found::of(condition, capital(&error.sentence))
            }
        };
        // What the certificate itself says is plainer than what the handshake broke off with.
        let plainer = certificate.as_ref().filter(|_| is_tls_trouble).and_then(|one| one.now((self.clock)()));
        let reason = plainer.map(|(_, sentence)| sentence).or(found.reason);
        Found { reason, certificate, ..found }
    }

    /// The certificate of an HTTPS endpoint, looked at now and then; what cannot be had is not told of.
    async fn certificate(&self, is_doubted: bool) -> Option<Certificate> {
        let uri = self.address.parse::<http::Uri>().ok().filter(|uri| uri.scheme_str() == Some("https"))?;
        let mut kept = self.certificate.lock().await;
        let now = (self.clock)();
        if let Some((at, known)) = &*kept
            && now - *at < CERTIFICATE_EVERY
            && !is_doubted
            // One that is not well may have been renewed.
            && known.now(now).is_none()
        {
            return Some(known.clone());
        }
        let host = uri.host()?.trim_matches(['[', ']']);
        let stream = dial(host, uri.port_u16().unwrap_or(443)).await.ok()?;
        let (_, found) = tls::handshake(stream, host, self.probe.authorities.as_deref()).await.ok()?;
        *kept = Some((now, found.clone()));
        Some(found)
    }
}

async fn dial(host: &str, port: u16) -> Result<TcpStream, Found> {
    let mut addresses = match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => addresses,
        Err(error) => {
            let why = text::clean(&error.to_string()).into_owned();
            return Err(Found::of(Condition::Unknown, format!("Its name is not found from here: {why}.")));
        }
    };
    let mut last = "it has no address".to_owned();
    for address in addresses.by_ref() {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = text::clean(&error.to_string()).into_owned(),
        }
    }
    Err(Found::of(Condition::Unhealthy, format!("It cannot be reached: {last}.")))
}

/// What a status and a body make of a component: 503 is unhealthy whatever is said, what is moved, unknown or forbidden says nothing of it.
fn judged(status: StatusCode, content: &[u8]) -> Found {
    let said = body::read(content);
    let told = said.condition;
    let (condition, reason) = match (status, told) {
        (status, Some(condition)) if status.is_success() => {
            let reason = (condition != Condition::Healthy).then(|| format!("It says it is {}.", condition.word()));
            (condition, reason)
        }
        (status, None) if status.is_success() => match &said.strange {
            Some(word) => (Condition::Unknown, Some(format!("It says {word:?}, which is no status known here."))),
            None if content.trim_ascii_start().starts_with(b"<") => {
                let sentence =
                    "It answers with a web page, which says nothing of it: is the path right, or a proxy in between?";
                (Condition::Unknown, Some(sentence.to_owned()))
            }
            None => (Condition::Healthy, None),
        },
        (status, told) if status.is_server_error() => {
            let words = told.map(|told| format!(" and says it is {}", told.word())).unwrap_or_default();
            (Condition::Unhealthy, Some(format!("It answers {}{words}.", status.as_u16())))
        }
        (status, _) if status.is_redirection() => {
            let sentence = format!("It answers {}, which is not followed: set at to where it leads.", status.as_u16());
            (Condition::Unknown, Some(sentence))
        }
        (status, _) => {
            let sentence = format!("It answers {}: is the path right, and does it ask for no login?", status.as_u16());
            (Condition::Unknown, Some(sentence))
        }
    };
    Found { condition, reason, said, certificate: None }
}

/// A sentence that begins as one does.
fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let sentence = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    sentence.unwrap_or_default()
}

fn length(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> (Condition, String) {
        let found = judged(StatusCode::from_u16(status).expect("a status"), body.as_bytes());
        (found.condition, found.reason.unwrap_or_default())
    }

    #[test]
    fn a_status_and_a_body_are_judged_together() {
        assert_eq!(said(200, "").0, Condition::Healthy);
        assert_eq!(said(204, "").0, Condition::Healthy);
        assert_eq!(
            said(200, "\n<html>please log in</html>").0,
            Condition::Unknown,
            "a proxy's page is nobody's health"
        );
        assert_eq!(said(200, r#"{"status":"degraded"}"#), (Condition::Degraded, "It says it is degraded.".to_owned()));
        assert_eq!(said(200, r#"{"status":"DOWN"}"#).0, Condition::Unhealthy);
        assert_eq!(said(200, r#"{"status":"blue"}"#).0, Condition::Unknown);
        assert_eq!(said(503, r#"{"status":"ok"}"#).0, Condition::Unhealthy);
        assert_eq!(said(500, "").0, Condition::Unhealthy);
        assert_eq!(said(302, "").0, Condition::Unknown);
        assert_eq!(said(404, "").0, Condition::Unknown);
        assert_eq!(said(401, "").0, Condition::Unknown);
    }

    #[test]
    fn times_are_told_as_they_are_written() {
        assert_eq!(
            (length(Duration::from_secs(5)), length(Duration::from_millis(500))),
            ("5 s".into(), "500 ms".into())
        );
        assert_eq!(capital("a.example cannot be reached."), "A.example cannot be reached.");
    }
}
