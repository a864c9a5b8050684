//! A simulated Prometheus for each namespace, beside the cluster's API: `/prometheus/NAMESPACE/api/v1/…`.
//!
//! Its series come from simulated traffic that fails where pods really crash in the simulated cluster. It evaluates the PromQL that
//! is shipped, with the arithmetic of a real one, held by the test that asks both; what else is asked is refused as bad data.

mod evaluate;
mod promql;
mod rules;
mod traffic;

use std::sync::PoisonError;

use chrono::{DateTime, TimeDelta, Utc};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::Shared;
use super::alertmanager::rules::rules as ruled;
use super::http::{Asked, Body, answered, decoded, json_answer};
use crate::domain::time;
pub(super) use traffic::{EVERY, Traffic};

/// Where it is.
pub(super) const PREFIX: &str = "/prometheus/";
/// Where the metrics are shown as the services themselves show them.
pub(super) const PAGES: &str = "/exposition/";
/// The most steps of a range, as a real one has it.
const STEPS_AT_MOST: i64 = 11_000;

/// The answer to a request; `None` when it is not for it.
pub(super) fn answer(shared: &Shared, asked: &Asked) -> Option<Response<Body>> {
    let (namespace, rest) = asked.path.strip_prefix(PREFIX)?.split_once('/')?;
    let Some(path) = rest.strip_prefix("api/v1") else {
        return Some(json_answer(404, &json!("404 page not found")));
    };
    let fields = fields(asked);
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let now = shared.clock.now();
    let traffic = shared.traffic.lock().unwrap_or_else(PoisonError::into_inner);
    let found = match path {
        "/query" => query(&traffic, namespace, field("query"), instant(field("time")).unwrap_or(now)),
        "/query_range" => {
            let times =
                (instant(field("start")), instant(field("end")), field("step").and_then(|step| step.parse().ok()));
            match times {
                (Some(start), Some(end), Some(step)) => range(&traffic, namespace, field("query"), (start, end), step),
                _ => Err("invalid parameter \"start\", \"end\" or \"step\"".to_owned()),
            }
        }
        "/labels" => Ok(json!(["__name__", "code", "instance", "job", "le", "service"])),
        "/rules" => Ok(rules::groups(&shared.read(|world| ruled(world, namespace, now)), now)),
        _ => return Some(json_answer(404, &json!({"status": "error", "errorType": "not_found", "error": path}))),
    };
    Some(match found {
        Ok(data) => json_answer(200, &json!({"status": "success", "data": data})),
        Err(error) => json_answer(400, &json!({"status": "error", "errorType": "bad_data", "error": error})),
    })
}

/// The page of metrics of a namespace: every service of it with its label; `None` when the request is not for it.
pub(super) fn page(shared: &Shared, asked: &Asked) -> Option<Response<Body>> {
    let namespace = asked.path.strip_prefix(PAGES)?.strip_suffix("/metrics")?;
    let text = shared.traffic.lock().unwrap_or_else(PoisonError::into_inner).shown(namespace, shared.clock.now());
    Some(answered(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text))
}

/// The fields of a form, or of the address.
fn fields(asked: &Asked) -> Vec<(String, String)> {
    let body = String::from_utf8_lossy(&asked.body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).chain(asked.query.iter().cloned()).collect()
}

/// A time of the API: seconds with a fraction.
fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text?.split_once('.').unwrap_or((text?, "0"));
    let milliseconds = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
    Some(time::from_milliseconds(whole.parse::<i64>().ok()?.saturating_mul(1_000).saturating_add(milliseconds)))
}

fn query(traffic: &Traffic, namespace: &str, text: Option<&str>, at: DateTime<Utc>) -> Result<Value, String> {
    let expression = promql::parse(text.unwrap_or_default())?;
    let stamp = json!(seconds(at));
    match evaluate::evaluate(&expression, traffic, namespace, at)? {
        evaluate::Found::Scalar(value) => Ok(json!({"resultType": "scalar", "result": [stamp, written(value)]})),
        evaluate::Found::Vector(elements) => {
            let element =
                |(labels, value): (evaluate::Labels, f64)| json!({"metric": labels, "value": [stamp, written(value)]});
            Ok(json!({"resultType": "vector", "result": elements.into_iter().map(element).collect::<Vec<_>>()}))
        }
    }
}

fn range(
    traffic: &Traffic,
    namespace: &str,
    text: Option<&str>,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    step: f64,
) -> Result<Value, String> {
    let expression = promql::parse(text.unwrap_or_default())?;
    #[expect(clippy::cast_possible_truncation, reason = "a step of milliseconds")]
    let step = time::milliseconds((step * 1_000.0) as i64);
    if step <= TimeDelta::zero() || (end - start).num_milliseconds() / step.num_milliseconds() > STEPS_AT_MOST {
        return Err("exceeded maximum resolution of 11,000 points per timeseries".to_owned());
    }
    let mut series: std::collections::BTreeMap<evaluate::Labels, Vec<Value>> = std::collections::BTreeMap::new();
    let mut at = start;
    while at <= end {
        if let evaluate::Found::Vector(elements) = evaluate::evaluate(&expression, traffic, namespace, at)? {
            for (labels, value) in elements {
                series.entry(labels).or_default().push(json!([seconds(at), written(value)]));
            }
        }
        at += step;
    }
    let element = |(labels, values): (evaluate::Labels, Vec<Value>)| json!({"metric": labels, "values": values});
    Ok(json!({"resultType": "matrix", "result": series.into_iter().map(element).collect::<Vec<_>>()}))
}

fn seconds(at: DateTime<Utc>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
    let milliseconds = at.timestamp_millis() as f64;
    milliseconds / 1_000.0
}

/// A number as the API writes it.
fn written(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}
