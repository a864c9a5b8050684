//! Components asked whether they are well: a real PostgreSQL, real TLS with certificates of every kind, and servers of ours that misbehave.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use quarterdeck::domain::health::{Check, Condition, HealthSnapshot, Kind, Probe, Target};
use quarterdeck::domain::service::{Service, Services};
use quarterdeck::sources::probe::{HealthFeed, HealthSource};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, watch};

use crate::support::console::Console;
use crate::support::database;
use crate::support::process::{Running, skip};
use crate::support::tls::{Authority, Issued};
use crate::support::tunnel::Tunnel;

/// How long a component may take: long enough that a machine that stalls is not taken for a component that does.
const ALLOWED: TimeDelta = TimeDelta::seconds(20);

fn probe(component: &str, kind: Kind, at: &str) -> Probe {
    Probe {
        component: component.into(),
        kind,
        target: Target::Everywhere(at.to_owned()),
        timeout: ALLOWED,
        version: None,
        is_critical: true,
        authorities: None,
    }
}

/// Each probe asked once.
async fn asked(probes: Vec<Probe>) -> Vec<Check> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let services = Services::new(vec![Service { name: "shop".into(), probes, ..Service::default() }]);
    let feed = HealthFeed::asked(&"production".into(), &services).expect("it asks something");
    let (snapshots, mut seen) = watch::channel(HealthSnapshot::default());
    let source = HealthSource { feed, clock: Arc::new(Utc::now), retry: Arc::new(Notify::new()), snapshots };
    let is_settled = |snapshot: &HealthSnapshot| !snapshot.checks.is_empty() && snapshot.is_settled();
    tokio::select! {
        () = source.run() => {}
        _ = tokio::time::timeout(Duration::from_secs(90), seen.wait_for(is_settled)) => {}
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
    assert!(found[0].took.is_some_and(|took| took < ALLOWED), "{:?}", found[0]);
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
    let silent_probe =
        |component: &str, kind: Kind, at: &str| Probe { timeout: TimeDelta::seconds(2), ..probe(component, kind, at) };
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
        silent_probe("silent redis", Kind::Redis, &local(silent)),
        silent_probe("silent http", Kind::Http, &format!("http://{}/", local(silent))),
        silent_probe("silent tls", Kind::Tls, &local(silent)),
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

/// A TLS server of ours that presents a certificate; gives its port.
async fn presenting(issued: Issued) -> u16 {
    let acceptor = issued.acceptor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((peer, _)) = listener.accept().await {
            let _ = acceptor.accept(peer).await;
        }
    });
    port
}

/// A file with an authority in it.
fn trusted(folder: &Path, name: &str, authority: &Authority) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, &authority.pem).expect("room");
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_say_until_when_they_hold_and_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ours, short) = (Authority::new(365), Authority::new(12));
    let file = trusted(folder.path(), "ours.pem", &ours);
    let short_file = trusted(folder.path(), "short.pem", &short);
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
        let authority = if *component == "short chain" { &short } else { &ours };
        let port = presenting(authority.issue(&[*name], *days)).await;
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

/// Servers send more than what they hang on, as every web server did in 2021 with a root that was over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_chain_only_what_is_used_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, old, between) =
        (Authority::named("A Root", 900), Authority::named("An Old Root", -5), Authority::new(365));
    let file = trusted(folder.path(), "root.pem", &root);
    let cases = [
        ("crossed", 300, vec![old.cross(&root, -5)], Condition::Healthy, ""),
        ("crossed, and the old root", 300, vec![old.cross(&root, -5), old.der.clone()], Condition::Healthy, ""),
        ("twice", 300, vec![root.cross(&between, -1)], Condition::Healthy, ""),
        ("short", 9, vec![old.der.clone()], Condition::Degraded, "A certificate of its chain expires in 9 days."),
        ("over", -3, vec![root.der.clone()], Condition::Unhealthy, "A certificate of its chain expired on"),
    ];
    let mut probes = Vec::new();
    for (component, days, more, ..) in &cases {
        let issued = between.issue(&["localhost"], 61);
        let chain = [vec![issued.chain[0].clone(), root.cross(&between, *days)], more.clone()].concat();
        let port = presenting(Issued { chain, ..issued }).await;
        let at = format!("localhost:{port}");
        probes.push(Probe { authorities: Some(file.clone()), ..probe(component, Kind::Tls, &at) });
    }
    for (check, (component, days, _, condition, words)) in asked(probes).await.iter().zip(&cases) {
        let (is, reason) = said(check);
        assert_eq!((&*check.component, is), (*component, *condition), "{reason}");
        assert!(reason.contains(words), "{component}: {reason}");
        let certificate = check.certificate.as_ref().expect("it was presented");
        let left = certificate.days_left(Utc::now());
        assert_eq!(left, (*days).min(61) - i64::from(*days < 0), "{component}: what is not used does not count");
        assert!(certificate.is_chain_seen);
    }
}

/// An HTTPS endpoint of ours that is well, and speaks with the first who comes and nobody else; gives its port.
async fn first_only(issued: Issued) -> u16 {
    let acceptor = issued.acceptor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        let (first, _) = listener.accept().await.expect("somebody");
        let mut first = acceptor.accept(first).await.expect("TLS");
        let mut request = [0; 1_024];
        while first.read(&mut request).await.is_ok_and(|length| length > 0) {
            let _ = first.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_stands_when_only_the_look_at_what_its_certificate_hangs_on_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = Authority::new(365);
    let port = first_only(ours.issue(&["localhost"], 61)).await;
    let authorities = Some(trusted(folder.path(), "ours.pem", &ours));
    let found = asked(vec![Probe { authorities, ..probe("api", Kind::Http, &format!("https://localhost:{port}/")) }]);
    let found = found.await;
    assert_eq!(said(&found[0]), (Condition::Healthy, String::new()), "{found:?}");
    assert!(found[0].took.is_some_and(|took| took < ALLOWED), "the look is not its time: {found:?}");
    let certificate = found[0].certificate.as_ref().expect("the answer came with it");
    assert_eq!((certificate.days_left(Utc::now()), certificate.is_chain_seen), (61, false), "and no more is known");
}

/// A certificate that is warned of for a month is not a connection more at every question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_certificate_hangs_on_is_looked_at_once_while_it_stays_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = Authority::new(365);
    let acceptor = ours.issue(&["localhost"], 20).acceptor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
    let (connections, counted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (opened, answered) = (connections.clone(), counted.clone());
    tokio::spawn(async move {
        while let Ok((peer, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::Relaxed);
            let Ok(mut peer) = acceptor.accept(peer).await else { continue };
            let mut request = [0; 1_024];
            if peer.read(&mut request).await.is_ok_and(|length| length > 0) {
                answered.fetch_add(1, Ordering::Relaxed);
                let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
        }
    });
    let authorities = Some(trusted(folder.path(), "ours.pem", &ours));
    let probes = vec![Probe { authorities, ..probe("api", Kind::Http, &at) }];
    let _ = rustls::crypto::ring::default_provider().install_default();
    let services = Services::new(vec![Service { name: "shop".into(), probes, ..Service::default() }]);
    let feed = HealthFeed::asked(&"production".into(), &services).expect("it asks something");
    let (snapshots, seen) = watch::channel(HealthSnapshot::default());
    let retry = Arc::new(Notify::new());
    let source = HealthSource { feed, clock: Arc::new(Utc::now), retry: retry.clone(), snapshots };
    let asking = async {
        while counted.load(Ordering::Relaxed) < 4 {
            retry.notify_waiters();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = source.run() => {}
        done = tokio::time::timeout(Duration::from_secs(90), asking) => done.expect("four answers"),
    }
    let check = seen.borrow().checks[0].clone();
    assert_eq!(said(&check), (Condition::Degraded, "Its certificate expires in 20 days.".to_owned()));
    assert!(check.certificate.is_some_and(|one| one.is_chain_seen));
    assert_eq!(connections.load(Ordering::Relaxed), 5, "four questions, and one look");
}

/// Nobody goes around a proxy: the certificate is not known, and that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_proxy_the_answer_stands_and_the_certificate_is_said_not_to_be_known() {
    let ours = Authority::new(365);
    let acceptor = ours.issue(&["shop.example"], 61).acceptor();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = Tunnel::to(listener.local_addr().expect("bound"));
    tokio::spawn(async move {
        while let Ok((peer, _)) = listener.accept().await {
            let Ok(mut peer) = acceptor.accept(peer).await else { continue };
            let _ = peer.read(&mut [0; 1_024]).await;
            let _ = peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    });
    let config = "[environment.production]\ncontext = \"nowhere\"\n[service.shop.health]\napi = { at = \"https://shop.example/\", ca_file = \"CA\" }\n";
    let console = Console::with("apiVersion: v1\nkind: Config\n", "");
    let file = trusted(&console.path(""), "ours.pem", &ours);
    std::fs::write(console.path("config.toml"), config.replace("CA", &file.display().to_string())).expect("room");
    let mut command = console.command(&["status", "--output", "json"]);
    command.env("HTTPS_PROXY", proxy.url());
    let status = tokio::task::spawn_blocking(move || Running::start(command, "").finish(Duration::from_secs(60)));
    let status = status.await.expect("it ended");
    let document: Value = serde_json::from_str(&status.stdout).unwrap_or_else(|error| panic!("{error}: {status:?}"));
    let line = &document["health"][0];
    assert_eq!((&line["state"], &line["at"]), (&"healthy".into(), &"shop.example".into()), "{line}");
    let said = (&line["certificate"], &line["certificate_missing"]);
    assert_eq!(said, (&Value::Null, &"a proxy leads there, and nobody goes around it".into()), "{line}");
    assert_eq!(proxy.asked().len(), 1, "one connection: {:?}", proxy.asked());
}

/// A password in an address is nowhere said, neither where it is refused nor where its component is shown.
#[test]
fn a_password_in_an_address_is_nowhere_said() {
    let config = "[environment.production]\ncontext = \"nowhere\"\nprometheus = { url = \"https://me:one/hunter2@prometheus.example\" }\n\
                  [service.shop.health]\napi = { at = \"https://me:hunter2@localhost:1/\" }\n\
                  queue = { kind = \"tcp\", at = { production = \"me:hunter2@localhost:1\" } }\n";
    let console = Console::with("apiVersion: v1\nkind: Config\n", config);
    for arguments in [&["status"] as &[&str], &["status", "--output", "json"], &["config", "check"], &["doctor"]] {
        let said = console.run(arguments);
        assert!(!format!("{said:?}").contains("hunter2"), "{arguments:?}: {said:?}");
    }
    let status = console.run(&["status", "--output", "json"]);
    let document: Value = serde_json::from_str(&status.stdout).unwrap_or_else(|error| panic!("{error}: {status:?}"));
    let lines: Vec<String> = document["health"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| format!("{} {} {}", line["component"], line["at"], line["state"]))
        .collect();
    assert_eq!(lines, [r#""api" "no address" "unknown""#, r#""queue" "no address" "unknown""#]);
    let mut written = vec![console.path("state")];
    while let Some(place) = written.pop() {
        match std::fs::read_dir(&place) {
            Ok(folder) => written.extend(folder.flatten().map(|one| one.path())),
            Err(_) => assert!(
                !String::from_utf8_lossy(&std::fs::read(&place).unwrap_or_default()).contains("hunter2"),
                "{}",
                place.display()
            ),
        }
    }
}
