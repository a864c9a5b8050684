//! An API server behind the API server: HTTPS on loopback, answering what a test says, as a metrics server would.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A running one. Dropping it stops it.
pub(crate) struct Aggregated {
    port: u16,
    answers: Answers,
    _runtime: tokio::runtime::Runtime,
}

/// Documents by path, without the query.
type Answers = Arc<Mutex<Vec<(String, Value)>>>;

impl Aggregated {
    /// Starts one that knows its group and nothing more.
    pub(crate) fn start(group_version: &str, resources: &Value) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![own.cert.der().clone()], key).expect("a key that fits");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a loopback port");
        let port = listener.local_addr().expect("bound").port();
        let document = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources});
        let answers: Answers = Arc::new(Mutex::new(vec![(format!("/apis/{group_version}"), document)]));
        let known = answers.clone();
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (acceptor, known) = (acceptor.clone(), known.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&head);
                    let path = head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
                    let known = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let found = known.iter().rev().find(|(at, _)| at == path);
                    let (code, body) = match found {
                        Some((_, document)) => ("200 OK", document.to_string()),
                        None => ("404 Not Found", json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).to_string()),
                    };
                    let answer = format!(
                        "HTTP/1.1 {code}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, answers, _runtime: runtime }
    }

    /// Its port on loopback.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Answers a path with a document from now on.
    pub(crate) fn answer(&self, path: &str, document: Value) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push((path.to_owned(), document));
    }
}
