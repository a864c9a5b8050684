//! What the simulated containers write: made up from the pod alone, so that whoever asks twice reads the same.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Response, StatusCode};
use http_body::Frame;
use serde_json::{Value, json};

use super::route::Target;
use super::{Asked, Body, answered, failed, streamed};
use crate::domain::time;
use crate::sandbox::Shared;
use crate::sandbox::world::read_stamp;

/// How often a follower is told what was written.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// Seconds between two requests a container tells of.
const EVERY: i64 = 2;
/// The most lines kept of one container, as if the rest were rotated away.
const KEPT: i64 = 600;
/// Seconds from one crash to the next.
const CRASH_EVERY: i64 = 10;
const PATHS: [&str; 6] = ["/", "/search?q=lamp", "/basket", "/orders/1482", "/health", "/login"];

/// One container of a pod as its log needs it.
struct Writer {
    service: String,
    pod: String,
    began: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    restarts: i64,
    is_crashing: bool,
    uid: u64,
}

/// Answers a request for a log.
pub(super) fn log(shared: &Arc<Shared>, asked: &Asked, target: &Target, pod: &Value) -> Response<Body> {
    let writer = Writer::of(pod);
    let is_previous = asked.parameter("previous") == Some("true");
    if is_previous && writer.restarts == 0 {
        return failed(400, "BadRequest", "previous terminated container not found");
    }
    let waiting =
        pod.pointer("/status/containerStatuses/0/state/waiting/reason").and_then(Value::as_str).unwrap_or_default();
    if !is_previous && (waiting.contains("Image") || waiting == "ContainerCreating")
        || pod.pointer("/status/containerStatuses").is_none()
    {
        let words =
            format!("container \"{}\" in pod \"{}\" is waiting to start: {waiting}", writer.service, writer.pod);
        return failed(400, "BadRequest", &words);
    }
    let now = shared.clock.now();
    let since = asked.parameter("sinceTime").and_then(time::read);
    let mut lines = writer.lines(is_previous, now);
    lines.retain(|(at, _)| since.is_none_or(|since| *at >= since));
    if let Some(tail) = asked.parameter("tailLines").and_then(|count| count.parse::<usize>().ok()) {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let is_stamped = asked.parameter("timestamps") == Some("true");
    let text = written(&lines, is_stamped);
    if asked.parameter("follow") != Some("true") || is_previous || writer.is_crashing {
        return answered(StatusCode::OK, "text/plain", text);
    }
    let state = (shared.clone(), target.key(), Some(text), now, is_stamped);
    let pieces = futures_util::stream::unfold(state, |(shared, key, first, told, is_stamped)| async move {
        if let Some(first) = first {
            return Some((Ok(Frame::data(Bytes::from(first))), (shared, key, None, told, is_stamped)));
        }
        loop {
            tokio::time::sleep(TOLD_EVERY).await;
            let pod = shared.read(|world| world.get(&key).cloned())?;
            let now = shared.clock.now();
            let mut lines = Writer::of(&pod).lines(false, now);
            lines.retain(|(at, _)| *at > told);
            if !lines.is_empty() {
                return Some((
                    Ok(Frame::data(Bytes::from(written(&lines, is_stamped)))),
                    (shared, key, None, now, is_stamped),
                ));
            }
        }
    });
    let mut response = Response::new(streamed(pieces));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
    response
}

fn written(lines: &[(DateTime<Utc>, Value)], is_stamped: bool) -> String {
    let one = |(at, entry): &(DateTime<Utc>, Value)| {
        let stamp = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
        if is_stamped { format!("{stamp} {entry}\n") } else { format!("{entry}\n") }
    };
    lines.iter().map(one).collect()
}

impl Writer {
    fn of(pod: &Value) -> Self {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let began = read_stamp(pod.pointer("/metadata/creationTimestamp")).unwrap_or_default();
        let conditions = pod.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
        let ready =
            conditions.into_iter().find(|condition| condition["type"] == "Ready" && condition["status"] == "True");
        let restarts = pod.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_i64).unwrap_or(0);
        let uid =
            text("/metadata/uid").bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        Self {
            service: text("/spec/containers/0/name"),
            pod: text("/metadata/name"),
            began,
            ready_at: ready.and_then(|condition| read_stamp(condition.get("lastTransitionTime"))),
            restarts,
            is_crashing: restarts > 0 && ready.is_none(),
            uid,
        }
    }

    /// What one instance has written until now, oldest first.
    fn lines(&self, is_previous: bool, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, Value)> {
        let instance = if is_previous { self.restarts - 1 } else { self.restarts };
        let began = self.began + time::seconds(instance * CRASH_EVERY) + TimeDelta::milliseconds(120);
        let at = |milliseconds: i64| began + time::milliseconds(milliseconds);
        let entry = |at: DateTime<Utc>, level: u8, words: &str| json!({"level": level, "time": at.timestamp_millis(), "pid": 1, "hostname": self.pod, "name": self.service, "msg": words});
        let mut lines =
            vec![(at(0), entry(at(0), 30, "starting")), (at(340), entry(at(340), 30, "connected to the database"))];
        if self.is_crashing || is_previous {
            let mut fatal = entry(at(610), 60, "cannot start: required setting PAYMENT_PROVIDER_URL is missing");
            fatal["err"] = json!({"type": "ConfigError", "message": "PAYMENT_PROVIDER_URL is missing", "code": "ECONFIG",
                "stack": "ConfigError: PAYMENT_PROVIDER_URL is missing\n    at load (/app/config.js:42:11)\n    at main (/app/index.js:7:3)"});
            lines.push((at(610), fatal));
        } else if let Some(ready_at) = self.ready_at {
            lines.push((ready_at, entry(ready_at, 30, "listening on :8080")));
            let last = (now - ready_at).num_seconds() / EVERY;
            for number in 1.max(last - KEPT)..=last {
                lines.push(self.request(ready_at, number));
            }
        }
        lines.retain(|(at, _)| *at <= now);
        lines
    }

    /// A request it answered.
    fn request(&self, ready_at: DateTime<Utc>, number: i64) -> (DateTime<Utc>, Value) {
        let chance = self.uid.wrapping_add(number.unsigned_abs()).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let at =
            ready_at + time::seconds(number * EVERY) + time::milliseconds(i64::try_from(chance % 1_900).unwrap_or(0));
        let path = PATHS[usize::try_from(chance % 6).unwrap_or(0)];
        let took = 8 + chance % 90;
        let mut entry = json!({"level": 30, "time": at.timestamp_millis(), "pid": 1, "hostname": self.pod, "name": self.service,
            "req": {"id": format!("r-{chance:x}"), "method": "GET", "url": path}, "responseTime": took, "msg": "request completed"});
        if chance.is_multiple_of(17) {
            entry["level"] = json!(40);
            entry["msg"] = json!("slow query");
            entry["responseTime"] = json!(took * 20);
        } else if path == "/login" {
            // What a careless service logs, and a console has to hide.
            entry["req"]["headers"] =
                json!({"authorization": format!("Bearer demo-{chance:x}-{number}"), "user": "kim@shop.example"});
        }
        (at, entry)
    }
}
