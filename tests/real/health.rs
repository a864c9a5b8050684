//! Components asked whether they are well: a real PostgreSQL, real TLS with certificates of every kind, and servers of ours that misbehave.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use quarterdeck::domain::health::{Check, Condition, HealthSnapshot, Kind, Probe, Target};
use quarterdeck::domain::service::{Service, Services};
use quarterdeck::sources::probe::{HealthFeed, HealthSource};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::{Notify, watch};

use crate::support::database;
use crate::support::process::skip;

fn probe(component: &str, kind: Kind, at: &str) -> Probe {
    Probe {
        component: component.into(),
        kind,
        target: Target::Everywhere(at.to_owned()),
        timeout: TimeDelta::seconds(2),
        version: None,
        is_critical: true,
        authorities: None,
    }
}

/// Each probe asked once.
async fn asked(probes: Vec<Probe>) -> Vec<Check> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let services = Services::new(vec![Service { name: "shop".into(), probes, ..Service::default() }]);
    let feed = HealthFeed::of(&"production".into(), &services).expect("it asks something");
    let (snapshots, mut seen) = watch::channel(HealthSnapshot::default());
    let source = HealthSource { feed, clock: Arc::new(Utc::now), retry: Arc::new(Notify::new()), snapshots };
    let is_settled = |snapshot: &HealthSnapshot| !snapshot.checks.is_empty() && snapshot.is_settled();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(Duration::from_secs(30), seen.wait_for(is_settled)) => {}
    }
    seen.borrow().checks.clone()
}

fn said(check: &Check) -> (Condition, String) {
    let (condition, reason) = check.now(Utc::now());
    (condition, reason.unwrap_or_default())
}

/// A server of ours that answers the first words with these, until the test process ends; gives its port.
fn answering(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            let Ok(mut peer) = peer else { continue };
            let mut request = [0; 64];
            if words.is_empty() {
                // It listens and never says anything; the connection stays.
                std::mem::forget(peer);
            } else if peer.read(&mut request).is_ok_and(|length| length > 0) {
                let _ = peer.write_all(words);
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_asked_without_logging_in() {
    if let Some(why) = database::why_not() {
        skip("a real PostgreSQL", why);
        return;
    }
    let server = database::Server::start("health");
    let at = format!("127.0.0.1:{}", server.port);
    let found = asked(vec![probe("database", Kind::Postgres, &at)]).await;
    assert_eq!(said(&found[0]), (Condition::Healthy, String::new()));
    assert!(found[0].took.is_some_and(|took| took < TimeDelta::seconds(2)), "{:?}", found[0]);
    server.kill();
    let found = asked(vec![probe("database", Kind::Postgres, &at)]).await;
    let (condition, reason) = said(&found[0]);
    assert_eq!(condition, Condition::Unhealthy);
    assert!(reason.contains("cannot be reached: Connection refused"), "{reason}");
    server.revive();
    let found = asked(vec![probe("database", Kind::Postgres, &at)]).await;
    assert_eq!(said(&found[0]).0, Condition::Healthy, "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_wrongly_or_not_at_all_is_never_healthy() {
    let local = |port: u16| format!("127.0.0.1:{port}");
    let (silent, pong, guarded) =
        (answering(b""), answering(b"+PONG\r\n"), answering(b"-NOAUTH Authentication required.\r\n"));
    let (loading, strange) =
        (answering(b"-LOADING Redis is loading\r\n"), answering(b"HTTP/1.0 400 Bad Request\r\n\r\n"));
    let found = asked(vec![
        probe("redis", Kind::Redis, &local(pong)),
        probe("guarded", Kind::Redis, &local(guarded)),
        probe("loading", Kind::Redis, &local(loading)),
        probe("not redis", Kind::Redis, &local(strange)),
        probe("not postgres", Kind::Postgres, &local(strange)),
        probe("silent redis", Kind::Redis, &local(silent)),
        probe("silent http", Kind::Http, &format!("http://{}/", local(silent))),
        probe("silent tls", Kind::Tls, &local(silent)),
        probe("open", Kind::Tcp, &local(silent)),
        probe("closed", Kind::Tcp, "127.0.0.1:1"),
        probe("nameless", Kind::Tcp, "nobody.invalid:1"),
        probe("not http", Kind::Http, &format!("http://{}/", local(pong))),
    ])
    .await;
    let told: Vec<(String, Condition, String)> = found
        .iter()
        .map(|check| {
            let (condition, reason) = said(check);
            (check.component.to_string(), condition, reason)
        })
        .collect();
    let expected = [
        ("redis", Condition::Healthy, ""),
        ("guarded", Condition::Healthy, ""),
        ("loading", Condition::Unhealthy, "LOADING"),
        ("not redis", Condition::Unknown, "not as Redis"),
        ("not postgres", Condition::Unknown, "not as PostgreSQL"),
        ("silent redis", Condition::Unhealthy, "did not answer within 2 s"),
        ("silent http", Condition::Unhealthy, "did not answer within 2 s"),
        ("silent tls", Condition::Unhealthy, "did not answer within 2 s"),
        ("open", Condition::Healthy, ""),
        ("closed", Condition::Unhealthy, "cannot be reached"),
        ("nameless", Condition::Unknown, "not found from here"),
        ("not http", Condition::Unhealthy, "broke off"),
    ];
    for ((component, condition, reason), (name, wanted, words)) in told.iter().zip(expected) {
        assert_eq!((component.as_str(), *condition), (name, wanted), "{reason}");
        assert!(reason.contains(words), "{component}: {reason}");
    }
}

/// A certificate of an authority of ours that holds for so many days more, for a name.
struct Issued {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// An authority, in PEM, and what it issues.
fn authority(holds_for: i64) -> (String, impl Fn(&str, i64) -> Issued) {
    let until = |days: i64| {
        let at = std::time::SystemTime::now();
        let shift = Duration::from_secs(days.unsigned_abs() * 86_400 + 3_600);
        if days >= 0 { at + shift } else { at - shift }
    };
    let key = KeyPair::generate().expect("a key");
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.not_before = until(-40).into();
    parameters.not_after = until(holds_for).into();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Our Authority");
    let certificate = parameters.self_signed(&key).expect("a certificate");
    let pem = certificate.pem();
    let der = certificate.der().clone();
    let issue = move |name: &str, days: i64| {
        let own = KeyPair::generate().expect("a key");
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        leaf.not_before = until(-30).into();
        leaf.not_after = until(days).into();
        let issuer = Issuer::from_params(&parameters, &key);
        let made = leaf.signed_by(&own, &issuer).expect("a certificate");
        Issued {
            chain: vec![made.der().clone(), der.clone()],
            key: PrivateKeyDer::try_from(own.serialize_der()).expect("a key"),
        }
    };
    (pem, issue)
}

/// A TLS server of ours that presents a certificate; gives its port.
async fn presenting(issued: Issued) -> u16 {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(issued.chain, issued.key)
        .expect("a certificate with its key");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((peer, _)) = listener.accept().await {
            let _ = acceptor.accept(peer).await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_say_until_when_they_hold_and_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("authority.pem");
    let (pem, issue) = authority(365);
    std::fs::write(&file, pem).expect("room");
    let (short_pem, short) = authority(12);
    let short_file = folder.path().join("short.pem");
    std::fs::write(&short_file, short_pem).expect("room");
    let mut probes = Vec::new();
    let expected = [
        ("long", "localhost", 61, Some(&file), Condition::Healthy, ""),
        ("month", "localhost", 29, Some(&file), Condition::Degraded, "expires in 29 days"),
        ("week", "localhost", 6, Some(&file), Condition::Unhealthy, "expires in 6 days: renew it now"),
        ("over", "localhost", -2, Some(&file), Condition::Unhealthy, "Its certificate expired on"),
        ("other name", "somebody-else.example", 61, Some(&file), Condition::Unhealthy, "is not for localhost"),
        ("untrusted", "localhost", 61, None, Condition::Unhealthy, "an authority that is not trusted here"),
        ("short chain", "localhost", 61, Some(&short_file), Condition::Degraded, "of its chain expires in 12 days"),
    ];
    for (component, name, days, authorities, ..) in &expected {
        let issued = if *component == "short chain" { short(name, *days) } else { issue(name, *days) };
        let port = presenting(issued).await;
        let authorities = authorities.cloned();
        probes.push(Probe { authorities, ..probe(component, Kind::Tls, &format!("localhost:{port}")) });
    }
    let found = asked(probes).await;
    for (check, (component, _, days, _, condition, words)) in found.iter().zip(&expected) {
        let (is, reason) = said(check);
        assert_eq!((&*check.component, is), (*component, *condition), "{reason}");
        assert!(reason.contains(words), "{component}: {reason}");
        let certificate = check.certificate.as_ref().expect("it was presented");
        let ends = if *component == "short chain" { 12 } else { *days };
        assert_eq!(certificate.days_left(Utc::now()), if ends < 0 { ends - 1 } else { ends }, "{component}");
        assert_eq!(&*certificate.issuer, "Our Authority");
    }
}
