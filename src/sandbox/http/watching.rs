//! Watches: what happened since a version, and what happens from now on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::route::Target;
use super::verbs::fits;
use super::{Asked, Body, failed, streamed};
use crate::sandbox::Shared;
use crate::sandbox::faults::Fault;

/// How often a quiet watch tells how far it is.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// How long before its end a watch tells so for the last time.
const BOOKMARK_BEFORE_END: Duration = Duration::from_secs(2);

struct Watching {
    shared: Arc<Shared>,
    asked: Asked,
    resource: &'static str,
    kind: &'static str,
    api: &'static str,
    namespace: String,
    version: u64,
    versions: tokio::sync::watch::Receiver<u64>,
    ready: VecDeque<Bytes>,
    ends_at: Instant,
    bookmark_at: Instant,
    has_bookmarks: bool,
    is_over: bool,
    is_repeated: bool,
}

/// Opens a watch.
pub(super) fn watch(shared: &Arc<Shared>, asked: &Asked, target: &Target, fault: Option<Fault>) -> Response<Body> {
    if asked.parameter("sendInitialEvents") == Some("true") {
        return failed(
            422,
            "Invalid",
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        );
    }
    let versions = shared.versions.subscribe();
    let from = asked.parameter("resourceVersion").and_then(|version| version.parse::<u64>().ok());
    let seconds = asked.parameter("timeoutSeconds").and_then(|seconds| seconds.parse().ok()).unwrap_or(1_800);
    let (now, length) = (Instant::now(), Duration::from_secs(seconds));
    let mut watching = Watching {
        shared: shared.clone(),
        resource: target.resource.plural,
        kind: target.resource.kind,
        api: target.resource.api,
        namespace: target.namespace.clone(),
        version: 0,
        versions,
        ready: VecDeque::new(),
        ends_at: now + length,
        bookmark_at: now + BOOKMARK_EVERY.min(length.saturating_sub(BOOKMARK_BEFORE_END)),
        has_bookmarks: asked.parameter("allowWatchBookmarks") == Some("true"),
        is_over: false,
        is_repeated: fault == Some(Fault::Repeated),
        asked: Asked {
            method: String::new(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            bare: Vec::new(),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
            user: asked.user,
        },
    };
    watching.begin(from, fault);
    let mut response = Response::new(streamed(futures_util::stream::unfold(watching, |mut watching| async {
        let line = watching.next().await?;
        Some((Ok(Frame::data(line)), watching))
    })));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

impl Watching {
    /// Where to begin: at a version, or with everything there is.
    fn begin(&mut self, from: Option<u64>, fault: Option<Fault>) {
        let shared = self.shared.clone();
        shared.read(|world| {
            let is_too_old = from.is_some_and(|from| from > 0 && from < world.oldest());
            if is_too_old || fault == Some(Fault::GoneInStream) {
                let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Expired", "code": 410, "message": "too old resource version"});
                self.push("ERROR", &status);
                self.is_over = true;
                return;
            }
            match from {
                Some(from) if from > 0 => self.version = from,
                _ => {
                    self.version = world.version();
                    for (_, object) in world.list(self.resource, &self.namespace.clone()) {
                        if fits(&self.asked, object) {
                            self.push("ADDED", object);
                        }
                    }
                }
            }
        });
        self.catch_up();
    }

    fn push(&mut self, kind: &str, object: &Value) {
        self.ready.push_back(Bytes::from(format!("{}\n", json!({"type": kind, "object": object}))));
    }

    /// Takes in what happened since.
    fn catch_up(&mut self) {
        let shared = self.shared.clone();
        shared.read(|world| {
            let mut last: Option<(&'static str, Value)> = None;
            for happened in world.since(self.version) {
                let key = &happened.key;
                if key.resource != self.resource || !self.namespace.is_empty() && key.namespace != self.namespace {
                    continue;
                }
                let fitted = happened.before.as_ref().is_some_and(|before| fits(&self.asked, before));
                let fits_now = happened.after.as_ref().is_some_and(|after| fits(&self.asked, after));
                let event = match (fitted, fits_now, &happened.after, &happened.before) {
                    (false, true, Some(after), _) => ("ADDED", after),
                    (true, true, Some(after), _) => ("MODIFIED", after),
                    (true, false, Some(after), _) => ("DELETED", after),
                    (true, _, None, Some(before)) => ("DELETED", before),
                    _ => continue,
                };
                self.push(event.0, event.1);
                if self.is_repeated {
                    self.push(event.0, event.1);
                    if let Some((kind, older)) =
                        last.replace((event.0, event.1.clone())).filter(|(kind, _)| *kind != "DELETED")
                    {
                        self.push(kind, &older);
                    }
                }
            }
            self.version = world.version().max(self.version);
        });
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.shared.faults.is_mute(&self.asked.path) {
                // For as long as it lives: nobody tells its reader.
                std::future::pending::<()>().await;
            }
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            tokio::select! {
                changed = self.versions.changed() => {
                    changed.ok()?;
                    self.catch_up();
                }
                () = tokio::time::sleep_until(self.ends_at) => return None,
                () = tokio::time::sleep_until(self.bookmark_at), if self.has_bookmarks => {
                    self.bookmark_at += BOOKMARK_EVERY;
                    let bookmark = json!({"kind": self.kind, "apiVersion": self.api, "metadata": {"resourceVersion": self.version.to_string(), "creationTimestamp": null}});
                    self.push("BOOKMARK", &bookmark);
                }
            }
        }
    }
}
