//! Creating, changing and ending silences: written to one member, read back from all.

use std::sync::Arc;

use futures_util::future::join_all;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::trouble;
use super::wire::{self, Before, Reading};
use crate::domain::alert::{Alert, Matcher, Silence};
use crate::domain::service::Services;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::metrics::ObserveMetrics;
use crate::sources::observe::{Answer, MemberAlerts, ObserveAlerts, Replicated};
use crate::sources::operate::{OperateAlerts, WantedSilence};
use crate::sources::prometheus::Prometheus;

/// Eyes on the Alertmanagers of an environment beyond what the poller tells.
#[derive(Debug, Clone)]
pub struct AlertEyes {
    /// The environment.
    pub environment: Arc<str>,
    /// Its Alertmanagers, the replicas of one cluster.
    pub clients: Vec<Client>,
    /// The Prometheus that knows their rules; `None` where there is none.
    pub prometheus: Option<Prometheus>,
    /// The services alerts may be about.
    pub services: Arc<Services>,
}

impl AlertEyes {
    async fn alerts(&self, client: &Client, path: &str) -> Result<Vec<Alert>, SourceError> {
        let answer = client.get(path).await?;
        let reading =
            Reading { environment: &self.environment, services: &self.services, ahead: time::seconds(answer.ahead) };
        let decoded = wire::alerts(&answer.body, &reading, &mut Before::default())
            .map_err(|what| trouble::malformed(&what, client.name()))?;
        if decoded.unreadable > 0 {
            return Err(trouble::malformed("some of the alerts cannot be read", client.name()));
        }
        Ok(decoded.items.into_iter().map(Arc::unwrap_or_clone).collect())
    }
}

/// Hands for the silences of an environment's Alertmanagers.
#[derive(Debug, Clone)]
pub struct SilenceHands {
    /// Its Alertmanagers, the replicas of one cluster.
    pub clients: Vec<Client>,
}

/// Asks one member after the other until one is there; what may have been done by one is not asked of the next.
async fn any<'a, T, A>(clients: &'a [Client], ask: impl Fn(&'a Client) -> A) -> Result<T, SourceError>
where
    A: Future<Output = Result<T, SourceError>> + 'a,
{
    let mut last = SourceError::new(Trouble::Setup, "no Alertmanager is configured here.");
    for client in clients {
        match ask(client).await {
            Err(error) if error.trouble == Trouble::Unreachable => last = error,
            answer => return answer,
        }
    }
    Err(last)
}

impl ObserveAlerts for AlertEyes {
    fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Answer<'a, Vec<Alert>> {
        Box::pin(async move {
            let mut path = super::replica::ALERTS.to_owned();
            for matcher in matchers {
                path.push_str("&filter=");
                path.push_str(&escaped(&matcher.to_string()));
            }
            let path = path.as_str();
            any(&self.clients, |client| self.alerts(client, path)).await
        })
    }

    fn of_each(&self) -> Answer<'_, Vec<MemberAlerts>> {
        Box::pin(async move {
            let ask = |client: &'_ Client| {
                let member = client.name().clone();
                let client = client.clone();
                async move { MemberAlerts { member, alerts: self.alerts(&client, super::replica::ALERTS).await } }
            };
            Ok(join_all(self.clients.iter().map(ask)).await)
        })
    }

    fn rules(&self) -> Answer<'_, Vec<Arc<str>>> {
        Box::pin(async move {
            let Some(prometheus) = &self.prometheus else { return Ok(Vec::new()) };
            match prometheus.alerting().await {
                Ok(rules) => Ok(rules.into_iter().map(|rule| rule.name).collect()),
                // One that only stores has none.
                Err(error) if error.trouble == Trouble::NotFound => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        })
    }

    fn silences(&self) -> Answer<'_, Vec<Silence>> {
        Box::pin(any(&self.clients, |client| async move {
            let answer = client.get("/silences").await?;
            let decoded = wire::silences(&answer.body, time::seconds(answer.ahead))
                .map_err(|what| trouble::malformed(&what, client.name()))?;
            if decoded.unreadable > 0 {
                return Err(trouble::malformed("some of the silences cannot be read", client.name()));
            }
            Ok(decoded.items)
        }))
    }

    fn replicated<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Replicated>> {
        Box::pin(async move {
            let path = format!("/silence/{}", escaped(id));
            let mut found = Vec::new();
            for client in &self.clients {
                let read = match client.get(&path).await {
                    Ok(answer) => wire::silence(&answer.body, time::seconds(answer.ahead))
                        .map(Some)
                        .map_err(|what| trouble::malformed(&what, client.name())),
                    Err(error) if error.trouble == Trouble::NotFound => Ok(None),
                    Err(error) => Err(error),
                };
                found.push(Replicated { member: client.name().clone(), silence: read });
            }
            Ok(found)
        })
    }
}

impl OperateAlerts for SilenceHands {
    fn put<'a>(&'a self, wanted: &'a WantedSilence) -> Answer<'a, String> {
        Box::pin(async move {
            let body = written(wanted).to_string();
            let body = body.as_str();
            any(&self.clients, |client| async move {
                let answer = client.ask(Method::POST, "/silences", Some(body.to_owned())).await?;
                let made: Made = serde_json::from_slice(&answer.body)
                    .map_err(|error| trouble::malformed(&error.to_string(), client.name()))?;
                Ok(made.id)
            })
            .await
        })
    }

    fn expire<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let path = format!("/silence/{}", escaped(id));
            let path = path.as_str();
            any(&self.clients, |client| async move { client.ask(Method::DELETE, path, None).await.map(|_| ()) }).await
        })
    }
}

/// The answer to a silence.
#[derive(Deserialize)]
struct Made {
    #[serde(rename = "silenceID")]
    id: String,
}

/// The body of a silence.
fn written(wanted: &WantedSilence) -> serde_json::Value {
    let matcher = |one: &Matcher| json!({"name": one.name, "value": one.value, "isRegex": one.operator.is_regex(), "isEqual": one.operator.is_positive()});
    let time = |at: Instant| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut body = json!({
        "matchers": wanted.matchers.iter().map(matcher).collect::<Vec<_>>(),
        "startsAt": time(wanted.starts_at),
        "endsAt": time(wanted.ends_at),
        "createdBy": wanted.created_by,
        "comment": wanted.comment,
    });
    if let Some(id) = &wanted.id {
        body["id"] = json!(id);
    }
    body
}

/// A text as a part of an address.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut to, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            to.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(to, "%{byte:02X}");
        }
        to
    })
}
