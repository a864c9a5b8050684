//! A simulated Alertmanager for each namespace, beside the cluster's API: `/alertmanager/NAMESPACE/api/v2/…`.
//!
//! Its alerts come from what pods really do in the simulated cluster, and from whoever posts some. It answers as 0.25 to 0.34 do,
//! held by the contract suite that also runs against those.

mod inhibiting;
pub(super) mod matching;
pub(super) mod rules;

use std::collections::BTreeMap;
use std::sync::PoisonError;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::http::{Asked, Body, answered, json_answer};
use crate::domain::alert::{Matcher, Operator, identity, matchers};

/// Where it is.
pub(super) const PREFIX: &str = "/alertmanager/";
/// An alert whose end nobody gave ends so long after it was heard of, as `resolve_timeout` says.
const RESOLVES_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What the Alertmanager of one namespace holds.
#[derive(Debug, Default)]
pub(super) struct Holding {
    posted: Vec<Alert>,
    silences: Vec<Silence>,
    made: u64,
}

/// An alert as it is told to us.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alert {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) starts_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl Alert {
    fn fingerprint(&self) -> String {
        identity::fingerprint(self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

#[derive(Debug, Clone)]
struct Silence {
    id: String,
    matchers: Vec<Matcher>,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    created_by: String,
    comment: String,
}

impl Silence {
    fn state(&self, now: DateTime<Utc>) -> &'static str {
        if now >= self.ends_at {
            "expired"
        } else if now < self.starts_at {
            "pending"
        } else {
            "active"
        }
    }

    fn written(&self, now: DateTime<Utc>) -> Value {
        let matcher = |one: &Matcher| json!({"name": one.name, "value": one.value, "isRegex": one.operator.is_regex(), "isEqual": one.operator.is_positive()});
        json!({
            "id": self.id, "status": {"state": self.state(now)}, "updatedAt": stamp(self.updated_at),
            "startsAt": stamp(self.starts_at), "endsAt": stamp(self.ends_at), "createdBy": self.created_by, "comment": self.comment,
            "matchers": self.matchers.iter().map(matcher).collect::<Vec<_>>(),
        })
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A refusal by a handler: a JSON text.
fn refused(code: u16, words: &str) -> Response<Body> {
    json_answer(code, &json!(words))
}

/// A refusal by the schema or the router: a code and a message.
fn unfit(status: u16, code: u16, message: &str) -> Response<Body> {
    json_answer(status, &json!({"code": code, "message": message}))
}

fn empty() -> Response<Body> {
    answered(StatusCode::OK, "application/json", "")
}

/// The answer to a request; `None` when it is for the cluster.
pub(super) fn answer(shared: &Shared, asked: &Asked) -> Option<Response<Body>> {
    let (namespace, rest) = asked.path.strip_prefix(PREFIX)?.split_once('/')?;
    let now = shared.clock.now();
    if asked.method != "GET" && asked.user != "operator" {
        return Some(answered(StatusCode::FORBIDDEN, "text/plain", "Forbidden"));
    }
    let Some(path) = rest.strip_prefix("api/v2") else {
        return Some(answered(StatusCode::NOT_FOUND, "text/plain", "404 page not found"));
    };
    let mut held = shared.alerts.lock().unwrap_or_else(PoisonError::into_inner);
    let holding = held.entry(namespace.to_owned()).or_default();
    let method = asked.method.as_str();
    Some(match (method, path) {
        ("GET", "/alerts") => {
            let mut alerts = shared.read(|world| rules::alerts(world, namespace, now));
            alerts.extend(holding.posted.iter().filter(|alert| alert.ends_at > now).cloned());
            list(alerts, &holding.silences, asked, now)
        }
        ("POST", "/alerts") => holding.post(&asked.body, now),
        ("GET", "/silences") => {
            let mut silences: Vec<&Silence> = holding.silences.iter().collect();
            silences.sort_by_key(|silence| (silence.state(now) == "expired", silence.ends_at));
            json_answer(200, &silences.iter().map(|silence| silence.written(now)).collect())
        }
        ("POST", "/silences") => holding.silence(&asked.body, now),
        ("GET", "/status") => json_answer(
            200,
            &json!({"cluster": {"name": "simulated", "status": "ready", "peers": [{"name": "simulated", "address": "127.0.0.1:9094"}]},
                "versionInfo": {"version": "simulated"}, "config": {"original": ""}, "uptime": stamp(now - TimeDelta::days(3))}),
        ),
        (method, path) if path.starts_with("/silence/") => {
            holding.one(method, path.trim_start_matches("/silence/"), now)
        }
        (_, "/alerts" | "/silences" | "/status") => {
            unfit(405, 405, &format!("method {method} is not allowed, but [GET,POST] are"))
        }
        (_, path) => unfit(404, 404, &format!("path {path} was not found")),
    })
}

/// The alerts that pass every filter, in the order of their fingerprints.
fn list(alerts: Vec<Alert>, silences: &[Silence], asked: &Asked, now: DateTime<Utc>) -> Response<Body> {
    let mut filters = Vec::new();
    for (_, filter) in asked.query.iter().filter(|(name, _)| name == "filter") {
        match matchers(filter) {
            Ok(found) if found.iter().all(matching::is_understood) => filters.extend(found),
            _ => return refused(400, &format!("bad matcher format: {filter}")),
        }
    }
    let wants = |name: &str| asked.parameter(name) != Some("false");
    let causes = inhibiting::causes(&alerts);
    let mut shown: Vec<(String, Value)> = Vec::new();
    for alert in alerts {
        if !filters.iter().all(|filter| matching::covers(filter, &alert.labels)) {
            continue;
        }
        let by: Vec<&str> = silences
            .iter()
            .filter(|silence| silence.state(now) == "active")
            .filter(|silence| silence.matchers.iter().all(|matcher| matching::covers(matcher, &alert.labels)))
            .map(|silence| silence.id.as_str())
            .collect();
        let inhibited: Vec<&str> = inhibiting::by(&alert, &causes).into_iter().collect();
        let is_active = by.is_empty() && inhibited.is_empty();
        if !by.is_empty() && !wants("silenced")
            || !inhibited.is_empty() && !wants("inhibited")
            || is_active && !wants("active")
        {
            continue;
        }
        let fingerprint = alert.fingerprint();
        let state = if is_active { "active" } else { "suppressed" };
        let written = json!({
            "labels": alert.labels, "annotations": alert.annotations, "receivers": [{"name": "on-call"}], "fingerprint": fingerprint,
            "startsAt": stamp(alert.starts_at), "endsAt": stamp(alert.ends_at), "updatedAt": stamp(alert.updated_at),
            "status": {"state": state, "silencedBy": by, "inhibitedBy": inhibited, "mutedBy": []},
        });
        shown.push((fingerprint, written));
    }
    shown.sort_by(|(one, _), (other, _)| one.cmp(other));
    json_answer(200, &shown.into_iter().map(|(_, written)| written).collect())
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

impl Holding {
    fn post(&mut self, body: &[u8], now: DateTime<Utc>) -> Response<Body> {
        let Ok(Value::Array(posted)) = serde_json::from_slice(body) else {
            return unfit(400, 400, "parsing alerts body from \"\" failed, because of the format");
        };
        for one in posted {
            let labels = texts(&one["labels"]);
            if labels.is_empty() {
                return refused(400, "at least one label pair required");
            }
            let starts_at = time(&one["startsAt"]).unwrap_or(now);
            let ends_at = time(&one["endsAt"]).unwrap_or(now + RESOLVES_AFTER);
            let known = self.posted.iter_mut().find(|known| known.labels == labels);
            let alert = Alert { labels, annotations: texts(&one["annotations"]), starts_at, ends_at, updated_at: now };
            match known {
                Some(known) => {
                    let goes_on = known.ends_at > now && time(&one["startsAt"]).is_none();
                    let starts_at = if goes_on { known.starts_at } else { alert.starts_at };
                    *known = Alert { starts_at, ..alert };
                }
                None => self.posted.push(alert),
            }
        }
        empty()
    }

    fn silence(&mut self, body: &[u8], now: DateTime<Utc>) -> Response<Body> {
        let Ok(asked @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
            return unfit(400, 400, "parsing silence body from \"\" failed, because of the format");
        };
        for required in ["comment", "createdBy", "endsAt", "matchers", "startsAt"] {
            if asked.get(required).is_none() {
                return unfit(422, 602, &format!("silence.{required} in body is required"));
            }
        }
        let matcher = |one: &Value| {
            Some(Matcher {
                name: one["name"].as_str()?.to_owned(),
                operator: Operator::of(one["isRegex"].as_bool()?, one["isEqual"].as_bool().unwrap_or(true)),
                value: one["value"].as_str()?.to_owned(),
            })
        };
        let listed = asked["matchers"].as_array().cloned().unwrap_or_default();
        let Some(matchers) = listed.iter().map(matcher).collect::<Option<Vec<_>>>() else {
            return unfit(422, 602, "silence.matchers.0.value in body is required");
        };
        if matchers.is_empty() {
            return unfit(422, 612, "silence.matchers in body should have at least 1 items");
        }
        let (Some(starts_at), Some(ends_at)) = (time(&asked["startsAt"]), time(&asked["endsAt"])) else {
            return unfit(422, 601, "silence.startsAt in body must be of type date-time");
        };
        if starts_at >= ends_at {
            return refused(400, "Failed to create silence: start time must be before end time");
        }
        if ends_at < now {
            return refused(400, "Failed to create silence: end time can't be in the past");
        }
        if !matchers.iter().all(matching::is_understood) {
            return refused(400, "invalid silence: invalid label matcher");
        }
        let nothing = BTreeMap::new();
        if matchers.iter().all(|matcher| matching::covers(matcher, &nothing)) {
            return refused(400, "invalid silence: at least one matcher must not match the empty string");
        }
        self.made += 1;
        let fresh = format!("00000000-0000-4000-8000-{:012x}", self.made);
        let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let wanted = Silence {
            id: fresh.clone(),
            matchers,
            starts_at: starts_at.max(now),
            ends_at,
            updated_at: now,
            created_by: text("createdBy"),
            comment: text("comment"),
        };
        let id = match asked.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            None => fresh,
            Some(id) => {
                let Some(known) = self.silences.iter_mut().find(|known| known.id == id) else {
                    return refused(404, "silence not found");
                };
                let keeps_its_beginning =
                    known.state(now) != "active" || known.starts_at.timestamp() == starts_at.timestamp();
                if known.matchers == wanted.matchers && known.state(now) != "expired" && keeps_its_beginning {
                    let starts_at = if known.state(now) == "active" { known.starts_at } else { wanted.starts_at };
                    *known = Silence { id: known.id.clone(), starts_at, ..wanted };
                    return json_answer(200, &json!({"silenceID": id}));
                }
                // Other matchers, or another beginning of one that has begun, are another silence.
                if known.state(now) != "expired" {
                    known.ends_at = now;
                }
                fresh
            }
        };
        self.silences.push(wanted);
        json_answer(200, &json!({"silenceID": id}))
    }

    fn one(&mut self, method: &str, id: &str, now: DateTime<Utc>) -> Response<Body> {
        let Some(known) = self.silences.iter_mut().find(|known| known.id == id) else {
            return answered(StatusCode::NOT_FOUND, "application/json", "");
        };
        match method {
            "GET" => json_answer(200, &known.written(now)),
            "DELETE" => {
                if known.state(now) != "expired" {
                    known.starts_at = known.starts_at.min(now);
                    known.ends_at = now;
                    known.updated_at = now;
                }
                empty()
            }
            method => unfit(405, 405, &format!("method {method} is not allowed, but [DELETE,GET] are")),
        }
    }
}
