//! A proxy in front of the real API server that fails on purpose: it holds a request back, or an answer, or loses it.
//!
//! It speaks HTTPS with a certificate of its own, numbers the requests from 1, and passes bodies and watches through as they come.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::controlplane::{ControlPlane, kubeconfig};
use super::process::wait_until;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not reach the server until released.
    StallBefore,
    /// The server carries it out; the answer stays here until released.
    StallAfter,
    /// The server carries it out; the connection breaks instead of an answer.
    LoseAnswer,
    /// The connection breaks before the server hears of it.
    Reset,
}

/// A request that came through.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) uri: String,
}

impl Seen {
    /// Whether it changes something on the server: not a read, not a review, not a dry run.
    pub(crate) fn is_write(&self) -> bool {
        self.method != "GET" && !self.uri.contains("dryRun") && !self.uri.contains("/selfsubject")
    }
}

type Claim = Box<dyn Fn(&Seen) -> bool + Send>;

#[derive(Default)]
struct Ledger {
    seen: Vec<Seen>,
    /// The fault that waits for its request, and which one that is. Used up by the first that fits.
    armed: Option<(Claim, Fault)>,
    /// The request a fault has struck.
    struck: Option<Seen>,
    is_released: bool,
}

struct Shared {
    ledger: Mutex<Ledger>,
    release: Notify,
    upstream: SocketAddr,
    trust: Arc<rustls::ClientConfig>,
}

/// The running proxy; it stops when dropped.
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    port: u16,
    directory: tempfile::TempDir,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Proxy {
    /// Opens a proxy in front of a control plane.
    pub(crate) fn before(plane: &ControlPlane) -> Self {
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()])
            .expect("a certificate");
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("proxy.crt"), own.cert.pem()).expect("a file of ours");

        let mut roots = rustls::RootCertStore::empty();
        let certificates = plane.certificate();
        for certificate in CertificateDer::pem_slice_iter(certificates.as_bytes()) {
            roots.add(certificate.expect("PEM")).expect("the server's certificate");
        }
        let trust = rustls::ClientConfig::builder_with_provider(ring.clone())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let key = PrivateKeyDer::from_pem_slice(own.signing_key.serialize_pem().as_bytes()).expect("PEM");
        let server = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("a key that fits");

        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            ledger: Mutex::new(Ledger::default()),
            release: Notify::new(),
            upstream: SocketAddr::from(([127, 0, 0, 1], plane.port())),
            trust: Arc::new(trust),
        });
        runtime.spawn(accept(listener, tokio_rustls::TlsAcceptor::from(Arc::new(server)), shared.clone()));
        Self { shared, port, directory, runtime: Some(runtime) }
    }

    /// A kubeconfig that leads through the proxy.
    pub(crate) fn kubeconfig(&self, user: &str, namespace: &str) -> String {
        let authority: PathBuf = self.directory.path().join("proxy.crt");
        kubeconfig(user, namespace, self.port, &authority)
    }

    /// Lets a fault wait for the first request from now on that fulfils a claim. Numbers go on counting.
    pub(crate) fn strike(&self, fault: Fault, claim: impl Fn(&Seen) -> bool + Send + 'static) {
        let mut ledger = self.ledger();
        ledger.armed = Some((Box::new(claim), fault));
        ledger.struck = None;
        ledger.is_released = false;
    }

    /// The request the fault has struck, if it has.
    pub(crate) fn struck(&self) -> Option<Seen> {
        self.ledger().struck.clone()
    }

    /// Waits until the fault has struck.
    pub(crate) fn wait_for_strike(&self, deadline: Duration) -> Seen {
        wait_until("the fault to strike a request", deadline, || self.struck())
    }

    /// Lets what is stalled go on.
    pub(crate) fn release(&self) {
        self.ledger().is_released = true;
        self.shared.release.notify_waiters();
    }

    /// Everything that came through, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.ledger().seen.clone()
    }

    /// Forgets what came through, and counts from 1 again.
    pub(crate) fn forget(&self) {
        *self.ledger() = Ledger::default();
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.shared.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    /// Numbers a request and says what goes wrong with it.
    fn note(&self, method: String, uri: String) -> Option<Fault> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = Seen { number: ledger.seen.len() + 1, method, uri };
        let fault = match &ledger.armed {
            Some((claim, fault)) if claim(&seen) => Some(*fault),
            _ => None,
        };
        if fault.is_some() {
            ledger.armed = None;
            // After the answer is known, for those that let the server act first.
            if matches!(fault, Some(Fault::StallBefore | Fault::Reset)) {
                ledger.struck = Some(seen.clone());
            }
        }
        ledger.seen.push(seen);
        fault
    }

    fn has_struck(&self, number_of: &str) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.struck = ledger.seen.iter().rev().find(|seen| seen.uri == number_of).cloned();
    }

    async fn released(&self) {
        loop {
            let told = self.release.notified();
            if self.ledger.lock().unwrap_or_else(PoisonError::into_inner).is_released {
                return;
            }
            // A look now and then covers a release between the look and the wait.
            let _ = tokio::time::timeout(Duration::from_millis(50), told).await;
        }
    }
}

async fn accept(listener: TcpListener, tls: tokio_rustls::TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((socket, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(socket).await else { return };
            let service = hyper::service::service_fn(move |request| forward(request, shared.clone()));
            // A connection that breaks is the client's affair, and sometimes the point.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

/// An error makes hyper drop the connection: the client sees it break.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

type Body = BoxBody<Bytes, hyper::Error>;

async fn forward(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, Broken> {
    let uri = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let fault = shared.note(request.method().to_string(), uri.clone());
    match fault {
        Some(Fault::Reset) => return Err(Broken),
        Some(Fault::StallBefore) => shared.released().await,
        _ => {}
    }
    let answer = ask(request, &shared).await;
    match fault {
        Some(Fault::LoseAnswer) => {
            shared.has_struck(&uri);
            return Err(Broken);
        }
        Some(Fault::StallAfter) => {
            shared.has_struck(&uri);
            shared.released().await;
        }
        _ => {}
    }
    Ok(answer.unwrap_or_else(|error| {
        let text = Full::new(Bytes::from(format!("the proxy cannot reach the server: {error}")));
        let mut answer = Response::new(text.map_err(|never: Infallible| match never {}).boxed());
        *answer.status_mut() = http::StatusCode::BAD_GATEWAY;
        answer
    }))
}

/// Sends one request to the real server over a connection of its own.
async fn ask(
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let socket = TcpStream::connect(shared.upstream).await?;
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = tokio_rustls::TlsConnector::from(shared.trust.clone()).connect(name, socket).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    // The whole body is read first, so that a client killed half-way never reaches the server.
    let (parts, body) = request.into_parts();
    let body = Full::new(body.collect().await?.to_bytes());
    let answer = sender.send_request(Request::from_parts(parts, body)).await?;
    Ok(answer.map(BodyExt::boxed))
}
