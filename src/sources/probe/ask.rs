//! One component asked once, within its time.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::{tls, wire};
use crate::config::{Credentials, Server, split, web};
use crate::domain::health::{Certificate, Check, Condition, Kind, Probe, body};
use crate::domain::text;
use crate::domain::time::Instant;
use crate::sources::error::{SourceError, Trouble};
use crate::sources::http::{Answered, Http, Request};
use crate::sources::{Clock, proxy};

/// The longest body of a health endpoint.
const LONGEST_BODY: usize = 1024 * 1024;
/// How often the certificates that of an HTTP endpoint hangs on are looked at: it is a connection more.
const LOOK_EVERY: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// How long that look may take, beside the time of the answer itself.
const LOOK_WITHIN: Duration = Duration::from_secs(5);

/// What asks one component, and what it keeps between two questions.
pub(super) struct Asker {
    service: Arc<str>,
    probe: Probe,
    /// Host and port; `None` where the address is none.
    place: Option<(String, u16)>,
    is_https: bool,
    /// The same as it is shown, cleaned.
    at: Arc<str>,
    http: Option<Http>,
    /// The last look at what the certificate of an HTTP endpoint hangs on.
    looked: Mutex<Option<Look>>,
    clock: Clock,
}

/// A look at what a certificate hangs on.
struct Look {
    at: Instant,
    /// The certificate the answer before it came with; `None` where there was no answer.
    own: Option<Vec<u8>>,
    /// What was seen; `None` where nothing could be.
    seen: Option<Certificate>,
}

/// What one question found.
struct Found {
    condition: Condition,
    reason: Option<String>,
    said: body::Said,
    certificate: Option<Certificate>,
    certificate_missing: Option<&'static str>,
}

impl Found {
    fn of(condition: Condition, reason: impl Into<String>) -> Self {
        Self {
            condition,
            reason: Some(reason.into()),
            said: body::Said::default(),
            certificate: None,
            certificate_missing: None,
        }
    }

    const fn well(certificate: Option<Certificate>) -> Self {
        let said = body::Said {
            condition: None,
            strange: None,
            error: None,
            version: None,
            uptime_seconds: None,
            parts: Vec::new(),
        };
        Self { condition: Condition::Healthy, reason: None, said, certificate, certificate_missing: None }
    }
}

impl Asker {
    /// What asks a component. Sends nothing yet.
    pub(super) fn new(service: Arc<str>, probe: Probe, address: String, clock: Clock) -> Self {
        let (place, shown) = match probe.kind {
            Kind::Http => place(&address).unzip(),
            kind => split(&address, kind.port())
                .map(|(host, port)| ((host.clone(), port), format!("{host}:{port}")))
                .unzip(),
        };
        // An address that is none is not repeated: nobody knows what it holds.
        let at: Arc<str> = text::clean(shown.as_deref().unwrap_or("no address")).into_owned().into();
        let is_https = probe.kind == Kind::Http && web(&address).is_some_and(|uri| uri.scheme_str() == Some("https"));
        let http = (probe.kind == Kind::Http && place.is_some()).then(|| {
            let server = Server {
                url: address,
                name: at.clone(),
                credentials: Credentials::None,
                authorities: probe.authorities.clone(),
                identity: None,
                // Whether a new client gets in, and with which certificate, is not seen on a connection of an hour ago.
                headers: vec![("connection".to_owned(), "close".to_owned())],
            };
            Http::new(server, "a health endpoint", clock.clone())
        });
        Self { service, probe, place, is_https, at, http, looked: Mutex::default(), clock }
    }

    /// The component before anything was asked.
    pub(super) fn unasked(&self) -> Check {
        Check {
            is_critical: self.probe.is_critical,
            expected: self.probe.version.clone(),
            ..Check::unasked(&self.service, &self.probe.component, self.probe.kind, self.at.clone())
        }
    }

    /// Asks once. The answer never takes longer than its time; the look at a certificate has its own, and takes nothing from the answer.
    pub(super) async fn ask(&self) -> Check {
        let allowed = self.probe.timeout.to_std().unwrap_or(Duration::from_secs(5));
        let (found, took) = match &self.http {
            Some(http) => match timed(allowed, http.ask(REQUEST)).await {
                Ok((answer, took)) => (self.told(answer).await, Some(took)),
                Err(late) => (late, None),
            },
            None => match timed(allowed, self.once()).await {
                Ok((found, took)) => (found, Some(took)),
                Err(late) => (late, None),
            },
        };
        Check {
            condition: found.condition,
            reason: found.reason,
            took,
            version: found.said.version,
            uptime_seconds: found.said.uptime_seconds,
            parts: found.said.parts,
            certificate: found.certificate,
            certificate_missing: found.certificate_missing,
            checked_at: Some((self.clock)()),
            ..self.unasked()
        }
    }

    /// Asks what does not speak HTTP.
    async fn once(&self) -> Found {
        let authorities = self.probe.authorities.as_deref();
        let Some((host, port)) = &self.place else {
            return Found::of(Condition::Unknown, "Its address is not one: correct at in the configuration.");
        };
        let stream = match dial(host, *port).await {
            Ok(stream) => stream,
            Err(found) => return found,
        };
        let word = match self.probe.kind {
            Kind::Tcp | Kind::Http => return Found::well(None),
            Kind::Tls => {
                let shaken = tls::handshake(stream, host, authorities).await;
                return shaken
                    .map_or_else(|why| Found::of(Condition::Unhealthy, why), |(_, one)| Found::well(Some(one)));
            }
            Kind::Postgres => wire::postgres(stream, host, authorities).await,
            Kind::Redis => wire::redis(stream).await,
        };
        match word {
            Ok(word) => Found { condition: word.condition, reason: word.reason, ..Found::well(word.certificate) },
            Err(why) => Found::of(Condition::Unhealthy, why),
        }
    }

    /// What an HTTP endpoint answered, with its certificate.
    async fn told(&self, answer: Result<Answered, SourceError>) -> Found {
        let is_tls_trouble = answer.as_ref().is_err_and(|error| error.trouble == Trouble::Tls);
        let own = answer.as_ref().ok().and_then(|answer| answer.certificate.as_deref());
        let looked = if own.is_some() || is_tls_trouble { self.look(own).await } else { None };
        let certificate = looked.or_else(|| tls::leaf(own?));
        // Under TLS through a proxy the client keeps no certificate.
        let is_missing = certificate.is_none() && answer.is_ok() && self.is_https;
        let certificate_missing = is_missing.then_some("a proxy leads there, and nobody goes around it");
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
        Found { reason, certificate, certificate_missing, ..found }
    }

    /// The certificate of an HTTPS endpoint with what it hangs on, which no answer tells: looked at now and then, and at once where an
    /// answer came with another one or with none. `None` where it cannot be had, or a proxy leads there: nobody goes around it.
    async fn look(&self, own: Option<&[u8]>) -> Option<Certificate> {
        let mut looked = self.looked.lock().await;
        let at = (self.clock)();
        if let (Some(own), Some(last)) = (own, &*looked)
            && last.own.as_deref() == Some(own)
            && at - last.at < LOOK_EVERY
        {
            return last.seen.clone();
        }
        let found = tokio::time::timeout(LOOK_WITHIN, async {
            let (host, port) = self.place.as_ref()?;
            let address = format!("https://{}/", self.at).parse().ok()?;
            proxy::toward(&address, None).ok().filter(Option::is_none)?;
            let stream = dial(host, *port).await.ok()?;
            tls::handshake(stream, host, self.probe.authorities.as_deref()).await.ok().map(|(_, found)| found)
        });
        let seen = found.await.ok().flatten();
        *looked = Some(Look { at, own: own.map(<[u8]>::to_vec), seen: seen.clone() });
        seen
    }
}

/// What is asked of a health endpoint.
const REQUEST: Request<'static> =
    Request { method: Method::GET, path: "", accept: "application/json, */*", body: None, longest: LONGEST_BODY };

/// Host and port of a web address, and how they are shown: as they are written, without a name or a password.
fn place(address: &str) -> Option<((String, u16), String)> {
    let uri = web(address)?;
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let host = uri.host()?;
    let shown = uri.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let port = uri.port_u16().unwrap_or(usual);
    Some(((host.trim_matches(['[', ']']).to_owned(), port), shown))
}

/// What comes within its time, and how long it took; else that it did not come.
async fn timed<T>(allowed: Duration, asked: impl Future<Output = T>) -> Result<(T, chrono::TimeDelta), Found> {
    let began = tokio::time::Instant::now();
    match tokio::time::timeout(allowed, asked).await {
        Ok(answer) => Ok((answer, chrono::TimeDelta::from_std(began.elapsed()).unwrap_or_default())),
        Err(_) => Err(Found::of(Condition::Unhealthy, format!("It did not answer within {}.", length(allowed)))),
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
            let named = || said.error.as_deref().map(|error| format!(": {}", error.trim_end_matches('.')));
            let words = || format!("It says it is {}{}.", condition.word(), named().unwrap_or_default());
            (condition, (condition != Condition::Healthy).then(words))
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
    Found { condition, reason, said, ..Found::well(None) }
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
        let named = said(200, r#"{"errors":["no route to the database."]}"#);
        assert_eq!(named, (Condition::Unhealthy, "It says it is unhealthy: no route to the database.".to_owned()));
        assert_eq!(said(200, r#"{"healthy":"blue"}"#).0, Condition::Unknown);
        assert_eq!(said(200, r#"{"hello":"world"}"#).0, Condition::Healthy, "no verdict at all is none against it");
        assert_eq!(said(200, r#"{"status":"blue"}"#).0, Condition::Unknown);
        assert_eq!(said(503, r#"{"status":"ok"}"#).0, Condition::Unhealthy);
        assert_eq!(said(500, "").0, Condition::Unhealthy);
        assert_eq!(said(302, "").0, Condition::Unknown);
        assert_eq!(said(404, "").0, Condition::Unknown);
        assert_eq!(said(401, "").0, Condition::Unknown);
    }

    #[test]
    fn a_place_is_shown_without_what_stands_before_it_and_what_is_none_not_at_all() {
        for (kind, address, shown) in [
            (Kind::Http, "https://shop.example/health?token=hunter2", "shop.example"),
            (Kind::Http, "https://[::1]:8443/health", "[::1]:8443"),
            (Kind::Http, "https://me:hunter2@shop.example:8443/", "shop.example:8443"),
            (Kind::Http, "hunter2", "no address"),
            (Kind::Http, "", "no address"),
            (Kind::Tcp, "me:hunter2@queue.example:5672", "no address"),
            (Kind::Postgres, "db.example", "db.example:5432"),
        ] {
            let probe = Probe {
                component: "api".into(),
                kind,
                target: crate::domain::health::Target::Everywhere(address.to_owned()),
                timeout: crate::domain::health::probe::TIMEOUT,
                version: None,
                is_critical: true,
                authorities: None,
            };
            let asker = Asker::new("shop".into(), probe, address.to_owned(), Arc::new(Instant::default));
            assert_eq!(&*asker.unasked().at, shown, "{address}");
        }
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
