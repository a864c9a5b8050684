//! The way to a Prometheus as its operators build it: behind TLS that asks for a client's certificate, behind a name and a password,
//! behind the prefix of Thanos or Mimir; and what it says beside its numbers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::DateTime;
use quarterdeck::config::{Credentials, Prometheus as Settings, Server};
use quarterdeck::domain::signal::{CodeLabels, Query, SignalSnapshot};
use quarterdeck::domain::slo::SloSnapshot;
use quarterdeck::domain::time::Instant;
use quarterdeck::sources::error::Trouble;
use quarterdeck::sources::metrics::ObserveMetrics;
use quarterdeck::sources::prometheus::{Downtime, Prometheus, SignalFeed, SignalSource, SloFeed, SloSource};
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

fn now() -> Instant {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

type Answer = Arc<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// A server of ours; what it was asked is kept. Ends with the test's runtime.
struct Kept {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Kept {
    #[expect(clippy::disallowed_methods, reason = "the test's server has tasks of its own")]
    async fn start(tls: Option<Arc<ServerConfig>>, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = asked.clone();
        tokio::spawn(async move {
            while let Ok((peer, _)) = listener.accept().await {
                let (tls, answer, kept) = (tls.clone(), answer.clone(), kept.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(config) => {
                            if let Ok(peer) = TlsAcceptor::from(config).accept(peer).await {
                                serve(peer, &answer, &kept).await;
                            }
                        }
                        None => serve(peer, &answer, &kept).await,
                    }
                });
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("alone").clone()
    }

    fn server(&self, scheme: &str, prefix: &str) -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Server {
            url: format!("{scheme}://127.0.0.1:{}{prefix}", self.port),
            name: "p.example".into(),
            credentials: Credentials::None,
            authorities: None,
            identity: None,
            headers: Vec::new(),
        }
    }
}

/// One request, one answer, and the end.
async fn serve(mut peer: impl AsyncRead + AsyncWrite + Unpin, answer: &Answer, kept: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let bytes = answer(&text);
                kept.lock().expect("alone").push(text);
                // A peer that went away is none of ours.
                let _ = peer.write_all(&bytes).await;
                let _ = peer.shutdown().await;
                return;
            }
        }
        match peer.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&piece[..length]),
        }
    }
}

fn way(server: Server) -> Prometheus {
    Prometheus::new(&settings(server), Arc::new(now))
}

fn settings(server: Server) -> Settings {
    Settings {
        server,
        service_label: Some("service".into()),
        code_label: Some("code".into()),
        queries: Query::shipped(),
    }
}

fn json(body: &str) -> Vec<u8> {
    with_head("content-type: application/json\r\n", body.as_bytes())
}

fn with_head(more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn one(value: &str) -> String {
    format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{"service":"cart"}},"value":[1800000000,"{value}"]}}]}}}}"#
    )
}

/// A gzip of one block that is stored as it is.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in text {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let length = u16::try_from(text.len()).expect("one block");
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend_from_slice(text);
    packed.extend((!crc).to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_a_broken_one_is_no_answer() {
    let packed = gzip(one("0.25").as_bytes());
    let head = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let whole = with_head(head, &packed);
    let server = Kept::start(None, Arc::new(move |_: &str| whole.clone())).await;
    let found = way(server.server("http", "")).instant("x", now()).await.expect("an answer");
    assert_eq!(found.series[0].last().and_then(|sample| sample.number()), Some(0.25));
    assert!(server.asked()[0].contains("accept-encoding: gzip"), "{:?}", server.asked());
    // Its checksum is wrong: a bit was lost on the way.
    let mut broken = packed;
    let last = broken.len() - 9;
    broken[last] ^= 1;
    let broken = with_head(head, &broken);
    let server = Kept::start(None, Arc::new(move |_: &str| broken.clone())).await;
    let failed = way(server.server("http", "")).instant("x", now()).await.expect_err("not whole");
    assert_eq!(failed.trouble, Trouble::Malformed, "{failed}");
}

#[tokio::test]
async fn a_name_and_a_password_are_sent_and_the_password_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("password");
    let server = Kept::start(None, Arc::new(|_: &str| json(&one("1")))).await;
    let credentials = Credentials::Basic { user: "mori".to_owned(), password: password.clone() };
    let client = way(Server { credentials, ..server.server("http", "") });
    for secret in ["first\n", "s\u{e9}cond: 2"] {
        std::fs::write(&password, secret).expect("room");
        client.instant("x", now()).await.expect("an answer");
    }
    let sent: Vec<String> = server
        .asked()
        .iter()
        .filter_map(|asked| {
            asked.lines().find_map(|line| line.strip_prefix("authorization: Basic ").map(str::to_owned))
        })
        .collect();
    assert_eq!(sent, ["bW9yaTpmaXJzdA==", "bW9yaTpzw6ljb25kOiAy"]);
    std::fs::write(&password, "").expect("room");
    let failed = client.instant("x", now()).await.expect_err("nothing to send");
    assert!(failed.trouble == Trouble::Setup && failed.sentence.ends_with("holds no secret."), "{failed}");
}

#[tokio::test]
async fn prefixes_and_headers_reach_thanos_and_mimir() {
    let server = Kept::start(None, Arc::new(|_: &str| json(&one("1")))).await;
    for (prefix, headers) in [
        ("/prometheus", vec![("X-Scope-OrgID", "shop|pay")]),
        ("/thanos/query", vec![("THANOS-TENANT", "shop"), ("X-Custom", "two words")]),
        ("", vec![]),
    ] {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let client = way(Server { headers, ..server.server("http", prefix) });
        client.instant("up", now()).await.expect("an answer");
        client.range("up", now(), now(), chrono::TimeDelta::minutes(1)).await.expect("an answer");
        client.alerting().await.expect_err("a vector is no list of rules");
    }
    let asked = server.asked();
    let firsts: Vec<&str> = asked.iter().filter_map(|asked| asked.lines().next()?.strip_suffix(" HTTP/1.1")).collect();
    assert_eq!(
        firsts,
        [
            "POST /prometheus/api/v1/query",
            "POST /prometheus/api/v1/query_range",
            "GET /prometheus/api/v1/rules?type=alert",
            "POST /thanos/query/api/v1/query",
            "POST /thanos/query/api/v1/query_range",
            "GET /thanos/query/api/v1/rules?type=alert",
            "POST /api/v1/query",
            "POST /api/v1/query_range",
            "GET /api/v1/rules?type=alert",
        ]
    );
    assert!(asked[..3].iter().all(|asked| asked.contains("x-scope-orgid: shop|pay")), "{asked:?}");
    assert!(
        asked[3..6].iter().all(|asked| asked.contains("thanos-tenant: shop") && asked.contains("x-custom: two words"))
    );
    assert!(asked[6..].iter().all(|asked| !asked.contains("x-scope-orgid")));
}

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("parameters");
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key")).expect("signed by itself"))
    }

    fn pem(&self) -> String {
        self.0.as_ref().pem()
    }

    /// A certificate for a purpose, and its key, in PEM.
    fn signs(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        parameters.extended_key_usages = vec![purpose];
        (parameters.signed_by(&key, &self.0).expect("signed"), key)
    }

    /// A server that asks for a certificate of ours.
    fn demanding(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.0.as_ref().der().clone()).expect("a root");
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().expect("a verifier");
        let (certificate, key) = self.signs("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_client_cert_verifier(verifier).with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.expect("a server"))
    }

    /// Writes a client's certificate and key.
    fn issues(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.signs("quarterdeck", ExtendedKeyUsagePurpose::ClientAuth);
        let (at, of) = (folder.join("tls.crt"), folder.join("tls.key"));
        std::fs::write(&at, certificate.pem()).expect("room");
        std::fs::write(&of, key.serialize_pem()).expect("room");
        (at, of)
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate_and_one_renewed_on_disk_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, strange) = (Authority::new(), Authority::new());
    let server = Kept::start(Some(ours.demanding()), Arc::new(|_: &str| json(&one("0.5")))).await;
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, ours.pem()).expect("room");
    let at = Server { authorities: Some(authority), ..server.server("https", "") };
    let bare = way(at.clone()).instant("x", now()).await.expect_err("it has none");
    assert_eq!(bare.trouble, Trouble::Tls, "{bare}");
    assert!(bare.sentence.to_lowercase().contains("certificate"), "it says what is missing: {bare}");
    // One of another authority, as before a renewal; then the renewed one, in the same files, with no word to us.
    let identity = strange.issues(folder.path());
    let client = way(Server { identity: Some(identity), ..at });
    let failed = client.instant("x", now()).await.expect_err("not one of theirs");
    assert!(failed.sentence.contains("p.example"), "{failed}");
    ours.issues(folder.path());
    let found = client.instant("x", now()).await.expect("the renewed one");
    assert_eq!(found.series[0].last().and_then(|sample| sample.number()), Some(0.5));
    // The server's own is checked too: without its authority it is nobody's.
    let unknown = Server { authorities: None, ..server.server("https", "") };
    let failed = way(unknown).instant("x", now()).await.expect_err("unknown");
    assert_eq!(failed.trouble, Trouble::Tls, "{failed}");
}

/// One service for each thing that is no number.
fn odd(asked: &str) -> Vec<u8> {
    let element = |service: &str, value: &str| {
        format!(r#"{{"metric":{{"service":"{service}"}},"value":[1800000000,"{value}"]}}"#)
    };
    if asked.contains("query_range") {
        return json(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#);
    }
    let histogram = r#"{"metric":{"service":"native"},"histogram":[1800000000,{"count":"2","sum":"3","buckets":[[0,"1","2","2"]]}]}"#;
    let all = [
        element("nan", "NaN"),
        element("up", "+Inf"),
        element("down", "-Inf"),
        element("fine", "2"),
        histogram.to_owned(),
    ];
    json(&format!(
        r#"{{"status":"success","warnings":["store eu-2 \u001b[31mdid not answer"],"infos":["metric might not be a counter"],"data":{{"resultType":"vector","result":[{}]}}}}"#,
        all.join(",")
    ))
}

async fn settled(server: Server) -> SignalSnapshot {
    let feed = SignalFeed {
        environment: "production".into(),
        prometheus: Some(way(server)),
        scrapes: Arc::default(),
        queries: Query::shipped().into(),
        codes: CodeLabels::default(),
        declared: Arc::default(),
    };
    let (snapshots, mut seen) = watch::channel(SignalSnapshot::default());
    let source = SignalSource { feed, clock: Arc::new(now), retry: Arc::new(Notify::new()), snapshots };
    let is_settled = |snapshot: &SignalSnapshot| !snapshot.health.is_empty() && snapshot.is_settled();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(Duration::from_secs(90), seen.wait_for(is_settled)) => {}
    }
    seen.borrow().clone()
}

#[tokio::test]
async fn what_is_no_number_is_none_with_its_reason_and_warnings_are_told() {
    let server = Kept::start(None, Arc::new(odd)).await;
    let snapshot = settled(server.server("http", "")).await;
    let of = |service: &str| {
        let reading = snapshot.reading(service, "requests_per_second");
        reading
            .map(|one| one.value.map_or_else(|| one.why_absent.clone().unwrap_or_default(), |value| value.to_string()))
    };
    assert_eq!(of("fine").as_deref(), Some("2"));
    assert!(of("nan").is_some_and(|why| why.starts_with("The answer is no number")));
    assert_eq!(of("up").as_deref(), Some("The value is beyond what the metric can tell."));
    assert_eq!(of("down").as_deref(), Some("The value is beyond what the metric can tell."));
    assert_eq!(of("native"), None, "a histogram is no number, and no service by itself");
    let told = |words: &str| snapshot.notes.iter().any(|note| note == words);
    assert!(told("p.example says of error_ratio: store eu-2 [31mdid not answer"), "{:?}", snapshot.notes);
    assert!(told("p.example says of error_ratio: metric might not be a counter"), "{:?}", snapshot.notes);
}

/// Questions by the pattern of a name cost a server most: each is asked once a round.
#[tokio::test]
async fn recorders_are_looked_for_without_asking_anything_twice() {
    let answer = |asked: &str| {
        let recorded = r#"{"metric":{"__name__":"http_requests:burnrate5m","slo":"web","service":"cart"},"value":[1800000000,"0.5"]}"#;
        let found = if asked.contains("burnrate") { recorded } else { "" };
        json(&format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{found}]}}}}"#))
    };
    let server = Kept::start(None, Arc::new(answer)).await;
    let feed = SloFeed {
        environment: "production".into(),
        prometheus: Some(way(server.server("http", ""))),
        promises: Arc::default(),
        downtime: Downtime::default(),
    };
    let (snapshots, mut seen) = watch::channel(SloSnapshot::default());
    let source = SloSource { feed, clock: Arc::new(now), retry: Arc::new(Notify::new()), snapshots };
    let is_read = |snapshot: &SloSnapshot| !snapshot.measured.is_empty();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(Duration::from_secs(90), seen.wait_for(is_read)) => {}
    }
    assert_eq!(&*seen.borrow().measured[0].goal, "web");
    let asked = server.asked();
    let of = |name: &str| asked.iter().filter(|asked| asked.contains(name)).count();
    assert_eq!(["burnrate", "pyrra_objective", "slo%3Aobjective"].map(of), [1, 1, 1], "{asked:?}");
    assert_eq!(asked.len(), 3, "and nothing of Sloth, which is not there: {asked:?}");
}
