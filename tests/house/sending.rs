//! What the shipped client may say of a request that failed: only what never left is certainly not done.

use std::sync::Arc;

use quarterdeck::domain::action::Request;
use quarterdeck::sources::cluster::{Connection, Contexts, Hands};
use quarterdeck::sources::error::SourceError;
use quarterdeck::sources::operate::OperateCluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[expect(clippy::disallowed_methods, reason = "these servers live in real time")]
fn now() -> quarterdeck::domain::time::Instant {
    chrono::Utc::now()
}

/// Sends one patch to an address.
async fn sent_to(server: String) -> SourceError {
    // Another test of this process may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: \"{server}\", insecure-skip-tls-verify: true}}}}]\n\
         users: [{{name: u, user: {{}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    );
    std::fs::write(&file, text).expect("a file of ours");
    let endpoint = Contexts::read(Some(&file)).and_then(|contexts| contexts.endpoint("c")).expect("a context");
    let connection = Connection::open(endpoint, Arc::new(now)).await.expect("nothing is sent yet");
    let request = Request {
        method: "PATCH".into(),
        path: "/apis/apps/v1/namespaces/shop/deployments/api".into(),
        content_type: "application/merge-patch+json".into(),
        body: serde_json::json!({"spec": {"paused": true}}),
    };
    Hands::new(connection).send(&request, "id").await.expect_err("nobody answers well")
}

/// Reads until the request is whole enough to have been sent.
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) {
    let (mut seen, mut piece) = (Vec::new(), [0_u8; 1024]);
    while !seen.windows(6).any(|window| window == b"paused") {
        let length = stream.read(&mut piece).await.expect("a request");
        assert!(length > 0, "the request ended early");
        seen.extend_from_slice(&piece[..length]);
    }
}

async fn listening() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[tokio::test]
async fn what_was_never_connected_was_not_sent() {
    // A port that was had and let go of may be another test's by now; nobody listens on this one.
    let error = sent_to("http://127.0.0.1:1".to_owned()).await;
    assert!(error.is_certainly_not_done, "{error:?}");
}

#[tokio::test]
async fn a_line_that_breaks_after_the_request_leaves_it_open() {
    let (listener, address) = listening().await;
    let server = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await;
        stream.set_zero_linger().expect("a reset");
    };
    let ((), error) = tokio::join!(server, sent_to(format!("http://{address}")));
    assert!(!error.is_certainly_not_done, "{error:?}");
}

/// A server whose TLS falls to pieces: before the handshake is over, or after the request.
async fn broken_tls(is_after_request: bool) -> SourceError {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .expect("a key that fits");
    let (listener, address) = listening().await;
    let server = async {
        let (stream, _) = listener.accept().await.expect("a connection");
        let garbage = [0x17, 3, 3, 0, 40, 9, 9, 9].repeat(12);
        let mut stream: TcpStream = if is_after_request {
            let mut secured =
                tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.expect("a handshake");
            read_request(&mut secured).await;
            secured.into_inner().0
        } else {
            stream
        };
        stream.write_all(&garbage).await.expect("still open");
        // Until the client has had enough.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    };
    let ((), error) = tokio::join!(server, sent_to(format!("https://{address}")));
    error
}

#[tokio::test]
async fn tls_that_fails_in_the_handshake_has_sent_nothing() {
    let error = broken_tls(false).await;
    assert!(error.is_certainly_not_done, "{error:?}");
}

#[tokio::test]
async fn tls_that_fails_after_the_request_leaves_it_open() {
    let error = broken_tls(true).await;
    assert!(!error.is_certainly_not_done, "{error:?}");
}
