//! The server: TLS, connections, trouble, and a body that may come slowly.

mod discovery;
mod logs;
mod review;
mod route;
mod table;
mod usage;
mod verbs;
mod watching;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::faults::Fault;
use super::tls::Identity;
use super::{Seen, Shared};
use super::{alertmanager, health, prometheus};

/// A body of this server.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// A request, taken apart.
pub(super) struct Asked {
    /// GET, POST, PATCH, PUT, DELETE.
    pub(super) method: String,
    /// The path without the query.
    pub(super) path: String,
    /// The query, decoded.
    pub(super) query: Vec<(String, String)>,
    /// What stands in the query without a value.
    pub(super) bare: Vec<String>,
    /// The headers.
    pub(super) headers: HeaderMap,
    /// The body.
    pub(super) body: Bytes,
    /// The user.
    pub(super) user: &'static str,
}

impl Asked {
    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether the query names something, with a value or without.
    pub(super) fn query_names(&self, name: &str) -> bool {
        self.bare.iter().any(|known| known == name) || self.query.iter().any(|(known, _)| known == name)
    }

    /// A header as text.
    pub(super) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Serves on a free loopback port.
pub(super) async fn serve(shared: Arc<Shared>, identity: Identity) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let expired = TlsAcceptor::from(identity.expired()?.config);
    let (right, wrong) = (TlsAcceptor::from(identity.config), TlsAcceptor::from(Identity::for_somebody_else()?.config));
    #[expect(clippy::disallowed_methods, reason = "a server of its own, ended with the sandbox")]
    let task = tokio::spawn(async move {
        // Connections end with the server: the set is dropped with this task.
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            while connections.try_join_next().is_some() {}
            let acceptor = match shared.faults.on("/") {
                Some(Fault::Down) => continue,
                Some(Fault::WrongCertificate) => wrong.clone(),
                Some(Fault::ExpiredCertificate) => expired.clone(),
                _ => right.clone(),
            };
            connections.spawn(connection(shared.clone(), stream, acceptor));
        }
    });
    Ok((address, task))
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, acceptor: TlsAcceptor) {
    let mut trouble = shared.faults.changes();
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(respond(shared, request).await) }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How a connection ends is the client's business.
        _ = serving => {}
        _ = trouble.changed() => {}
    }
}

async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let bearer = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let user = {
        let tokens = shared.tokens();
        match bearer {
            Some(token) if token == tokens.operator => "operator",
            Some(token) if token == tokens.viewer => "viewer",
            _ => "",
        }
    };
    let whole = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(Seen {
        method: parts.method.to_string(),
        path: whole,
        user: user.to_owned(),
    });
    let fault = shared.faults.on(&path);
    match fault {
        Some(Fault::Hang) => std::future::pending::<()>().await,
        Some(Fault::Status(code)) => return failed(code, "Fault", "trouble to order"),
        Some(Fault::Garbage) => return answered(StatusCode::OK, "application/json", "\u{1}\u{2}{{{ not json at all"),
        Some(Fault::Html) => return answered(StatusCode::OK, "text/html", "<html><body>Please log in</body></html>"),
        _ => {}
    }
    if let Some(response) = health::answer(&shared, &path) {
        return response;
    }
    if user.is_empty() {
        return failed(401, "Unauthorized", "Unauthorized");
    }
    let Ok(body) = Limited::new(body, 8 * 1024 * 1024).collect().await else {
        return failed(413, "RequestEntityTooLarge", "the body is too large");
    };
    let query = parts.uri.query().unwrap_or_default();
    let asked = Asked {
        method: parts.method.to_string(),
        path,
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect(),
        bare: query.split('&').filter(|part| !part.contains('=')).map(decoded).collect(),
        headers: parts.headers,
        body: body.to_bytes(),
        user,
    };
    let beside = alertmanager::answer(&shared, &asked).or_else(|| prometheus::answer(&shared, &asked));
    let beside = beside.or_else(|| prometheus::page(&shared, &asked));
    let response = beside.unwrap_or_else(|| route::route(&shared, &asked, fault));
    match fault {
        Some(fault @ (Fault::Slow | Fault::Reset | Fault::Truncated | Fault::HangAfterHeaders | Fault::Huge)) => {
            spoiled(response, fault).await
        }
        _ => response,
    }
}

/// The same answer with its body spoiled.
async fn spoiled(response: Response<Body>, fault: Fault) -> Response<Body> {
    let (parts, body) = response.into_parts();
    // A watch has no end to wait for: its first frame is enough to spoil.
    let whole = match tokio::time::timeout(Duration::from_millis(200), body.collect()).await {
        Ok(Ok(collected)) => collected.to_bytes(),
        _ => Bytes::from_static(b"{\"type\":\"BOOKMARK\",\"obj"),
    };
    // Never by chance at the end of a word: half a line of metrics or of JSON is no whole one.
    let middle = whole.len() / 2;
    let end = whole.slice(..middle).iter().rposition(|byte| *byte == b' ').map_or(middle, |place| place + 1);
    let half = whole.slice(..end);
    let frame = |bytes: Bytes| Ok::<_, io::Error>(Frame::data(bytes));
    let stream: futures_util::stream::BoxStream<'static, Result<Frame<Bytes>, io::Error>> = match fault {
        Fault::Slow => Box::pin(futures_util::stream::unfold((whole, 0), move |(whole, place)| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            (place < whole.len()).then(|| (Ok(Frame::data(whole.slice(place..=place))), (whole, place + 1)))
        })),
        Fault::Huge => {
            Box::pin(futures_util::stream::iter((0..200).map(move |_| frame(Bytes::from(vec![b' '; 1024 * 1024])))))
        }
        Fault::Truncated => Box::pin(futures_util::stream::iter([frame(half)])),
        Fault::Reset => Box::pin(futures_util::stream::iter([frame(half), Err(io::Error::other("reset to order"))])),
        _ => Box::pin(futures_util::stream::pending()),
    };
    Response::from_parts(parts, BodyExt::boxed(StreamBody::new(SyncStream(std::sync::Mutex::new(stream)))))
}

/// A stream behind a lock nobody contends for: a boxed body has to be `Sync`.
struct SyncStream<T>(std::sync::Mutex<futures_util::stream::BoxStream<'static, T>>);

impl<T> futures_util::Stream for SyncStream<T> {
    type Item = T;

    fn poll_next(self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<Option<T>> {
        let inner = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        inner.as_mut().poll_next(context)
    }
}

/// A body that comes piece by piece.
fn streamed(stream: impl futures_util::Stream<Item = Result<Frame<Bytes>, io::Error>> + Send + 'static) -> Body {
    BodyExt::boxed(StreamBody::new(SyncStream(std::sync::Mutex::new(Box::pin(stream)))))
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed()
}

pub(super) fn answered(code: StatusCode, kind: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = code;
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

pub(super) fn json_answer(code: u16, value: &Value) -> Response<Body> {
    answered(
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        "application/json",
        value.to_string(),
    )
}

/// A `Status` object.
fn failed(code: u16, reason: &str, message: &str) -> Response<Body> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code});
    let mut response = json_answer(code, &status);
    if code == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}

/// A part of a query without its escapes.
pub(super) fn decoded(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let escape = others.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (first, escape) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = others;
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
